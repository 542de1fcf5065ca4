"""Money: the ledger, what needs a person, the caps, the recruiters' fees, and the pay per hour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlencode

from chalicelib import services
from chalicelib.access.rights import Right
from chalicelib.currency import currency_of
from chalicelib.dashboard.page_call import DashboardPage, PageCall, Rendered, redirect
from chalicelib.dashboard.record_notes import VERBS, NotedRecord, act_on_note, notes_of
from chalicelib.dashboard.rendering import render
from chalicelib.errors import BadRequest, NotFound
from chalicelib.model.statuses import PAYMENT_IN_PROGRESS, PAYMENT_STOPPED, PAYMENT_UNSETTLED, PaymentStatus
from chalicelib.operations.management.notes import NoteAbout

_ADDRESS: Final = "/dashboard/money"
#: The segment that stands for the payments that were selected in the list.
SELECTED: Final = "selected"
#: How many payments one action is about.
MOST_SELECTED: Final = 100


@dataclass(frozen=True, slots=True)
class PaymentAction:
    """What a person can do about payments."""

    title: str
    #: What happens, for the page that asks before it.
    effect: str
    #: The statuses of the payments for which it makes sense.
    statuses: frozenset[PaymentStatus]
    #: What the form asks for.
    fields: tuple[str, ...] = ()
    tone: str = "primary"


ACTIONS: Final[Mapping[str, PaymentAction]] = MappingProxyType(
    {
        "retry": PaymentAction(
            "Retry",
            "Sends the payment again at once. The recruiter is asked first whether it was made, so "
            "it isn't made twice.",
            PAYMENT_IN_PROGRESS,
        ),
        "release": PaymentAction(
            "Release",
            "Sends a payment that is held or was refused. If the cause is still there, it stops again.",
            PAYMENT_STOPPED,
        ),
        "resolve": PaymentAction(
            "Record as paid",
            "For a payment that you made without Petri, such as on the recruiter's own pages. Petri doesn't "
            "send it any more, and this can't be undone.",
            PAYMENT_UNSETTLED,
            ("reference", "reason"),
            "danger",
        ),
    }
)


def show_money(call: PageCall) -> Rendered:
    """Show the ledger, one payment, or the page that asks before an action; or carry it out."""
    if call.id is None:
        return _list(call)
    if call.part is None:
        return _one(call, call.id)
    if call.part in VERBS:
        return act_on_note(call, _noted(call.id), call.part)
    action = ACTIONS.get(call.part)
    if action is None:
        raise NotFound("This page has no such action.")
    ids = _ids(call)
    if call.method == "POST":
        return _act(call, call.part, action, ids)
    return _ask(call, action, ids)


def _list(call: PageCall) -> Rendered:
    status = call.one("status") or None
    if status is not None and status not in set(PaymentStatus):
        raise BadRequest(f"{status[:40]!r} is not a status of payments.")
    after = call.one("after") or None
    ledger = call.run(
        "payments.list", status=status and PaymentStatus(status), after=after, limit=call.rows(50)
    )
    given = {"status": status} if status else {}
    return render(
        "money.html",
        call,
        money=call.run("money.read"),
        ledger=ledger,
        wanted=status,
        currency=currency_of(services.current().config),
        actions=ACTIONS if call.actor.may(Right.PAY) else {},
        is_first=after is None,
        query=urlencode(given),
        next=f"{_ADDRESS}?{urlencode({**given, 'after': ledger.next})}" if ledger.next else None,
    )


def _one(call: PageCall, payment_id: str) -> Rendered:
    found = call.run("payments.read", id=payment_id)
    possible = ACTIONS if call.actor.may(Right.PAY) else {}
    return render(
        "payment.html",
        call,
        payment=found.payment,
        transitions=list(reversed(found.transitions)),
        **notes_of(call, _noted(found.payment.id)),
        actions={verb: one for verb, one in possible.items() if found.payment.status in one.statuses},
        said=ACTIONS[call.one("said")].title if call.one("said") in ACTIONS else "",
    )


def _noted(payment_id: str) -> NotedRecord:
    title, address = f"Payment {payment_id}", f"{_ADDRESS}/{payment_id}"
    return NotedRecord(NoteAbout.PAYMENT, payment_id, title, address, ((_ADDRESS, "Money"),))


def _ask(
    call: PageCall,
    action: PaymentAction,
    ids: list[str],
    refused: list[tuple[str, str]] | None = None,
    done: int = 0,
) -> Rendered:
    """Show the form that says which payments and how much money the action touches."""
    payments = [call.run("payments.read", id=payment_id).payment for payment_id in ids]
    return render(
        "payment_action.html",
        call,
        status=409 if refused else 200,
        action=action,
        payments=payments,
        total=sum(payment.amount for payment in payments),
        people=len({payment.participant_id for payment in payments}),
        address=f"{_ADDRESS}/{call.id}/{call.part}",
        back=_ADDRESS if call.id == SELECTED else f"{_ADDRESS}/{ids[0]}",
        refused=refused or [],
        done=done,
    )


def _act(call: PageCall, verb: str, action: PaymentAction, ids: list[str]) -> Rendered:
    """Carry an action out for each payment; those that refuse it are named with the reason."""
    values = {name: _value(call, name) for name in action.fields}
    answers = call.run_for_each(f"payments.{verb}", ids, **values)
    refused = [(payment_id, str(refusal)) for payment_id, refusal in answers]
    if refused:
        return _ask(call, action, [one for one, _ in refused], refused, len(ids) - len(refused))
    return redirect(_ADDRESS if call.id == SELECTED else f"{_ADDRESS}/{ids[0]}?said={verb}")


def _ids(call: PageCall) -> list[str]:
    if call.id != SELECTED:
        return [str(call.id)]
    ids = list(dict.fromkeys(call.all("ids")))
    if not ids:
        raise BadRequest("No payments were selected. Go back and select at least one.")
    if len(ids) > MOST_SELECTED:
        raise BadRequest(f"At most {MOST_SELECTED} payments can be selected at a time.")
    return ids


def _value(call: PageCall, name: str) -> Any:
    text = call.one(name)
    if not text:
        raise BadRequest(f"Fill in the {name}.")
    return text


PAGE = DashboardPage("money", "Money", Right.VIEW, show_money, nav="Run")
