"""A large run that is written straight into an engine is like one that participants have made."""

from __future__ import annotations

from pathlib import Path

from bench.dashboard.large_run import LargeRun, write_large_run
from chalicelib.export import rows
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from chalicelib.storage.unit_of_work import EngineUnitOfWork
from tests.unit.export.runs import BEGIN


def test_a_large_run_has_what_its_size_says_and_its_records_can_be_read(tmp_path: Path) -> None:
    engine = SQLiteEngine(tmp_path / "run.sqlite")
    size = LargeRun(participants=30, networks=4, nodes=3, infos=2, largest=8)
    write_large_run(engine, size)
    counts = {
        table: len(list(rows(engine, table)))
        for table in ("participant", "network", "node", "info", "vector")
    }
    assert counts == {"participant": 30, "network": 4, "node": 17, "info": 34, "vector": 13}
    assert size.all_infos == 34
    with EngineUnitOfWork(engine, BEGIN) as work:
        assert work.statuses() == {"approved": 21, "submitted": 3, "returned": 3, "working": 3}
        (network, *_) = work.networks()
        assert [node.id for node in network.nodes()] == [100_001 + index for index in range(8)]
        assert len(network.nodes()[1].infos()) == 2
        assert network.nodes()[1].neighbors(direction="from") == [network.nodes()[0]]
    engine.close()
