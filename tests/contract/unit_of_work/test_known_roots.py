"""A process's cache of networks can't be changed by a unit of work."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from chalicelib.experiment.networks import Chain
from chalicelib.model.network import Network
from chalicelib.storage.engine import Engine
from chalicelib.storage.engine_store import EngineStore
from chalicelib.storage.unit_of_work import EngineUnitOfWork


@pytest.fixture
def store(engine: Engine) -> EngineStore:
    """A store that holds three chains and has listed them."""
    store = EngineStore(engine)
    with unit(store) as work:
        for _ in range(3):
            chain = Chain(max_size=4)
            chain.details = {"story": {"words": [1, 2]}}
            work.save(chain)
        work.commit()
    with unit(store) as work:
        work.networks()
    return store


def unit(store: EngineStore) -> EngineUnitOfWork:
    return store.begin(datetime.now(UTC))


def first(work: EngineUnitOfWork) -> Network:
    return work.networks()[0]


def by_hand(network: Network) -> None:
    network.details["story"]["words"].append(3)


def by_structure(network: Network) -> None:
    network.structure["waiting"] = [100_001]


def by_attribute(network: Network) -> None:
    network.role = "practice"


CHANGES = [by_hand, by_structure, by_attribute]


def shown(network: Network) -> tuple[object, ...]:
    return network.details, network.structure, network.role, network.failed_nodes


@pytest.mark.parametrize("change", CHANGES)
def test_an_uncommitted_change_is_discarded(store: EngineStore, change: Callable[[Network], None]) -> None:
    with unit(store) as work:
        before = shown(first(work))
    with unit(store) as work:
        change(first(work))
    with unit(store) as work:
        assert shown(first(work)) == before


def test_details_changed_in_place_are_written(store: EngineStore) -> None:
    with unit(store) as work:
        by_hand(first(work))
        work.commit()
    with unit(store) as work:
        assert first(work).details == {"story": {"words": [1, 2, 3]}}


def test_a_listing_shows_what_another_process_changed(store: EngineStore, engine: Engine) -> None:
    with unit(EngineStore(engine)) as work:
        first(work).role = "practice"
        work.commit()
    with unit(store) as work:
        assert [network.role for network in work.networks()] == ["practice", "default", "default"]


def test_a_listing_shows_a_network_that_another_process_made(store: EngineStore, engine: Engine) -> None:
    with unit(EngineStore(engine)) as work:
        work.save(Chain(max_size=2))
        work.commit()
    with unit(store) as work:
        assert [network.max_size for network in work.networks()] == [4, 4, 4, 2]


def test_looking_at_a_network_writes_nothing(store: EngineStore) -> None:
    with unit(store) as work:
        seen = [shown(network) for network in work.networks()]
        work.commit()
        assert len(seen) == 3
    with unit(store) as work:
        assert [network._version for network in work.networks()] == [1, 1, 1]


def test_two_units_at_once_share_no_object(store: EngineStore) -> None:
    with unit(store) as one, unit(store) as other:
        by_hand(first(one))
        assert first(other).details == {"story": {"words": [1, 2]}}
