"""`python -m bench.gradebook`: measures the gradebook of a class of 500 members with 40 questions.

`--small` uses a class of 60 members. `--write` saves the results in bench/gradebook.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, Final

from bench.clients.host import Serving, fresh_folder, served
from bench.clients.server import RUN_ID
from bench.dashboard.views import view
from bench.figures.machine import this_machine
from bench.figures.report import table
from bench.figures.usage import cpu_seconds
from bench.scenarios import FILES
from chalicelib import bootstrap, services
from chalicelib.dashboard import own_host, sessions
from chalicelib.experiment.loader.experiment_folder import load_experiment
from chalicelib.operations.assignments.assignment_fields import AssignmentFields
from chalicelib.operations.assignments.gradebook import read_figures, read_gradebook
from chalicelib.operations.assignments.manage_assignments import set_assignment
from chalicelib.operations.assignments.member_grades import view_member_grade
from chalicelib.operations.assignments.question_grades import read_questions
from chalicelib.operations.classes.class_records import create_class
from chalicelib.operations.shared.context import OPERATOR_CALLER
from chalicelib.services import App
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from chalicelib.study.classes.study_class import StudyClass
from infra.local.lifecycle.run_paths import RunPaths
from infra.simulate.counting_engine import CountingEngine

from .large_class import LargeClass, item_name, page_name, seat_of, write_large_class

RESULTS: Final = Path(__file__).parents[1] / "gradebook.md"
COURSE: Final = Path(__file__).parent / "course"
SMALL: Final = LargeClass(members=60)
#: How often each page is viewed; the first view is shown apart.
VIEWS: Final = 5
AT: Final = "/dashboard/classes/1"
PAGES: Final = (
    ("the grid, first page", f"{AT}/gradebook"),
    ("the grid, last page", f"{AT}/gradebook?after={{last}}"),
    ("the grid with means and medians", f"{AT}/gradebook?figures=yes"),
    ("one member's answers", f"{AT}/gradebook?assignment=1-2&seat={{seat}}"),
    ("the table as CSV", f"{AT}/gradebook.csv"),
    ("the assignments", f"{AT}/assignments"),
)
_SHOWN: Final = 50


def main() -> None:
    """Measure, and print the results."""
    parser = argparse.ArgumentParser(prog="python -m bench.gradebook", description=__doc__)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--write", action="store_true")
    wish = parser.parse_args()
    size = SMALL if wish.small else LargeClass()
    with fresh_folder(FILES) as folder:
        machine = this_machine(folder)
    heading = (
        f"# The gradebook\n\nMeasured {machine.date} by `python -m bench.gradebook --write`: "
        f"{machine.cores} cores, {machine.processor}, Python {machine.python}; the machine is shared with "
        f"other work, load {machine.load:.1f} at the start.\n\n"
        f"A class of {size.members} members; {size.pages} assignments, each a page with {size.items} "
        "questions, or its questions one by one."
    )
    with _class_of(size) as (serving, cookie, app, engine):
        parts = [heading, _views(serving, cookie, size), _operations(app, engine, size)]
    text = "\n\n".join(parts) + "\n"
    print(text)
    if wish.write:
        RESULTS.write_text(text, encoding="utf-8")


@contextmanager
def _class_of(size: LargeClass) -> Iterator[tuple[Serving, str, App, CountingEngine]]:
    """Serve a run with the class; yield it, the cookie of a session, and an app that counts what it reads."""
    with fresh_folder(FILES) as root:
        print(f"Writing {size.members:,} members with {size.questions} answers each ...", file=sys.stderr)
        with served(COURSE, {}, root=root):
            pass
        counting = CountingEngine(SQLiteEngine(RunPaths(root).database(RUN_ID)))
        course = load_experiment(COURSE).experiment_class
        app = bootstrap.local(course, {"mode": "debug"}, app_id=RUN_ID, engine=counting)
        _fill(app, counting, size)
        token = app.run(sessions.begin_session, app.run(sessions.create_ticket))
        with served(COURSE, {}, root=root) as serving:
            yield serving, f"{own_host.cookie_name(RUN_ID, secure=False)}={token}", app, counting
        services.use(None)
        counting.close()


def _fill(app: App, engine: CountingEngine, size: LargeClass) -> None:
    run = partial(app.run, caller=OPERATOR_CALLER)
    number = run(create_class, StudyClass(0, "Statistics", "", time_zone="Europe/Berlin")).number
    for page in range(1, size.pages + 1):
        names = [item_name(size.items * (page - 1) + item) for item in range(1, size.items + 1)]
        parts = [f"item {name} 5" for name in names] if page % 2 else [f"page {page_name(page)} 20"]
        run(set_assignment, number, AssignmentFields(name=f"Week {page}", parts=parts))
    write_large_class(engine, number, size, 1)


def _views(serving: Serving, cookie: str, size: LargeClass) -> str:
    rows = []
    for name, path in PAGES:
        address = path.format(last=size.members - _SHOWN, seat=seat_of(1, 1))
        views = [view(serving, address, cookie) for _ in range(VIEWS)]
        first, *later = (seconds * 1000 for seconds, _ in views)
        rows.append((name, f"{first:.0f}", f"{median(later):.0f}", f"{views[0][1] / 1024:.0f}"))
    return (
        "## Views\n\nOn the local host, over a new connection each. The grid should take 500 ms at most.\n\n"
        + table(("page", "first view, ms", "later views, ms", "KB"), rows)
    )


def _operations(app: App, engine: CountingEngine, size: LargeClass) -> str:
    work: tuple[tuple[str, Callable[..., Any], tuple[Any, ...]], ...] = (
        (f"a page of {_SHOWN} members", read_gradebook, (1, 0, _SHOWN)),
        ("means and medians", read_figures, (1,)),
        ("the table, in one piece", read_questions, (1,)),
        ("one member's answers", view_member_grade, (1, 2, seat_of(1, 1))),
    )
    rows = []
    for name, operation, args in work:
        engine.take_counts()
        before = cpu_seconds()
        app.run(operation, *args, caller=OPERATOR_CALLER)
        milliseconds = 1000 * (cpu_seconds() - before)
        counts = engine.take_counts()
        rows.append((name, f"{milliseconds:.0f}", f"{counts['calls']:,}", f"{counts['read_units']:,}"))
    return (
        "## Operations\n\nProcessor time on SQLite, counting included, and what DynamoDB would be asked "
        f"by its rules: {size.members} members have {size.members * size.pages:,} stored submissions.\n\n"
        + table(("operation", "CPU, ms", "calls, one after the other", "read units"), rows)
    )


if __name__ == "__main__":
    main()
