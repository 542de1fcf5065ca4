"""Finds who calls the API with an assertion of a lab: the lab itself, which may view and nothing more."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

from chalicelib.access.rights import Actor, Right
from chalicelib.errors import Forbidden, Unauthorized
from chalicelib.operations.accounts.identities.used_sign_ins import use_once
from chalicelib.operations.labs.lab_records import AssertionPurpose
from chalicelib.operations.labs.lab_users import once_key
from chalicelib.operations.labs.trusted_labs import trusted_labs
from chalicelib.operations.shared.context import Context

from .lab_assertions import verified_assertion

_RIGHTS: Final = frozenset({Right.VIEW})


def authenticate_lab(ctx: Context, token: str) -> Actor:
    """Return the lab that calls with an assertion, which is used up; Unauthorized if it isn't valid."""
    labs = trusted_labs(ctx)
    if not labs or find_spec("joserfc") is None:
        raise Unauthorized("This run knows no lab.", code="token_invalid")
    try:
        assertion = verified_assertion(token, labs, ctx.app_id, AssertionPurpose.REPORT, ctx.now)
        use_once(ctx, once_key(assertion), assertion.ends)
    except Forbidden as refused:
        raise Unauthorized(str(refused), code="token_invalid") from refused
    name = next(lab.name for lab in labs if lab.id == assertion.lab_id)
    return Actor(f"lab:{assertion.lab_id}", name, _RIGHTS)
