"""The reference names what there is, all of it, and nothing else."""

from __future__ import annotations

import re

import pytest
import typer.main

import app as lambda_app
import petri
from chalicelib.experiment.networks import STOCK
from chalicelib.storage.sqlite.sqlite_engine import FILE_LOCKED
from infra.cli.main import app as command_line
from petri import BotBase, Experiment, HighPerformanceBotBase, prop
from tests.tools.settings_table import PAGE as CONFIGURATION
from tests.tools.settings_table import page_with_tables

from .blocks import DOCS, ROOT, section, words_in_code

API = DOCS / "web-api.md"
COMMANDS = typer.main.get_command(command_line).commands
_VALUE = re.compile(r"<[^>]*>|\{[^}]*\}")
#: An error code where it is given: as `code`, or by the host on one machine.
_CODE = re.compile(r"(?:\bcode ?= ?|\berror_response\(\s*\d{3},\s*)\"(\w+)\"")
_ROUTE = re.compile(r"`((?:GET|POST|PATCH|DELETE)(?: or (?:GET|POST|PATCH|DELETE))*) (/[^`\s]*)`")


def public_names(*classes: type) -> list[str]:
    """List what a reader may use of classes that stand in chalicelib."""
    return sorted({name for cls in classes for name in vars(cls) if not name.startswith("_")})


def leading_names(words: set[str]) -> set[str]:
    """Return the name that each piece of code begins with: `bonus(participant)` is about bonus."""
    found = (re.match(r"(?:self\.|dallinger\.|prop\.|config\.)?(\w+)", word) for word in words)
    return {match.group(1) for match in found if match}


# Settings


def test_the_tables_of_settings_are_the_settings():
    text = CONFIGURATION.read_text(encoding="utf-8")
    assert page_with_tables(text) == text, "Run `python -m tests.tools.settings_table`."


# Commands


