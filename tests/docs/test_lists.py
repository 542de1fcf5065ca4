"""Lists in the documents hold what the code holds."""

from __future__ import annotations

import inspect
import re

import petri
from chalicelib.experiment.networks import STOCK
from infra.cli.main import COMMANDS
from petri import Network

from .blocks import DOCS, ROOT, section

_NETWORK = re.compile(r"^\| `(\w+)(?:\(([^`]*)\))?` \| `([\w-]+)` \|", re.MULTILINE)


def rows_of_networks() -> list[tuple[str, str, str]]:
    """List name, arguments and type of each row in the table of stock networks."""
    return _NETWORK.findall(section(DOCS / "networks.md", "The stock networks"))


def own_arguments(network: type[Network]) -> str:
    """Return the arguments that a network takes besides max_size and role, as documents write them."""
    parameters = list(inspect.signature(network).parameters.values())
    return ", ".join(
        each.name if each.default is each.empty else f"{each.name}={each.default!r}"
        for each in parameters
        if each.name not in ("max_size", "role")
    )


def test_the_page_about_settings_names_every_recruiter():
    told = (DOCS / "configuration.md").read_text(encoding="utf-8")
    folders = [path.name for path in (ROOT / "chalicelib" / "recruiters").iterdir() if path.is_dir()]
    recruiters = {name for name in folders if not name.startswith("_")} | {"multi"}
    (line,) = re.findall(r"^Recruiters are (.*)\.$", told, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", line)) == recruiters


def test_commands_that_are_there_are_not_called_unfinished():
    pages = [*DOCS.rglob("*.md"), ROOT / "README.md"]
    unfinished = [
        (page.name, line)
        for page in pages
        for line in page.read_text(encoding="utf-8").splitlines()
        if "being built" in line.lower() and any(f"`{name}`" in line for name in COMMANDS)
    ]
    assert unfinished == []


def test_the_table_of_networks_holds_each_stock_network_once_with_its_type():
    rows = rows_of_networks()
    assert sorted((name, kind) for name, _, kind in rows) == sorted(
        (name, network.type) for name, network in STOCK.items()
    )


def test_authors_can_import_every_stock_network_and_no_other():
    public = {name: getattr(petri, name) for name in petri.__all__}
    networks = {
        name: value
        for name, value in public.items()
        if isinstance(value, type) and issubclass(value, Network)
    }
    assert networks == {**STOCK, "Network": Network}


def test_the_table_of_networks_names_the_arguments_that_each_one_takes():
    told = {name: arguments for name, arguments, _ in rows_of_networks()}
    assert told == {name: own_arguments(network) for name, network in STOCK.items()}


def test_the_changes_name_every_stock_network():
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    (named,) = re.findall(r"^- There are ten networks: (.*)\.$", changes, re.MULTILINE)
    assert set(re.split(r", | and ", named)) == set(STOCK)
    assert len(STOCK) == 10


def test_the_readme_names_every_demo():
    sources = ("experiment.py", "study.md")
    demos = {path.parent.name for name in sources for path in (ROOT / "demos").glob(f"*/{name}")}
    (named,) = re.findall(
        r"^- \[Demos\]\(demos\): (.*?);", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    assert set(re.findall(r"`(\w+)`", named)) == demos


def test_the_changelog_has_no_line_twice():
    lines = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
    entries = [line for line in lines if line.startswith("- ")]
    assert sorted(entries) == sorted(set(entries))


def test_each_row_of_a_table_is_one_line():
    pages = [*DOCS.rglob("*.md"), *ROOT.glob("*.md")]
    broken = [
        (page.name, number)
        for page in pages
        for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1)
        if line.startswith("| ") and not line.endswith("|")
    ]
    assert broken == []
