"""The part of the page People that invites people, and sends the link where the run sends mail."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Final

from chalicelib import services
from chalicelib.dashboard.page_call import PageCall
from chalicelib.errors import ConfigError, VendorError
from chalicelib.experiment.config.run_settings import RunSettings
from chalicelib.ports import ParticipantMail

#: The mail goes to a person who manages the run, and not to a participant.
_NO_PARTICIPANT: Final = 0
logger = logging.getLogger("petri.dashboard")


@dataclass(frozen=True, slots=True)
class SentInvitation:
    """An invitation that was just made: its link, and whether it was sent."""

    email: str
    link: str = field(repr=False)
    was_sent: bool
    #: Why it wasn't sent although the run sends mail.
    problem: str = ""


def invite(call: PageCall) -> SentInvitation:
    """Invite a person with the roles and groups of the form, and send them the link if the run can."""
    email = call.one("email")
    made = call.run("invitations.add", email=email, what=call.all("what"), groups=call.all("groups"))
    link = f"{call.origin}{made.link}"
    if not made.can_be_mailed:
        return SentInvitation(email, link, was_sent=False)
    try:
        services.current().mailer.write_to(_mail(call, email, link))
    except (VendorError, ConfigError) as error:
        # The text of the error names settings and servers, not the link or the address.
        logger.warning("an invitation was not sent: %s", error)
        return SentInvitation(email, link, was_sent=False, problem=str(error))
    return SentInvitation(email, link, was_sent=True)


def _mail(call: PageCall, email: str, link: str) -> ParticipantMail:
    app = services.current()
    title = RunSettings.read(app.config).title or app.app_id
    lines = (
        f"{call.actor.name} invites you to the dashboard of a run of {title}.",
        "Open this link within three days, and choose a user name and a password. It works once.",
        link,
        "If you don't know what this is about, do nothing.",
    )
    text = "\n\n".join(lines)
    return ParticipantMail(_NO_PARTICIPANT, email, "Invitation to the dashboard of a study", text)
