"""Reads the layout of the code from its source: packages, imports, sizes, names, complexity.

`python -m tests.tools.code_map` writes the map into ARCHITECTURE.md.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
DOCUMENT: Final = ROOT / "ARCHITECTURE.md"
#: The trees whose functions and classes are bounded.
PRODUCT: Final = ("chalicelib", "infra", "petri")
#: The packages whose parts are drawn, each with its heading.
DRAWN: Final = {
    "infra": "The operator's side, `infra`",
    "infra.aws": "`infra/aws`",
    "chalicelib": "The app, `chalicelib`",
    "chalicelib.operations": "`chalicelib/operations`",
}
_BEGIN: Final = "<!-- The map: `make map` writes it from the code. -->\n"
_END: Final = "<!-- The end of the map. -->\n"
_CODE: Final = (".py", ".js", ".mjs", ".ts", ".sh")
_BRANCHES: Final = (ast.If, ast.IfExp, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.comprehension)

Graph = Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Module:
    """A Python file: its dotted name and its syntax tree."""

    name: str
    path: str
    tree: ast.Module


@dataclass(frozen=True)
class Function:
    """A function's size: its lines without decorators, and its cyclomatic complexity."""

    path: str
    name: str
    lines: int
    complexity: int


def tracked_files() -> list[str]:
    """Return the paths of the repository's files, new ones included."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return sorted(name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file())


@cache
def modules() -> dict[str, Module]:
    """Parse every module of the product; packages are under the name of their folder."""
    parsed = {}
    for path in tracked_files():
        if path.endswith(".py") and path.split("/")[0] in PRODUCT:
            name = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
            parsed[name] = Module(name, path, ast.parse((ROOT / path).read_text(encoding="utf-8")))
    return parsed


def imports_of(module: Module, known: Mapping[str, Module]) -> Iterator[str]:
    """Yield the known modules that a module imports, lazy imports and those for type checking included."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom):
            base = _base(module, node)
            for alias in node.names:
                imported = f"{base}.{alias.name}"
                if imported in known or base in known:
                    yield imported if imported in known else base


def _base(module: Module, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    package = module.name if module.path.endswith("/__init__.py") else module.name.rpartition(".")[0]
    parts = package.split(".")
    parts = parts[: len(parts) - node.level + 1]
    return ".".join([*parts, *([node.module] if node.module else [])])


def graph_of(package: str, known: Mapping[str, Module]) -> Graph:
    """Return which direct parts of a package import which others."""
    inside = package + "."
    parts = {name.removeprefix(inside).split(".")[0] for name in known if name.startswith(inside)}
    graph: dict[str, set[str]] = {part: set() for part in parts}
    for name, module in known.items():
        if not name.startswith(inside):
            continue
        part = name.removeprefix(inside).split(".")[0]
        for imported in imports_of(module, known):
            if imported.startswith(inside):
                graph[part].add(imported.removeprefix(inside).split(".")[0])
    return {part: frozenset(others - {part}) for part, others in sorted(graph.items())}


def cycles_of(graph: Graph) -> list[list[str]]:
    """Return the strongly connected sets of more than one part, each sorted."""
    reach = {part: _reachable(graph, part) for part in graph}
    sets = {
        frozenset(other for other in reach[part] if part in reach[other])
        for part in graph
        if part in reach[part]
    }
    return sorted(sorted(each) for each in sets)


def _reachable(graph: Graph, start: str) -> set[str]:
    reached: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        part = waiting.pop()
        if part not in reached:
            reached.add(part)
            waiting.extend(graph[part])
    return reached


def diagram_of(graph: Graph) -> str:
    """Draw an acyclic graph in Mermaid, leaving out each edge that a longer path implies."""
    lines = ["```mermaid", "flowchart TD"]
    arrows = []
    for part, others in graph.items():
        implied = set().union(*(_reachable(graph, other) for other in others))
        arrows += [f"    {part} --> {other}" for other in sorted(others - implied)]
    connected = {name for arrow in arrows for name in arrow.split() if name != "-->"}
    lines += [f"    {part}" for part in graph if part not in connected]
    return "\n".join([*lines, *arrows, "```"]) + "\n"


def packages() -> dict[str, str]:
    """Return each package, and each module directly in `chalicelib` or `infra`, with its description.

    The description is the first paragraph of the docstring.
    """
    found = {}
    for module in modules().values():
        if module.path.endswith("/__init__.py") or module.path.rpartition("/")[0] in {"chalicelib", "infra"}:
            docstring = ast.get_docstring(module.tree) or ""
            path = module.path.removesuffix("/__init__.py")
            found[path] = " ".join(docstring.split("\n\n")[0].split())
    return dict(sorted(found.items()))


def map_section() -> str:
    """Return the table of packages and the package graphs as they belong into ARCHITECTURE.md."""
    known = modules()
    rows = "".join(f"| `{path}` | {sentence} |\n" for path, sentence in packages().items())
    table = f"| package | what it is for |\n|---|---|\n{rows}"
    graphs = [
        f"**{heading}**\n\n{diagram_of(graph_of(package, known))}" for package, heading in DRAWN.items()
    ]
    return "\n".join([_BEGIN, table, *graphs, _END])


def section_in(document: str) -> str:
    """Return the map in a document, markers included."""
    begin, end = document.index(_BEGIN), document.index(_END) + len(_END)
    return document[begin:end]


def code_files_by_folder(trees: tuple[str, ...]) -> dict[str, int]:
    """Count the code files of each folder below the trees, `__init__.py` left out."""
    counts: dict[str, int] = defaultdict(int)
    for path in tracked_files():
        folder, _, name = path.rpartition("/")
        if path.split("/")[0] in trees and name.endswith(_CODE) and name != "__init__.py":
            counts[folder] += 1
    return dict(counts)


def public_classes() -> dict[str, list[str]]:
    """Return where each public class at the top of a module is defined."""
    found: dict[str, list[str]] = defaultdict(list)
    for module in modules().values():
        for node in module.tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(module.path)
    return dict(found)


def module_names() -> dict[str, list[str]]:
    """Return the paths of the modules of each name, `__init__.py` left out."""
    found: dict[str, list[str]] = defaultdict(list)
    for module in modules().values():
        if not module.path.endswith("__init__.py"):
            found[Path(module.path).name].append(module.path)
    return dict(found)


def functions() -> list[Function]:
    """Measure every function and method of the product."""
    return [
        Function(module.path, node.name, _lines(node), complexity_of(node))
        for module in modules().values()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def _lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def complexity_of(node: ast.AST) -> int:
    """Return the cyclomatic complexity: one, and one for each branch (inner functions included)."""
    complexity = 1
    for inner in ast.walk(node):
        if isinstance(inner, ast.BoolOp):
            complexity += len(inner.values) - 1
        elif isinstance(inner, ast.Match):
            complexity += len(inner.cases)
        elif isinstance(inner, _BRANCHES):
            complexity += 1
            if isinstance(inner, ast.comprehension):
                complexity += len(inner.ifs)
    return complexity


def main() -> int:
    """Write the map into ARCHITECTURE.md."""
    document = DOCUMENT.read_text(encoding="utf-8")
    DOCUMENT.write_text(document.replace(section_in(document), map_section()), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
