"""What a unit of work writes when it ends without a commit."""

from __future__ import annotations

import pytest

from chalicelib.errors import Conflict
from chalicelib.storage.engine import Engine
from tests.contract.factories import begin, dump
from tests.tools.engines import Crash, FailingEngine

ONE, TWO = ("a", "1"), ("a", "2")
BOTH = [(ONE, "draws", {"count": 1}), (TWO, "draws", {"count": 2})]


def test_a_unit_that_ends_without_a_commit_writes_them(engine: Engine) -> None:
    with begin(engine) as work:
        work.write_if_discarded(BOTH)
        assert dump(engine) == {}
    assert {key: item["count"] for key, item in dump(engine).items()} == {ONE: 1, TWO: 2}


def test_a_unit_that_fails_writes_them_and_its_error_propagates(engine: Engine) -> None:
    with pytest.raises(Conflict, match="lost"), begin(engine) as work:  # noqa: PT012 - the unit is the block
        work.write_if_discarded(BOTH)
        raise Conflict("The race was lost.")
    assert set(dump(engine)) == {ONE, TWO}


def test_a_unit_that_commits_does_not_write_them(engine: Engine) -> None:
    with begin(engine) as work:
        work.write_if_discarded(BOTH)
        work.put_item(ONE, "draws", {"count": 9})
        work.commit()
    assert {key: item["count"] for key, item in dump(engine).items()} == {ONE: 9}


def test_none_of_a_list_is_written_when_one_of_them_exists(engine: Engine) -> None:
    with begin(engine) as work:
        work.put_item(TWO, "draws", {"count": 9})
        work.commit()
    with begin(engine) as work:
        work.write_if_discarded(BOTH)
        work.write_if_discarded([(("a", "3"), "draws", {"count": 3})])
    assert {key[1]: item["count"] for key, item in dump(engine).items()} == {"2": 9, "3": 3}


def test_a_process_that_dies_writes_nothing(engine: Engine) -> None:
    failing = FailingEngine(engine, fail_at=1)
    with pytest.raises(Crash), begin(failing) as work:  # type: ignore[arg-type] # noqa: PT012 - the unit is the block
        work.write_if_discarded(BOTH)
        work.put_item(ONE, "draws", {"count": 9})
        work.commit()
    assert dump(engine) == {}
