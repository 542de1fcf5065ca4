"""Stop: freezes parts of a run at once; each action first says whom and how much it touches."""

from __future__ import annotations

import time
from typing import Final
from urllib.parse import urlencode

from chalicelib.access.rights import Right
from chalicelib.dashboard.page_call import DashboardPage, PageCall, Rendered, redirect
from chalicelib.dashboard.rendering import render
from chalicelib.errors import InvalidState, NotFound
from chalicelib.model.statuses import PaymentStatus
from chalicelib.operations.recruitment.stops import ALL_HELD

_ADDRESS: Final = "/dashboard/stop"
#: How many payments are sent as one bulk action, and for how many seconds a request begins further ones.
_AT_ONCE: Final = 100
_SECONDS: Final = 8.0
#: The digits of a number of payments that an address carries on.
_DIGITS: Final = 9
_STOPPABLE: Final = ("recruiting", "entry", "payments", "run")


def show_stop(call: PageCall) -> Rendered:
    """Show what can be stopped, or carry out one action."""
    if call.method == "POST":
        return _change(call)
    numbers = {name: text for name in ("sent", "after") if (text := call.one(name)).isdecimal()}
    return render(
        "stop.html",
        call,
        stop=call.run("stop.preview"),
        said=call.one("said"),
        sent=numbers.get("sent", ""),
        after=numbers.get("after", ""),
    )


def _change(call: PageCall) -> Rendered:
    if call.id in _STOPPABLE and call.part in ("stop", "allow"):
        is_payments = call.id == "payments" and call.part == "allow"
        # The next ones are sent after the hold has ended; another that began meanwhile stays.
        if not (is_payments and call.one("after")):
            call.run("stop.do", action=call.id, is_stopped=call.part == "stop")
        return _send_again(call) if is_payments else redirect(_ADDRESS)
    if call.id == "waiting" and call.part == "release":
        return redirect(f"{_ADDRESS}?said={_release_waiting(call)}")
    raise NotFound("This page has no such action.")


def _send_again(call: PageCall) -> Rendered:
    """Send the payments that were held because all were, as many as a request has time for."""
    begun, after = time.monotonic(), call.one("after") or None
    sent = int(call.one("sent")[:_DIGITS]) if call.one("sent").isdecimal() else 0
    while True:
        found = call.run("payments.list", status=PaymentStatus.HELD, after=after, limit=_AT_ONCE)
        held = [row.id for row in found.rows if row.reason == ALL_HELD]
        refused = [refusal for _, refusal in call.run_for_each("payments.release", held)]
        for refusal in refused:
            # One that another person has released meanwhile isn't held any more.
            if not isinstance(refusal, InvalidState):
                raise refusal
        sent, after = sent + len(held) - len(refused), found.next
        if after is None:
            return redirect(f"{_ADDRESS}?{urlencode({'sent': sent})}")
        if time.monotonic() - begun > _SECONDS:
            return redirect(f"{_ADDRESS}?{urlencode({'sent': sent, 'after': after})}")


def _release_waiting(call: PageCall) -> int:
    """Release all participants who wait, one by one: one who has got a place in the meantime plays on."""
    waiting = [str(participant) for participant in call.run("stop.preview").waiting]
    answers = call.run_for_each("participants.release", waiting, only_if_waiting=True)
    refused = [refusal for _, refusal in answers]
    for refusal in refused:
        if not isinstance(refusal, InvalidState):
            raise refusal
    return len(waiting) - len(refused)


PAGE = DashboardPage("stop", "Stop", Right.VIEW, show_stop)
