"""Payments at the operator's word: tried again, released, and compared with the recruiters' books."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from chalicelib.errors import PetriError
from chalicelib.model.statuses import PAYMENT_IN_PROGRESS, PAYMENT_STOPPED, PaymentStatus
from chalicelib.operations.payment import operator_actions
from chalicelib.operations.payment.ledger import BASE
from chalicelib.operations.payment.operator_actions import PaymentEntry, PaymentFilter, PaymentQuery
from chalicelib.operations.shared.context import Context
from chalicelib.ports import Recruiter
from chalicelib.services import App


@dataclass(frozen=True)
class Difference:
    """Where the ledger and a recruiter's books don't agree, or can't be compared."""

    entry: PaymentEntry
    #: What the recruiter says.
    found: str
    #: What was done about it, or is to be done.
    repair: str


@dataclass(frozen=True)
class Comparison:
    """What comparing the books came to."""

    compared: int
    #: Payments of recruiters that keep no books.
    without_books: int
    differences: list[Difference]

    @property
    def sent_again(self) -> int:
        """How many are on their way once more."""
        return sum(each.repair == _DONE[_SEND] for each in self.differences)


def retry(app: App, wanted: PaymentFilter, *, dry_run: bool) -> list[PaymentEntry]:
    """Have payments that are due or being sent tried again; return them."""
    return _each(app, wanted, PAYMENT_IN_PROGRESS, operator_actions.retry_payment, dry_run=dry_run)


def release(app: App, wanted: PaymentFilter, *, dry_run: bool) -> list[PaymentEntry]:
    """Have held and refused payments sent after all; return them."""
    return _each(app, wanted, PAYMENT_STOPPED, operator_actions.release_payment, dry_run=dry_run)


def _each(
    app: App,
    wanted: PaymentFilter,
    statuses: frozenset[PaymentStatus],
    act: Callable[[Context, int, str], bool],
    *,
    dry_run: bool,
) -> list[PaymentEntry]:
    meant = [each for each in app.run(operator_actions.list_payments, wanted) if each.status in statuses]
    if dry_run:
        return meant
    return [each for each in meant if app.run(act, each.participant_id, each.kind)]


def reconcile(app: App, wanted: PaymentFilter, *, dry_run: bool) -> Comparison:
    """Ask each recruiter about its payments, and mend what is certain.

    Found in its books: the ledger says so from now on. Not found though it should have been sent a while
    ago: it is sent again, with the same token. Everything else is for the operator to judge.
    """
    questions = app.run(operator_actions.list_payment_queries, wanted)
    found = [_compared(app, question) for question in questions]
    differences = [each for each in found if isinstance(each, Difference)]
    if not dry_run:
        differences = list(_repaired(app, differences))
    without_books = found.count(_NO_BOOKS)
    return Comparison(len(found) - without_books, without_books, differences)


#: What comparing comes to where there is nothing to compare with.
_NO_BOOKS = "no books"
_NOTE, _SEND = "note it as paid", "send it again"


def _compared(app: App, question: PaymentQuery) -> Difference | str | None:
    entry = question.entry
    try:
        recruiter = app.recruiters.named(entry.recruiter)
        if recruiter.capabilities.auto_submits:
            return _NO_BOOKS
        reference = recruiter.find_payment(question.transfer)
        if reference is not None:
            known = replace(entry, reference=reference)
            return None if entry.status == PaymentStatus.PAID else Difference(known, "it was paid", _NOTE)
        return _not_found(entry, recruiter, question)
    except PetriError as error:
        return Difference(entry, f"it couldn't be asked: {error}", "ask again later")


def _not_found(entry: PaymentEntry, recruiter: Recruiter, question: PaymentQuery) -> Difference | None:
    assignment_status = ""
    if entry.kind == BASE:
        known = recruiter.assignment_status(question.transfer.assignment_id, question.recruiter_state)
        assignment_status = f", the assignment is {known or 'unknown there'}"
    if entry.status == PaymentStatus.PAID:
        return Difference(
            entry, f"it wasn't paid{assignment_status}", "look for it in the recruiter's own pages"
        )
    if entry.is_stuck:
        return Difference(entry, f"it wasn't paid{assignment_status}", _SEND)
    return None


def _repaired(app: App, differences: list[Difference]) -> Iterator[Difference]:
    for each in differences:
        whose = (each.entry.participant_id, each.entry.kind)
        done = False
        if each.repair == _NOTE:
            done = app.run(operator_actions.record_found_payment, *whose, each.entry.reference or "")
        elif each.repair == _SEND:
            done = app.run(operator_actions.retry_payment, *whose)
        yield replace(each, repair=_DONE[each.repair]) if done else each


_DONE = {_NOTE: "noted as paid", _SEND: "sent again"}
