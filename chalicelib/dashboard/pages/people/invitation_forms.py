"""The part of the page People that invites people, and says whether the link was mailed."""

from __future__ import annotations

from dataclasses import dataclass, field

from chalicelib.dashboard.page_call import PageCall


@dataclass(frozen=True, slots=True)
class SentInvitation:
    """An invitation that was just made: its link, and whether it was sent."""

    email: str
    link: str = field(repr=False)
    was_sent: bool
    #: Why it wasn't sent although the run sends mail.
    problem: str = ""


def invite(call: PageCall) -> SentInvitation:
    """Invite a person with the roles and groups of the form."""
    email = call.one("email")
    made = call.run("invitations.add", email=email, what=call.all("what"), groups=call.all("groups"))
    return SentInvitation(email, f"{call.origin}{made.link}", made.was_mailed, made.mail_problem)
