"""The app as it is built inside Lambda: from its environment, its secrets in SSM and its table."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chalicelib import bootstrap, services
from chalicelib.bootstrap import DEPLOYMENT, VENDOR_SECRETS, DeployedApp
from chalicelib.errors import ConfigError, Forbidden, PetriError, VendorError, VendorRefused
from chalicelib.experiment.loader.experiment_folder import load_experiment
from chalicelib.messaging.local_channels import LocalChannels
from chalicelib.operations.run.launch import launch
from chalicelib.operations.shared.context import OPERATOR, OPERATOR_CALLER
from chalicelib.services import App
from chalicelib.storage.dynamodb.dynamodb_engine import SCHEMA
from chalicelib.storage.engine import ANY, Put
from chalicelib.workers import queue_consumer, scheduler
from infra.aws.account.names import Names
from infra.aws.deployed.deployment_info import KEY
from infra.local.moto.management_api import ManagementAPI
from infra.local.moto.moto_engine import REGION, started

NAMES = Names("story", "sandbox")
SITE = "https://d111.cloudfront.net"
ENVIRONMENT = {
    "PETRI_APP": NAMES.app,
    "PETRI_STAGE": NAMES.stage,
    "PETRI_TABLE": NAMES.table,
    "PETRI_QUEUE": NAMES.queue,
    "PETRI_REALTIME_QUEUE": NAMES.realtime_queue,
    "PETRI_TOPIC": NAMES.topic,
    "AWS_REGION": REGION,
}
SECRETS = {"secret": "the signing secret", "operator_token": "the-operator"}
CODE = """
from petri import Chain, Experiment


class Story(Experiment):
    initial_recruitment_size = 2

    def create_network(self):
        return Chain(max_size=2)
"""
SETTINGS = "[Experiment]\ntitle = Story\nbase_payment = 1.00\n"


@dataclass
class Deployed:
    """An app's resources, and its folder as it was staged."""

    folder: Path
    sqs: Any
    ssm: Any
    dynamodb: Any
    events: Any

    def keep_secrets(self, **secrets: Any) -> None:
        vendors = {name: value for name, value in secrets.items() if name in VENDOR_SECRETS}
        own = {**SECRETS, **{name: value for name, value in secrets.items() if name not in vendors}}
        for name, kept in ((NAMES.secrets, own), (NAMES.vendor_secrets, vendors)):
            self.ssm.put_parameter(Name=name, Value=json.dumps(kept), Type="SecureString", Overwrite=True)

    def open(self, settings: str = "", environ: Mapping[str, str] = ENVIRONMENT) -> App:
        (self.folder / "config.txt").write_text(SETTINGS + settings, encoding="utf-8")
        loaded = load_experiment(self.folder, runtime={"mode": NAMES.stage}, environ={}, home=self.folder)
        return bootstrap.aws(loaded, environ=environ)

    def received(self) -> list[dict[str, Any]]:
        """What has come into the queue, as the records of an event."""
        url = self.sqs.get_queue_url(QueueName=NAMES.queue)["QueueUrl"]
        got = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"])
        return [
            {
                "messageId": one["MessageId"],
                "receiptHandle": one["ReceiptHandle"],
                "body": one["Body"],
                "attributes": one["Attributes"],
            }
            for one in got.get("Messages", ())
        ]

    def rule(self) -> str:
        return str(self.events.describe_rule(Name=NAMES.tick_rule)["State"])


def write_facts(app: App, **facts: str) -> None:
    item = {"pk": DEPLOYMENT[0], "sk": DEPLOYMENT[1], "kind": "deployment", "v": 1, **facts}
    app.store.engine.commit([Put(item, ANY)])  # type: ignore[attr-defined]


@pytest.fixture
def deployed(tmp_path: Path) -> Iterator[Deployed]:
    folder = tmp_path / "petri_experiment"
    folder.mkdir()
    (folder / "experiment.py").write_text(CODE, encoding="utf-8")
    with started():
        import boto3

        client = boto3.session.Session(region_name=REGION).client
        made = Deployed(folder, client("sqs"), client("ssm"), client("dynamodb"), client("events"))
        made.dynamodb.create_table(TableName=NAMES.table, BillingMode="PAY_PER_REQUEST", **SCHEMA)
        made.sqs.create_queue(QueueName=NAMES.queue)
        made.events.put_rule(Name=NAMES.tick_rule, ScheduleExpression="rate(1 minute)", State="ENABLED")
        made.keep_secrets()
        yield made
    services.use(None)


# -- names and secrets ------------------------------------------------------------------------------


