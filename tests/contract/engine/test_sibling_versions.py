"""Which items a commit's items name, and when a reader finds that it has seen half of a commit."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.errors import Conflict
from chalicelib.model import keys
from chalicelib.storage.engine import Check, Delete, Item, Key, Put, Write
from chalicelib.storage.sibling_versions import (
    MAX_KEPT,
    SIBLINGS,
    ReadVersions,
    add_sibling_versions,
    siblings_in,
    versions_of,
)

NODE, OTHER, INFO = 100_002, 100_003, 10_000_200_001


def put(kind: str, key: Key, version: int = 1, **fields: Any) -> Put:
    return Put({"pk": key[0], "sk": key[1], "kind": kind, "v": version, **fields}, version - 1 or None)


def a_network(version: int = 5) -> Put:
    return put("network", keys.root(1), version, id=1)


def a_node(version: int = 2) -> Put:
    return put("node", keys.node(NODE), version, id=NODE)


def an_info() -> Put:
    return put("info", keys.info(INFO), id=INFO)


#: An item of each kind that has a name, and the name.
NAMED: list[tuple[str, Put, list[Key]]] = [
    ("r1", a_network(), [keys.root(1)]),
    ("h", put("networks_header", keys.HEADER), [keys.HEADER]),
    (f"n{NODE}", a_node(), [keys.node(NODE)]),
    (f"i{INFO}", an_info(), [keys.info(INFO)]),
    (
        f"m{INFO}",
        put("transformation", keys.transformation(NODE, INFO), id=INFO),
        [keys.transformation(NODE, INFO)],
    ),
    (
        f"v{INFO}:{NODE}:{OTHER}",
        put("vector", keys.vector_ends(INFO, NODE, OTHER)[0], id=INFO, origin_id=NODE, destination_id=OTHER),
        list(keys.vector_ends(INFO, NODE, OTHER)),
    ),
    (
        f"t{INFO}:{OTHER}",
        put("transmission", keys.transmission(INFO, OTHER), id=INFO, destination_id=OTHER),
        [keys.transmission(INFO, OTHER)],
    ),
    (f"s{INFO}:{NODE}", put("sent", keys.sent(INFO, NODE), transmission_id=INFO), [keys.sent(INFO, NODE)]),
    ("p7", put("participant", keys.participant(7), id=7), [keys.participant(7)]),
    ("q700003", put("question", keys.question(7, 700_003), id=700_003), [keys.question(7, 700_003)]),
    (
        "y7:bonus",
        put("payment", keys.payment(7, "bonus"), participant_id=7, payment_kind="bonus"),
        [keys.payment(7, "bonus")],
    ),
    ("x", put("experiment", keys.EXPERIMENT), [keys.EXPERIMENT]),
    ("R", put("rooms_header", keys.ROOMS_HEADER), [keys.ROOMS_HEADER]),
    ("o3", put("room", keys.room(3), id=3), [keys.room(3)]),
    ("l7", put("listed", keys.listed(7), id=7), [keys.listed(7)]),
]


def named(*writes: Write, stored: Item | None = None) -> list[str | None]:
    """Return what each write of a commit names."""
    found = add_sibling_versions(writes, lambda _: stored)
    return [one.item.get(SIBLINGS) if isinstance(one, Put) else None for one in found]


@pytest.mark.parametrize(
    ("name", "write", "expected"), NAMED, ids=[write.item["kind"] for _, write, _ in NAMED]
)
def test_a_head_names_an_item_of_each_kind_and_the_name_leads_to_it(
    name: str, write: Put, expected: list[Key]
) -> None:
    head = a_node() if write.item["kind"] != "node" else a_network()
    text = named(head, write)[0]
    version = write.item["v"]
    assert text == f"{name}={version}"
    assert siblings_in(f"{name}={version}") == tuple((key, version) for key in expected)


def test_heads_name_all_siblings_and_others_name_the_heads() -> None:
    assert named(
        a_network(5), a_node(2), an_info(), put("sent", keys.sent(INFO, NODE), transmission_id=INFO)
    ) == [
        f"n{NODE}=2 i{INFO}=1 s{INFO}:{NODE}=1",
        f"r1=5 i{INFO}=1 s{INFO}:{NODE}=1",
        f"r1=5 n{NODE}=2",
        f"r1=5 n{NODE}=2",
    ]


@pytest.mark.parametrize("kind", ["assignment", "worker", "waiting"])
def test_an_item_that_may_be_deleted_names_the_heads_and_is_not_named(kind: str) -> None:
    assert named(put("participant", keys.participant(7), id=7), put(kind, (kind, "#"))) == [None, "p7=1"]


def test_other_items_and_other_writes_are_left_as_they_are() -> None:
    writes = [a_node(), put("message", ("due#0", "m")), Delete(("lobby", "7")), Check(keys.root(1), 3)]
    assert add_sibling_versions(writes, lambda _: None) == writes


def test_the_condition_and_the_fields_of_a_write_stay() -> None:
    (network, node) = add_sibling_versions([a_network(5), a_node()], lambda _: None)
    assert network == Put({**a_network(5).item, SIBLINGS: f"n{NODE}=2"}, 4)
    assert node == Put({**a_node().item, SIBLINGS: "r1=5"}, 1)


def test_a_network_keeps_the_newest_of_earlier_commits_and_nothing_of_its_own_siblings() -> None:
    earlier = [f"n{number}=1" for number in range(100_100, 100_120)]
    stored: Item = {SIBLINGS: " ".join(["r1=4", f"n{NODE}=1", *earlier])}
    kept = " ".join(earlier[:MAX_KEPT])
    assert named(a_network(5), a_node(2), stored=stored) == [f"n{NODE}=2 {kept}", "r1=5"]


@pytest.mark.parametrize("stored", [None, {}, {SIBLINGS: ""}])
def test_a_network_without_earlier_siblings_names_those_of_this_commit(stored: Item | None) -> None:
    assert named(a_network(5), a_node(2), stored=stored) == [f"n{NODE}=2", "r1=5"]


# -- reading ----------------------------------------------------------------------------------------


def item(key: Key, version: int, siblings: str = "") -> Item:
    return {"pk": key[0], "sk": key[1], "v": version, SIBLINGS: siblings}


@pytest.mark.parametrize("is_last", [True, False])
def test_an_older_sibling_is_half_of_a_commit_whichever_was_read_first(is_last: bool) -> None:
    reads = [item(keys.node(NODE), 1), item(keys.root(1), 5, f"n{NODE}=2")]
    versions = ReadVersions()
    versions.see(reads[is_last])
    with pytest.raises(Conflict, match=f"{NODE}.*has version 1, and 2 was written"):
        versions.see(reads[not is_last])


@pytest.mark.parametrize("version", [2, 3])
def test_a_sibling_of_this_version_or_a_newer_one_does_not_conflict(version: int) -> None:
    versions = ReadVersions()
    versions.see(item(keys.root(1), 5, f"n{NODE}=2"))
    versions.see(item(keys.node(NODE), version))
    assert versions.versions == {keys.root(1): 5, keys.node(NODE): version}


@pytest.mark.parametrize("is_last", [True, False])
def test_a_missing_sibling_is_half_of_a_commit(is_last: bool) -> None:
    versions = ReadVersions()
    steps = [
        lambda: versions.miss(keys.node(NODE)),
        lambda: versions.see(item(keys.root(1), 5, f"n{NODE}=1")),
    ]
    steps[is_last]()
    with pytest.raises(Conflict, match="has version 0, and 1 was written"):
        steps[not is_last]()


def test_an_item_that_was_seen_is_not_missing() -> None:
    versions = ReadVersions()
    versions.see(item(keys.node(NODE), 1))
    versions.miss(keys.node(NODE))
    versions.see(item(keys.root(1), 5, f"n{NODE}=1"))
    assert versions.versions[keys.node(NODE)] == 1


@pytest.mark.parametrize("is_last", [True, False])
def test_a_sibling_that_a_whole_collection_lacks_is_half_of_a_commit(is_last: bool) -> None:
    pk, sk = keys.info(INFO)
    versions = ReadVersions()
    steps = [
        lambda: versions.see_end(pk, sk[:20]),
        lambda: versions.see(item(keys.root(1), 5, f"i{INFO}=1")),
    ]
    steps[is_last]()
    with pytest.raises(Conflict, match="has version 0, and 1 was written"):
        steps[not is_last]()


@pytest.mark.parametrize(("pk", "prefix"), [("net#2", ""), ("net#1", "to#")])
def test_another_collection_says_nothing_of_a_sibling(pk: str, prefix: str) -> None:
    versions = ReadVersions()
    versions.see_end(pk, prefix)
    versions.see(item(keys.root(1), 5, f"i{INFO}=1"))
    versions.see_end(pk, prefix)
    assert versions.ranges == [(pk, prefix), (pk, prefix)]


def test_the_newest_version_that_siblings_name_counts() -> None:
    versions = ReadVersions()
    versions.see(item(keys.root(1), 5, f"n{NODE}=3"))
    versions.see(item(keys.participant(7), 2, f"n{NODE}=2"))
    with pytest.raises(Conflict, match="has version 2, and 3 was written"):
        versions.see(item(keys.node(NODE), 2))


def test_an_entry_of_the_list_of_participants_may_have_been_deleted_but_is_not_older() -> None:
    deleted, older = ReadVersions(), ReadVersions()
    for versions in (deleted, older):
        versions.see(item(keys.participant(7), 2, "l7=2"))
    deleted.miss(keys.listed(7))
    with pytest.raises(Conflict, match="has version 1, and 2 was written"):
        older.see(item(keys.listed(7), 1))


def test_the_first_read_of_an_item_counts_until_it_is_read_again() -> None:
    versions = ReadVersions()
    versions.see(item(keys.node(NODE), 1))
    versions.see(item(keys.node(NODE), 2))
    assert versions.versions == {keys.node(NODE): 1}
    versions.see(item(keys.node(NODE), 2), again=True)
    assert versions.versions == {keys.node(NODE): 2}


def test_a_second_read_may_repair_what_the_first_one_missed() -> None:
    versions = ReadVersions()
    versions.see(item(keys.node(NODE), 1))
    versions.see(item(keys.node(NODE), 2), again=True)
    versions.see(item(keys.root(1), 5, f"n{NODE}=2"))
    assert versions.versions == {keys.node(NODE): 2, keys.root(1): 5}


def test_versions_are_returned_by_key() -> None:
    assert versions_of([item(keys.root(1), 5), item(keys.node(NODE), 2)]) == {
        keys.root(1): 5,
        keys.node(NODE): 2,
    }
