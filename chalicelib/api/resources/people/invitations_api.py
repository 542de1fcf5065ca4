"""/api/v1/invitations: invites people to become users; they accept on a page of the dashboard."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from chalicelib.access.rights import Right
from chalicelib.api.api_operation import AnyOperation, ApiOperation, Shape
from chalicelib.api.common_parameters import NoParameters, One
from chalicelib.api.mailed_links import mail_link
from chalicelib.operations.accounts.account_records import MAX_TEXT, NAME_PATTERN
from chalicelib.operations.accounts.invitations.invitations import EMAIL_PATTERN
from chalicelib.operations.listings.listing import Listing
from chalicelib.operations.management.people import managed_invitations as managed
from chalicelib.operations.management.people.managed_invitations import (
    ChangedInvitation,
    InvitationRow,
    NewInvitation,
)

from .roles_api import ROLE_OR_RIGHT

INVITATIONS: Final = "invitations"


@dataclass(frozen=True, slots=True)
class Inviting:
    """Whom to invite, and what they get."""

    email: str = field(metadata={"min": 3, "max": MAX_TEXT, "pattern": EMAIL_PATTERN})
    what: list[str] = field(
        default_factory=list, metadata={**ROLE_OR_RIGHT, "help": "Roles and rights within your own."}
    )
    groups: list[str] = field(
        default_factory=list,
        metadata={"min": 1, "max": 32, "pattern": NAME_PATTERN, "help": "Nicknames of groups to join."},
    )


OPERATIONS: Final[tuple[AnyOperation, ...]] = (
    ApiOperation(
        name="invitations.list",
        method="GET",
        resource=INVITATIONS,
        shape=Shape.LIST,
        right=Right.VIEW,
        parameters=NoParameters,
        answer=Listing[InvitationRow],
        run=lambda ctx, _: managed.rows_of_invitations(ctx),
        summary="Lists your invitations, or with Manage lab all of them.",
    ),
    ApiOperation(
        name="invitations.add",
        method="POST",
        resource=INVITATIONS,
        shape=Shape.LIST,
        right=Right.MANAGE_LAB,
        parameters=Inviting,
        answer=NewInvitation,
        run=lambda ctx, new: managed.invite(ctx, new.email, new.what, new.groups),
        outside=lambda app, made: mail_link(app.mailer, made),
        summary="Invites a person for three days, and returns the link once, which is mailed to them if the "
        "run sends mail; it works once.",
        records_itself=True,
        has_secret_answer=True,
    ),
    ApiOperation(
        name="invitations.withdraw",
        method="DELETE",
        resource=INVITATIONS,
        shape=Shape.ITEM,
        right=Right.VIEW,
        parameters=One,
        answer=ChangedInvitation,
        run=lambda ctx, one: managed.withdraw(ctx, one.id),
        summary="Withdraws an open invitation of yours, or with Manage lab any.",
        records_itself=True,
    ),
)
