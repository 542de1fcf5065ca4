"""Emails to one worker."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends

from chalicelib.errors import BadRequest, ConfigError
from chalicelib.messaging.mail.ses import make_client
from chalicelib.operations.shared.settings import Settings
from infra.operator.worker_mail import prepared

WORKER, LAB = "worker@example.org", "lab@example.org"


@pytest.fixture
def _aws() -> Iterator[None]:
    with mock_aws():
        yield


def settings(**more: Any) -> Settings:
    mail = {"mailer": "ses", "title": "Ring", "dallinger_email_address": LAB}
    return Settings({"mode": "live", "contact_email_on_error": "me@example.org", **mail, **more})


@pytest.mark.usefixtures("_aws")
def test_an_email_goes_to_the_worker_without_the_operators_frame() -> None:
    make_client({}).verify_email_identity(EmailAddress=LAB)
    said = prepared(settings(), WORKER)("You are paid $2.00.")
    (sent,) = ses_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].sent_messages
    assert (sent.destinations["ToAddresses"], sent.body) == ([WORKER], "You are paid $2.00.\n")
    assert said == [f"Sent an email to {WORKER}."]


@pytest.mark.usefixtures("_aws")
def test_a_failed_email_does_not_undo_the_compensation() -> None:
    (said,) = prepared(settings(), WORKER)("You are paid $2.00.")
    assert said.startswith(
        f"The compensation was recorded, but {WORKER} couldn't be notified: SES refuses the mail"
    )


def test_settings_that_do_not_suffice_are_an_error_before_anything_is_paid() -> None:
    with pytest.raises(ConfigError, match="smtp_host"):
        prepared(settings(mailer="smtp"), WORKER)


@pytest.mark.parametrize("how", [{"mode": "debug"}, {"mailer": "log"}])
def test_where_nothing_is_mailed_the_text_is_shown(how: dict[str, str]) -> None:
    (said,) = prepared(settings(**how), WORKER)("You are paid $2.00.")
    assert said == f"No email is sent in this mode. {WORKER} would receive: You are paid $2.00."


@pytest.mark.parametrize(
    "address", ["", "worker", "a@b@c", "a b@example.org", "a@example.org\nBcc: b@example.org"]
)
def test_an_invalid_email_address_is_refused(address: str) -> None:
    with pytest.raises(BadRequest):
        prepared(settings(), address)


def test_without_an_address_there_is_no_output() -> None:
    assert prepared(settings(), None)("You are paid $2.00.") == []
