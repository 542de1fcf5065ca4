"""Stores which labs an app trusts, and their public keys; ends what they gave when they are removed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from chalicelib.access.rights import Right
from chalicelib.errors import BadRequest, Forbidden, InvalidState, NotFound
from chalicelib.model import keys
from chalicelib.operations.accounts.account_records import checked_name, checked_text, user_actor_id
from chalicelib.operations.accounts.actors import grants_of, raise_versions_of_user
from chalicelib.operations.accounts.identities.openid_accounts import account_digest, maker_of
from chalicelib.operations.accounts.open_sessions import delete_sign_ins
from chalicelib.operations.audit.record_change import record_change
from chalicelib.operations.shared.access import require_operator
from chalicelib.operations.shared.context import Context

from .lab_records import LabAssertion, LabKey, TrustedLab, issuer_of

#: How long a key that was replaced still verifies: processes of the lab may sign with it until they have
#: read the new one.
KEY_OVERLAP: Final = timedelta(hours=1)
#: How long a retired key stays in the record.
_KEPT: Final = timedelta(days=30)
_KEY_FIELDS: Final = frozenset({"kty", "crv", "x", "y"})


def trusted_labs(ctx: Context) -> list[TrustedLab]:
    """Return the labs that this app trusts, by id."""
    return [TrustedLab.from_item(item) for item in ctx.uow.items(keys.LABS)]


def find_trusted_lab(ctx: Context, lab_id: str) -> TrustedLab | None:
    """Return a lab that this app trusts; None for any other."""
    item = ctx.uow.item(keys.trusted_lab(lab_id)) if lab_id else None
    return None if item is None else TrustedLab.from_item(item)


def trust_lab(
    ctx: Context, lab: TrustedLab, key_id: str, public: Mapping[str, str], *, retire_others: datetime | None
) -> TrustedLab:
    """Trust a lab, or give it a new key, name, address or limit; it is in the audit log.

    Args:
        ctx: The context; the caller is the operator.
        lab: The lab; its keys are those that are stored, whatever it says.
        key_id: The thumbprint of its current key.
        public: Its current key, without the private part.
        retire_others: From when on its other keys verify nothing; None: they stay as they are.

    Returns:
        The lab as stored. BadRequest for what isn't valid, InvalidState for a key that was retired.

    """
    require_operator(ctx)
    _check(lab, public)
    known = find_trusted_lab(ctx, lab.id)
    kept = [] if known is None else _kept(ctx, known, key_id, retire_others)
    own = next((key for key in kept if key.id == key_id), None)
    if own is not None and own.retires is not None:
        raise InvalidState("This key of the lab was retired. Make a new one.", code="lab_key_retired")
    if own is None:
        kept.append(LabKey(key_id, dict(public), ctx.now))
    stored = replace(lab, keys=tuple(kept), added=ctx.now if known is None else known.added)
    fields = {"name": lab.name, "address": lab.address, "rights": sorted(lab.rights), "key": key_id}
    record_change(ctx, "labs.trust", records=[("labs", lab.id)], fields=fields)
    ctx.uow.put_if_unchanged(keys.trusted_lab(lab.id), "trusted_lab", stored.to_fields())
    return stored


def distrust_lab(ctx: Context, lab_id: str) -> None:
    """Remove a lab from those whose users may sign in; NotFound for an unknown one.

    `end_lab_user` ends what each of its users has.
    """
    require_operator(ctx)
    if find_trusted_lab(ctx, lab_id) is None:
        raise NotFound(f"This app knows no lab {lab_id[:40]!r}.", code="lab_not_found")
    record_change(ctx, "labs.distrust", records=[("labs", lab_id)])
    ctx.uow.delete_item(keys.trusted_lab(lab_id))


def users_of_lab(ctx: Context, lab_id: str) -> list[str]:
    """Return the users who have rights that a lab gave them."""
    require_operator(ctx)
    maker = maker_of(issuer_of(lab_id))
    usernames = [item["username"] for item in ctx.uow.items(keys.USERS)]
    return [each for each in usernames if any(grant.by == maker for grant in grants_of(ctx, each))]


def user_of_subject(ctx: Context, lab_id: str, subject: str) -> str | None:
    """Return the user of this app whom a lab knows as a subject; None if they never signed in."""
    require_operator(ctx)
    index = ctx.uow.item(keys.openid_account(account_digest(issuer_of(lab_id), subject)))
    return None if index is None or not index["username"] else str(index["username"])


def end_lab_user(ctx: Context, lab_id: str, username: str) -> None:
    """Take the rights that a lab gave to a user, and end the user's sessions; grants of this app stay."""
    require_operator(ctx)
    maker = maker_of(issuer_of(lab_id))
    given = [grant.what for grant in grants_of(ctx, username) if grant.by == maker]
    fields = {"lab": lab_id, "revoked": sorted(given)}
    record_change(ctx, "labs.end_user", records=[("users", username)], fields=fields)
    for what in given:
        ctx.uow.delete_item(keys.grant(username, what))
    delete_sign_ins(ctx, user_actor_id(username))
    raise_versions_of_user(ctx, username)


def require_trusted(ctx: Context, assertion: LabAssertion) -> TrustedLab:
    """Return the lab of an assertion; Forbidden if the app trusts it, its key or its rights no more."""
    lab = find_trusted_lab(ctx, assertion.lab_id)
    if lab is None or lab.key(assertion.key_id, ctx.now) is None or not assertion.rights <= lab.rights:
        raise Forbidden(
            "This app doesn't trust the lab with this any more. Begin again in the lab.",
            code="lab_not_trusted",
        )
    return lab


def _check(lab: TrustedLab, public: Mapping[str, str]) -> None:
    checked_name(lab.id, "id of a lab")
    checked_text(lab.name, "The name of the lab")
    if not lab.rights or Right.SYSTEM_ADMIN in lab.rights:
        raise BadRequest(
            "A lab may give some rights, but never System admin: who has it can change this app's code.",
            code="invalid_rights",
        )
    if public.keys() != _KEY_FIELDS or public["kty"] != "EC" or public["crv"] != "P-256":
        raise BadRequest("The key of a lab is a public key on the curve P-256.", code="invalid_key")


def _kept(ctx: Context, known: TrustedLab, key_id: str, retire_others: datetime | None) -> list[LabKey]:
    """Return the stored keys but long retired ones, where those that are replaced retire."""
    kept = [key for key in known.keys if key.retires is None or key.retires > ctx.now - _KEPT]
    if retire_others is None:
        return kept
    return [
        key
        if key.id == key_id or (key.retires is not None and key.retires <= retire_others)
        else replace(key, retires=retire_others)
        for key in kept
    ]
