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
    action: Annotated[Action, typer.Argument(help="What to do; by default they are listed.")] = "list",
    *,
    app: Run = None,
    region: Region = None,
    status: Status = None,
    participant: ParticipantId = None,
    kind: Kind = None,
    show_workers: Annotated[bool, typer.Option("--show-workers", help="Show worker ids.")] = False,
    dry_run: DryRun = False,
) -> None:
    """List what is owed and paid, send again, release, or compare with the recruiters' books."""
    # Lazy import, as in every command that opens a run: the whole platform comes along.
    from chalicelib.operations.payment.operator_actions import PaymentFilter

    wanted = PaymentFilter(status, participant, kind)
    try:
        if action == "list":
            _list(app, region, wanted, show_workers=show_workers)
        elif action == "reconcile":
            _reconcile(app, region, wanted, show_workers=show_workers, dry_run=dry_run)
        else:
            _send(action, app, region, wanted, show_workers=show_workers, dry_run=dry_run)
    except NotFound as error:
        if error.code != "participant_not_found":
            raise
        raise NotFound(f"{error} `petri payments` lists the participants who have payments.") from error


def _list(run_id: str | None, region: str | None, wanted: PaymentFilter, *, show_workers: bool) -> None:
    from chalicelib.operations.payment.operator_actions import list_payments
    from infra.operator.run_session import opened

    with opened(run_id, RunPaths(Path.cwd()), with_code=False, region=region) as office:
        found = office.app.run(list_payments, wanted)
        currency = currency_of(office.app.config)
    _show(found, currency, show_workers=show_workers)
    total = sum((each.amount for each in found), Decimal(0))
    out().print(f"{len(found)} payments, {format_money(total, currency)}")


def _send(
    action: Action,
    run_id: str | None,
    region: str | None,
    wanted: PaymentFilter,
    *,
    show_workers: bool,
    dry_run: bool,
) -> None:
    from infra.operator.payments import release, retry
    from infra.operator.run_session import opened

    if action == "release" and wanted == type(wanted)():
        raise BadRequest(
            "Releasing pays what was held or refused; say which with --participant, --kind or --status."
        )
    act, will = (release, "release") if action == "release" else (retry, "try again")
    with opened(run_id, RunPaths(Path.cwd()), region=region) as office:
        meant = act(office.app, wanted, dry_run=dry_run)
        _show(meant, currency_of(office.app.config), show_workers=show_workers)
        if dry_run or not meant:
            out().print(f"Would {will} {len(meant)} payments." if dry_run else f"Nothing to {will}.")
            return
        show_drain_result(office.carry_out())


def _reconcile(
    run_id: str | None, region: str | None, wanted: PaymentFilter, *, show_workers: bool, dry_run: bool
) -> None:
    from infra.operator.payments import reconcile
    from infra.operator.run_session import opened

    with opened(run_id, RunPaths(Path.cwd()), region=region) as office:
        compared = reconcile(office.app, wanted, dry_run=dry_run)
        _show_comparison(compared, currency_of(office.app.config), show_workers=show_workers, dry_run=dry_run)
        if compared.sent_again and not dry_run:
            show_drain_result(office.carry_out())


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
            f"{each.status} (hangs)" if each.is_stuck else each.status,
            since,
        )
    show_table(table)
    # Below the table, which has no room for them in a terminal of 80 columns.
    for each in found:
        told = [f"reference {each.reference}"] if each.reference else []
        told += [f"last reason: {each.reason}"] if each.reason else []
        if told:
            out().print(f"participant {each.participant_id}, {each.kind}: {'; '.join(told)}", markup=False)


def _show_comparison(compared: Comparison, currency: str, *, show_workers: bool, dry_run: bool) -> None:
    if compared.differences:
        names = ("kind", "amount", "in the ledger", "the recruiter says", "would" if dry_run else "done")
        table = Table("participant", *(["worker"] if show_workers else []), *names)
        for each in compared.differences:
            entry = each.entry
            whose = _whose(entry, show_workers=show_workers)
            amount = format_money(entry.amount, currency)
            table.add_row(*whose, entry.kind, amount, entry.status, each.found, each.repair)
        show_table(table)
    out().print(f"{compared.compared} payments compared, {len(compared.differences)} differ.")
    if compared.without_books:
        out().print(f"{compared.without_books} are of recruiters that keep no books.")


def _whose(entry: PaymentEntry, *, show_workers: bool) -> list[str]:
    return [str(entry.participant_id), *([entry.worker_id] if show_workers else [])]
