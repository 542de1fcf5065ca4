"""Renders each page of a study for each role, condition and round, with sample answers, on a store in memory.

A simulated run shows few of them: bots are screened out, and most draws happen once. Nothing is kept.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from chalicelib import bootstrap, services
from chalicelib.errors import Refused
from chalicelib.experiment.loader.experiment_folder import LoadedExperiment
from chalicelib.operations.participant.create_participant import create_participant
from chalicelib.operations.participant.entry_verification import EntryRequest
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.answers.page_answers import items_due
from chalicelib.operations.study.pages.show import render_page, render_wait_page
from chalicelib.operations.study.shared.study_context import session_of, study_of
from chalicelib.services import App
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from chalicelib.study.design.conditions import Conditions
from chalicelib.study.elements import EndlessTimelineError, For, Group, Page, Rounds, Wait
from chalicelib.study.items import check_answer
from chalicelib.study.pages import PageError
from chalicelib.study.plan import MAX_PASSED, PathPart, PlanStep, parse_path, write_path
from chalicelib.study.player import Player
from chalicelib.study.study import Study
from chalicelib.study.study_records import GroupRecord, Place

from .findings import Finding, error, warning
from .hook_trial import WithoutAccounts
from .studies.book_recruiters import check_book_recruiters
from .studies.group_numbers import check_participants
from .study_code import is_study

#: The most members of a sample group, rounds of one element, cells of a design, and pages rendered.
MOST_MEMBERS: Final = 12
MOST_ROUNDS: Final = 20
MOST_CELLS: Final = 24
MOST_PAGES: Final = 2_000
_FIX: Final = "Fix the page there, or let another page ask before."
_GROUP: Final = 900_000


class _Undone(Refused):
    """Raised at the end, so that nothing is stored."""


@dataclass(frozen=True)
class _Visit:
    """An element, and its path with the numbers of rounds."""

    path: str
    step: PlanStep
    #: whether pages are rendered here: in the first, second and last round
    is_shown: bool


def try_pages(loaded: LoadedExperiment) -> list[Finding]:
    """Render the pages of a study and return what fails, each place once.

    A study with a network of its own is left out: what participants receive in it depends on its start.
    """
    study = loaded.experiment_class
    if not is_study(study):
        return []
    numbers = list(check_participants(study, loaded.config, "config.txt"))
    numbers += check_book_recruiters(study, loaded.config, "config.txt")
    return [*numbers, *([] if study.network is not None else _try_all(loaded, study))]


def _try_all(loaded: LoadedExperiment, study: type[Study]) -> list[Finding]:
    engine = SQLiteEngine(":memory:")
    try:
        findings = _findings(loaded, study, engine)
    finally:
        services.use(None)
        engine.close()
    unique: dict[str, Finding] = {}
    for finding in sorted(findings, key=lambda finding: finding.level != "error"):
        unique.setdefault(finding.where, finding)
    return list(unique.values())


def _findings(loaded: LoadedExperiment, study: type[Study], engine: SQLiteEngine) -> list[Finding]:
    try:
        app = bootstrap.local(study, WithoutAccounts(loaded.config), app_id="verify", engine=engine)
        people = [_participant(app, number) for number in range(1, _people(study) + 1)]
    except Exception:  # noqa: BLE001 - an author's hook failed, which the trial of hooks reports
        return []
    findings: list[Finding] = []
    for cell in _cells(study):
        try:
            findings += _played(app, people, cell)
        except Exception as failure:  # noqa: BLE001 - an author's method can raise anything
            what = f"The pages can't all be tried with sample answers: {type(failure).__name__}: {failure}."
            findings.append(
                warning(str(loaded.folder), what, "A simulated run shows where the error occurs.")
            )
    return findings


def _participant(app: App, number: int) -> int:
    entry = EntryRequest(f"verify-{number}", "verify", f"verify-{number}", recruiter="hotair")
    return int(app.run(create_participant, entry)["participant"]["id"])


def _people(study: type[Study]) -> int:
    sizes = [step.element.size for _, step in study.plan().steps() if isinstance(step.element, Group)]
    return min(max([1, *sizes]), MOST_MEMBERS)


def _cells(study: type[Study]) -> list[dict[str, Any]]:
    if not study.conditions:
        return [{}]
    return [cell.as_json() for cell in Conditions.of(study.conditions).cells[:MOST_CELLS]] or [{}]


def _played(app: App, people: Sequence[int], cell: dict[str, Any]) -> list[Finding]:
    """Go through the timeline in one condition."""
    findings: list[Finding] = []

    def play(ctx: Context) -> None:
        _Tour(ctx, people, cell, findings).go()
        raise _Undone("Nothing of a trial is stored.")

    with contextlib.suppress(_Undone):
        app.run(play)
    return findings


@dataclass
class _Tour:
    """The way of sample participants through the timeline."""

    ctx: Context
    people: Sequence[int]
    cell: dict[str, Any]
    findings: list[Finding]
    places: list[Place] = field(default_factory=list)
    random: random.Random = field(default_factory=lambda: random.Random(1))
    shown: int = 0

    @property
    def is_long(self) -> bool:
        """Whether the timeline may pass so many elements without a page that it counts as endless."""
        steps = list(study_of(self.ctx).plan().steps())
        limits = [step.element.limit for _, step in steps if isinstance(step.element, Rounds)]
        return max(limits, default=0) * len(steps) > MAX_PASSED

    def _is_endless(self, path: str) -> bool:
        """Whether no page ever follows a path, for a participant with sample answers; reported once."""
        plan = study_of(self.ctx).plan()
        for place in self.places:
            decisions = session_of(self.ctx).decisions(place)
            try:
                plan.after(parse_path(path), decisions) if path else plan.first(decisions)
            except EndlessTimelineError as endless:
                where = f"the timeline, after {path!r}" if path else "the timeline"
                fix = "Show one of the pages inside the Rounds to everybody, or end them with until=."
                self.findings.append(error(where, str(endless), fix))
                return True
            except Exception:  # noqa: BLE001 - an author's condition can raise anything
                return False
        return False

    def go(self) -> None:
        """Visit each element: render its page for each member, then answer it."""
        session = session_of(self.ctx)
        self.places = [Place(one, condition=dict(self.cell)) for one in self.people]
        for place in self.places:
            session.add_place(place)
        if self.is_long and self._is_endless(""):
            return
        for number, visit in enumerate(_visits(study_of(self.ctx).plan().root, ())):
            if self.shown > MOST_PAGES or not self._visit(visit, number):
                return

    def _visit(self, visit: _Visit, number: int) -> bool:
        """Visit an element; False when a hook failed, after which pages may lack what it stores."""
        for place in self.places:
            place.path = visit.path
        element = visit.step.element
        if isinstance(element, Group):
            return self._form(element, visit.path, number)
        if isinstance(element, Wait):
            if not self._group():
                return True
            if element.page is not None and visit.is_shown:
                for place in self.places:
                    self._show_wait(place, element.page)
            return self._call(element.then, self._group())
        if isinstance(element, Page):
            went_well = [self._show(place, element, visit) for place in self.places]
            return all(went_well) and not (self.is_long and visit.is_shown and self._is_endless(visit.path))
        return True

    def _group(self) -> Any:
        place = self.places[0]
        return session_of(self.ctx).group(place.network_id) if place.in_group and place.network_id else None

    def _form(self, element: Group, path: str, number: int) -> bool:
        members = []
        for index, place in enumerate(self.places[: element.size]):
            place.network_id, place.in_group = _GROUP + number, True
            place.role = element.roles[index] if element.roles else None
            members.append({"participant_id": place.participant_id, "node_id": None, "role": place.role})
        record = GroupRecord(_GROUP + number, path, members, condition=dict(self.cell))
        return self._call(element.then, session_of(self.ctx).add_group(record))

    def _call(self, name: str | None, *arguments: Any) -> bool:
        """Call a method of the study as a run does; a simulated run reports its errors."""
        if name is None:
            return True
        try:
            getattr(study_of(self.ctx), name)(*arguments)
        except Exception:  # noqa: BLE001 - an author's method can raise anything
            return False
        return True

    def _show_wait(self, place: Place, page: str) -> None:
        """Render the file that a wait shows to a member."""
        player = session_of(self.ctx).player(place.participant_id)
        self.shown += 1
        # A simulated run reports what isn't in the page: an author's method can raise anything.
        with contextlib.suppress(Exception):
            try:
                render_wait_page(self.ctx, player, page)
            except PageError as problem:
                self._report(problem, player, is_certain=True)

    def _show(self, place: Place, page: Page, visit: _Visit) -> bool:
        """Render a page for a member whose role and condition it is for, and answer it."""
        session = session_of(self.ctx)
        player = session.player(place.participant_id)
        path = parse_path(visit.path)
        if page.roles and player.role not in page.roles:
            return True
        try:
            applies = session.decisions(place).applies(visit.step, path)
            items = items_due(self.ctx, player, page)
            if visit.is_shown:
                self.shown += 1
                render_page(self.ctx, player, page, items)
            for name, item in items.items():
                answer = check_answer(item, item.bot_answer(self.random))
                place.answers.setdefault(player.scopes[0], {})[name] = answer
        except PageError as problem:
            self._report(problem, player, is_certain=applies)
            return True
        except Exception:  # noqa: BLE001 - an author's method can raise anything
            # A simulated run reports what isn't in the page.
            return True
        return self._call("page_answered", player, page.name) and self._call(page.then, player)

    def _report(self, problem: PageError, player: Player, *, is_certain: bool) -> None:
        of_round = {"round": player.round} if player.round else {}
        of_role = {"role": player.role} if player.role else {}
        case = ", ".join(f"{name} {value}" for name, value in {**of_role, **self.cell, **of_round}.items())
        what = (
            f"The page fails with sample answers: {problem.what.rstrip('.')}{f' ({case})' if case else ''}."
        )
        found = error if is_certain else warning
        self.findings.append(found(f"{problem.file}, line {problem.line}", what, problem.fix or _FIX))


def _visits(step: PlanStep, path: tuple[PathPart, ...], *, is_shown: bool = True) -> Iterator[_Visit]:
    """Yield each element that participants stop at, in the order of the timeline, round by round."""
    for mark, inside in step.inside.items():
        for inner in inside:
            here = path if not path or not mark else (*path[:-1], PathPart(path[-1].name, mark))
            yield from _visit_of(inner, here, is_shown=is_shown)


def _visit_of(step: PlanStep, path: tuple[PathPart, ...], *, is_shown: bool) -> Iterator[_Visit]:
    if step.element.is_stop:
        yield _Visit(write_path((*path, PathPart(step.name))), step, is_shown)
        return
    rounds = 1
    if isinstance(step.element, Rounds):
        rounds = min(step.element.limit, MOST_ROUNDS)
    repeats = isinstance(step.element, Rounds | For)
    for number in range(1, rounds + 1):
        part = PathPart(step.name, str(number) if repeats else "")
        shown = is_shown and number in (1, 2, rounds)
        yield from _visits(step, (*path, part), is_shown=shown)
