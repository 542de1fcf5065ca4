"""Summarizes a run: participants by status, filled networks and hourly pay."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chalicelib.model.statuses import ParticipantStatus

from .fairness import HourlyPay, hourly_pay


@dataclass(frozen=True)
class Summary:
    """The summary of one run."""

    statuses: Mapping[str, int]
    networks: int
    networks_full: int
    #: None until a participant has earned pay.
    pay: HourlyPay | None = None

    @property
    def participants(self) -> int:
        """The total number of participants."""
        return sum(self.statuses.values())

    @property
    def yielded(self) -> float:
        """The share of participants whose submission was approved, from 0 to 1."""
        return (
            self.statuses.get(ParticipantStatus.APPROVED, 0) / self.participants if self.participants else 0.0
        )


def summary_of(
    participants: Iterable[Mapping[str, Any]],
    networks: Iterable[Mapping[str, Any]],
    payments: Iterable[Mapping[str, Any]] = (),
) -> Summary:
    """Count rows of the participant, network and payment tables."""
    people = list(participants)
    full = [network["full"] in {True, "True"} for network in networks]
    statuses = Counter(str(participant["status"]) for participant in people)
    return Summary(dict(sorted(statuses.items())), len(full), sum(full), hourly_pay(people, payments))


def summary_of_file(database: Path) -> Summary:
    """Summarize a run's SQLite file, which may be in use; PetriError for a file that can't be read."""
    try:
        participants, networks, payments = _rows(database)
    except sqlite3.DatabaseError as error:
        # Lazy import: only needed for a file that can't be read.
        from chalicelib.storage.sqlite.sqlite_engine import why_unusable

        raise why_unusable(database, error) from error
    return summary_of(map(dict, participants), map(dict, networks), map(dict, payments))


def _rows(database: Path) -> tuple[list[sqlite3.Row], list[sqlite3.Row], list[sqlite3.Row]]:
    with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        participants = connection.execute(
            "SELECT id, status, recruiter, creation_time, end_time, details FROM participant"
        ).fetchall()
        networks = connection.execute("SELECT full FROM network").fetchall()
        payments = connection.execute("SELECT participant_id, kind, amount, status FROM payment").fetchall()
    return participants, networks, payments
