"""Accepts an invitation with an account at an OpenID Connect provider, with which the user then signs in."""

from __future__ import annotations

from datetime import datetime

from chalicelib.errors import Forbidden, InvalidState
from chalicelib.model import keys
from chalicelib.operations.accounts.account_records import User
from chalicelib.operations.accounts.identities.openid_accounts import OpenIdAccount, shown_name, store_link
from chalicelib.operations.accounts.identities.used_sign_ins import use_once
from chalicelib.operations.accounts.users import claim_username
from chalicelib.operations.shared.context import Context

from .acceptance import make_invited_user, read_offer


def accept_by_account(
    ctx: Context, secret: str, username: str, account: OpenIdAccount, attempt: str, ends: datetime
) -> User:
    """Make the user whom a person has chosen to be, and let their account sign them in.

    The provider must have verified the address to which the invitation was sent. The user has no password
    until they set one. Invitation and attempt are used up in the same commit.

    Args:
        ctx: The context.
        secret: The secret of the invitation's link.
        username: The user name that the person has chosen.
        account: The account, whose `email` is a verified one.
        attempt: What identifies the attempt to sign in.
        ends: When the attempt ends.

    Returns:
        The user. Forbidden for an account with another address, InvalidState for one that signs in already,
        and for an invitation that is over.

    """
    use_once(ctx, attempt, ends)
    offer = read_offer(ctx, secret)
    if not account.email or not _is_same_address(account.email, offer.invitation.email):
        raise Forbidden(
            "This account doesn't have the email address to which the invitation was sent, or its provider "
            "hasn't verified the address. Use another account, or accept the invitation with a password.",
            code="other_address",
        )
    index = ctx.uow.item(keys.openid_account(account.digest))
    # The account of a removed user has no username. The record of a new user may not be visible yet.
    if index is not None and index["username"]:
        raise InvalidState(
            f"With this account you are the user {index['username']!r} already. Sign in with it, and ask the "
            "person who invited you to grant the role to that user.",
            code="account_taken",
        )
    claim_username(ctx, username)
    name = shown_name(account, username)
    user = User(username, name, offer.invitation.email, ctx.now, offer.invitation.invited_by)
    make_invited_user(ctx, offer, user, account=account.shown)
    store_link(ctx, username, account)
    return user


def _is_same_address(one: str, other: str) -> bool:
    """Whether two addresses differ at most in the case of ASCII letters; other letters stay as they are."""
    return one.encode().lower() == other.encode().lower()