def test_names_are_those_that_the_operator_uses() -> None:
    place = DeployedApp.of(ENVIRONMENT)
    assert (place.secrets, place.vendor_secrets, place.rule) == (
        NAMES.secrets,
        NAMES.vendor_secrets,
        NAMES.tick_rule,
    )


def test_the_facts_are_read_where_the_operator_writes_them() -> None:
    assert DEPLOYMENT == KEY


def test_a_missing_environment_variable_is_named(deployed: Deployed) -> None:
    with pytest.raises(ConfigError, match="PETRI_QUEUE, PETRI_TOPIC"):
        deployed.open(environ={**ENVIRONMENT, "PETRI_QUEUE": "", "PETRI_TOPIC": ""})


def test_the_operators_token_comes_from_ssm(deployed: Deployed) -> None:
    assert deployed.open().tokens.read("the-operator").kind == OPERATOR


def test_secret_settings_come_from_ssm(deployed: Deployed) -> None:
    deployed.keep_secrets(smtp_password="pssst")
    assert deployed.open().config.get("smtp_password") == "pssst"


def test_an_app_without_secrets_reports_which_are_missing(deployed: Deployed) -> None:
    deployed.ssm.delete_parameter(Name=NAMES.secrets)
    with pytest.raises(ConfigError, match=NAMES.secrets):
        deployed.open().tokens.read("a token")


def test_secrets_that_are_not_complete_are_refused(deployed: Deployed) -> None:
    deployed.keep_secrets(secret="")
    with pytest.raises(ConfigError, match="aren't complete"):
        deployed.open().tokens.read("a token")


def test_functions_that_need_no_secret_read_none(deployed: Deployed) -> None:
    for name in (NAMES.secrets, NAMES.vendor_secrets):
        deployed.ssm.delete_parameter(Name=name)
    app = deployed.open()
    app.run(launch, caller=OPERATOR_CALLER)
    scheduler.tick()
    assert app.config.get("title") == "Story"


def test_a_secret_of_the_experiment_needs_none_of_the_vendors(deployed: Deployed) -> None:
    deployed.ssm.delete_parameter(Name=NAMES.vendor_secrets)
    deployed.keep_secrets(lab_password="pssst")
    code = CODE.replace("from petri import", "from petri import get_config,")
    registered = "get_config().register('lab_password', str, sensitive=True)"
    (deployed.folder / "experiment.py").write_text(f"{code}\n\n{registered}\n", encoding="utf-8")
    assert deployed.open().config.get("lab_password") == "pssst"


@pytest.mark.parametrize(
    "ask",
    [
        lambda tokens, token: tokens.read(token).participant_id,
        lambda tokens, token: tokens.ends(token) > 0,
        lambda tokens, token: len(tokens.keyed(token)) > 0,
        lambda tokens, _: len(tokens.issue(1, 1)) > 0,
        lambda tokens, _: tokens.operator_token == SECRETS["operator_token"],
    ],
)
def test_the_first_use_of_tokens_reads_their_secrets(deployed: Deployed, ask: Any) -> None:
    token = deployed.open().tokens.issue(1, 1)
    assert ask(deployed.open().tokens, token)


def test_tokens_that_were_signed_before_a_rotation_stay_valid(deployed: Deployed) -> None:
    before = deployed.open().tokens.issue(1, 1)
    deployed.keep_secrets(token_secrets=[SECRETS["secret"], "the next one"])
    after = deployed.open().tokens
    assert [after.read(token).participant_id for token in (before, after.issue(2, 1))] == [1, 2]


def test_tokens_that_were_signed_before_two_rotations_are_invalid(deployed: Deployed) -> None:
    before = deployed.open().tokens.issue(1, 1)
    deployed.keep_secrets(token_secrets=["the next one", "the one after"])
    with pytest.raises(PetriError, match="is not valid for this run"):
        deployed.open().tokens.read(before)


def test_no_error_about_secrets_shows_one(deployed: Deployed) -> None:
    deployed.keep_secrets(base_payment="a word that nobody may see")
    with pytest.raises(ConfigError) as told:
        deployed.open().config._config.as_dict(include_sensitive=True)  # type: ignore[attr-defined]
    assert "nobody may see" not in str(told.value)


def test_nothing_is_made_at_aws_when_the_app_is_built(deployed: Deployed) -> None:
    deployed.dynamodb.delete_table(TableName=NAMES.table)
    deployed.open()
    assert deployed.dynamodb.list_tables()["TableNames"] == []


# -- addresses --------------------------------------------------------------------------------------


def test_the_address_of_the_pages_is_read_from_the_table(deployed: Deployed) -> None:
    app = deployed.open()
    write_facts(app, site_url=SITE)
    assert app.site_url is not None
    assert app.site_url() == SITE


