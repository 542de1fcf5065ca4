"""The unit of work: what it sees, what lasts, and what it depends on."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from chalicelib.errors import Conflict, NotFound, RuleBroken
from chalicelib.experiment.networks import Chain, Empty
from chalicelib.messages import FormRooms, PollAssignment, PostMore, Publish, ReviewSubmission, from_body
from chalicelib.messaging.message_format import encode_message
from chalicelib.model.info import Info
from chalicelib.model.node import Node
from chalicelib.model.participant import Participant
from chalicelib.model.record import iso, moment
from chalicelib.model.run_records import Payment
from chalicelib.model.transformation import Transformation
from chalicelib.ports import Message
from chalicelib.storage.engine import Engine, Item, Key
from chalicelib.storage.unit_of_work import MOST_POSTED, EngineUnitOfWork
from tests.contract.factories import begin, dump
from tests.contract.unit_of_work.families import COLLECTIONS, a_family, a_network

# -- what lasts ---------------------------------------------------------------------------------


def test_uncommitted_records_are_discarded(engine: Engine) -> None:
    with begin(engine) as work:
        work.save(Empty())
    with begin(engine) as work:
        assert work.networks() == []


def test_committed_records_persist(engine: Engine) -> None:
    a_network(engine)
    with begin(engine) as work:
        assert [network.id for network in work.networks()] == [1]


def test_a_unit_commits_once(engine: Engine) -> None:
    with begin(engine) as work:
        work.commit()
        with pytest.raises(RuleBroken, match="commits once"):
            work.commit()


def test_a_unit_that_changes_nothing_writes_nothing(engine: Engine) -> None:
    a_family(engine)
    before = dump(engine)
    with begin(engine) as work:
        assert work.network(1).infos()
        work.commit()
    assert dump(engine) == before


@pytest.mark.parametrize("change", ["a field", "deep in details"])
def test_a_change_is_written_without_being_saved(engine: Engine, change: str) -> None:
    (node_id,) = a_network(engine, 1)
    with begin(engine) as work:
        node = work.node(node_id)
        if change == "a field":
            node.property1 = "new"
        else:
            node.details["a"] = "new"
        work.commit()
    with begin(engine) as work:
        found = work.node(node_id)
        assert "new" in (found.property1, found.details.get("a"))


def test_a_change_deep_in_details_is_noticed_a_second_time(engine: Engine) -> None:
    (node_id,) = a_network(engine, 1)
    for value in (1, 2):
        with begin(engine) as work:
            work.node(node_id).details.setdefault("deep", {})["n"] = value
            work.commit()
    with begin(engine) as work:
        assert work.node(node_id).details == {"deep": {"n": 2}}


def test_the_experiments_state_lasts(engine: Engine) -> None:
    with begin(engine) as work:
        work.state["round"] = {"n": 1}
        work.commit()
    with begin(engine) as work:
        assert work.state["round"] == {"n": 1}


# -- what it sees -------------------------------------------------------------------------------


def test_a_record_is_one_object(engine: Engine) -> None:
    (node_id,) = a_network(engine, 1)
    with begin(engine) as work:
        assert work.node(node_id) is work.network(1).nodes()[0]


@pytest.mark.parametrize("name", COLLECTIONS)
def test_lists_hold_what_is_stored_and_what_was_just_made(engine: Engine, name: str) -> None:
    ids = a_family(engine)
    with begin(engine) as work:
        network = work.network(1)
        count = len(COLLECTIONS[name](network))
        fresh = Node(network=network)
        node = work.node(ids[0])
        node.connect(whom=fresh)
        info = Info(origin=node, contents="new")
        node.transmit(what=info, to_whom=fresh)
        Transformation(info_in=info, info_out=info)
        assert len(COLLECTIONS[name](network)) == count + 1


@pytest.mark.parametrize("name", COLLECTIONS)
def test_lists_are_the_same_whatever_was_read_before(engine: Engine, name: str) -> None:
    ids = a_family(engine)
    with begin(engine) as work:
        expected = [record.id for record in COLLECTIONS[name](work.network(1))]
    with begin(engine) as work:
        for node_id in ids:
            node = work.node_with_things(node_id)
            for read in (node.infos, node.vectors, node.transmissions, node.received_infos):
                read()
        assert [record.id for record in COLLECTIONS[name](work.network(1))] == expected


def test_a_join_works_with_what_it_has_just_made(engine: Engine) -> None:
    ids = a_network(engine, 1, Chain)
    with begin(engine) as work:
        Info(origin=work.node(ids[0]), contents="told")
        work.commit()
    with begin(engine) as work:
        network = work.network(1)
        node = Node(network=network)
        network.add_node(node)
        (parent,) = node.neighbors(direction="from")
        parent.transmit()
        node.receive()
        assert [info.contents for info in node.received_infos()] == ["told"]


@pytest.mark.parametrize("kind", ["node", "info"])
def test_a_missing_record_is_not_found(engine: Engine, kind: str) -> None:
    a_network(engine)
    with begin(engine) as work, pytest.raises(NotFound):
        getattr(work, kind)({"node": 100_001, "info": 10_000_100_001}[kind])


# -- what it depends on -------------------------------------------------------------------------


def commits_after(engine: Engine, read: Callable[[EngineUnitOfWork, Node], object], other: str) -> bool:
    """Let a request read and post at its own node while another acts; say whether it commits.

    The other one looks at the whole network and posts, or posts without looking.
    """
    mine, theirs, _ = a_family(engine)
    with begin(engine) as work, begin(engine) as meanwhile:
        work.prefetch(node_id=mine)
        work.declare_scope(mine)
        node = work.node(mine)
        read(work, node)
        Info(origin=node, contents="mine")
        meanwhile.declare_scope(theirs)
        if other == "looks":
            assert meanwhile.network(1).nodes()
        Info(origin=meanwhile.node(theirs), contents="theirs")
        meanwhile.commit()
        try:
            work.commit()
        except Conflict:
            return False
        return True


LOOKS: dict[str, Callable[[EngineUnitOfWork, Node], object]] = {
    "the network's nodes": lambda _, node: node.network.nodes(),
    "the network's size by class": lambda _, node: node.network.size(type=Node),
    "the network's infos": lambda _, node: node.network.infos(),
    "the network's vectors": lambda _, node: node.network.vectors(),
    "the network's transmissions": lambda _, node: node.network.transmissions(),
    "the network's transformations": lambda _, node: node.network.transformations(),
    "the newest recipient": lambda _, node: node.network.latest_transmission_recipient(),
    "its neighbors": lambda _, node: node.neighbors(),
    "another's infos": lambda work, _: work.node(100_003).infos(),
    "another's vectors": lambda work, _: work.node(100_003).vectors(),
    "another's transmissions": lambda work, _: work.node(100_003).transmissions(),
    "what another received": lambda work, _: work.node(100_003).received_infos(),
    "another's transformations": lambda work, _: work.node(100_003).transformations(),
    "where its info was transformed": lambda _, node: node.infos()[0].transformations(),
    "what went along its vector": lambda _, node: node.vectors()[0].transmissions(),
}
OWN: dict[str, Callable[[EngineUnitOfWork, Node], object]] = {
    "nothing": lambda *_: None,
    "its infos": lambda _, node: node.infos(),
    "its vectors": lambda _, node: node.vectors(),
    "its transmissions": lambda _, node: node.transmissions("all"),
    "what it received": lambda _, node: node.received_infos(),
    "its transformations": lambda _, node: node.transformations(),
    "whom it is connected to": lambda work, node: node.is_connected(work.node(100_002)),
    "what it sends": lambda _, node: node.transmit(),
}


@pytest.mark.parametrize("look", LOOKS)
def test_reads_beyond_the_own_node_conflict_with_each_other(engine: Engine, look: str) -> None:
    assert not commits_after(engine, LOOKS[look], "looks")


@pytest.mark.parametrize("look", OWN)
def test_reads_of_the_own_node_conflict_with_nothing(engine: Engine, look: str) -> None:
    assert commits_after(engine, OWN[look], "looks")


def test_reads_do_not_conflict_with_posts(engine: Engine) -> None:
    assert commits_after(engine, LOOKS["the network's infos"], "posts")


def test_reads_without_writes_conflict_with_nothing(engine: Engine) -> None:
    ids = a_network(engine, 1)
    with begin(engine) as work, begin(engine) as meanwhile:
        assert work.network(1).infos() == []
        meanwhile.node(ids[0]).fail()
        meanwhile.commit()
        work.commit()
        assert work.committed


def test_two_changes_of_one_node_conflict(engine: Engine) -> None:
    (node_id,) = a_network(engine, 1)
    with begin(engine) as one, begin(engine) as other:
        one.node(node_id).property1 = "one"
        other.node(node_id).property2 = "other"
        one.commit()
        with pytest.raises(Conflict):
            other.commit()


def test_a_post_at_a_node_that_fails_meanwhile_conflicts(engine: Engine) -> None:
    (node_id,) = a_network(engine, 1)
    with begin(engine) as work, begin(engine) as meanwhile:
        Info(origin=work.node(node_id), contents="late")
        meanwhile.node(node_id).fail()
        meanwhile.commit()
        with pytest.raises(Conflict):
            work.commit()


def test_two_joins_conflict(engine: Engine) -> None:
    a_network(engine)
    with begin(engine) as one, begin(engine) as other:
        Node(network=one.network(1))
        Node(network=other.network(1))
        one.commit()
        with pytest.raises(Conflict):
            other.commit()


def test_two_networks_made_at_once_conflict(engine: Engine) -> None:
    with begin(engine) as one, begin(engine) as other:
        one.save(Empty())
        other.save(Empty())
        one.commit()
        with pytest.raises(Conflict):
            other.commit()


def test_a_refused_commit_writes_nothing(engine: Engine) -> None:
    ids = a_network(engine, 2)
    with begin(engine) as one, begin(engine) as other:
        one.node(ids[0]).property1 = "one"
        other.node(ids[1]).property1 = "other"
        other.node(ids[0]).property1 = "other"
        one.commit()
        with pytest.raises(Conflict):
            other.commit()
    with begin(engine) as work:
        assert [node.property1 for node in work.nodes(ids)] == ["one", None]


# -- what a unit records besides records --------------------------------------------------------------


THING = ("rooms", "#")


def stored(engine: Engine, key: Key) -> Item | None:
    return engine.get([key]).get(key)


def test_a_claimed_item_conflicts_with_an_earlier_claim(engine: Engine) -> None:
    with begin(engine) as one, begin(engine) as other:
        for work in (one, other):
            work.put_if_unchanged(THING, "rooms_header", {"last_room": 1})
        one.commit()
        with pytest.raises(Conflict):
            other.commit()


def test_a_claimed_item_is_written_over_what_was_read_of_it(engine: Engine) -> None:
    for number in range(3):
        with begin(engine) as work:
            work.put_if_unchanged(THING, "rooms_header", {"last_room": number})
            work.commit()
    found = stored(engine, THING)
    assert found is not None
    assert (found["last_room"], found["v"]) == (2, 3)


def test_an_item_that_must_be_new_conflicts_with_one_that_is_there(engine: Engine) -> None:
    for refused in (False, True):
        with begin(engine) as work:
            work.put_item(THING, "rooms_header", {"last_room": 1})
            if refused:
                with pytest.raises(Conflict):
                    work.commit()
            else:
                work.commit()


def test_an_item_is_put_whatever_is_stored(engine: Engine) -> None:
    for number in range(2):
        with begin(engine) as work:
            work.put_unconditional(THING, "rooms_header", {"last_room": number})
            work.commit()
    found = stored(engine, THING)
    assert found is not None
    assert found["last_room"] == 1


def test_a_unit_does_not_delete_an_item_that_it_writes(engine: Engine) -> None:
    with begin(engine) as work:
        work.delete_item(THING)
        work.put_unconditional(THING, "rooms_header", {"last_room": 1})
        work.commit()
    assert stored(engine, THING) is not None


def test_an_item_that_is_deleted_as_it_was_read_conflicts_with_a_change(engine: Engine) -> None:
    with begin(engine) as work:
        work.put_unconditional(THING, "rooms_header", {"last_room": 1})
        work.commit()
    with begin(engine) as work:
        work.delete_item(THING, expect=7)
        with pytest.raises(Conflict):
            work.commit()
    assert stored(engine, THING) is not None


@pytest.mark.parametrize(("seconds", "is_carried"), [(0, True), (900, True), (901, False)])
def test_only_what_is_due_within_the_queues_reach_is_on_its_way(
    engine: Engine, seconds: int, is_carried: bool
) -> None:
    with begin(engine) as work:
        work.post(ReviewSubmission(1), due=work.now + timedelta(seconds=seconds))
        (message,) = work.posted
        work.commit()
    found = stored(engine, message.key)
    assert found is not None
    assert found.get("carried_until") == (
        iso(work.now + timedelta(seconds=seconds + 30)) if is_carried else None
    )


def carried_out(engine: Engine, sent: list[Message]) -> list[Message]:
    """Do what the messages say that post others; return all others."""
    others: list[Message] = []
    for message in sent:
        if message.body["kind"] != PostMore.kind:
            others.append(message)
            continue
        with begin(engine) as work:
            for more in message.body["messages"]:
                work.post(from_body(more["body"]), due=moment(more["due"]))
            work.commit()
        others += carried_out(engine, work.posted)
    return others


def test_hundreds_of_messages_fit_into_one_commit_and_each_is_posted_once(engine: Engine) -> None:
    with begin(engine) as work:
        due = work.now + timedelta(minutes=2)
        for number in range(350):
            work.post(PollAssignment(number), due=due)
        work.commit()
    found = carried_out(engine, work.posted)
    assert sorted(message.body["participant_id"] for message in found) == list(range(350))
    assert {message.due for message in found} == {due}


def test_long_messages_are_split_into_items_that_fit_into_a_queue(engine: Engine) -> None:
    with begin(engine) as work:
        for number in range(MOST_POSTED + 20):
            work.post(Publish("talk", f"{number} " + "x" * 30_000))
        work.commit()
    assert all(len(encode_message(message).encode()) < 256 * 1024 for message in work.posted)
    assert all("body" in json.loads(encode_message(message)) for message in work.posted)
    assert len(carried_out(engine, work.posted)) == MOST_POSTED + 20


def test_a_nudge_is_sent_and_not_recorded(engine: Engine) -> None:
    with begin(engine) as work:
        work.send_transient(FormRooms(), "group")
        work.commit()
        assert [message.body for message in work.posted] == [{"kind": "form_rooms"}]
    assert dump(engine) == {}


@pytest.mark.parametrize("status", ["approved", "rejected", "returned", "bad_data"])
def test_a_finished_participant_is_listed_apart_and_once(engine: Engine, status: str) -> None:
    with begin(engine) as work:
        person = Participant("hotair", "w", "a", "h")
        work.save(person)
        work.update_status_index(person)
        work.commit()
    with begin(engine) as work:
        person = work.participant(1)
        person.status = status
        work.update_status_index(person)
        work.commit()
    with begin(engine) as work:
        assert ([one["status"] for one in work.active_participants()], work.count_finished()) == ([], 1)


def test_a_participant_who_submits_is_listed_once(engine: Engine) -> None:
    with begin(engine) as work:
        work.save(Participant("hotair", "w", "a", "h"))
        work.commit()
    for status in ("working", "submitted"):
        with begin(engine) as work:
            person = work.participant(1)
            person.status = status
            work.update_status_index(person)
            work.commit()
    with begin(engine) as work:
        assert ([one["status"] for one in work.active_participants()], work.count_finished()) == (
            ["submitted"],
            0,
        )


def test_a_record_of_an_earlier_request_is_not_saved_again(engine: Engine) -> None:
    with begin(engine) as work:
        network = Chain()
        work.save(network)
        work.commit()
    with begin(engine) as work, pytest.raises(RuleBroken, match="earlier request"):
        work.save(network)


@pytest.mark.parametrize("kind", ["base", "bonus", "compensation", "screen-out"])
def test_each_kind_of_payment_has_an_id_of_its_own(engine: Engine, kind: str) -> None:
    with begin(engine) as work:
        for each in ("base", "bonus", "compensation", "screen-out"):
            work.save(Payment(7, each, Decimal(1)))
        work.commit()
    with begin(engine) as work:
        payment = work.payment(7, kind)
        assert payment is not None
        assert payment.id == 71 + ("base", "bonus", "compensation", "screen-out").index(kind)


def test_whether_a_network_was_changed_is_known_after_the_commit(engine: Engine) -> None:
    changed = []
    for make in (Chain, lambda: Participant("hotair", "w", "a", "h")):
        with begin(engine) as work:
            work.save(make())
            work.commit()
            changed.append(work.network_changed)
    assert changed == [True, False]
