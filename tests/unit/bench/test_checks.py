from __future__ import annotations

from pathlib import Path

import pytest

from bench.figures.checks import Findings, check
from chalicelib.storage.engine import Put
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine

MOMENT = "2026-01-01T00:00:00.000000Z"
SOURCE, FIRST, SECOND = 100_001, 100_002, 100_003
GOOD = Findings(over_filled=0, forks=0, empty_stimuli=0, lost_infos=0, lost_completions=0, paid_twice=0)


class Written:
    """A run's file, written item by item: one chain with its source and two participants."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._engine = SQLiteEngine(path)
        self.put("network", 1, "networks", "00001", type="chain", max_size=3)
        self.put("node", SOURCE, "net#1", f"at#{SOURCE:010d}/#", type="generic_source", network_id=1)
        self.person(1, FIRST, behind=SOURCE)
        self.person(2, SECOND, behind=FIRST)

    def put(self, kind: str, id_: int, pk: str, sk: str, **fields: object) -> None:
        item = {"pk": pk, "sk": sk, "kind": kind, "v": 1, "id": id_, "creation_time": MOMENT, **fields}
        self._engine.commit([Put(item, None)])

    def person(
        self, number: int, node: int, behind: int, *, story: str = "a story", status: str = "approved"
    ) -> None:
        self.put("participant", number, f"part#{number}", "#", status=status)
        own = {"network_id": 1, "participant_id": number}
        self.put("node", node, "net#1", f"at#{node:010d}/#", type="node", **own)
        thing = node * 100_000
        vector = {"origin_id": behind, "destination_id": node, "network_id": 1}
        self.put("vector", thing + 1, "net#1", f"at#{node:010d}/vec#in#{thing + 1}", **vector)
        info = {"origin_id": behind, "network_id": 1, "contents": story}
        self.put("info", thing + 2, "net#1", f"at#{behind:010d}/info#{thing + 2}", **info)
        sent = {"info_id": thing + 2, "vector_id": thing + 1, "status": "received", **vector}
        self.put("transmission", thing + 3, "net#1", f"to#{node:010d}/{thing + 3}", **sent)

    def check(self, infos: tuple[int, ...] = (), completed: tuple[int, ...] = ()) -> Findings:
        self._engine.close()
        return check(self.path, infos, completed)


@pytest.fixture
def written(tmp_path: Path) -> Written:
    return Written(tmp_path / "run.sqlite")


def test_nothing_is_found_in_a_good_chain(written):
    assert written.check() == GOOD


def test_a_network_above_its_size_is_over_filled(written):
    written.person(3, 100_004, behind=SECOND)
    assert written.check().over_filled == 1


def test_a_chain_node_with_two_children_is_a_fork(written):
    written.person(3, 100_004, behind=FIRST)
    assert written.check().forks == 1


def test_two_children_of_a_burst_are_not_a_fork(tmp_path):
    written = Written(tmp_path / "burst.sqlite")
    written.put("network", 2, "networks", "00002", type="burst", max_size=9)
    for node in (200_002, 200_003):
        vector = {"origin_id": 200_001, "destination_id": node, "network_id": 2}
        written.put("vector", node * 100_000, "net#2", f"at#{node:010d}/vec#in#{node}", **vector)
    assert written.check().forks == 0


def test_a_participant_who_received_only_an_empty_text_has_an_empty_stimulus(written):
    written.person(3, 100_004, behind=SECOND, story="")
    assert written.check().empty_stimuli == 1


def test_an_info_that_was_answered_and_is_not_there_is_lost(written):
    assert written.check(infos=(FIRST * 100_000 + 2, 999)).lost_infos == 1


def test_a_participant_who_completed_and_is_still_working_is_lost(written):
    written.person(3, 100_004, behind=SECOND, status="working")
    assert written.check(completed=(1, 2, 3)).lost_completions == 1


def test_two_payments_of_one_kind_are_paying_twice(written):
    for number, place in enumerate(("payment#base", "payment#again")):
        written.put("payment", number, "part#1", place, participant_id=1, payment_kind="base")
    assert written.check().paid_twice == 1


def test_a_run_with_a_fork_is_not_clean(written):
    written.person(3, 100_004, behind=FIRST)
    assert not written.check().is_clean
