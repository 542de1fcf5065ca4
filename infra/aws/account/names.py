"""Derives the names of all resources of a deployed app."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from chalicelib.errors import PetriError
from chalicelib.messages import Lane

Stage = Literal["sandbox", "live"]
#: CloudFront's price classes: the cheapest locations, most of the world, all locations.
PriceClass = Literal["100", "200", "all"]
STAGES: tuple[Stage, ...] = get_args(Stage)
#: Bucket names have at most 63 characters and contain the account's twelve digits.
LONGEST_APP_ID = 24
_APP_ID = re.compile(r"[a-z](?:[a-z0-9]|-(?=[a-z0-9]))*\Z")
#: Lambda functions by the names that Chalice gives them; the first answers HTTP.
API = "api_handler"
FUNCTIONS = (API, "on_message", "on_tick", "websocket_connect", "websocket_message", "websocket_disconnect")
_DIRECTIONS = {
    "north": "n",
    "northeast": "ne",
    "east": "e",
    "southeast": "se",
    "south": "s",
    "southwest": "sw",
    "west": "w",
    "northwest": "nw",
    "central": "c",
}


def region_code(region: str) -> str:
    """Return the short form of a region that fits into names: `eu-central-1` is `euc1`."""
    return "".join(_DIRECTIONS.get(word, word) for word in region.split("-"))


@dataclass(frozen=True, slots=True)
class Names:
    """Names of an app's resources, from its id, stage and region; buckets need the account too.

    Most resources belong to one region, so their names don't repeat it. Buckets, roles, budgets and the parts
    of CloudFront are global: their names contain the region, so that one app can run in two regions.
    """

    app: str
    stage: Stage
    #: empty for an app whose global names don't contain the region, as those of older deployments
    region: str = ""

    def __post_init__(self) -> None:
        """Raise PetriError for an id that some AWS service would refuse."""
        if len(self.app) > LONGEST_APP_ID or not _APP_ID.match(self.app):
            raise PetriError(
                f"{self.app!r} is not a valid app id; choose another with --app: up to {LONGEST_APP_ID} "
                "lowercase letters, digits and single hyphens, beginning with a letter and not ending with "
                "a hyphen."
            )
        if self.stage not in STAGES:
            raise PetriError(f"There is no stage {self.stage!r}; use {' or '.join(STAGES)}.")

    @property
    def chalice_app(self) -> str:
        """The app's name for Chalice, which appends the stage itself."""
        return f"petri-{self.app}"

    @property
    def prefix(self) -> str:
        """The prefix of every resource's name."""
        return f"{self.chalice_app}-{self.stage}"

    @property
    def place(self) -> str:
        """The region's part of global names, with its hyphen; empty in older deployments."""
        return f"-{region_code(self.region)}" if self.region else ""

    @property
    def global_prefix(self) -> str:
        """The prefix of every global resource's name."""
        return f"{self.prefix}{self.place}"

    @property
    def table(self) -> str:
        """The DynamoDB table."""
        return self.prefix

    @property
    def queue(self) -> str:
        """The SQS queue of the work lane; the dead-letter queue of both lanes is `dead_queue`."""
        return f"{self.prefix}-messages"

    @property
    def realtime_queue(self) -> str:
        """The SQS queue of real-time messages."""
        return f"{self.prefix}-realtime"

    @property
    def queues(self) -> dict[Lane, str]:
        """The SQS queue of each lane."""
        return {Lane.WORK: self.queue, Lane.REALTIME: self.realtime_queue}

    @property
    def dead_queue(self) -> str:
        """The SQS dead-letter queue of both lanes."""
        return f"{self.prefix}-dead"

    @property
    def topic(self) -> str:
        """The SNS topic that receives Mechanical Turk's notifications."""
        return f"{self.prefix}-reports"

    @property
    def alarm_topic(self) -> str:
        """The SNS topic of alarms."""
        return f"{self.prefix}-alarms"

    @property
    def tick_rule(self) -> str:
        """The EventBridge rule that Chalice makes for the clock."""
        return f"{self.prefix}-on_tick-event"

    @property
    def parameters(self) -> str:
        """The path of the app's SSM parameters; the secrets are `<path>/secrets`, a SecureString of JSON."""
        return f"/petri/{self.app}/{self.stage}"

    @property
    def secrets(self) -> str:
        """The SSM parameter with the run's own secrets and those of the experiment, as JSON."""
        return f"{self.parameters}/secrets"

    @property
    def vendor_secrets(self) -> str:
        """The SSM parameter with the secrets for recruiters and mail, which few functions may read."""
        return f"{self.parameters}/vendor-secrets"

    @property
    def lab_keys(self) -> str:
        """The SSM parameter with the keys with which a lab signs; other apps have none."""
        return f"{self.parameters}/lab-keys"

    @property
    def layer(self) -> str:
        """The Lambda layer with the packages that only sign-in needs; few apps have it."""
        return f"{self.prefix}-sign-in"

    @property
    def base_stack(self) -> str:
        """The CloudFormation stack with what Chalice's functions need."""
        return f"{self.prefix}-base"

    @property
    def front_stack(self) -> str:
        """The CloudFormation stack with what needs Chalice's APIs: CloudFront, alarms."""
        return f"{self.prefix}-front"

    def site_bucket(self, account: str) -> str:
        """The bucket of the pages."""
        return f"{self.global_prefix}-{account}-site"

    def keep_bucket(self, account: str) -> str:
        """The bucket of the record of what was deployed, its lock, the packages and exports."""
        return f"{self.global_prefix}-{account}-keep"

    def files_bucket(self, account: str) -> str:
        """The bucket of the files that participants upload."""
        return f"{self.global_prefix}-{account}-files"

    def seal_bucket(self, account: str) -> str:
        """The bucket of the seals of the audit log, which outlives the app."""
        return f"{self.global_prefix}-{account}-seals"

    def function(self, name: str) -> str:
        """The Lambda function for one of FUNCTIONS; Chalice omits the name of the HTTP handler."""
        return self.prefix if name == API else f"{self.prefix}-{name}"

    def chalice_function(self, name: str) -> str:
        """The name that Chalice derives for one of FUNCTIONS; it names log groups and, by default, roles."""
        return f"{self.prefix}-{name}"

    def role(self, name: str) -> str:
        """The IAM role of one of FUNCTIONS. IAM allows 64 characters, so the region replaces a word."""
        if not self.region:
            return self.chalice_function(name)
        return f"{self.global_prefix}-{name.removeprefix('websocket_')}"

    def log_group(self, name: str) -> str:
        """The log group of a function."""
        return f"/aws/lambda/{self.function(name)}"

    @property
    def access_log_group(self) -> str:
        """The log group to which API Gateway writes a line for each request to the REST API."""
        return f"{self.parameters}/access"

    @property
    def budget(self) -> str:
        """The budget that warns the operator when the account's monthly spending reaches a limit."""
        return self.global_prefix

    @property
    def metrics(self) -> str:
        """The CloudWatch namespace of the metrics that are counted from the app's logs."""
        return self.prefix

    def front_part(self, name: str) -> str:
        """The name of a CloudFront function or policy, which must be unique in the account."""
        return f"{self.global_prefix}-{name}"
