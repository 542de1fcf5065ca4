"""Checks a study when it is loaded, and reports everything that is wrong at once, with the fixes."""

from __future__ import annotations

import keyword
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from chalicelib.experiment.config.problems import closest_match
from chalicelib.experiment.experiment import Experiment
from chalicelib.study.decisions import pool_of_steps
from chalicelib.study.design.condition_checks import condition_problems
from chalicelib.study.design.conditions import Conditions
from chalicelib.study.elements import (
    Chat,
    Choose,
    Embed,
    For,
    Form,
    Group,
    Hosted,
    Live,
    Page,
    Rounds,
    TimelineError,
    Trials,
    Wait,
)
from chalicelib.study.elements.flow import MAX_ROUNDS
from chalicelib.study.expressions import PLAYER_NAMES, check_expression
from chalicelib.study.items import AnswerError, Item
from chalicelib.study.plan import PlanStep, parse_path
from chalicelib.study.player import Player, StudyGroup

from .book_checks import book_problems, practice_problems
from .cohort_checks import cohort_problems
from .hosted_checks import hosted_problems
from .peer_checks import peer_problems
from .session_checks import session_problems

if TYPE_CHECKING:
    from chalicelib.study.study_view import DeclaredStudy

#: The fields of elements that name a method of the study.
HOOKS = ("then", "until", "on", "snapshot", "data")
#: Words of Jinja's expressions, which can't name an answer in them.
TEMPLATE_WORDS = frozenset({"true", "false", "none", "loop", "self", "_"})


def check_study(study: type[DeclaredStudy]) -> list[str]:
    """Return everything that is wrong with a study, one sentence for each problem."""
    try:
        plan = study.plan()
    except TimelineError as error:
        return [str(error)]
    designed = _design_problems(study)
    if designed:
        return designed
    problems = [
        problem for name, item in study.items().items() for problem in _item_problems(study, name, item)
    ]
    problems += _loop_problems(study)
    problems += book_problems(plan)
    problems += practice_problems(study)
    problems += cohort_problems(plan)
    problems += session_problems(study)
    problems += peer_problems(study)
    roles = _roles(study)
    factors = _factors(study)
    for path, step in plan.steps():
        problems += _step_problems(study, path, step, roles, factors)
    return list(dict.fromkeys(problems))


def _item_problems(study: type[DeclaredStudy], name: str, item: Item) -> Iterator[str]:
    if not name.isidentifier() or name.startswith("_"):
        yield f"{name!r} isn't a valid name of an item; use letters, digits and '_', and begin with a letter."
    elif keyword.iskeyword(name) or name in TEMPLATE_WORDS:
        yield f"The item {name!r} has a name that is a word of Python or of templates; choose another name."
    elif name in reserved_names(Experiment):
        yield name_taken(name)
    elif any(
        not isinstance(vars(base).get(name, item), Item) for base in study.__mro__ if not _is_ours(base)
    ):
        yield f"The item {name!r} has the name of an attribute of the study; rename one."
    problems = item.problems()
    yield from problems
    for method in [] if problems else item.methods():
        if not callable(getattr(study, method, None)):
            guess = _guess_method(study, method)
            yield f"The item {name} calls {method}(), which the study doesn't define{guess}"


def name_taken(name: str) -> str:
    """Return the problem of an item that has one of the reserved names."""
    return f"The item {name!r} has a name that Petri uses itself; choose another name."


def reserved_names(study: type) -> frozenset[str]:
    """Return the names that items of a class can't have: attributes of its bases and of players, variables.

    An item that a page defines isn't an attribute of the class, and can have the name of one of Study.
    """
    owners = (*filter(_is_ours, study.__mro__), Experiment, Player, StudyGroup)
    attributes = {
        name
        for owner in owners
        for name in dir(owner)
        if not name.startswith("_") and not isinstance(getattr(owner, name, None), Item)
    }
    return frozenset(attributes | set(PLAYER_NAMES) | {"timeline", "conditions", "library", "ask"})


def _is_ours(base: type) -> bool:
    # The classes that authors import have petri's module name.
    return base.__module__.partition(".")[0] in ("chalicelib", "petri")


