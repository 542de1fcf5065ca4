"""Rules of a unit of work over SQLite: ids of networks, leases, and messages beyond those of one commit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.errors import Conflict
from chalicelib.experiment.networks import Empty
from chalicelib.messages import RecordReturn, RunTimer
from chalicelib.model import keys
from chalicelib.model.node import Node
from chalicelib.model.participant import Participant
from chalicelib.model.question import Question
from chalicelib.model.record import iso
from chalicelib.storage.engine import UNKNOWN, Engine, Put
from chalicelib.storage.record_mapping import fields_of
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from chalicelib.storage.unit_of_work import MOST_POSTED, POSTED_TOGETHER
from tests.contract.factories import begin


@pytest.fixture
def sqlite_engine() -> Iterator[Engine]:
    engine = SQLiteEngine(":memory:")
    yield engine
    engine.close()


def new_network(engine: Engine) -> int:
    with begin(engine) as work:
        network = Empty(max_size=5)
        work.save(network)
        work.commit()
        return network.id


def leased(engine: Engine, key: tuple[str, str], seconds: float) -> None:
    """Give a holder the lease of a large commit that ends in so many seconds."""
    item = engine.get([key])[key]
    lease = {"by": "another", "until": iso(datetime.now(UTC) + timedelta(seconds=seconds))}
    engine.commit([Put({**item, "v": item["v"] + 1, "lease": lease}, item["v"])])


def test_networks_are_numbered_on_by_later_requests(sqlite_engine: Engine) -> None:
    assert [new_network(sqlite_engine) for _ in range(3)] == [1, 2, 3]
    with begin(sqlite_engine) as work:
        assert [network.id for network in work.networks()] == [1, 2, 3]
    header = sqlite_engine.get([keys.HEADER])[keys.HEADER]
    assert (header["kind"], header["last_id"], header["v"]) == ("networks_header", 3, 3)


def test_networks_of_one_request_are_listed_with_those_before(sqlite_engine: Engine) -> None:
    new_network(sqlite_engine)
    with begin(sqlite_engine) as work:
        assert len(work.networks()) == 1
        for _ in range(2):
            work.save(Empty(max_size=5))
        assert [network.id for network in work.networks()] == [1, 2, 3]
        work.commit()
    assert new_network(sqlite_engine) == 4


def test_of_two_requests_that_make_a_network_at_one_moment_one_is_a_conflict(sqlite_engine: Engine) -> None:
    new_network(sqlite_engine)
    with begin(sqlite_engine) as one, begin(sqlite_engine) as other:
        for work in (one, other):
            work.save(Empty(max_size=5))
        one.commit()
        with pytest.raises(Conflict):
            other.commit()


def test_networks_that_are_saved_concurrently_do_not_conflict(engine: Engine) -> None:
    before = new_network(engine)
    made = [Empty(max_size=5) for _ in range(3)]
    with begin(engine) as one, begin(engine) as other, begin(engine) as discarded:
        for work, network in zip((one, other, discarded), made, strict=True):
            work.save_concurrently(network)
        one.commit()
        other.commit()
    # `save` numbers on after them, and after the number that the discarded request had taken.
    after = new_network(engine)
    with begin(engine) as work:
        network = Empty(max_size=5)
        work.save_concurrently(network)
        assert [each.id for each in work.networks()] == [before, made[0].id, made[1].id, after, network.id]
        work.commit()
    assert (before, [each.id for each in made], after, network.id) == (1, [2, 3, 4], 5, 6)


def test_a_network_saved_concurrently_conflicts_with_one_that_save_has_numbered_alike(
    sqlite_engine: Engine,
) -> None:
    engine = sqlite_engine
    with begin(engine) as one, begin(engine) as other:
        one.save(Empty(max_size=5))
        other.save_concurrently(Empty(max_size=5))
        one.commit()
        with pytest.raises(Conflict):
            other.commit()
    with begin(engine) as work:
        work.save_concurrently(Empty(max_size=5))
        work.commit()
    with begin(engine) as work:
        assert [each.id for each in work.networks()] == [1, 2]


@pytest.mark.parametrize("seconds", [15, -1])
def test_no_network_is_made_while_a_large_commit_makes_some(sqlite_engine: Engine, seconds: float) -> None:
    new_network(sqlite_engine)
    leased(sqlite_engine, keys.HEADER, seconds)
    with pytest.raises(Conflict):
        new_network(sqlite_engine)
    if seconds < 0:
        assert new_network(sqlite_engine) == 2


@pytest.mark.parametrize("seconds", [15, -1])
def test_no_node_is_made_while_a_large_commit_changes_its_network(
    sqlite_engine: Engine, seconds: float
) -> None:
    new_network(sqlite_engine)
    leased(sqlite_engine, keys.root(1), seconds)

    def make() -> None:
        with begin(sqlite_engine) as work:
            Node(network=work.network(1))
            work.commit()

    with pytest.raises(Conflict):
        make()
    if seconds < 0:
        make()


def test_an_item_that_was_staged_keeps_its_stamp_and_a_network_does_not(sqlite_engine: Engine) -> None:
    new_network(sqlite_engine)
    with begin(sqlite_engine) as work:
        network = work.network(1)
        node = Node(network=network)
        node._stamp = network._stamp = 3
        assert (fields_of(node)["s"], "s" in fields_of(network)) == (3, False)
        node._stamp = 0
        assert "s" not in fields_of(node)


def messages(engine: Engine) -> list[dict[str, Any]]:
    found = [item for shard in range(keys.DUE_SHARDS) for item in engine.query(keys.due(shard))]
    return [item["body"] for item in found]


@pytest.mark.parametrize(
    ("count", "pages"),
    [
        (MOST_POSTED, []),
        (MOST_POSTED + 1, [1]),
        (MOST_POSTED + POSTED_TOGETHER, [80]),
        (MOST_POSTED + 2 * POSTED_TOGETHER + 1, [80, 80, 1]),
    ],
)
def test_messages_beyond_forty_are_recorded_in_batches_of_eighty(
    sqlite_engine: Engine, count: int, pages: list[int]
) -> None:
    with begin(sqlite_engine) as work:
        for number in range(count):
            work.post(RecordReturn(number + 1))
        work.commit()
    bodies = messages(sqlite_engine)
    singles = [body for body in bodies if body["kind"] == "record_return"]
    batches = [body["messages"] for body in bodies if body["kind"] == "post_more"]
    assert len(singles) == min(count, MOST_POSTED)
    assert sorted(map(len, batches), reverse=True) == pages
    ids = [body["participant_id"] for body in singles]
    ids += [message["body"]["participant_id"] for batch in batches for message in batch]
    assert sorted(ids) == list(range(1, count + 1))


@pytest.mark.parametrize(("length", "pages"), [(99_000, [2, 2, 1]), (110_000, [1] * 5)])
def test_long_messages_are_recorded_in_batches_of_two_hundred_kilobytes(
    sqlite_engine: Engine, length: int, pages: list[int]
) -> None:
    with begin(sqlite_engine) as work:
        for _ in range(MOST_POSTED):
            work.post(RecordReturn(1))
        for _ in range(5):
            work.post(RunTimer("rings", {"text": "x" * length}))
        work.commit()
    batches = [body["messages"] for body in messages(sqlite_engine) if body["kind"] == "post_more"]
    assert sorted(map(len, batches), reverse=True) == pages


def test_messages_beyond_forty_keep_their_due_times(sqlite_engine: Engine) -> None:
    due = datetime.now(UTC) + timedelta(hours=3)
    with begin(sqlite_engine) as work:
        for _ in range(MOST_POSTED + 1):
            work.post(RecordReturn(1), due=due)
        work.commit()
    (batch,) = [body["messages"] for body in messages(sqlite_engine) if body["kind"] == "post_more"]
    assert [message["due"] for message in batch] == [iso(due)]


def test_a_participants_questions_are_numbered_on_by_later_requests(sqlite_engine: Engine) -> None:
    with begin(sqlite_engine) as work:
        person = Participant("hotair", "w", "a", "h")
        work.save(person)
        Question(person, "How?", "Well", 1)
        work.commit()
    with begin(sqlite_engine) as work:
        for number in (2, 3):
            Question(work.participant(1), "How?", "Well", number)
        work.commit()
    with begin(sqlite_engine) as work:
        questions = work.participant(1).questions()
        assert [one.id for one in questions] == [100_001, 100_002, 100_003]
        times = [one.creation_time for one in questions]
        assert times == sorted(set(times))


def test_fields_that_a_newer_version_has_written_are_kept_when_an_item_is_replaced(
    sqlite_engine: Engine,
) -> None:
    key = ("rooms", "000001")
    newer = {"pk": key[0], "sk": key[1], "kind": "room", "v": 1, UNKNOWN: {"colour": "red"}}
    sqlite_engine.commit([Put(newer, None)])
    for fields in ({"id": 1}, {"id": 2}):
        with begin(sqlite_engine) as work:
            assert work.item(key) is not None
            work.put_if_unchanged(key, "room", fields)
            work.commit()
    item = sqlite_engine.get([key])[key]
    assert (item["id"], item["v"], item[UNKNOWN]) == (2, 3, {"colour": "red"})


def test_the_experiments_state_is_written_only_when_it_has_changed(sqlite_engine: Engine) -> None:
    def version() -> int:
        return int(sqlite_engine.get([keys.EXPERIMENT])[keys.EXPERIMENT]["v"])

    for opened in (1, 2):
        with begin(sqlite_engine) as work:
            work.state.setdefault("budget", {})["owed"] = opened
            work.commit()
    assert version() == 2
    with begin(sqlite_engine) as work:
        assert work.state == {"budget": {"owed": 2}}
        work.commit()
    assert version() == 2


def test_a_collection_that_is_read_again_replaces_what_was_read_of_its_items(sqlite_engine: Engine) -> None:
    key = ("lobby", "0000000007")
    sqlite_engine.commit([Put({"pk": key[0], "sk": key[1], "kind": "waiting", "v": 1}, None)])
    with begin(sqlite_engine) as work:
        assert work.item(key) is not None
        sqlite_engine.commit([Put({"pk": key[0], "sk": key[1], "kind": "waiting", "v": 2}, 1)])
        assert not work.is_unchanged()
        assert [item["v"] for item in work.items("lobby")] == [2]
        assert work.is_unchanged()
        work.put_if_unchanged(key, "waiting", {"id": 7})
        work.commit()
    assert sqlite_engine.get([key])[key]["v"] == 3


def test_a_page_of_a_collection_has_the_items_and_the_fields_that_are_asked_for(
    sqlite_engine: Engine,
) -> None:
    for number in range(1, 5):
        sk = f"{'b' if number == 4 else 'a'}{number}"
        item = {"pk": "lobby", "sk": sk, "kind": "waiting", "v": 1, "id": number, "quiet": True}
        sqlite_engine.commit([Put(item, None)])
    with begin(sqlite_engine) as work:
        newest = work.page("lobby", prefix="a", limit=2, fields=["id"], newest_first=True)
        oldest = work.page("lobby", prefix="a", after=newest.after, limit=2, fields=["id"], newest_first=True)
        assert [item["id"] for item in (*newest.items, *oldest.items)] == [3, 2, 1]
        assert all("quiet" not in item for item in newest.items)
        assert [item["quiet"] for item in work.page("lobby").items] == [True] * 4
