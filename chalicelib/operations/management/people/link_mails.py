"""Writes the mails that bring people a link: an invitation, or one with which a user chooses a password.

A link is a secret, so it is in the mail and in the answer to the actor who made it, and in no log.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from chalicelib.operations.shared.access import require_actor
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.operator_notices import sends_mail

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class LinkMail:
    """A mail with a link, which is sent after the commit that makes the link."""

    address: str = field(repr=False)
    subject: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class MadeLink(Generic[Answer]):
    """The answer of an operation that has made a link, and the mail that brings it to the person."""

    answer: Answer
    #: None where the run sends no mail, or the person's address isn't known.
    mail: LinkMail | None


def invitation_mail(ctx: Context, email: str, path: str) -> LinkMail | None:
    """Return the mail with an invitation; `path`: its address below the dashboard's host."""
    lines = (
        f"{require_actor(ctx).name} invites you to the dashboard of a run of {_title(ctx)}.",
        "Open this link within three days, and choose a user name and a password. It works once.",
    )
    return _mail(ctx, email, "Invitation to the dashboard of a study", lines, path)


def password_mail(ctx: Context, email: str, path: str) -> LinkMail | None:
    """Return the mail with a link to choose a password; `path`: its address below the dashboard's host."""
    lines = (
        f"{require_actor(ctx).name} sends you a link to choose a password on the dashboard: {_title(ctx)}.",
        "Open it within a day. It works once. Until then your present password stays valid, if you have one.",
    )
    return _mail(ctx, email, "Choose a password for the dashboard of a study", lines, path)


def _mail(ctx: Context, email: str, subject: str, lines: tuple[str, ...], path: str) -> LinkMail | None:
    if not (email and ctx.request.dashboard and sends_mail(ctx)):
        return None
    end = "If you don't know what this is about, do nothing."
    return LinkMail(email, subject, "\n\n".join((*lines, f"{ctx.request.dashboard}{path}", end)))


def _title(ctx: Context) -> str:
    return ctx.settings.title or ctx.app_id
