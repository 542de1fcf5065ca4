"""Drives what follows a participant's commit: groups that can form, waits that are over.

Each step is an operation in a commit of its own, so that arrivals share no item. A crash between two of them
loses nothing: every later request of a waiting participant, and the recorded message of their time limit,
begins here again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chalicelib.errors import Busy
from chalicelib.operations.study.groups.arrivals import GroupSearch, announce_arrival, look_for_group
from chalicelib.operations.study.groups.group_forming import FormingFailedError, release_waiting
from chalicelib.operations.study.groups.joining import take_place
from chalicelib.operations.study.groups.peer_seats import take_answers_to_grade
from chalicelib.operations.study.groups.stopping import stop_part
from chalicelib.operations.study.groups.waits import release, stop_group
from chalicelib.operations.study.shared.hook_errors import HookFailedError, StudyCodeError
from chalicelib.operations.study.shared.study_context import Pending

from .due_page import release_and_show
from .show import PageView

logger = logging.getLogger("petri.study")

#: Runs an operation in a unit of work: `App.run`.
Run = Callable[..., Any]
#: The maximum number of steps per request: a timeline may have several waits in a row.
MAX_STEPS = 20


@dataclass(frozen=True, slots=True)
class Settled:
    """What a look at what a participant waits for has changed."""

    #: Whether anything was changed.
    changed: bool
    #: The page that follows, where it was shown in the commit of the release.
    view: PageView | None = None
    #: How many people have come, as a sentence, where a group isn't complete.
    arrived: str | None = None


def settle(run: Run, pending: Pending) -> bool:
    """Look once at what a participant waits for; return whether anything was changed.

    The participant's own commit has succeeded, so nothing that happens here is an error of their request:
    after too many conflicts, another request continues.
    """
    try:
        return _settle(run, pending).changed
    except Busy:
        return _is_busy(pending).changed


def settle_and_show(run: Run, pending: Pending) -> Settled:
    """Look once at what a participant waits for, and show them the page that follows a wait."""
    try:
        if pending.network_id is not None and not pending.joins:
            return _release_and_show(run, pending)
        return _settle(run, pending)
    except Busy:
        return _is_busy(pending)


def _is_busy(pending: Pending) -> Settled:
    logger.info("too many participants meet at %s; the next request goes on", pending.path)
    return Settled(changed=False)


def _release_and_show(run: Run, pending: Pending) -> Settled:
    """Release a group and show the next page; a page that can't be shown doesn't keep the others waiting."""
    try:
        changed, view = run(release_and_show, pending)
    except Busy:
        raise
    except Exception as error:  # noqa: BLE001 - a page of the author's can raise anything; their own request reports it
        logger.info("the page behind %s is shown by its own request (%s)", pending.path, type(error).__name__)
        return _settle(run, pending)
    return Settled(changed, view)


def _settle(run: Run, pending: Pending) -> Settled:
    try:
        if not pending.joins and not pending.grades and pending.network_id is None:
            return _find_group(run, pending)
        return Settled(bool(_carry_on(run, pending)))
    except FormingFailedError as error:
        logger.exception("a function of the study raised an error, so no group can be formed")
        return Settled(bool(run(release_waiting, pending.path, str(error))))
    except HookFailedError as error:
        logger.exception("a function of the study raised an error, so its group is stopped")
        run(stop_group, error.network_id, str(error))
    except StudyCodeError as error:
        logger.exception("the study's code raised an error, so the part of a participant is ended")
        run(stop_part, error.participant_id, str(error))
    return Settled(changed=True)


def _find_group(run: Run, pending: Pending) -> Settled:
    if pending.participant_id is None:
        return Settled(bool(run(announce_arrival, pending.path)))
    search: GroupSearch = run(look_for_group, pending.path, pending.participant_id)
    return Settled(search.changed, arrived=search.arrived)


def _carry_on(run: Run, pending: Pending) -> Any:
    if pending.joins:
        return run(take_place, pending.participant_id, pending.path)
    if pending.grades:
        return run(take_answers_to_grade, pending.participant_id, pending.path)
    return run(release, pending.network_id, pending.path, pending.mates)
