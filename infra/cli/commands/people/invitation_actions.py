"""`petri users invite`, `invitations` and `withdraw`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from infra.cli.output import out, show_table

from .mailed import print_mailing
from .users_options import UsersOrder

if TYPE_CHECKING:
    from chalicelib.operations.management.people.managed_invitations import InvitationRow, NewInvitation


def change_invitations(order: UsersOrder) -> None:
    """Invite a person, list the invitations, or withdraw one."""
    # Lazy import: it imports the whole platform.
    from chalicelib.operations.management.people import managed_invitations as managed

    if order.action == "invitations":
        _show(order.run(managed.rows_of_invitations).rows)
        return
    if order.action == "withdraw":
        order.run(managed.withdraw, order.whose("the id of an invitation"))
        out().print("The invitation is withdrawn.")
        return
    email = order.whose("an email address")
    what = [] if order.role is None else [order.role]
    made: NewInvitation = order.mail(order.run(managed.invite, email, what, list(order.groups)))
    out().print(f"{order.dashboard}{made.link}", markup=False, soft_wrap=True)
    print_mailing(made.was_mailed, made.mail_problem)
    if not made.was_mailed:
        out().print("Send this link to the person.")
    out().print("It works once, until", made.expires.strftime("%Y-%m-%d %H:%M UTC."))


def _show(rows: list[InvitationRow]) -> None:
    if not rows:
        out().print("No invitations; to invite a person, run: petri users invite EMAIL --role Viewer")
        return
    table = Table("id", "email", "roles and rights", "groups", "by", "until", "status")
    for each in rows:
        table.add_row(
            each.id,
            each.email,
            ", ".join(each.what),
            ", ".join(each.groups),
            each.invited_by,
            f"{each.expires:%Y-%m-%d %H:%M}",
            each.status,
        )
    show_table(table)
