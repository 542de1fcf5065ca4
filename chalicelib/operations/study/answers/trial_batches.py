"""Stores batches of trials that ran in the browser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.errors import AnswersRefused
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.shared.study_context import session_of
from chalicelib.study.elements.trials import MAX_BATCH, MAX_MS, SHOWN, Trials
from chalicelib.study.study_records import Place, TrialBatch

#: The keys of each trial that the page sends.
KEY, MILLISECONDS = "key", "rt_ms"
SCRIPT = "/static/scripts/petri-trials.js"


def trials_for(ctx: Context, place: Place, block: Trials) -> list[Mapping[str, Any]]:
    """Return the participant's trials in their order, which the run's seed draws."""
    rows = [row for _ in range(block.repeat) for row in block.rows]
    if block.shuffle:
        session = session_of(ctx)
        session.draws_of(session.player(place.participant_id), f"trials|{place.path}").shuffle(rows)
    return rows


def trial_data(ctx: Context, place: Place, block: Trials) -> dict[str, Any]:
    """Return what the browser needs: the stimuli that are left, with right answers if it gives feedback."""
    trials = trials_for(ctx, place, block)
    tells = block.feedback != "never"
    return {
        "first": place.trials_done,
        "total": len(trials),
        "trials": [_shown(block, row, tells=tells) for row in trials[place.trials_done :]],
        "keys": dict(block.keys),
        "fixation_ms": block.fixation_ms,
        "deadline_ms": block.deadline_ms,
        "gap_ms": list(block.gaps),
        "batch": block.batch,
    }


def _shown(block: Trials, row: Mapping[str, Any], *, tells: bool) -> dict[str, Any]:
    trial = {name: row[name] for name in SHOWN if row.get(name)}
    if tells and block.correct and (block.feedback == "always" or row.get("practice")):
        trial["right"] = row[block.correct]
    return trial


def take_batch(ctx: Context, place: Place, block: Trials, sent: Any, by: str) -> bool:
    """Store a batch of trials, once; return whether all trials are done.

    A batch that begins before the trials that are stored was sent twice and changes nothing.
    """
    first, batch = _read(sent)
    if first < place.trials_done:
        return False
    trials = trials_for(ctx, place, block)
    if first > place.trials_done or first + len(batch) > len(trials):
        raise AnswersRefused(
            {block.name: "These trials don't follow those that are stored; reload the page."}
        )
    rows = [_row(block, trials[first + number], first + number, one) for number, one in enumerate(batch)]
    record = TrialBatch(
        participant_id=place.participant_id,
        serial=place.serial,
        first=first,
        visit=place.visit,
        page=block.name,
        path=place.path,
        node_id=place.node_id,
        network_id=place.network_id,
        answered_at=iso(ctx.now),
        by=by,
        trials=rows,
    )
    key = keys.trial_batch(place.participant_id, place.serial, first)
    ctx.uow.put_item(key, record.kind, record.to_fields())
    place.trials_done = first + len(batch)
    return place.trials_done == len(trials)


def _read(sent: Any) -> tuple[int, Sequence[Mapping[str, Any]]]:
    first = sent.get("first") if isinstance(sent, Mapping) else None
    batch = sent.get("trials") if isinstance(sent, Mapping) else None
    if isinstance(first, bool) or not isinstance(first, int) or first < 0:
        raise AnswersRefused({"first": "first must be the number of the batch's first trial, from 0."})
    if not isinstance(batch, list) or not 1 <= len(batch) <= MAX_BATCH:
        raise AnswersRefused({"trials": f"trials must be a list of 1 to {MAX_BATCH} trials."})
    for one in batch:
        if not isinstance(one, Mapping):
            raise AnswersRefused({"trials": "Each trial must be an object with key and rt_ms."})
    return first, batch


def _row(block: Trials, stimulus: Mapping[str, Any], number: int, sent: Mapping[str, Any]) -> dict[str, Any]:
    """Return a trial as it is stored, graded by the server."""
    key, duration = sent.get(KEY), sent.get(MILLISECONDS)
    if key is not None and (not isinstance(key, str) or key not in block.keys):
        raise AnswersRefused({"trials": f"{str(key)[:20]!r} isn't one of this block's keys."})
    response = None if key is None else block.keys[key]
    correct = None if block.correct is None else response == stimulus.get(block.correct)
    return {
        "number": number + 1,
        "stimulus": dict(stimulus),
        "key": key,
        "response": response,
        "correct": correct,
        "rt_ms": _milliseconds(duration) if key is not None else None,
    }


def _milliseconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise AnswersRefused({"trials": "rt_ms must be the reaction time in milliseconds."})
    # NaN is between no two numbers; an integer can be too large to be converted to a float.
    if not 0 <= value <= MAX_MS:
        raise AnswersRefused({"trials": f"rt_ms must lie between 0 and {MAX_MS}."})
    return round(float(value), 2)
