"""What a record below a failed node or network says of its failing, as the cascade would have written it."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.operations.network.failure_marks import FailureMarks, failure, object_type_of

Item = dict[str, Any]
DIED = "2026-03-01T12:00:00.000000Z"
NODE = {"kind": "node", "id": 100001, "failed": True, "failed_reason": "Boom!", "time_of_death": DIED}
LATER = {"kind": "node", "id": 100002, "failed": True, "failed_reason": "Later", "time_of_death": DIED}
NETWORK = {"kind": "network", "id": 1, "failed": True, "failed_reason": "All", "time_of_death": DIED}
INFO = {"id": 10000100003, "origin_id": 100001}
SENT = {"id": 5, "vector_id": 7, "origin_id": 100002, "destination_id": 100001}
ALIVE = {"failed": False, "failed_reason": None, "time_of_death": None}


def marks(root: Item, *nodes: Item) -> FailureMarks:
    asked: list[Any] = []

    def get(keys: Any) -> list[Item]:
        asked.extend(keys)
        return list(nodes)

    made = FailureMarks({**root, "failed_nodes": [node["id"] for node in nodes]}, get)
    assert len(asked) == len(nodes)
    return made


@pytest.mark.parametrize(
    ("kind", "item", "above", "reason"),
    [
        ("info", INFO, NODE, "Boom!->Node100001"),
        ("info", INFO, NETWORK, "All->Network1->Node100001"),
        ("node", {"id": 100001}, NETWORK, "All->Network1"),
        ("transmission", SENT, NODE, "Boom!->Node100001->Vector7"),
        ("info", INFO, {**NODE, "failed_reason": None}, "->Node100001"),
    ],
)
def test_the_reason_names_each_record_of_the_cascade(kind: str, item: Item, above: Item, reason: str) -> None:
    assert failure(kind, item, above) == {"failed": True, "failed_reason": reason, "time_of_death": DIED}


def test_a_record_that_failed_by_itself_keeps_its_own_reason() -> None:
    own = {**INFO, "failed": True, "failed_reason": "mine", "time_of_death": "2026-02-01T00:00:00Z"}
    assert failure("info", own, NODE) == {
        "failed": True,
        "failed_reason": "mine",
        "time_of_death": "2026-02-01T00:00:00Z",
    }


def test_a_record_with_nothing_failed_above_it_is_alive() -> None:
    assert failure("info", INFO, None) == ALIVE
    assert failure("info", {**INFO, "failed": False}, None) == ALIVE


def test_of_two_failed_ends_the_one_that_failed_first_counts() -> None:
    assert marks({"id": 1}, LATER, NODE).above("transmission", SENT) == LATER
    assert marks({"id": 1}, NODE, LATER).above("transmission", SENT) == NODE
    assert marks({"id": 1}, LATER).above("info", INFO) is None


def test_a_failed_node_comes_before_its_failed_network() -> None:
    found = marks(NETWORK, NODE)
    assert found.network_has_failed
    assert found.above("info", INFO) == NODE
    other = found.above("info", {**INFO, "origin_id": 100002})
    assert other is not None
    assert (other["kind"], other["id"]) == ("network", 1)


@pytest.mark.parametrize("root", [{"id": 1}, {**NETWORK, "deep": False}, {"id": 1, "failed": False}])
def test_a_network_that_did_not_fail_with_its_records_marks_none(root: Item) -> None:
    found = marks(root)
    assert not found.network_has_failed
    assert found.above("info", INFO) is None


def test_a_kind_is_the_base_class_in_lower_case() -> None:
    assert object_type_of("transformation") == "Transformation"
