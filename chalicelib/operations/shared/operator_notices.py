"""Posts notices to the operator, which are mailed after the commit, and says whether a run sends mail."""

from __future__ import annotations

from chalicelib.messages import NotifyOperator

from .context import Context


def notify_operator(ctx: Context, text: str) -> None:
    """Mail the operator after the commit."""
    ctx.uow.post(NotifyOperator({"message": text}))


def sends_mail(ctx: Context) -> bool:
    """Whether the run sends mail to people: in debug mode, and without an account, mail goes to the log."""
    has_account = ctx.config.get("contact_email_on_error") and ctx.config.get("dallinger_email_address")
    return bool(has_account) and ctx.settings.mode != "debug" and ctx.settings.mailer != "log"
