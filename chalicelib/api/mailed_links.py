"""Mails the links that operations make, after the commit, and says in the answer whether that worked."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Final, TypeVar

from chalicelib.errors import ConfigError, VendorError
from chalicelib.operations.management.people.link_mails import LinkMail, MadeLink
from chalicelib.operations.management.people.managed_accounts import NewPasswordLink
from chalicelib.operations.management.people.managed_invitations import NewInvitation
from chalicelib.ports import Mailer, ParticipantMail

#: The mail goes to a person who manages the run, and not to a participant.
_NO_PARTICIPANT: Final = 0
#: The answers that say whether their link was mailed.
MailedAnswer = TypeVar("MailedAnswer", NewInvitation, NewPasswordLink)
logger = logging.getLogger("petri.api")


def mail_link(mailer: Mailer, made: MadeLink[MailedAnswer]) -> MailedAnswer:
    """Mail a link to its person, if the run sends mail, and return the answer with what came of it.

    A mail that can't be sent isn't an error: the link exists, and the actor who made it can pass it on.
    """
    if made.mail is None:
        return made.answer
    problem = _send(mailer, made.mail)
    return replace(made.answer, was_mailed=not problem, mail_problem=problem)


def _send(mailer: Mailer, mail: LinkMail) -> str:
    """Send a mail; return why it couldn't be sent, or ""."""
    try:
        mailer.write_to(ParticipantMail(_NO_PARTICIPANT, mail.address, mail.subject, mail.text))
    except (VendorError, ConfigError) as error:
        # The text of the error names settings and servers, not the link or the address.
        logger.warning("a link was not mailed: %s", error)
        return str(error)
    return ""
