"""The real host for a person's walk: `petri debug` in a process of its own, and the file that it writes."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.demos.serving import serving


@dataclass(frozen=True)
class Host:
    """An experiment that is being served, and what it has stored."""

    address: str
    folder: Path

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """Read the run's file while the host is writing it, through the documented views."""
        (file,) = self.folder.glob("runs/*.sqlite")
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(query, values)]

    def participant(self, worker: str) -> dict[str, Any]:
        """Return the one participant of a worker, with what they agreed to."""
        (found,) = self.rows("select * from participant where worker_id = ?", worker)
        return {**found, "consent": json.loads(found["consent"])}

    def nodes(self, worker: str) -> list[dict[str, Any]]:
        return self._at("node on node.participant_id", "node.*", worker)

    def payments(self, worker: str) -> list[dict[str, Any]]:
        return self._at("payment on payment.participant_id", "payment.*", worker)

    def questions(self, worker: str) -> list[dict[str, Any]]:
        return self._at("question on question.participant_id", "question.*", worker)

    def written(self, worker: str) -> list[str]:
        """What the worker wrote, oldest first."""
        nodes = "node on node.participant_id = participant.id join info on info.origin_id"
        return [info["contents"] for info in self._at(nodes, "info.*", worker, key="node.id")]

    def _at(self, table: str, columns: str, worker: str, key: str = "participant.id") -> list[dict[str, Any]]:
        query = f"select {columns} from participant join {table} = {key} where worker_id = ?"  # noqa: S608 - own words
        return self.rows(f"{query} order by 2", worker)


@contextmanager
def hosting(experiment: Path, folder: Path, **settings: str) -> Iterator[Host]:
    """Serve an experiment's folder for people, from another folder that it may fill."""
    with serving(str(experiment), folder, **settings) as address:
        yield Host(address, folder)
