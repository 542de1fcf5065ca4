"""`petri payments`."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.table import Table

from chalicelib.currency import currency_of, format_money
from chalicelib.errors import BadRequest, NotFound
from infra.cli.aws_options import Region
from infra.cli.operator_options import DryRun, Kind, ParticipantId, Status
from infra.cli.options import Run
from infra.cli.output import out, show_drain_result, show_table
from infra.local.lifecycle.run_paths import RunPaths

if TYPE_CHECKING:
    from chalicelib.operations.payment.operator_actions import PaymentEntry, PaymentFilter
    from infra.operator.payments import Comparison

Action = Literal["list", "retry", "release", "reconcile"]


def payments(
    action: Annotated[
        Action, typer.Argument(help="list (the default), retry, release or reconcile.")
    ] = "list",
    *,
    app: Run = None,
    region: Region = None,
    status: Status = None,
    participant: ParticipantId = None,
    kind: Kind = None,
    show_workers: Annotated[bool, typer.Option("--show-workers", help="Show worker ids.")] = False,
    dry_run: DryRun = False,
) -> None:
    """List, retry or release payments, or reconcile them with the recruiters' records."""
    # Lazy import, as in every command that opens a run: it imports the whole platform.
    from chalicelib.operations.payment.operator_actions import PaymentFilter

    chosen = PaymentFilter(status, participant, kind)
    try:
        if action == "list":
            _list(app, region, chosen, show_workers=show_workers)
        elif action == "reconcile":
            _reconcile(app, region, chosen, show_workers=show_workers, dry_run=dry_run)
        else:
            _send(action, app, region, chosen, show_workers=show_workers, dry_run=dry_run)
    except NotFound as error:
        if error.code != "participant_not_found":
            raise
        raise NotFound(f"{error} Run `petri payments` to list the participants who have payments.") from error


def _list(run_id: str | None, region: str | None, chosen: PaymentFilter, *, show_workers: bool) -> None:
    from chalicelib.operations.payment.operator_actions import list_payments
    from chalicelib.operations.shared.context import OPERATOR_CALLER
    from infra.operator.run_session import opened

    with opened(run_id, RunPaths(Path.cwd()), with_code=False, region=region) as session:
        found = session.app.run(list_payments, chosen, caller=OPERATOR_CALLER)
        currency = currency_of(session.app.config)
    _show(found, currency, show_workers=show_workers)
    total = sum((each.amount for each in found), Decimal(0))
    out().print(f"{_count(len(found))}, total {format_money(total, currency)}")


def _send(
    action: Action,
    run_id: str | None,
    region: str | None,
    chosen: PaymentFilter,
    *,
    show_workers: bool,
    dry_run: bool,
) -> None:
    from infra.operator.payments import release, retry
    from infra.operator.run_session import opened

    if action == "release" and chosen == type(chosen)():
        raise BadRequest(
            "release requires a filter; add --participant, --kind or --status to select the payments."
        )
    act, verb = (release, "release") if action == "release" else (retry, "retry")
    with opened(run_id, RunPaths(Path.cwd()), region=region) as session:
        selected = act(session.app, chosen, dry_run=dry_run)
        _show(selected, currency_of(session.app.config), show_workers=show_workers)
        if dry_run or not selected:
            message = f"Would {verb} {_count(len(selected))}." if dry_run else f"No payments to {verb}."
            out().print(message)
            return
        show_drain_result(session.carry_out())


def _reconcile(
    run_id: str | None, region: str | None, chosen: PaymentFilter, *, show_workers: bool, dry_run: bool
) -> None:
    from infra.operator.payments import reconcile
    from infra.operator.run_session import opened

    with opened(run_id, RunPaths(Path.cwd()), region=region) as session:
        compared = reconcile(session.app, chosen, dry_run=dry_run)
        _show_comparison(
            compared, currency_of(session.app.config), show_workers=show_workers, dry_run=dry_run
        )
        if compared.sent_again and not dry_run:
            show_drain_result(session.carry_out())


def _show(found: Sequence[PaymentEntry], currency: str, *, show_workers: bool) -> None:
    if not found:
        return
    table = Table("participant", *(["worker"] if show_workers else []), "kind", "amount", "status", "since")
    for each in found:
        since = f"{each.since:%Y-%m-%d %H:%M}" if each.since else ""
        table.add_row(
            *_whose(each, show_workers=show_workers),
            each.kind,
            format_money(each.amount, currency),
            f"{each.status} (stuck)" if each.is_stuck else each.status,
            since,
        )
    show_table(table)
    # Below the table, because it would be wider than a terminal of 80 columns.
    for each in found:
        details = [f"reference {each.reference}"] if each.reference else []
        details += [f"last reason: {each.reason}"] if each.reason else []
        if details:
            details_line = f"participant {each.participant_id}, {each.kind}: {'; '.join(details)}"
            out().print(details_line, markup=False)


def _show_comparison(compared: Comparison, currency: str, *, show_workers: bool, dry_run: bool) -> None:
    if compared.differences:
        names = ("kind", "amount", "ledger", "recruiter", "planned fix" if dry_run else "fix")
        table = Table("participant", *(["worker"] if show_workers else []), *names)
        for each in compared.differences:
            entry = each.entry
            whose = _whose(entry, show_workers=show_workers)
            amount = format_money(entry.amount, currency)
            table.add_row(*whose, entry.kind, amount, entry.status, each.found, each.repair)
        show_table(table)
    out().print(f"{_count(compared.compared)} compared, {len(compared.differences)} with differences.")
    if compared.without_books:
        out().print(f"{_count(compared.without_books)} skipped: their recruiters keep no payment records.")


def _count(number: int) -> str:
    return f"{number} payment{'' if number == 1 else 's'}"


def _whose(entry: PaymentEntry, *, show_workers: bool) -> list[str]:
    return [str(entry.participant_id), *([entry.worker_id] if show_workers else [])]
