"""Finds and makes the users of an app whom a lab has signed in, with the rights that the lab states."""

from __future__ import annotations

from chalicelib.operations.accounts.identities.openid_accounts import OpenIdAccount, user_of_account
from chalicelib.operations.shared.context import Context

from .lab_records import LAB_SESSION_LIFETIME, LabAssertion, issuer_of
from .trusted_labs import require_trusted


def user_of_assertion(ctx: Context, assertion: LabAssertion) -> str:
    """Return the user whom a verified assertion signs in; it is used up in this commit.

    The user is known by the lab and the lab's own subject, never by their name. They have the stated rights
    until the session ends that begins with it; rights that this app has given them stay. Forbidden for an
    assertion that was used, or that the app doesn't trust any more; BlockedAccount for a removed user.
    """
    require_trusted(ctx, assertion)
    issuer = issuer_of(assertion.lab_id)
    account = OpenIdAccount(
        provider=issuer,
        issuer=issuer,
        subject=assertion.subject,
        name=assertion.name,
        email="",
        wanted_username=assertion.username,
        roles=frozenset(right.value for right in assertion.rights),
        until=ctx.now + LAB_SESSION_LIFETIME,
    )
    return user_of_account(ctx, account, once_key(assertion), assertion.ends)


def once_key(assertion: LabAssertion) -> str:
    """Return what identifies an assertion among all sign-ins of the app, by which it is used once."""
    return f"{issuer_of(assertion.lab_id)} {assertion.id}"
