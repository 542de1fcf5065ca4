"""Retries and releases payments, and reconciles them with the recruiters' records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from chalicelib.errors import PetriError
from chalicelib.model.run_records import BASE
from chalicelib.model.statuses import PAYMENT_IN_PROGRESS, PAYMENT_STOPPED, PaymentStatus
from chalicelib.operations.payment import operator_actions
from chalicelib.operations.payment.operator_actions import PaymentEntry, PaymentFilter, PaymentQuery
from chalicelib.operations.shared.context import OPERATOR_CALLER, Context
from chalicelib.ports import Recruiter
from chalicelib.services import App


@dataclass(frozen=True)
class Difference:
    """A payment on which the ledger and the recruiter disagree, or which can't be compared."""

    entry: PaymentEntry
    #: What the recruiter reports.
    found: str
    #: How the difference was fixed, or is to be fixed.
    repair: str


@dataclass(frozen=True)
class Comparison:
    """The result of a reconciliation."""

    compared: int
    #: Payments of recruiters without payment records.
    without_books: int
    differences: list[Difference]

    @property
    def sent_again(self) -> int:
        """The number of payments that were sent again."""
        return sum(each.repair == _DONE[_SEND] for each in self.differences)


def retry(app: App, chosen: PaymentFilter, *, dry_run: bool) -> list[PaymentEntry]:
    """Retry payments that are due or being sent, and return them."""
    return _each(app, chosen, PAYMENT_IN_PROGRESS, operator_actions.retry_payment, dry_run=dry_run)


def release(app: App, chosen: PaymentFilter, *, dry_run: bool) -> list[PaymentEntry]:
    """Release held and refused payments, and return them."""
    return _each(app, chosen, PAYMENT_STOPPED, operator_actions.release_payment, dry_run=dry_run)


def _each(
    app: App,
    chosen: PaymentFilter,
    statuses: frozenset[PaymentStatus],
    act: Callable[[Context, int, str], bool],
    *,
    dry_run: bool,
) -> list[PaymentEntry]:
    selected = [
        each
        for each in app.run(operator_actions.list_payments, chosen, caller=OPERATOR_CALLER)
        if each.status in statuses
    ]
    if dry_run:
        return selected
    return [each for each in selected if app.run(act, each.participant_id, each.kind, caller=OPERATOR_CALLER)]


def reconcile(app: App, chosen: PaymentFilter, *, dry_run: bool) -> Comparison:
    """Compare the ledger with each recruiter's records, and fix what is certain.

    A payment that the recruiter has is recorded as paid. One that is stuck and that the recruiter doesn't
    have is sent again, with the same token. Everything else is left to the operator.
    """
    questions = app.run(operator_actions.list_payment_queries, chosen, caller=OPERATOR_CALLER)
    found = [_compared(app, question) for question in questions]
    differences = [each for each in found if isinstance(each, Difference)]
    if not dry_run:
        differences = list(_repaired(app, differences))
    without_books = found.count(_NO_BOOKS)
    return Comparison(len(found) - without_books, without_books, differences)


#: The result for recruiters without payment records.
_NO_BOOKS = "no books"
_NOTE, _SEND = "record it as paid", "send it again"


def _compared(app: App, question: PaymentQuery) -> Difference | str | None:
    entry = question.entry
    try:
        recruiter = app.recruiters.named(entry.recruiter)
        if recruiter.capabilities.auto_submits:
            return _NO_BOOKS
        reference = recruiter.find_payment(question.transfer)
        if reference is not None:
            known = replace(entry, reference=reference)
            return None if entry.status == PaymentStatus.PAID else Difference(known, "paid", _NOTE)
        return _not_found(entry, recruiter, question)
    except PetriError as error:
        return Difference(entry, f"couldn't be queried: {error}", "retry later")


def _not_found(entry: PaymentEntry, recruiter: Recruiter, question: PaymentQuery) -> Difference | None:
    assignment_status = ""
    if entry.kind == BASE:
        known = recruiter.assignment_status(question.transfer.assignment_id, question.recruiter_state)
        assignment_status = f"; the assignment is {known or 'unknown'}"
    if entry.status == PaymentStatus.PAID:
        return Difference(entry, f"not paid{assignment_status}", "check the recruiter's website")
    if entry.is_stuck:
        return Difference(entry, f"not paid{assignment_status}", _SEND)
    return None


def _repaired(app: App, differences: list[Difference]) -> Iterator[Difference]:
    for each in differences:
        whose = (each.entry.participant_id, each.entry.kind)
        done = False
        if each.repair == _NOTE:
            done = app.run(
                operator_actions.record_found_payment,
                *whose,
                each.entry.reference or "",
                caller=OPERATOR_CALLER,
            )
        elif each.repair == _SEND:
            done = app.run(operator_actions.retry_payment, *whose, caller=OPERATOR_CALLER)
        yield replace(each, repair=_DONE[each.repair]) if done else each


_DONE = {_NOTE: "recorded as paid", _SEND: "sent again"}
