"""Checks the integrity of a run's file after a benchmark."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

OVER_FILLED = """
    SELECT network.id FROM network JOIN node ON node.network_id = network.id
    WHERE NOT node.failed GROUP BY network.id HAVING count(*) > network.max_size
"""
FORKS = """
    SELECT vector.origin_id FROM vector JOIN network ON network.id = vector.network_id
    WHERE network.type = 'chain' AND NOT vector.failed GROUP BY vector.origin_id HAVING count(*) > 1
"""
#: Each view is read once: views have no index, and joining two with ten thousand rows takes hours.
EMPTY_STIMULI = """
    WITH said AS MATERIALIZED (SELECT id FROM info WHERE contents <> ''),
    heard AS MATERIALIZED (SELECT destination_id, info_id FROM transmission WHERE status = 'received')
    SELECT node.id FROM node
    WHERE node.participant_id IS NOT NULL AND NOT node.failed AND node.id NOT IN (
        SELECT heard.destination_id FROM heard WHERE heard.info_id IN (SELECT id FROM said)
    )
"""
NOT_APPROVED = """
    SELECT id FROM participant WHERE status <> 'approved'
"""
PAID_TWICE = """
    SELECT participant_id FROM payment GROUP BY participant_id, kind HAVING count(*) > 1
"""


@dataclass(frozen=True)
class Findings:
    """Counts of each kind of violation; all zeros for a correct run."""

    over_filled: int
    forks: int
    empty_stimuli: int
    lost_infos: int
    lost_completions: int
    paid_twice: int

    @property
    def is_clean(self) -> bool:
        return not any(vars(self).values())


def check(database: Path, infos: Collection[int], completed: Collection[int]) -> Findings:
    """Check a run's file; `infos` and `completed` are the ids that the server acknowledged."""
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as file:

        def ids(query: str) -> list[int]:
            return [row[0] for row in file.execute(query)]

        return Findings(
            over_filled=len(ids(OVER_FILLED)),
            forks=len(ids(FORKS)),
            empty_stimuli=len(ids(EMPTY_STIMULI)),
            lost_infos=len(set(infos).difference(ids("SELECT id FROM info"))),
            lost_completions=len(set(completed).intersection(ids(NOT_APPROVED))),
            paid_twice=len(ids(PAID_TWICE)),
        )
