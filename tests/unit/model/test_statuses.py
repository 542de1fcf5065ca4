"""Allowed transitions of statuses, and the errors for all others."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from enum import StrEnum
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from chalicelib.errors import RuleBroken
from chalicelib.model import statuses
from chalicelib.model.participant import Participant
from chalicelib.model.run_records import Payment
from chalicelib.model.statuses import (
    PARTICIPANT_TRANSITIONS,
    PAYMENT_TRANSITIONS,
    TRANSMISSION_TRANSITIONS,
    ParticipantStatus,
    PaymentStatus,
    TransmissionStatus,
    check_transition,
    require_reachable,
)
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from chalicelib.storage.unit_of_work import EngineUnitOfWork
from tests.unit.model.things import NOW

ROOT = Path(__file__).resolve().parents[3]
TABLES: list[tuple[type[StrEnum], Mapping[Any, frozenset[Any]]]] = [
    (ParticipantStatus, PARTICIPANT_TRANSITIONS),
    (PaymentStatus, PAYMENT_TRANSITIONS),
    (TransmissionStatus, TRANSMISSION_TRANSITIONS),
]
PAIRS = [
    pytest.param(table, current, to, id=f"{kind.__name__}-{current}-{to}")
    for kind, table in TABLES
    for current, to in product(kind, kind)
]


@pytest.mark.parametrize(("table", "current", "to"), PAIRS)
def test_a_status_changes_only_as_the_table_allows(table: Any, current: StrEnum, to: StrEnum):
    if to == current or to in table.get(current, ()):
        assert type(check_transition(table, current.value, to)) is str
    else:
        with pytest.raises(RuleBroken, match=rf"can't change from {current} to {to}: "):
            check_transition(table, current.value, to)


def test_a_refusal_names_the_statuses_that_are_possible():
    participant = Participant()
    participant.change_status(ParticipantStatus.SUBMITTED)
    with pytest.raises(RuleBroken, match="it can become approved, bad_data, did_not_attend, rejected"):
        participant.change_status(ParticipantStatus.RETURNED)
    assert participant.status == "submitted"


def test_a_refused_change_of_a_final_status_says_that_it_is_final():
    payment = Payment(1, "base", 1)  # type: ignore[arg-type]
    payment.change_status(PaymentStatus.PAID)
    with pytest.raises(RuleBroken, match="payment can't change from paid to due: paid is final"):
        payment.change_status(PaymentStatus.DUE)


def test_records_keep_plain_strings():
    participant, payment = Participant(), Payment(1, "base", 1)  # type: ignore[arg-type]
    participant.change_status(ParticipantStatus.SUBMITTED)
    kinds = {type(status) for status in (Participant.status, participant.status, payment.status)}
    assert kinds == {str}


# -- what an author's code assigns ------------------------------------------------------------------


def stored(engine: SQLiteEngine, status: str) -> int:
    with EngineUnitOfWork(engine, NOW) as work:
        participant = Participant(worker_id="w", assignment_id="a")
        work.save(participant)
        participant.status = status
        work.commit()
        return int(participant.id)


def assign(engine: SQLiteEngine, participant_id: int, status: str) -> None:
    with EngineUnitOfWork(engine, NOW) as work:
        work.participant(participant_id).status = status
        work.commit()


def test_an_author_can_assign_a_status_that_transitions_lead_to(engine: SQLiteEngine):
    participant_id = stored(engine, "working")
    assign(engine, participant_id, "approved")
    with EngineUnitOfWork(engine, NOW) as work:
        assert work.participant(participant_id).status == "approved"


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("approved", "working", "approved is final"),
        ("submitted", "returned", "it can become approved, bad_data"),
        ("working", "aproved", "'aproved' is not a valid status; use one of working, overrecruited"),
    ],
)
def test_a_commit_refuses_a_status_that_no_transitions_lead_to(
    engine: SQLiteEngine, before: str, after: str, reason: str
):
    participant_id = stored(engine, before)
    with pytest.raises(RuleBroken, match=reason):
        assign(engine, participant_id, after)
    with EngineUnitOfWork(engine, NOW) as work:
        assert work.participant(participant_id).status == before


def test_a_status_that_an_older_version_stored_can_stay():
    require_reachable(PARTICIPANT_TRANSITIONS, "of old", "of old")


# -- the code of the platform -----------------------------------------------------------------------


def platform_modules() -> Iterator[tuple[Path, ast.Module]]:
    for folder in ("chalicelib", "infra", "petri"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT), ast.parse(path.read_text(encoding="utf-8"))


MODULES = list(platform_modules())
#: Resources of the AWS emulator have statuses of AWS.
OTHER_STATUSES = Path("infra/emulator/shims")
HOME = Path("chalicelib/model")
#: Words that only statuses of records use; the vendors' own words are written in capitals.
WORDS = {"did_not_attend", "bad_data", "missing_notification", "screened_out", "abandoned"}


def test_the_platform_assigns_statuses_in_the_model_alone():
    found = [
        f"{path}:{node.lineno}"
        for path, tree in MODULES
        if HOME not in path.parents and OTHER_STATUSES not in path.parents
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "status" and isinstance(node.ctx, ast.Store)
        if not (isinstance(node.value, ast.Name) and node.value.id == "self")
    ]
    assert found == []


def test_the_platform_writes_no_word_of_a_status_a_second_time():
    found = [
        f"{path}:{node.lineno} {node.value}"
        for path, tree in MODULES
        if path != Path(statuses.__file__).relative_to(ROOT)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and node.value in WORDS
    ]
    assert found == ["infra/emulator/mturk/things.py:" + line for line in _of_the_emulator()]


def _of_the_emulator() -> list[str]:
    """The enum of Mechanical Turk's emulator, which has statuses of its own."""
    lines = (ROOT / "infra/emulator/mturk/things.py").read_text(encoding="utf-8").splitlines()
    return [f"{n} abandoned" for n, line in enumerate(lines, 1) if line.strip() == 'ABANDONED = "abandoned"']
