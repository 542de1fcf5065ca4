"""Sends workers messages by `NotifyWorkers`.

Source: AWS's "NotifyWorkers": at most 200 characters of subject and 4,096 of text; a message reaches only
workers whose work this requester has approved or rejected. A failure is reported for each worker: a
`SoftFailure` may pass, a `HardFailure` doesn't.
"""

from __future__ import annotations

from chalicelib.errors import VendorRefused, VendorUnreachable

from .requester import Requester

MAX_SUBJECT, MAX_TEXT = 200, 4096
SOFT_FAILURE = "SoftFailure"


def notify_worker(requester: Requester, worker_id: str, subject: str, text: str) -> None:
    """Send one worker a message; VendorRefused, or VendorUnreachable when it may be delivered later.

    Each message has a link of its own, so each is a call for one worker.
    """
    answer = requester.ask(
        "notify_workers", Subject=subject[:MAX_SUBJECT], MessageText=text[:MAX_TEXT], WorkerIds=[worker_id]
    )
    failures = answer.get("NotifyWorkersFailureStatuses") or ()
    # The failure's own text may contain the worker's id.
    codes = [str(failure.get("NotifyWorkersFailureCode")) for failure in failures]
    if SOFT_FAILURE in codes:
        raise VendorUnreachable("Mechanical Turk can't notify the worker at the moment; it is tried again.")
    if codes:
        raise VendorRefused(
            "Mechanical Turk doesn't notify this worker: they have left, or their work wasn't approved yet."
        )