def _loop_problems(study: type[DeclaredStudy]) -> Iterator[str]:
    """Yield the problems of elements that repeat: variables that hide something, and too many rounds."""
    for path, step in study.plan().steps():
        if isinstance(step.element, For):
            name = step.element.variable
            if name in study.items() or name in PLAYER_NAMES or hasattr(Player, name):
                yield f"For({name!r}) hides what pages call {name!r} already; rename its variable."
        most = _most_rounds(study, path)
        if isinstance(step.element, Rounds) and most > MAX_ROUNDS:
            yield (
                f"Rounds {path!r} could come to {most:,} rounds together with those around it; the most is "
                f"{MAX_ROUNDS:,}."
            )


def _most_rounds(study: type[DeclaredStudy], path: str) -> int:
    """Return how often an element can be repeated, with the Rounds and lists around it."""
    names = path.split("/")
    around = {"/".join(names[:length]) for length in range(1, len(names) + 1)}
    elements: list[Any] = [step.element for each, step in study.plan().steps() if each in around]
    rounds = math.prod(element.limit for element in elements if isinstance(element, Rounds))
    lists = [e.over for e in elements if isinstance(e, For) and isinstance(e.over, list | tuple)]
    return rounds * math.prod(map(len, lists))


def _roles(study: type[DeclaredStudy]) -> set[str]:
    return {
        role
        for _, step in study.plan().steps()
        if isinstance(step.element, Group)
        for role in step.element.roles
    }


def _factors(study: type[DeclaredStudy]) -> Mapping[str, Any]:
    design = study.design()
    return {} if design is None else design.levels


def _design_problems(study: type[DeclaredStudy]) -> list[str]:
    if study.conditions is None:
        return []
    if not isinstance(study.conditions, Mapping | Conditions):
        return [
            f"conditions = {study.conditions!r} isn't a design; give levels by factor or Conditions(...)."
        ]
    # Pages use levels by the bare names of their conditions too.
    loops = {step.element.variable for _, step in study.plan().steps() if isinstance(step.element, For)}
    taken = {*study.items(), *PLAYER_NAMES, *loops}
    return list(condition_problems(Conditions.of(study.conditions), taken=taken, items=study.items()))


def _step_problems(
    study: type[DeclaredStudy], path: str, step: PlanStep, roles: set[str], factors: Mapping[str, Any]
) -> Iterator[str]:
    element: Any = step.element
    where = f"{type(element).__name__} {path!r}"
    needed_roles = () if isinstance(element, Group) else getattr(element, "roles", ())
    unknown = [role for role in needed_roles if role not in roles]
    if unknown:
        yield f"{where} is for the role {unknown[0]!r}, which no Group defines{_guess(unknown[0], roles)}"
    for factor, levels in (getattr(element, "only", None) or {}).items():
        yield from _level_problems(where, factor, levels, factors)
    yield from _hook_problems(study, element, where)
    yield from _draw_problems(study, step, where)
    if isinstance(element, Live | Chat) and not any(
        isinstance(s.element, Group) for _, s in study.plan().steps()
    ):
        yield f"{where} needs a group; put Group(...) before it."
    if isinstance(element, Hosted):
        yield from hosted_problems(study.plan(), path, where)
    if isinstance(element, Page):
        yield from _page_problems(study, element, where)
    if isinstance(element, Wait) and element.page is not None:
        yield from _wait_page_problems(study, element.page, where)


def _wait_page_problems(study: type[DeclaredStudy], name: str, where: str) -> Iterator[str]:
    if name not in study.library.names() and not study.library.has_problem(name):
        yield f"{where} has page={name!r}, and there is no such file; write pages/{name}.md."


def _draw_problems(study: type[DeclaredStudy], step: PlanStep, where: str) -> Iterator[str]:
    """Yield the problems of draws from a pool that has too few items or elements."""
    element = step.element
    if isinstance(element, Choose):
        pool, what = pool_of_steps(study, step), "elements"
    elif isinstance(element, Page):
        pool, what = {name: [item.tags] for name, item in study.pool_of(element).items()}, "items"
    else:
        return
    drawing = element.drawing
    for shortage in () if drawing is None else drawing.shortages(pool):
        yield f"{where} draws {shortage} of its {what}; add {what} with these tags, or draw fewer."


def _hook_problems(study: type[DeclaredStudy], element: Any, where: str) -> Iterator[str]:
    for field in HOOKS:
        method = getattr(element, field, None)
        if isinstance(method, str) and not callable(getattr(study, method, None)):
            if field == "until" and isinstance(element, Rounds) and check_expression(method) is None:
                continue
            yield f"{where} calls {method}(), which the study doesn't define{_guess_method(study, method)}"
    when = getattr(element, "show_if", None) or getattr(element, "when", None)
    if isinstance(when, str) and not callable(getattr(study, when, None)):
        problem = check_expression(when)
        if problem:
            yield f"{where}: {problem}"


