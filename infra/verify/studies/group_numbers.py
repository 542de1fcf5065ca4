"""Checks what groups need: a number of participants that they divide, and a place before what uses them."""

from __future__ import annotations

from collections.abc import Iterator

from jinja2 import nodes

from chalicelib.experiment.config.configuration import Configuration
from chalicelib.study.elements import Gathering, Group, Page
from chalicelib.study.pages import CompiledPages
from chalicelib.study.pages.library import page_environment
from chalicelib.study.study import Study
from infra.verify.findings import Finding, error, warning


def check_participants(cls: type[Study], config: Configuration, where: str) -> Iterator[Finding]:
    """Find a number of participants that isn't a multiple of the groups or cohorts that all of them join."""
    wanted = int(config.get("num_participants", None) or cls.num_participants)
    if wanted <= 1:
        # The setting is missing: the study recruits as many as its largest group has.
        return
    for path, step in cls.plan().steps():
        element = step.element
        if not isinstance(element, Gathering) or "/" in path or callable(element.match):
            continue
        is_for_all = element.show_if is None and not element.only
        if is_for_all and not getattr(element, "minimum", 0) and wanted % element.size:
            kind, left = type(element).__name__, wanted % element.size
            fewer, more = wanted - left, wanted - left + element.size
            what = (
                f"num_participants is {wanted}, and {kind} {path!r} has {element.size} members, so {left} "
                f"participant{'s' if left > 1 else ''} would wait in vain and be paid for it."
            )
            numbers = f"{fewer} or {more}" if fewer else str(more)
            yield warning(where, what, f"Set num_participants to {numbers}, or give the Group a minimum.")
            return


def used_before_groups(cls: type[Study], compiled: CompiledPages, where: str) -> Iterator[Finding]:
    """Find pages that use a role before the participant has one."""
    steps = dict(cls.plan().steps())
    tops = list(dict.fromkeys(path.partition("/")[0] for path in steps))
    groups = [path.partition("/")[0] for path, step in steps.items() if isinstance(step.element, Group)]
    before = tops[: tops.index(groups[0])] if groups else tops
    for path, step in steps.items():
        if path.partition("/")[0] not in before or not isinstance(step.element, Page):
            continue
        if step.element.roles and groups:
            roles = " or ".join(map(repr, step.element.roles))
            what = f"{path!r} is for the role {roles}, but comes before the Group that gives roles."
            yield error(where, what, "Put it behind the Group; nobody has a role before.")
        for page in (each for (_, name), each in compiled.pages.items() if name == step.element.name):
            for line in _lines_with_role(page.template):
                yield error(
                    f"{page.file}, line {page.source_line(line)}",
                    "`player.role` has no value here, because no Group comes before this page.",
                    "Show the page after a Group, or leave the role out.",
                )


def _lines_with_role(template: str) -> Iterator[int]:
    tree = page_environment().parse(template)
    lines = {
        each.lineno
        for each in tree.find_all(nodes.Getattr)
        if each.attr == "role" and isinstance(each.node, nodes.Name) and each.node.name == "player"
    }
    yield from sorted(lines)