def test_a_missing_address_is_reported(deployed: Deployed) -> None:
    app = deployed.open()
    assert app.site_url is not None
    with pytest.raises(VendorError, match="petri deploy"):
        app.site_url()


def test_an_address_that_was_missing_is_looked_for_again(deployed: Deployed) -> None:
    app = deployed.open()
    assert app.site_url is not None
    with pytest.raises(VendorError):
        app.site_url()
    write_facts(app, site_url=SITE)
    assert app.site_url() == SITE


def test_sockets_are_sent_to_at_the_address_in_the_table(deployed: Deployed) -> None:
    app = deployed.open()
    with ManagementAPI(LocalChannels()) as api:
        write_facts(app, websocket_endpoint=api.url)
        assert app.channels.send(["nobody"], "hello") == ["nobody"]


# -- messages and the clock -------------------------------------------------------------------------


def test_a_commits_message_is_queued_and_handled(
    deployed: Deployed, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "petri.worker")
    app = deployed.open()
    write_facts(app, site_url=SITE)
    app.run(launch, caller=OPERATOR_CALLER)
    while records := deployed.received():
        queue_consumer.consume({"Records": records})
    assert caplog.text.count(f"New participant requested: {SITE}/ad?") == 2


def test_a_launch_enables_the_rule_that_a_tick_disabled(deployed: Deployed) -> None:
    app = deployed.open()
    scheduler.tick()
    states = [deployed.rule()]
    app.run(launch, caller=OPERATOR_CALLER)
    assert [*states, deployed.rule()] == ["DISABLED", "ENABLED"]


# -- recruiters and mail ----------------------------------------------------------------------------


def test_mechanical_turk_is_asked_in_its_sandbox(deployed: Deployed) -> None:
    found: Any = deployed.open("recruiter = mturk\n").recruiters.named("mturk")
    assert found._requester.market == "sandbox"


def test_mechanical_turk_reports_to_the_apps_topic(deployed: Deployed) -> None:
    found: Any = deployed.open("recruiter = mturk\n").recruiters.named("mturk")
    assert found._places._topic() == f"arn:aws:sns:{REGION}:123456789012:{NAMES.topic}"


def test_building_the_app_does_not_call_mechanical_turk(deployed: Deployed) -> None:
    found: Any = deployed.open("recruiter = mturk\n").recruiters.named("mturk")
    assert "_client" not in vars(found._requester)


def test_a_message_over_http_that_amazon_did_not_sign_is_refused(deployed: Deployed) -> None:
    app = deployed.open("recruiter = mturk\n")
    forged = {"Type": "Notification", "TopicArn": f"arn:aws:sns:{REGION}:123456789012:{NAMES.topic}"}
    with pytest.raises(Forbidden):
        app.recruiters.receive("mturk", {}, json.dumps(forged).encode())


def test_a_run_without_mechanical_turk_accepts_no_messages_of_sns(deployed: Deployed) -> None:
    with pytest.raises(Forbidden, match="accepts no messages"):
        deployed.open().recruiters.receive("mturk", {}, b"{}")


def test_bots_are_asked_for_in_the_log_without_their_links(
    deployed: Deployed, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "petri.worker")
    app = deployed.open("recruiter = bots\n")
    write_facts(app, site_url=SITE)
    made = app.recruiters.named("bots").recruit(2, "token", {})
    assert caplog.text.count("A bot is wanted.") == 2
    assert [address in caplog.text for address in made.addresses] == [False, False]


def test_a_bot_that_cannot_continue_is_reported_without_ids(deployed: Deployed) -> None:
    app = deployed.open()
    with pytest.raises(VendorRefused) as told:
        app.recruiters.start_replacement_bot({"workerId": "W123"})
    assert "W123" not in str(told.value)


def test_mail_goes_through_ses(deployed: Deployed) -> None:
    import boto3

    ses = boto3.client("ses", region_name=REGION)
    ses.verify_email_identity(EmailAddress="lab@example.org")
    app = deployed.open(
        "mailer = ses\ndallinger_email_address = lab@example.org\ncontact_email_on_error = me@example.org\n"
    )
    app.mailer.tell("Look", "Something")
    assert ses.get_send_quota()["SentLast24Hours"] == 1.0


def test_incomplete_mail_settings_fail_no_participant(deployed: Deployed) -> None:
    app = deployed.open("mailer = ses\ncontact_email_on_error = me@example.org\n")
    with pytest.raises(PetriError, match="dallinger_email_address"):
        app.mailer.tell("Look", "Something")
