"""What every record has: common fields, JSON, subclasses, filters."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import Any

import pytest

from chalicelib.errors import BadRequest, ExperimentError, NotFound, RuleBroken
from chalicelib.experiment.infos import Gene, Meme, State, TrackingEvent
from chalicelib.experiment.nodes import (
    Agent,
    Environment,
    GeneticAgent,
    RandomBinaryStringSource,
    ReplicatorAgent,
    Source,
)
from chalicelib.experiment.transformations import Compression, Mutation, Replication, Response
from chalicelib.model.info import Info
from chalicelib.model.network import Network
from chalicelib.model.node import Node
from chalicelib.model.participant import Participant
from chalicelib.model.question import Question
from chalicelib.model.record import COMMON_FIELDS, Record, iso, moment
from chalicelib.model.transformation import Transformation
from chalicelib.storage import record_mapping
from chalicelib.storage.unit_of_work import EngineUnitOfWork
from tests.unit.model.things import NOW, a_network, a_person, answer, join, later, sent

OWN_FIELDS = {
    "Participant": "type recruiter assignment_id hit_id mode end_time base_pay bonus status object_type "
    "entry_information",
    "Question": "number type participant_id question response object_type",
    "Network": "type max_size full role n_pending_infos n_completed_infos n_failed_infos n_alive_nodes "
    "n_failed_nodes object_type",
    "Node": "type network_id participant_id object_type",
    "Vector": "origin_id destination_id network_id object_type",
    "Info": "type origin_id network_id contents object_type",
    "Transmission": "vector_id origin_id destination_id info_id network_id receive_time status object_type",
    "Transformation": "type info_in_id info_out_id node_id network_id object_type",
}


def one_of_each(work: EngineUnitOfWork) -> dict[str, Record]:
    network = a_network(work)
    first, second = join(network), join(network)
    transmission = sent(first, second)
    second.receive()
    person = a_person(work)
    made: list[Record] = [
        person,
        Question(person, "How?", "Well", 1),
        network,
        first,
        transmission.vector,
        transmission.info,
        transmission,
        Transformation(info_in=transmission.info, info_out=answer(second)),
    ]
    return {record.object_type: record for record in made}


@pytest.mark.parametrize("kind", OWN_FIELDS)
def test_json_has_the_common_fields_and_then_its_own(work: EngineUnitOfWork, kind: str) -> None:
    assert list(one_of_each(work)[kind].as_json()) == [*COMMON_FIELDS, *OWN_FIELDS[kind].split()]


@pytest.mark.parametrize("kind", OWN_FIELDS)
def test_a_record_says_the_same_after_it_was_stored(work: EngineUnitOfWork, kind: str) -> None:
    record = one_of_each(work)[kind]
    record.property3, record.details = "kept", {"a": [1, None, "ü"]}
    with later(work) as again:
        found: Any = {
            "Participant": lambda: again.participant(record.id),
            "Question": lambda: again.participant(record.id // 100_000).questions()[0],
            "Network": lambda: again.network(1),
            "Node": lambda: again.node(record.id),
            "Vector": lambda: again.network(1).vectors()[0],
            "Info": lambda: again.info(record.id),
            "Transmission": lambda: again.network(1).transmissions()[0],
            "Transformation": lambda: again.network(1).transformations()[0],
        }[kind]()
        assert found.as_json() == record.as_json()


@pytest.mark.parametrize("kind", OWN_FIELDS)
def test_a_new_record_lives_and_its_free_fields_are_empty(work: EngineUnitOfWork, kind: str) -> None:
    shown = one_of_each(work)[kind].as_json()
    empty = {name: shown[name] for name in COMMON_FIELDS if name not in ("id", "creation_time")}
    assert empty == {
        **dict.fromkeys(empty),
        "failed": False,
        "details": {},
    }


def test_times_on_the_wire_are_utc_with_microseconds_and_z(work: EngineUnitOfWork) -> None:
    assert a_network(work).as_json()["creation_time"] == "2024-05-17T09:30:00.000000Z"


def test_a_time_of_another_zone_is_written_in_utc() -> None:
    there = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    # Equal zones that aren't the same object are converted as well.
    for moment_ in (NOW, there, NOW.astimezone(timezone(timedelta(0)))):
        assert iso(moment_) == "2024-05-17T09:30:00.000000Z"


def test_a_record_is_named_by_its_class_and_id(work: EngineUnitOfWork) -> None:
    assert (repr(Network()), repr(a_network(work))) == ("Network-new", "Empty-1")


def test_a_time_that_was_written_is_read_back_the_same() -> None:
    assert moment(iso(NOW + timedelta(microseconds=7))) == NOW + timedelta(microseconds=7)


def test_ids_are_integers_that_spreadsheets_keep(work: EngineUnitOfWork) -> None:
    record = one_of_each(work)["Transformation"]
    assert 0 < record.id < 10**15


def test_an_authors_json_data_is_added(work: EngineUnitOfWork, own_classes: None) -> None:
    class Scored(Node):
        type = "scored"

        def json_data(self) -> dict[str, Any]:
            return {"score": 7, "seen": self.work.now}

    shown = join(a_network(work), Scored).as_json()
    assert (shown["score"], shown["seen"]) == (7, "2024-05-17T09:30:00.000000Z")


def test_json_data_may_change_what_is_there(work: EngineUnitOfWork, own_classes: None) -> None:
    class Hidden(Info):
        type = "hidden"

        def json_data(self) -> dict[str, Any]:
            return {"contents": "***"}

    assert Hidden(origin=join(a_network(work)), contents="secret").as_json()["contents"] == "***"


@pytest.mark.parametrize(
    "added",
    [{"friends": {1, 2}}, {"score": float("nan")}, {("a", "b"): 1}, {"deep": [{"x": object()}]}, ["no dict"]],
)
def test_json_data_that_cannot_be_written_is_the_authors_error(
    work: EngineUnitOfWork, own_classes: None, added: Any
) -> None:
    class Strange(Node):
        type = "strange"

        def json_data(self) -> Any:
            return added

    node = join(a_network(work), Strange)
    with pytest.raises(ExperimentError, match=r"json_data\(\) of Strange returned a value"):
        node.as_json()


def test_a_record_has_no_html_of_its_own_by_default(work: EngineUnitOfWork) -> None:
    assert a_network(work).visualization_html == ""


def test_an_authors_class_is_found_again_by_its_type(work: EngineUnitOfWork, own_classes: None) -> None:
    class Rumour(Meme):
        type = "rumour"

    info = Rumour(origin=join(a_network(work)), contents="psst")
    with later(work) as again:
        assert type(again.info(info.id)) is Rumour


def test_an_authors_class_keeps_its_type_in_data(work: EngineUnitOfWork, own_classes: None) -> None:
    class Rumour(Meme):
        type = "rumour"

    shown = Rumour(origin=join(a_network(work)), contents="psst").as_json()
    assert (shown["type"], shown["object_type"]) == ("rumour", "Info")


def test_a_type_that_no_class_has_any_more_is_read_as_its_base(work: EngineUnitOfWork) -> None:
    node = join(a_network(work))
    node.type = "gone"
    with later(work) as again:
        assert type(again.node(node.id)) is Node


@pytest.mark.parametrize("word", [None, 0, 1, "True", "living", ""])
def test_a_failed_filter_accepts_no_other_value(work: EngineUnitOfWork, word: Any) -> None:
    network = a_network(work)
    with pytest.raises(BadRequest, match="failed must be"):
        network.nodes(failed=word)


@pytest.mark.parametrize("failed", [False, True, "all"])
def test_a_failed_filter_takes_false_true_and_all(work: EngineUnitOfWork, failed: bool | str) -> None:
    network = a_network(work)
    living, dead = join(network), join(network)
    dead.fail()
    assert network.nodes(failed=failed) == {False: [living], True: [dead], "all": [living, dead]}[failed]


@pytest.mark.parametrize("asked", [Info, Network, Node])
def test_a_class_filter_must_be_of_the_family_asked_for(work: EngineUnitOfWork, asked: type) -> None:
    node = join(a_network(work))
    wrong = {Info: node.network.nodes, Network: node.infos, Node: node.transformations}[asked]
    with pytest.raises(BadRequest, match="is not a subclass of"):
        wrong(type=asked)


def test_a_class_filter_keeps_subclasses(work: EngineUnitOfWork) -> None:
    node = join(a_network(work))
    meme = Meme(origin=node, contents="m")
    Info(origin=node, contents="i")
    assert node.infos(type=Meme) == [meme]


def test_networks_have_room_for_a_million_by_default(work: EngineUnitOfWork) -> None:
    network = a_network(work)
    assert (network.max_size, network.role) == (1_000_000, "default")


WORDS: dict[type[Record], str] = {
    Participant: "participant",
    Question: "question",
    Network: "network",
    Node: "node",
    Agent: "agent",
    GeneticAgent: "genetic_agent",
    ReplicatorAgent: "replicator_agent",
    Source: "generic_source",
    RandomBinaryStringSource: "random_binary_string_source",
    Environment: "environment",
    Info: "info",
    Gene: "gene",
    Meme: "meme",
    State: "state",
    TrackingEvent: "tracking",
    Transformation: "transformation",
    Replication: "replication",
    Mutation: "mutation",
    Compression: "compression",
    Response: "response",
}


@pytest.mark.parametrize("kind", WORDS)
def test_stock_classes_have_the_documented_types(kind: type[Record]) -> None:
    assert kind.type == WORDS[kind]


def test_an_unsaved_record_says_what_to_do() -> None:
    with pytest.raises(RuleBroken, match=r"save\(\)"):
        _ = Network().work


def test_a_record_of_an_earlier_request_is_not_saved_again(work: EngineUnitOfWork) -> None:
    network = a_network(work)
    with later(work) as again, pytest.raises(RuleBroken, match="earlier request"):
        again.save(network)


def test_what_a_stored_network_remembers_is_recalled_at_once(work: EngineUnitOfWork) -> None:
    a_network(work).remember(stage="first", waiting=[7])
    with later(work) as again:
        network = again.network(1)
        assert network.recall("stage") == "first"
        network.remember(stage="second")
        assert (network.recall("stage"), network.waiting_for) == ("second", [7])


def test_recalling_copies_nothing_of_a_stored_network(work: EngineUnitOfWork) -> None:
    a_network(work).remember(stage="first")
    with later(work) as again:
        network = again.network(1)
        network.recall("stage")
        assert "structure" not in vars(network)


def test_a_record_without_values_has_no_structure_yet() -> None:
    network = Network.blank()
    assert not hasattr(network, "structure")
    with pytest.raises(AttributeError, match="Network has no structure yet"):
        network.recall("stage")


@pytest.mark.parametrize("kind", ["network", "node", "info", "participant"])
def test_an_unknown_id_is_not_found(work: EngineUnitOfWork, kind: str) -> None:
    with pytest.raises(NotFound, match=f"There is no {kind}|There is no network"):
        getattr(work, kind)(100_001)


def test_an_early_exit_is_stored_and_read_under_its_former_name(work: EngineUnitOfWork) -> None:
    person = a_person(work)
    person.early_exit_reason = "withdrawn"
    fields = record_mapping.fields_of(person)
    assert (fields["released"], "early_exit_reason" in fields) == ("withdrawn", False)
    stored = record_mapping.make_record("participant", {**fields, "v": 1})
    assert isinstance(stored, Participant)
    assert (stored.early_exit_reason, stored.released) == ("withdrawn", "withdrawn")


def test_the_former_name_of_early_exit_reason_is_an_alias() -> None:
    person = Participant("hotair", "w", "a", "h")
    person.released = "busy"
    assert person.early_exit_reason == "busy"