def test_each_command_has_its_section():
    headings = re.findall(
        r"^## petri (\S+)$", (DOCS / "commands.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert sorted(headings) == sorted(COMMANDS)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_a_commands_section_names_its_options_and_no_others(name: str):
    told = set(re.findall(r"`(--?[a-z_-]+)", section(DOCS / "commands.md", f"petri {name}")))
    there = {word for each in COMMANDS[name].params for word in (*each.opts, *each.secondary_opts)}
    assert told == {word for word in there if word.startswith("-")} - {"--verbose"}


# Routes

#: What may be there already, or not yet.
UNRELEASED = "Being built"
#: Errors that no request is answered with under their own name.
INTERNAL = {
    "address_taken",
    "another_experiment",
    "hook_exit",
    "commit_too_large",
    "config_error",
    "conflict",
    "experiment_error",
    "not_settled",
    "refused",
    "rule_broken",
    "unsent",
    "vendor_error",
    "vendor_refused",
    "vendor_unreachable",
}


def routes_in(text: str) -> set[tuple[str, str]]:
    return {
        (method, _VALUE.sub("*", path))
        for methods, path in _ROUTE.findall(text)
        for method in methods.split(" or ")
    }


def codes_in(text: str) -> set[str]:
    return set(re.findall(r"^\| `(\w+)` \| \d{3} \|", text, re.MULTILINE))


def test_the_routes_of_the_api_are_documented():
    there = {
        (method, _VALUE.sub("*", path))
        for path, methods in lambda_app.app.routes.items()
        for method in methods
    }
    told = routes_in(API.read_text(encoding="utf-8"))
    assert told - routes_in(section(API, UNRELEASED)) <= there <= told


def test_the_error_codes_of_the_api_are_documented():
    rooms = [*(ROOT / "chalicelib/web").rglob("*.py"), *(ROOT / "chalicelib/operations").rglob("*.py")]
    rooms += (ROOT / "chalicelib/api").rglob("*.py")
    of_studies = [ROOT / "chalicelib/study" / name for name in ("assets", "study_library")]
    rooms += [path for room in of_studies for path in room.rglob("*.py")]
    rooms += [*(ROOT / "chalicelib/storage").rglob("*.py"), *(ROOT / "chalicelib/realtime").rglob("*.py")]
    rooms += [
        *(ROOT / "chalicelib/identity").rglob("*.py"),
        *(ROOT / "chalicelib/fee_services").rglob("*.py"),
    ]
    rooms += [ROOT / "chalicelib/errors.py"]
    rooms += [path for room in ("local", "lambda_events") for path in (ROOT / "infra" / room).rglob("*.py")]
    sources = [path.read_text(encoding="utf-8") for path in rooms]
    there = {code for text in sources for code in _CODE.findall(text)} | {FILE_LOCKED}
    there -= INTERNAL
    there |= {f"{kind}_not_found" for kind in ("participant", "node", "network", "info")}
    assert codes_in(section(API, "Error codes")) <= there <= codes_in(API.read_text(encoding="utf-8"))


# Classes


@pytest.mark.parametrize("name", public_names(Experiment))
def test_attributes_of_experiments_are_documented(name: str):
    assert name in leading_names(words_in_code(DOCS / "experiment.md"))


@pytest.mark.parametrize("name", sorted(STOCK))
def test_a_stock_network_is_documented(name: str):
    assert name in leading_names(words_in_code(DOCS / "networks.md"))


def test_each_kind_of_typed_property_is_documented():
    kinds = {
        name for name, made in vars(prop).items() if callable(made) and name.islower() and name[0] != "_"
    }
    kinds &= {"integer", "number", "boolean", "text", "json_value"}
    assert kinds == {
        word.removeprefix("prop.").partition("(")[0]
        for word in words_in_code(DOCS / "records.md")
        if word.startswith("prop.")
    }


@pytest.mark.parametrize("name", [name for name in petri.__all__ if name[0].isupper()])
def test_every_name_that_authors_can_import_is_documented(name: str):
    pages = ("experiment.md", "networks.md", "records.md", "bots.md", "configuration.md", "porting.md")
    assert any(name in leading_names(words_in_code(DOCS / page)) for page in pages)


RECORDS = (petri.Participant, petri.Question, petri.Network, petri.Node, petri.Vector, petri.Info)
MORE_RECORDS = (petri.Transmission, petri.Transformation)
#: What the platform calls: an author has no use for it.
INSIDE = {
    "add_node",
    "blank",
    "calculate_full",
    "copied_to",
    "deep",
    "failed_nodes",
    "has_heard",
    "kept_fields",
    "last_node",
    "last_question",
    "last_thing",
    "last_time",
    "lease",
    "mark_above",
    "mark_received",
    "n_infos",
    "next_thing",
    "object_fields",
    "node_ids",
    "node_joined",
    "node_left",
    "object_type",
    "own_fields",
    "prepare",
    "pub",
    "remember",
    "requests",
    "structure",
    "seated_serial",
    "token_serial",
    "took",
    "waiting_for",
    "waits_for",
}


@pytest.mark.parametrize("cls", [*RECORDS, *MORE_RECORDS], ids=lambda cls: cls.__name__)
def test_attributes_of_records_are_documented(cls: type):
    told = leading_names(words_in_code(DOCS / "records.md")) | leading_names(
        words_in_code(DOCS / "networks.md")
    )
    assert set(public_names(cls)) - INSIDE <= told


# Bots


@pytest.mark.parametrize(
    "name", public_names(BotBase, HighPerformanceBotBase, *HighPerformanceBotBase.__bases__)
)
def test_attributes_of_bots_are_documented(name: str):
    assert name in leading_names(words_in_code(DOCS / "bots.md"))


# JavaScript


def test_members_of_the_dallinger_object_are_documented():
    script = (ROOT / "frontend/static/scripts/dallinger2.js").read_text(encoding="utf-8")
    there = set(re.findall(r"\bdlgr\.(\w+) = ", script)) | {"preventExit", "skip_experiment"}
    told = {
        word.removeprefix("dallinger.").partition("(")[0].partition(".")[0]
        for word in words_in_code(DOCS / "javascript.md")
        if word.startswith("dallinger.")
    }
    assert told == there
