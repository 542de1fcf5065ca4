from __future__ import annotations

import boto3
import pytest
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends

from chalicelib.errors import ConfigError, VendorRefused, VendorUnreachable
from chalicelib.messaging.mail.ses import SESMailer, make_client, read_addresses
from chalicelib.messaging.mail.wording import MailWording
from chalicelib.ports import ParticipantMail

SENDER, RECIPIENT = "petri@lab.example.org", "me@lab.example.org"


@pytest.fixture
def client():
    with mock_aws():
        yield make_client({})


@pytest.fixture
def mailer(client):
    return SESMailer(client, SENDER, RECIPIENT, MailWording("Ring"))


def test_a_mail_goes_out_when_its_sender_is_verified(client, mailer):
    client.verify_email_identity(EmailAddress=SENDER)
    mailer.tell("A bonus is held", "It waits.")
    (sent,) = ses_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].sent_messages
    assert (sent.source, sent.subject, sent.destinations["ToAddresses"]) == (
        SENDER,
        "[Ring] A bonus is held",
        [RECIPIENT],
    )


def test_an_unverified_sender_is_refused_with_what_to_do(mailer):
    with pytest.raises(VendorRefused, match=f"verify {SENDER}"):
        mailer.tell("A bonus is held", "It waits.")


MAIL = ParticipantMail(
    7, "ann@example.org", "Memory: week 2", "It is open.", "https://lab.example.org/stop?key=k"
)


def test_a_mail_to_a_participant_goes_to_their_address(client, mailer):
    client.verify_email_identity(EmailAddress=SENDER)
    mailer.write_to(MAIL)
    (sent,) = ses_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].sent_messages
    assert (sent.source, sent.destinations) == (SENDER, ["ann@example.org"])
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in sent.raw_data


def test_a_refused_mail_to_a_participant_does_not_name_their_address(mailer):
    with pytest.raises(VendorRefused, match="sandbox") as refused:
        mailer.write_to(MAIL)
    assert "ann@" not in f"{refused.value} {refused.value.__cause__}"


def test_throttling_means_to_come_later(client, mailer, monkeypatch):
    def throttle(**_):
        raise client.exceptions.ClientError({"Error": {"Code": "Throttling", "Message": ""}}, "SendEmail")

    monkeypatch.setattr(client, "send_email", throttle)
    with pytest.raises(VendorUnreachable):
        mailer.tell("A bonus is held", "It waits.")


def test_a_service_that_cannot_be_reached_means_to_come_later():
    lonely = boto3.client("ses", region_name="us-east-1", endpoint_url="http://127.0.0.1:9")
    with pytest.raises(VendorUnreachable, match="aws_region"):
        SESMailer(lonely, SENDER, RECIPIENT, MailWording("Ring")).tell("Held", "It waits.")


@pytest.mark.parametrize("name", ["dallinger_email_address", "contact_email_on_error"])
def test_a_missing_address_is_named(name):
    both = {"dallinger_email_address": SENDER, "contact_email_on_error": RECIPIENT}
    with pytest.raises(ConfigError, match=name):
        read_addresses({**both, name: ""})
