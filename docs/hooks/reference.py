"""Reference pages that are made from the code when the site is built: classes, commands and routes."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

import typer.main
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

import app as lambda_app
import petri
import petri.chains
import petri.charts
import petri.dashboard
import petri.data
import petri.drift
import petri.errors
import petri.prop
import petri.report
from infra.cli.examples import EXAMPLES
from infra.cli.main import GROUPS
from infra.cli.main import app as command_line

#: Sections of the page about classes: a heading, and the class that all its classes derive from.
FAMILIES = {
    "The experiment": petri.Experiment,
    "Networks": petri.Network,
    "Nodes": petri.Node,
    "Infos": petri.Info,
    "Transformations": petri.Transformation,
    "Bots": petri.BotBase.__mro__[-2],
}
GENERATED_BY = "docs/hooks/reference.py"
_VALUE = re.compile(r"\{(\w+)\}")


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the reference pages to the files of the site."""
    for name, write in PAGES.items():
        files.append(File.generated(config, f"reference/{name}.md", content=write()))
    return files


# Classes


def families() -> dict[str, list[str]]:
    """Sort the names that `petri` exports into the sections of their page."""
    sections: dict[str, list[str]] = {heading: [] for heading in FAMILIES}
    sections |= {"Other records": [], "Errors": [], "Functions": []}
    for name in petri.__all__:
        value = getattr(petri, name)
        if inspect.isclass(value):
            sections[_family_of(value)].append(name)
        elif inspect.isfunction(value):
            sections["Functions"].append(name)
    return sections


def _family_of(cls: type) -> str:
    if issubclass(cls, Exception):
        return "Errors"
    return next((heading for heading, base in FAMILIES.items() if issubclass(cls, base)), "Other records")


def classes() -> str:
    """Write the page about what `from petri import ...` gives."""
    head = (
        "# Classes and functions\n\nWhat experiments import: `from petri import Experiment, Chain, Info`.\n"
    )
    return head + "".join(
        f"\n## {heading}\n\n"
        + "".join(_directive(f"petri.{name}", 3) for name in _base_first(names, heading))
        for heading, names in families().items()
        if names
    )


def _base_first(names: list[str], heading: str) -> list[str]:
    base = FAMILIES.get(heading)
    return sorted(names, key=lambda name: (getattr(petri, name) is not base, name))


def _directive(identifier: str, level: int) -> str:
    return f"::: {identifier}\n    options:\n      heading_level: {level}\n\n"


def module_page(title: str, *modules: Any) -> Callable[[], str]:
    """Return what writes the page of modules, with everything that they export."""

    def write() -> str:
        text = f"# {title}\n"
        for module in modules:
            text += f"\n## {module.__name__}\n\n{inspect.getdoc(module)}\n\n"
            text += "".join(_directive(f"{module.__name__}.{name}", 3) for name in module.__all__)
        return text

    return write


# Commands


def commands() -> str:
    """Write the page about the command line from the tree of commands."""
    tree = typer.main.get_command(command_line)
    text = "# Command line\n\nEvery command, its arguments and options, as `petri <command> --help` has them."
    text += " [Commands](../commands.md) explains when to use which.\n"
    for group, members in GROUPS.items():
        text += f"\n## {group}\n"
        text += "".join(_command(name, tree.commands[name]) for name in members)  # type: ignore[attr-defined]
    return text


def _command(name: str, command: Any) -> str:
    usage = " ".join(["petri", name, *_usage(command)])
    text = f"\n### petri {name}\n\n{_plain(command.help)}\n\n```text\n{usage}\n```\n"
    shown = [each for each in command.params if not getattr(each, "hidden", False)]
    if shown:
        text += "\n| argument or option | default | meaning |\n|---|---|---|\n"
        text += "".join(map(_parameter, shown))
    if EXAMPLES.get(name):
        text += "\nExamples:\n\n```text\n" + "\n".join(EXAMPLES[name]) + "\n```\n"
    return text


def _usage(command: Any) -> Iterator[str]:
    if any(each.param_type_name == "option" for each in command.params):
        yield "[OPTIONS]"
    for each in command.params:
        if each.param_type_name == "argument":
            word = each.name.upper() + ("..." if each.nargs == -1 else "")
            yield word if each.required else f"[{word}]"


def _parameter(parameter: Any) -> str:
    names = [parameter.name.upper()]
    if parameter.param_type_name == "option":
        names = [*parameter.opts, *parameter.secondary_opts]
    default = parameter.default
    is_shown = default not in (None, False, True, "", (), []) and not callable(default)
    shown = f"`{getattr(default, 'value', default)}`" if is_shown else ""
    if parameter.required:
        shown = "required"
    meaning = _cell(_plain(getattr(parameter, "help", "") or ""))
    return f"| {', '.join(f'`{name}`' for name in names)} | {_cell(shown)} | {meaning} |\n"


def _plain(text: str | None) -> str:
    """Return a help text without the markup of the terminal."""
    return re.sub(r"\[/?[a-z ]+\]", "", (text or "").replace("\\[", "[")).replace("\b", "").strip()


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


# Routes


def routes() -> str:
    """Write the page about routes from the app's own table of them."""
    text = "# Routes\n\nEvery route of the app with what it does. [Web API](../web-api.md) has parameters,"
    text += " answers, errors and who may call it.\n\n| method | path | what it does |\n|---|---|---|\n"
    for path, methods in sorted(lambda_app.app.routes.items()):
        for method, entry in sorted(methods.items()):
            does = _cell((inspect.getdoc(entry.view_function) or "").partition("\n\n")[0])
            shown = _VALUE.sub(r"<\1>", path)
            text += f"| `{method}` | `{shown}` | {does} |\n"
    return text


PAGES: dict[str, Callable[[], str]] = {
    "classes": classes,
    "errors": module_page("Errors", petri.errors),
    "properties": module_page("Typed properties", petri.prop),
    "data": module_page(
        "Data and reports", petri.data, petri.report, petri.charts, petri.chains, petri.drift
    ),
    "dashboard": module_page("Tabs of the dashboard", petri.dashboard),
    "commands": commands,
    "routes": routes,
}
