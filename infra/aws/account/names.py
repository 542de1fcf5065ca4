"""The names of everything that belongs to one deployed app: one place, so that all agree."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from chalicelib.errors import PetriError
from chalicelib.messages import Lane

Stage = Literal["sandbox", "live"]
#: Where CloudFront answers, as its prices call it: the cheapest, most of the world, all of it.
PriceClass = Literal["100", "200", "all"]
STAGES: tuple[Stage, ...] = get_args(Stage)
#: Bucket names end at 63 characters and carry the account's twelve digits.
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
        """PetriError for an id that AWS wouldn't take everywhere."""
        if len(self.app) > LONGEST_APP_ID or not _APP_ID.match(self.app):
            raise PetriError(
                f"{self.app!r} can't be the name of an app; give another with --app: up to {LONGEST_APP_ID} "
                "small letters, digits and single hyphens, a letter first, no hyphen last."
            )
        if self.stage not in STAGES:
            raise PetriError(f"There is no stage {self.stage!r}; use {' or '.join(STAGES)}.")

    @property
    def chalice_app(self) -> str:
        """What Chalice calls the app; it joins the stage to it itself."""
        return f"petri-{self.app}"

    @property
    def prefix(self) -> str:
        """What every resource's name begins with."""
        return f"{self.chalice_app}-{self.stage}"

    @property
    def place(self) -> str:
        """The part of global names that says the region, with its hyphen; empty in older deployments."""
        return f"-{region_code(self.region)}" if self.region else ""

    @property
    def global_prefix(self) -> str:
        """What the name of every global resource begins with."""
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
        """The SQS queue of what could not be handled, whichever lane it came from."""
        return f"{self.prefix}-dead"

    @property
    def topic(self) -> str:
        """The SNS topic to which Mechanical Turk reports."""
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
        """The SSM parameter with the secrets for vendors and mail, which few functions may read."""
        return f"{self.parameters}/vendor-secrets"

    @property
    def base_stack(self) -> str:
        """The CloudFormation stack of what Chalice's functions need."""
        return f"{self.prefix}-base"

    @property
    def front_stack(self) -> str:
        """The CloudFormation stack of what needs Chalice's APIs: CloudFront, alarms."""
        return f"{self.prefix}-front"

    def site_bucket(self, account: str) -> str:
        """The bucket of the pages."""
        return f"{self.global_prefix}-{account}-site"

    def keep_bucket(self, account: str) -> str:
        """The bucket of the record of what was deployed, its lock, the packages and exports."""
        return f"{self.global_prefix}-{account}-keep"

    def function(self, name: str) -> str:
        """The Lambda function of one of FUNCTIONS; Chalice leaves the name of the HTTP handler out."""
        return self.prefix if name == API else f"{self.prefix}-{name}"

    def chalice_function(self, name: str) -> str:
        """The name that Chalice derives for one of FUNCTIONS; it names log groups and, by default, roles."""
        return f"{self.prefix}-{name}"

    def role(self, name: str) -> str:
        """The IAM role of one of FUNCTIONS; IAM takes 64 characters, so the region takes a word's place."""
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
        """The budget whose limit is the account's monthly spending at which the operator is told."""
        return self.global_prefix

    @property
    def metrics(self) -> str:
        """The CloudWatch namespace of what the app's logs are counted by."""
        return self.prefix

    def front_part(self, name: str) -> str:
        """A part of CloudFront (a function, a policy), whose names are the account's."""
        return f"{self.global_prefix}-{name}"
