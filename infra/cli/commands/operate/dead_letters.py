"""`petri dead-letters`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.table import Column, Table

from chalicelib.errors import BadRequest
from infra.cli.aws_options import Region
from infra.cli.operator_options import DryRun
from infra.cli.options import Run
from infra.cli.output import out, show_drain_result, show_table
from infra.local.lifecycle.run_paths import RunPaths

if TYPE_CHECKING:
    from infra.local.lifecycle.run_session import RunSession


def dead_letters(
    action: Annotated[
        Literal["list", "replay"], typer.Argument(help="list (the default) or replay.")
    ] = "list",
    letter: Annotated[str | None, typer.Argument(help="Id of the message to replay.")] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Replay all messages.")] = False,
    app: Run = None,
    region: Region = None,
    dry_run: DryRun = False,
) -> None:
    """List messages whose retries are exhausted, or replay them."""
    # Lazy import: it imports the whole platform.
    from infra.operator.run_session import opened

    is_replay = action == "replay"
    if is_replay and (letter is None) == (not every):
        raise BadRequest("Nothing was selected to replay; pass either the id of a dead letter or --all.")
    if not is_replay and (letter is not None or every):
        raise BadRequest("Ids and --all apply only to replay; use petri dead-letters replay.")
    with opened(app, RunPaths(Path.cwd()), with_code=is_replay, region=region) as session:
        if is_replay:
            _replay(session, letter, dry_run=dry_run)
        else:
            _list(session)


def _list(session: RunSession) -> None:
    from chalicelib.operations.schedule.dead_letters import list_dead_letters
    from chalicelib.operations.shared.context import OPERATOR_CALLER

    found = session.app.run(list_dead_letters, caller=OPERATOR_CALLER)
    if not found:
        out().print("No dead letters.")
        return
    table = Table(Column("id", no_wrap=True), "kind", "participant", "since", "reason")
    for each in found:
        table.add_row(each["id"], each["kind"], _whose(each), each["died"][:16], each["why"])
    show_table(table)


def _replay(session: RunSession, letter: str | None, *, dry_run: bool) -> None:
    from chalicelib.operations.schedule.dead_letters import dead_letter, list_dead_letters, replay_dead_letter
    from chalicelib.operations.shared.context import OPERATOR_CALLER

    run = partial(session.app.run, caller=OPERATOR_CALLER)
    found = run(list_dead_letters) if letter is None else [run(dead_letter, letter)]
    for each in found:
        if not dry_run:
            run(replay_dead_letter, each["id"])
        verb = "Would replay" if dry_run else "Replaying"
        out().print(f"{verb} {each['id']}: {each['kind']}", markup=False)
    if not found:
        out().print("No dead letters.")
    elif not dry_run:
        show_drain_result(session.carry_out())


def _whose(letter: dict[str, Any]) -> str:
    participant = letter["body"].get("participant_id")
    return "" if participant is None else str(participant)
