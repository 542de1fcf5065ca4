"""`petri classes`."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer
from rich.table import Table

from chalicelib.errors import BadRequest
from infra.cli.aws_options import Region
from infra.cli.options import Run
from infra.cli.output import out, show_table
from infra.local.lifecycle.run_paths import RunPaths

if TYPE_CHECKING:
    from chalicelib.operations.classes.import_roster import RosterRowResult

_PER_PAGE = 200
#: Runs an operation with its arguments as the operator.
RunOperation = Callable[..., Any]


def classes(
    action: Annotated[
        Literal["list", "create", "members", "import", "assign", "links", "mail"],
        typer.Argument(help="list (the default), create, members, import, assign, links or mail."),
    ] = "list",
    number: Annotated[int | None, typer.Argument(help="The number of the class.", min=1)] = None,
    *,
    name: Annotated[str, typer.Option("--name", help="With create: the name of the class.")] = "",
    time_zone: Annotated[
        str, typer.Option("--time-zone", help="With create: such as Europe/Berlin.")
    ] = "UTC",
    file: Annotated[
        Path | None,
        typer.Option("--file", help="With import, assign: the file to read. With links: the CSV to write."),
    ] = None,
    app: Run = None,
    region: Region = None,
) -> None:
    """List or create classes, list members, add people or assignments from a file, write or mail links."""
    # Lazy import: it imports the whole platform.
    from chalicelib.operations.shared.context import OPERATOR_CALLER
    from infra.operator.run_session import opened

    act = _action(action, number, name, time_zone, file)
    with opened(app, RunPaths(Path.cwd()), region=region) as session:
        act(partial(session.app.run, caller=OPERATOR_CALLER))


def _action(
    action: str, number: int | None, name: str, time_zone: str, file: Path | None
) -> Callable[[RunOperation], None]:
    """Return what to do in the run; BadRequest when the number of the class or the file is missing."""
    if action == "list":
        return _list
    if action == "create":
        return partial(_create, name=name, time_zone=time_zone)
    if number is None:
        raise BadRequest(f"Name the class by its number: petri classes {action} 1.")
    if action in _OF_A_CLASS:
        return partial(_OF_A_CLASS[action], number=number)
    if file is None:
        raise BadRequest("Name the file with --file.")
    # While a run is open, its folder is the working directory: links written there would be in exports.
    file = file.absolute()
    if action == "import":
        return partial(_import, number=number, text=_text_of(file))
    return partial(_assign if action == "assign" else _links, number=number, file=file)


def _list(run: RunOperation) -> None:
    from chalicelib.operations.classes.manage_classes import list_classes

    table = Table("class", "name", "status", "join code", "instructors")
    for one in run(list_classes):
        table.add_row(str(one.id), one.name, one.status, one.join_code, ", ".join(one.instructors))
    show_table(table)


def _create(run: RunOperation, name: str, time_zone: str) -> None:
    from chalicelib.operations.classes.class_settings import ClassSettings
    from chalicelib.operations.classes.manage_classes import open_class

    made = run(open_class, ClassSettings(name=name, time_zone=time_zone))
    out().print(f"Class {made.id} is created. People join it at {made.join_address}", markup=False)


def _members(run: RunOperation, number: int) -> None:
    from chalicelib.operations.classes.manage_members import list_members

    table = Table("name", "email", "student number", "status", "link mailed", "participant")
    after: str | None = None
    while True:
        page = run(list_members, number, after=after, limit=_PER_PAGE)
        for one in page.rows:
            participant = "" if one.participant_id is None else str(one.participant_id)
            mailed = one.link_mail if one.link_mail in ("waiting", "refused") else one.link_sent or ""
            table.add_row(one.name, one.email, one.student_number, str(one.status), mailed, participant)
        after = page.next
        if after is None:
            break
    show_table(table)


def _import(run: RunOperation, number: int, text: str) -> None:
    """Import a list part by part; after a crash the command is called again, and adds no one twice."""
    from chalicelib.operations.classes.import_roster import import_roster

    first: int | None = 0
    rows: list[RosterRowResult] = []
    while first is not None:
        part = run(import_roster, number, text, first)
        rows += part.rows
        first = part.next
    added = sum(one.result in ("new", "returned") for one in rows)
    out().print(f"{added} added, {sum(one.result == 'already' for one in rows)} were members already.")
    for one in rows:
        if one.result == "problem":
            out().print(f"Row {one.row}: {one.problem}", markup=False)


def _assign(run: RunOperation, number: int, file: Path) -> None:
    """Set the assignments of a file; those whose name the class has stay as they are."""
    from chalicelib.operations.assignments.assignment_store import assignments_of
    from chalicelib.operations.assignments.manage_assignments import set_assignment
    from infra.operator.assignment_files import read_assignment_file

    wanted = read_assignment_file(file)
    known = {one.name for one in run(assignments_of, number)}
    added = [one for one in wanted if " ".join(one.name.split()) not in known]
    for one in added:
        run(set_assignment, number, one)
    out().print(f"{len(added)} assignments set, {len(wanted) - len(added)} were there already.")


def _mail(run: RunOperation, number: int) -> None:
    """Mail links part by part; after a crash the command is called again, and mails none twice."""
    from chalicelib.operations.classes.mailing.member_mails import mail_links

    after: str | None = None
    mailed = without_address = already = 0
    while True:
        part = run(mail_links, number, after=after)
        mailed, already = mailed + part.mailed, already + part.already
        without_address += part.without_address
        after = part.next
        if after is None:
            break
    out().print(
        f"{mailed} links are mailed; {already} members have begun or were mailed theirs, and "
        f"{without_address} have no address."
    )


def _links(run: RunOperation, number: int, file: Path) -> None:
    from chalicelib.export.csv_format import excel_safe
    from chalicelib.operations.classes.import_roster import links_of_members

    rows = run(links_of_members, number)
    with file.open("w", encoding="utf-8", newline="") as written:
        writer = csv.writer(written)
        writer.writerow(("name", "email", "student_number", "link"))
        for one in rows:
            writer.writerow(map(excel_safe, (one.name, one.email, one.student_number, one.link)))
    out().print(f"{len(rows)} links: {file}. Each lets its holder take part as the member.", markup=False)


def _text_of(file: Path) -> str:
    """Return the text of a list: UTF-8, as most programs write it, or Windows-1252, as Excel does."""
    content = file.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


_OF_A_CLASS: Final[Mapping[str, Callable[..., None]]] = {"members": _members, "mail": _mail}