def _level_problems(where: str, factor: str, levels: Any, factors: Mapping[str, Any]) -> Iterator[str]:
    if factor not in factors:
        guess = _guess(factor, factors)
        yield f"{where} is for a level of {factor!r}, which isn't a factor of the study's conditions{guess}"
        return
    needed_levels = levels if isinstance(levels, list | tuple | set) else (levels,)
    for level in needed_levels:
        if level not in factors[factor]:
            guess = _guess(level, factors[factor])
            yield f"{where} is for {factor}={level!r}, which isn't a level of {factor!r}{guess}"


def _unknown_items(study: type[DeclaredStudy], page: Page) -> Iterator[str]:
    """Report what the page's file, in any language, places with ask("...") and the study doesn't have."""
    items = study.items()
    for language in study.library.languages(page.name):
        compiled = study.library.page(page.name, language)
        for name in compiled.asks:
            if name not in items:
                guess = _guess(name, items)
                yield f"{compiled.file} asks for {name!r}, which isn't an item of the study{guess}"


def _missing_file(study: type[DeclaredStudy], page: Page, where: str) -> Iterator[str]:
    # A file with a problem of its own isn't missing.
    if not study.library.has_problem(page.name):
        yield f"{where} has no file; write pages/{page.name}.md, or use Form({page.name!r}, ask=...)."


def _guess(word: Any, candidates: Iterable[Any]) -> str:
    """Return the end of a sentence about an unknown word, with the known one that is most similar."""
    closest = closest_match(str(word), map(str, candidates))
    return f"; did you mean {closest!r}?" if closest else "."


def _guess_method(study: type[DeclaredStudy], name: str) -> str:
    own = (each for cls in study.__mro__ if cls.__module__ == study.__module__ for each in vars(cls))
    return _guess(name, {each for each in own if callable(getattr(study, each, None))})


def _page_problems(study: type[DeclaredStudy], page: Page, where: str) -> Iterator[str]:
    all_items = study.items()
    for name in page.asked:
        if name not in all_items:
            yield f"{where} asks for {name!r}, which isn't an item of the study{_guess(name, all_items)}"
    if not isinstance(page, Form | Trials | Chat | Embed) and page.name not in study.library.names():
        yield from _missing_file(study, page, where)
        return
    yield from _unknown_items(study, page)
    if any(name not in all_items for name in page.asked):
        return
    items = study.items_of(page)
    if isinstance(page, Embed) and items:
        yield f"{where} can't ask {next(iter(items))!r}; ask for it on a page of its own."
    yield from _default_problems(page, items, where)
    if page.seconds is None or _is_hosted(study, page):
        return
    for name, item in items.items():
        if item.required and item.default is None and name not in page.on_timeout:
            yield (
                f"{where} has a time limit, so it needs an answer for {name!r} when the time is up: "
                f"on_timeout={{{name!r}: ...}}, or a default."
            )


def _is_hosted(study: type[DeclaredStudy], page: Page) -> bool:
    """Whether a page lies inside Hosted, where it can stay without an answer."""
    plan = study.plan()
    paths = (path for path, _ in plan.occurrences(lambda element: element is page))
    return any(plan.is_hosted(parse_path(path)) for path in paths)


def _default_problems(page: Page, items: Mapping[str, Item], where: str) -> Iterator[str]:
    for name, answer in page.on_timeout.items():
        if name not in items:
            guess = _guess(name, items)
            yield f"{where} has on_timeout={{{name!r}: ...}}, but doesn't ask for {name!r}{guess}"
        elif (problem := _default_problem(items[name], answer)) is not None:
            yield f"{where} has on_timeout={{{name!r}: {answer!r}}}, which is refused: {problem}"


def _default_problem(item: Item, answer: Any) -> str | None:
    """Return why an author's answer for a participant isn't valid, as far as that is known at load."""
    if answer is None or item.methods() or any(callable(value) for value in vars(item).values()):
        # What depends on the player can't be checked here.
        return None
    try:
        item.validate(answer)
    except AnswerError as error:
        return str(error)
    return None
