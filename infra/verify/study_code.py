"""Checks a study: its pages, its timeline and items, and what each page needs."""

from __future__ import annotations

import ast
import contextlib
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any, Final, TypeGuard
from urllib.parse import unquote

from jinja2 import meta, nodes

from chalicelib.errors import ExperimentError
from chalicelib.experiment.config.configuration import get_config
from chalicelib.experiment.config.problems import closest_match
from chalicelib.experiment.text_files import NotUTF8Error, read_text
from chalicelib.study.design.conditions import Conditions
from chalicelib.study.elements import For, Page
from chalicelib.study.expressions import PLAYER_NAMES, names_of
from chalicelib.study.pages import CompiledPage, CompiledPages, find_pages
from chalicelib.study.pages.library import page_environment
from chalicelib.study.study import DECLARED, Study

from .findings import Finding, error, warning
from .studies.asset_uses import check_assets
from .studies.bank_uses import asked_items, unused_banks
from .studies.compared_values import KnownValues
from .studies.group_numbers import used_before_groups
from .studies.origin_file import check_origins

_FIX: Final = "Fix it there; docs/pages.md describes pages."
#: The address of a file in static/, in an attribute without a live value.
_STATIC: Final = re.compile(r"""\b(?:src|href|poster)=(["'])/?static/(?P<path>[^"'{?#]+)(?:[?#][^"'{]*)?\1""")


def is_study(cls: type[Any] | None) -> TypeGuard[type[Study]]:
    """Whether an experiment's class is a study, whose pages come from `pages/` or `study.md`."""
    return isinstance(cls, type) and issubclass(cls, Study)


def code_file(folder: Path) -> str:
    """Return the file that findings without a file of their own are about."""
    return "experiment.py" if (folder / "experiment.py").is_file() else "study.md"


def check_study_code(folder: Path, cls: type[Study]) -> Iterator[Finding]:
    """Find everything that is wrong with a study's pages, timeline and items."""
    try:
        compiled = find_pages(folder)
    except ExperimentError as refusal:
        yield error("pages.json", str(refusal), "")
        return
    for problem in compiled.problems:
        yield error(f"{problem.file}, line {problem.line}", problem.message, problem.fix or _FIX)
    if not get_config().ready and any(callable(getattr(cls, name)) for name in DECLARED):
        # The timeline depends on settings that are wrong, which is reported.
        return
    yield from _other_problems(folder, cls, compiled)
    if not compiled.problems:
        yield from _unused_items(folder, cls)
        yield from _unused_pages(cls, compiled)
        yield from _missing_files(folder, cls, compiled)
        yield from check_assets(compiled)
        yield from check_origins(folder)
        yield from _unknown_names(folder, cls, compiled)
        yield from _wrong_comparisons(folder, cls, compiled)
        yield from used_before_groups(cls, compiled, code_file(folder))


def _unknown_names(folder: Path, cls: type[Study], compiled: CompiledPages) -> Iterator[Finding]:
    """Find names in pages that no participant can have, also where a condition hides them from a trial."""
    kept = _kept_names(folder)
    if kept is None or cls.variables is not Study.variables:
        # The study's code decides which names there are.
        return
    known = {*PLAYER_NAMES, *cls.items(), *kept, "ask", "_", "asset", "asset_address"}
    known |= set(Conditions.of(cls.conditions).levels) if cls.conditions else set()
    known |= {step.element.variable for _, step in cls.plan().steps() if isinstance(step.element, For)}
    environment = page_environment()
    known |= environment.globals.keys()
    for path, step in cls.plan().steps():
        for expression in _expressions(cls, step.element):
            for name in sorted(names_of(expression) - known):
                near = closest_match(name, known)
                fix = f"Did you mean `{near}`?" if near else "Ask for an item of this name, or correct it."
                what = f"{path!r} depends on `{expression}`, but `{name}` has no value in this study."
                yield error(code_file(folder), what, fix)
    for page in compiled.pages.values():
        for name in sorted(meta.find_undeclared_variables(environment.parse(page.template)) - known):
            near = closest_match(name, known)
            fix = f"Did you mean `{near}`?" if near else "Return it from variables(self, player, page)."
            yield error(
                f"{page.file}, line {_line_of(page, name)}", f"`{name}` has no value on this page.", fix
            )


