"""ARCHITECTURE.md's map matches the code; imports, folders, names and functions keep their bounds."""

from __future__ import annotations

import ast
from pathlib import Path
from types import MappingProxyType
from typing import Final

import pytest

from tests.tools import code_map
from tests.tools.code_map import Module

MOST_FILES: Final = 15
MOST_LINES: Final = 60
MOST_COMPLEXITY: Final = 15

#: Public classes that share a name, and why.
TWIN_CLASSES: Final = MappingProxyType(
    {"Listing": "What a recruiter offers to workers (a HIT), and a page of a list that people read."}
)

#: Folders whose modules are named after something outside, so that another module may have the same name.
NAMED_AFTER: Final = MappingProxyType(
    {
        "infra/cli/commands/": "A command's module has the command's name, and so may the module it calls.",
        "chalicelib/web/": "A module has the name of the first URL segment of its routes.",
        "chalicelib/dashboard/pages/": "A page's module has the name of its tab.",
        "chalicelib/ports/": "A port's module has the name of what it is the port of.",
        "chalicelib/recruiters/": "Each recruiter's folder has the same modules.",
        "petri/": "What experiments import has the name of the module that defines it.",
    }
)

#: Modules that share a name in other folders, and why.
TWIN_MODULES: Final = MappingProxyType(
    {
        "compensation.py": "The operation, and the operator's session that runs it.",
        "experiment.py": "The class of all experiments, and the file that a lab has instead of an author's.",
        "problems.py": "What an author must fix in settings, and what an operator must fix on the machine.",
        "rights.py": "What an actor may do with a run, and what AWS may do for an operator.",
        "run_session.py": "The operator's session, and its adapters for a local and for a deployed run.",
        "sessions.py": "The sessions of studies that continue another day, and those of the dashboard.",
        "transformations.py": "The classes of transformations, and the operations that record and read them.",
    }
)


def test_the_map_in_architecture_is_what_the_code_says() -> None:
    document = code_map.DOCUMENT.read_text(encoding="utf-8")
    assert code_map.section_in(document) == code_map.map_section(), "Run `make map`."


def test_every_package_says_in_one_sentence_what_it_is_for() -> None:
    packages = code_map.packages()
    assert {"chalicelib/operations/payment", "infra/aws/lifecycle", "petri"} <= set(packages)
    assert [path for path, sentence in packages.items() if not sentence.endswith(".")] == []


@pytest.mark.parametrize("package", ["chalicelib", "chalicelib.operations", "infra", "infra.aws"])
def test_no_parts_of_a_package_import_each_other_in_a_cycle(package: str) -> None:
    graph = code_map.graph_of(package, code_map.modules())
    assert sum(len(others) for others in graph.values()) >= len(graph) - 1
    assert code_map.cycles_of(graph) == []


def test_a_folder_has_at_most_fifteen_code_files() -> None:
    counts = code_map.code_files_by_folder(("chalicelib", "infra", "petri", "tests", "bench"))
    assert counts["chalicelib/model"] > 1
    assert {folder: count for folder, count in counts.items() if count > MOST_FILES} == {}


def test_two_public_classes_share_a_name_only_as_listed_twins() -> None:
    shared = {name: paths for name, paths in code_map.public_classes().items() if len(paths) > 1}
    assert {name: paths for name, paths in shared.items() if name not in TWIN_CLASSES} == {}
    assert set(TWIN_CLASSES) <= set(shared), "A twin is listed whose name isn't shared any more."


def test_two_modules_share_a_name_only_as_listed_twins() -> None:
    names = {name: _free_to_choose(paths) for name, paths in code_map.module_names().items()}
    shared = {name: paths for name, paths in names.items() if len(paths) > 1}
    assert {name: paths for name, paths in shared.items() if name not in TWIN_MODULES} == {}
    assert set(TWIN_MODULES) <= set(shared), "A twin is listed whose name isn't shared any more."


def test_functions_are_short_and_simple() -> None:
    functions = code_map.functions()
    assert len(functions) > 1000
    large = [each for each in functions if each.lines > MOST_LINES or each.complexity > MOST_COMPLEXITY]
    assert large == []


def _free_to_choose(paths: list[str]) -> list[str]:
    return [path for path in paths if not path.startswith(tuple(NAMED_AFTER))]


# The tools themselves: each fault is found in a small tree that has it.


def _tree(**sources: str) -> dict[str, Module]:
    names = {name.replace("__", "."): source for name, source in sources.items()}
    packages = {name.rpartition(".")[0] for name in names}
    return {
        name: Module(name, f"{name.replace('.', '/')}.py", ast.parse(source))
        for name, source in names.items()
    } | {name: Module(name, f"{name}/__init__.py", ast.parse("")) for name in packages if name}


def test_the_graph_sees_lazy_relative_and_type_checking_imports() -> None:
    known = _tree(
        room__absolute="import room.a",
        room__lazy="def f():\n    from room import a",
        room__relative="from . import a\nfrom .b import name",
        room__typing="if TYPE_CHECKING:\n    from .a import Name",
        room__a="",
        room__b="name = 1",
    )
    assert code_map.graph_of("room", known) == {
        "a": frozenset(),
        "absolute": {"a"},
        "b": frozenset(),
        "lazy": {"a"},
        "relative": {"a", "b"},
        "typing": {"a"},
    }


def test_a_cycle_is_found_with_all_its_parts_and_nothing_else() -> None:
    graph = {"a": frozenset("b"), "b": frozenset("c"), "c": frozenset("a"), "d": frozenset("a")}
    assert code_map.cycles_of(graph) == [["a", "b", "c"]]


def test_a_diagram_leaves_out_implied_arrows_and_keeps_lone_parts() -> None:
    graph = {"a": frozenset("bc"), "b": frozenset("c"), "c": frozenset(), "lone": frozenset()}
    assert code_map.diagram_of(graph).splitlines()[2:-1] == ["    lone", "    a --> b", "    b --> c"]


def test_each_branch_adds_to_the_complexity() -> None:
    source = (
        "def f(a, b):\n"
        "    if a and b:\n"
        "        return [x for x in a if x]\n"
        "    while a:\n"
        "        a = b if b else None\n"
        "    try:\n"
        "        match a:\n"
        "            case 1: pass\n"
        "            case _: pass\n"
        "    except ValueError:\n"
        "        pass\n"
    )
    assert code_map.complexity_of(ast.parse(source)) == 10


def test_the_map_is_read_from_the_whole_document(tmp_path: Path) -> None:
    document = tmp_path / "map.md"
    document.write_text(f"before\n{code_map.map_section()}after\n", encoding="utf-8")
    assert code_map.section_in(document.read_text(encoding="utf-8")) == code_map.map_section()
