"""Asks the apps of a lab how they are doing: all at once, each with an assertion, within seconds.

An app answers with its overview, which holds counts and sums and no personal data.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from chalicelib import services
from chalicelib.access.rights import Right
from chalicelib.errors import PetriError
from chalicelib.operations.labs.app_reports import AppReport, store_reports
from chalicelib.operations.labs.lab_apps import LabApp, OpenedApp
from chalicelib.operations.labs.lab_records import AssertionPurpose
from chalicelib.operations.shared.tokens import LAB_PREFIX

from .signing import signed_for

#: How old a report may be before an open page asks again.
FRESH: Final = timedelta(seconds=20)
#: Seconds that an app has for its answer, and bytes of the longest one.
TIMEOUT: Final = 4.0
MOST_BYTES: Final = 100_000
_AT_ONCE: Final = 8
_OK: Final = 200
#: In a local run, a page that turns out to write is rendered again: then the apps aren't asked again.
_JUST_ASKED: Final[dict[str, tuple[float, AppReport]]] = {}
_SUMS: Final = ("spent", "reserved", "hard_cap")
#: Why an app has no answer: the connection failed, or took too long.
NO_ANSWER: Final = "It doesn't answer. A run that isn't served doesn't."


def renew_reports(
    apps: Sequence[LabApp], reports: dict[str, AppReport], fresh: timedelta = FRESH
) -> dict[str, AppReport]:
    """Return the reports, where apps that weren't asked for a while are asked; what they say is stored."""
    app = services.current()
    now = app.clock.now()
    due = [each for each in apps if each.id not in reports or now - reports[each.id].asked >= fresh]
    if not due:
        return reports
    questions = [(each, reports.get(each.id, AppReport(each.id, now)), _token(each)) for each in due]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = list(pool.map(lambda question: _asked(*question), questions))
    renewed = [replace(each, asked=now, heard=each.heard if each.error else now) for each in answers]
    app.run(store_reports, renewed)
    return reports | {each.app: each for each in renewed}


def _token(app: LabApp) -> str | PetriError:
    """Return what the app is asked with, or why the lab can't sign it; signing needs the run's own thread."""
    known = _JUST_ASKED.get(app.id)
    if known is not None and time.monotonic() - known[0] < TIMEOUT:
        return ""
    lab = services.current().app_id
    view = frozenset({Right.VIEW})
    opened = OpenedApp(app, "lab", lab, lab, view, AssertionPurpose.REPORT)
    try:
        return f"{LAB_PREFIX}{signed_for(opened)}"
    except PetriError as error:
        return error


def _asked(app: LabApp, before: AppReport, token: str | PetriError) -> AppReport:
    """Ask one app, in a thread of its own."""
    if isinstance(token, PetriError):
        return replace(before, error=str(token))
    if not token:
        return _JUST_ASKED[app.id][1]
    try:
        report = replace(before, overview=_shown(_answer(app, token)), error="")
    except (OSError, ValueError, KeyError, TypeError) as error:
        # The errors of requests are OSErrors; the others come from an answer that isn't an overview.
        report = replace(before, error=_reason(error))
    _JUST_ASKED[app.id] = time.monotonic(), report
    return report


def _answer(app: LabApp, token: str) -> Any:
    """Return the JSON of an app's overview; OSError or ValueError without one."""
    # Lazy import: only labs ask other apps.
    import requests

    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    with (
        requests.Session() as session,
        session.get(
            f"{app.address}/api/v1/overview",
            headers=headers,
            timeout=(TIMEOUT, TIMEOUT),
            allow_redirects=False,
            stream=True,
        ) as response,
    ):
        if response.status_code != _OK:
            raise _Refused(response.status_code)
        text = b""
        began = time.monotonic()
        for part in response.iter_content(8_192):
            text += part
            if len(text) > MOST_BYTES or time.monotonic() - began > TIMEOUT:
                raise ValueError("the answer is too long or too slow")
    return json.loads(text)


class _Refused(ValueError):
    """An app has answered with an error."""

    def __init__(self, status: int) -> None:
        super().__init__(f"status {status}")
        self.status = status


def _reason(error: Exception) -> str:
    if not isinstance(error, _Refused):
        return NO_ANSWER
    if error.status in (401, 403):
        return "It doesn't accept this lab. Add it again: petri lab add"
    if error.status == 404:  # noqa: PLR2004 - not found
        return "No app with a lab is at this address. Deploy it again, and add it again: petri lab add"
    return f"It answered with the error {error.status}."


def _shown(answer: Any) -> dict[str, Any]:
    """Return the fields of an overview that the page shows, checked, since another app has sent them."""
    counts = {str(name)[:40]: int(count) for name, count in dict(answer["participants"]).items()}
    numbers = {name: int(answer[name]) for name in ("arrived", "open_places", "dead_letters")}
    sums = {name: _sum(answer.get(name)) for name in _SUMS}
    if "spent" not in answer and sums["hard_cap"] is not None:
        # An app of an older version counts what it has spent only if it has a cap.
        sums["spent"] = _sum(answer.get("owed"))
    texts = {"state": str(answer["state"])[:40], "currency": str(answer["currency"])[:3]}
    return {"participants": counts, **texts, **numbers, **sums}


def _sum(value: Any) -> str | None:
    if value is None:
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        raise ValueError("not a sum") from None
    if not amount.is_finite() or len(str(value)) > 20:  # noqa: PLR2004 - longer ones aren't sums of money
        raise ValueError("not a sum")
    return str(amount)
