"""DynamoDB's models name every field that the records have."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import chalicelib
from chalicelib.errors import PetriError
from chalicelib.model.record import PROPERTIES
from chalicelib.storage.dynamodb.item_models import MODELS, from_wire, model_for, to_wire, wire_size
from chalicelib.storage.engine import UNKNOWN
from chalicelib.storage.record_mapping import KINDS, STORED_AS
from tests.contract.engines import an_item

COMMON = {"id", "creation_time", "failed", "time_of_death", "failed_reason", "details", *PROPERTIES}
#: Any text that UTF-8 can hold.
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_names_every_field_of_its_record(kind: str) -> None:
    fields = COMMON | {STORED_AS.get(name, name) for name in KINDS[kind].kept_fields}
    assert fields - set(model_for(kind).get_attributes()) == set()


def kinds_in(path: Path) -> set[str]:
    """Return the kinds of raw items that a file of the product writes."""
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    return {
        str(call.args[1].value)
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in {"put_item", "put_if_unchanged", "put_unconditional"}
        and len(call.args) > 1
        and isinstance(call.args[1], ast.Constant)
    }


def test_every_kind_of_raw_item_that_is_written_has_a_model() -> None:
    product = Path(chalicelib.__file__).parent
    written = set().union(*(kinds_in(path) for path in product.rglob("*.py")))
    assert {"message", "listed", "worker"} <= written <= set(MODELS)


def test_a_kind_without_a_model_is_refused_with_the_file_to_edit() -> None:
    with pytest.raises(PetriError, match=r"'ballot'.*item_models\.py"):
        to_wire(an_item(kind="ballot"))


@pytest.mark.parametrize(
    "value", [{"S": "red"}, {"N": "1.50"}, {"BOOL": False}, {"M": {"a": {"L": [{"S": "b"}]}}}, {"S": "{}"}]
)
def test_a_field_of_a_newer_version_goes_back_as_it_came(value: dict[str, Any]) -> None:
    wire = {**to_wire(an_item()), "colour": value}
    read = from_wire(wire)
    assert read["kind"] == "info"
    assert to_wire({**read, "contents": "changed"})["colour"] == value


def test_an_item_of_a_kind_of_a_newer_version_can_be_read() -> None:
    wire = {**to_wire(an_item()), "kind": {"S": "ballot"}, "choice": {"S": "red"}}
    assert from_wire(wire)["kind"] == "ballot"


#: No record has a field of this name: it holds what a newer version of Petri has written.
NAMES = (st.sampled_from(sorted(COMMON)) | TEXT).filter(lambda name: name != UNKNOWN)


@given(st.sampled_from(sorted(MODELS)), st.dictionaries(NAMES, VALUES))
def test_any_item_comes_back_from_the_wire_exactly(kind: str, fields: dict[str, Any]) -> None:
    item = {**fields, **an_item(kind=kind)}
    sent = json.loads(json.dumps(to_wire(item, mark="m")))
    assert json.dumps(from_wire(sent), sort_keys=True) == json.dumps(item, sort_keys=True)


@pytest.mark.parametrize(
    ("fields", "size"),
    [
        ({}, 0),
        ({"contents": "abc"}, 8 + 3),
        ({"contents": "é"}, 8 + 2),
        ({"failed": True}, 6 + 1),
        ({"id": 7}, 2 + 2),
        ({"id": -12345}, 2 + 5),
        ({"details": {"a": 1}}, 7 + 7),
    ],
)
def test_an_item_is_measured_by_the_rules_of_aws(fields: dict[str, Any], size: int) -> None:
    assert wire_size(to_wire(an_item(**fields))) - wire_size(to_wire(an_item())) == size


def test_a_copied_info_is_measured_as_a_map() -> None:
    item = an_item(kind="transmission")
    with_copy = {**item, "info": {"contents": "abc"}}
    assert wire_size(to_wire(with_copy)) - wire_size(to_wire(item)) == 4 + 3 + 1 + 8 + 3
