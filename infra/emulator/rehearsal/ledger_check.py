"""Compares Petri's ledger with the payments from the requester's account."""

from __future__ import annotations

import csv
import io
import zipfile
from collections import Counter
from decimal import Decimal
from pathlib import Path

from chalicelib.model.run_records import visit_of
from chalicelib.model.statuses import PaymentStatus
from infra.emulator.mturk import Books

Sum = tuple[str, str, Decimal]
#: What Petri calls what Mechanical Turk calls otherwise.
KINDS = {"base": "reward", "bonus": "bonus"}


def table(archive: Path, name: str) -> list[dict[str, str]]:
    """Return the rows of an exported table."""
    with zipfile.ZipFile(archive) as exported:
        text = exported.read(f"data/{name}.csv").decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def differences(archive: Path, books: Books) -> list[str]:
    """Return the differences between ledger and books, with each sum once for each assignment."""
    assignments = {row["id"]: row["assignment_id"] for row in table(archive, "participant")}
    recorded = Counter(
        (_kind_in_books(row["kind"]), assignments[row["participant_id"]], Decimal(row["amount"]))
        for row in table(archive, "payment")
        if row["status"] == PaymentStatus.PAID
    )
    paid = Counter((one.kind, one.assignment, one.amount) for one in books.entries)
    missing = [f"not in the books: {_described(one)}" for one in (recorded - paid).elements()]
    extra = [f"not in the ledger: {_described(one)}" for one in (paid - recorded).elements()]
    unpaid = [
        f"still {row['status']}: {row['kind']} of ${row['amount']} for participant {row['participant_id']}"
        for row in table(archive, "payment")
        if row["status"] != PaymentStatus.PAID
    ]
    return [*missing, *extra, *unpaid]


def _kind_in_books(kind: str) -> str:
    """Return what Mechanical Turk calls a kind of payment: what later sessions pay is a bonus."""
    return KINDS.get(kind, kind) if visit_of(kind) is None else "bonus"


def _described(one: Sum) -> str:
    kind, assignment, amount = one
    return f"{kind} of ${amount} for {assignment}"