def _wrong_comparisons(folder: Path, cls: type[Study], compiled: CompiledPages) -> Iterator[Finding]:
    """Find comparisons with levels and roles that don't exist, in conditions and on pages."""
    known, environment = KnownValues(cls), page_environment()
    for path, step in cls.plan().steps():
        for expression in _expressions(cls, step.element):
            tree = environment.parse("{{ " + expression + " }}")
            for _, what, fix in known.problems(tree):
                yield error(code_file(folder), f"{path!r} depends on `{expression}`: {what}", fix)
    for page in compiled.pages.values():
        for line, what, fix in known.problems(environment.parse(page.template)):
            yield error(f"{page.file}, line {page.source_line(line)}", what, fix)


def _expressions(cls: type[Study], element: Any) -> Iterator[str]:
    """Yield the expressions by which a study decides about an element and about the items on it."""
    items = cls.items_of(element).values() if isinstance(element, Page) else ()
    conditions = [getattr(element, field, None) for field in ("show_if", "when", "until")]
    for condition in [*conditions, *(item.show_if for item in items)]:
        if isinstance(condition, str) and not callable(getattr(cls, condition, None)):
            yield condition


def _line_of(page: CompiledPage, name: str) -> int:
    tree = page_environment().parse(page.template)
    lines = [node.lineno for node in tree.find_all(nodes.Name) if node.name == name]
    return page.source_line(min(lines, default=1))


def _kept_names(folder: Path) -> set[str] | None:
    """Return the names that the study's code keeps for players; None when code decides about them."""
    found: set[str] = set()
    for path in folder.glob("**/*.py"):
        with contextlib.suppress(SyntaxError, NotUTF8Error):
            for node in ast.walk(ast.parse(read_text(path))):
                if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "keep":
                    names = [each.arg for each in node.keywords]
                    if None in names:
                        return None
                    found.update(name for name in names if name)
    return found


def _other_problems(folder: Path, cls: type[Study], compiled: CompiledPages) -> Iterator[Finding]:
    known = {str(problem) for problem in compiled.problems}
    try:
        cls.prepare_class(folder)
    except ExperimentError as refusal:
        for line in str(refusal).splitlines():
            said = line.removeprefix("- ")
            if said not in known and not said.endswith(" is wrong:"):
                yield error(code_file(folder), said, "")


def _unused_items(folder: Path, cls: type[Study]) -> Iterator[Finding]:
    asked = asked_items(cls)
    yield from unused_banks(cls, asked)
    from_banks = [name for name, item in cls.bank_items().items() if item.bank]
    for name in cls.items():
        if name not in asked and name not in from_banks:
            what = f"the item {name!r} is asked on no page."
            fix = f'Ask for it with ask="{name}" or {{{{ ask("{name}") }}}}, or remove it.'
            yield warning(code_file(folder), what, fix)


def _unused_pages(cls: type[Study], compiled: CompiledPages) -> Iterator[Finding]:
    elements = [step.element for _, step in cls.plan().steps()]
    shown = {str(getattr(each, field, "")) for each in elements for field in ("name", "page")}
    for (_, name), page in compiled.pages.items():
        if name not in shown:
            yield warning(
                page.file, "is a page that the timeline doesn't show.", f"Add Page({name!r}), or remove it."
            )


def _missing_files(folder: Path, cls: type[Study], compiled: CompiledPages) -> Iterator[Finding]:
    """Find files of static/ that pages use and that don't exist."""
    for page in compiled.pages.values():
        for number, address in static_addresses(page.template):
            if not (folder / "static" / address).is_file():
                where = f"{page.file}, line {page.source_line(number)}"
                yield error(
                    where, f"There is no file static/{address}.", "Add the file, or correct the address."
                )
    for path, step in cls.plan().steps():
        script = getattr(step.element, "script", None)
        if isinstance(script, str) and not (folder / "static" / script.removeprefix("static/")).is_file():
            what = f"{path!r} has the script {script}, which isn't in static/."
            yield error(code_file(folder), what, "Add the file, or correct its name.")


def static_addresses(template: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the path of each file in static/ that a template names without a live value."""
    for number, line in enumerate(template.split("\n"), 1):
        for found in _STATIC.finditer(line):
            yield number, unquote(unescape(found["path"]))
