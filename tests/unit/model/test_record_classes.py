"""Classes of records: found by their words, Petri's own or an author's, and their cascades."""

from __future__ import annotations

import pytest

from chalicelib.experiment.infos import Meme
from chalicelib.model.info import Info
from chalicelib.model.node import Node
from chalicelib.model.record import Cascade
from chalicelib.model.record_classes import (
    all_cascades_are_default,
    class_for_type,
    clear_cache,
    has_default_cascade,
    is_petris,
)
from chalicelib.model.run_records import MAX_VISITS, payment_id, payment_kinds, visit_kind, visit_of
from chalicelib.storage.unit_of_work import EngineUnitOfWork
from tests.unit.model.things import Story, a_network, join


def test_petris_classes_are_told_from_an_experiments() -> None:
    assert [is_petris(cls) for cls in (Info, Meme, Story)] == [True, True, False]


def test_a_word_of_petris_means_petris_class(own_classes: None) -> None:
    type("Imitation", (Info,), {"type": "meme", "__module__": __name__})
    clear_cache()
    assert class_for_type(Info, "meme") is Meme


def test_of_two_classes_with_one_word_the_newest_is_meant(own_classes: None) -> None:
    older, newest = (type("Rumour", (Info,), {"type": "rumour", "__module__": __name__}) for _ in range(2))
    clear_cache()
    assert older is not newest
    # The second call finds the class in the cache.
    assert [class_for_type(Info, "rumour") for _ in range(2)] == [newest, newest]


def test_the_newest_class_of_a_word_is_meant_wherever_it_is_in_the_tree(own_classes: None) -> None:
    first, second = (type(name, (Info,), {"__module__": __name__}) for name in ("First", "Second"))
    type("Rumour", (second,), {"type": "rumour", "__module__": __name__})
    newest = type("Rumour", (first,), {"type": "rumour", "__module__": __name__})
    clear_cache()
    assert class_for_type(Info, "rumour") is newest


def test_a_word_of_another_family_means_the_base_class() -> None:
    assert [class_for_type(Info, "info"), class_for_type(Node, "meme"), class_for_type(Node, "gone")] == [
        Info,
        Node,
        Node,
    ]


def test_a_class_is_found_that_is_defined_after_its_word_was_asked_for(own_classes: None) -> None:
    assert class_for_type(Info, "late") is Info
    late = type("Late", (Info,), {"type": "late", "__module__": __name__})
    assert class_for_type(Info, "late") is late


def test_a_class_that_overrides_nothing_has_the_default_cascade(
    work: EngineUnitOfWork, own_classes: None
) -> None:
    class Plain(Node):
        type = "plain"

    network = a_network(work)
    assert has_default_cascade(join(network, Plain))
    assert has_default_cascade(join(network))
    assert all_cascades_are_default()


def test_a_class_whose_parent_overrides_the_cascade_has_another(
    work: EngineUnitOfWork, own_classes: None
) -> None:
    class Sparing(Node):
        type = "sparing"

        @property
        def failure_cascade(self) -> Cascade:
            return []

    class Child(Sparing):
        type = "child"

    assert not has_default_cascade(join(a_network(work), Child))
    assert not all_cascades_are_default()


# -- payments ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "visit"),
    [
        ("visit-2", 2),
        ("visit-9999", 9999),
        # A payment's id has no room for more visits.
        ("visit-10000", None),
        ("visit-1", None),
        ("visit-0", None),
        ("visit-02", None),
        ("visit-", None),
        ("visit-x", None),
        ("visit-²", None),
        ("visit-٣", None),
        ("visit-2000000002", None),
        ("base", None),
        ("2", None),
        ("2visit-", None),
    ],
)
def test_only_the_kinds_of_later_visits_have_a_number(kind: str, visit: int | None) -> None:
    assert visit_of(kind) == visit


def test_a_participant_can_have_a_payment_for_each_later_visit() -> None:
    first = ("base", "bonus", "compensation", "screen-out")
    assert (payment_kinds(1), payment_kinds(3)) == (first, (*first, "visit-2", "visit-3"))


def test_the_id_of_a_payment_follows_from_the_participant_and_the_kind() -> None:
    kinds = payment_kinds(2)
    assert [payment_id(7, kind) for kind in kinds] == [71, 72, 73, 74, 700029]
    newest = [payment_id(person, visit_kind(MAX_VISITS - 1)) for person in (7, 8)]
    assert newest == [799999, 899999]
