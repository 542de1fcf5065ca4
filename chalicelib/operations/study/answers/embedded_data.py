"""Stores the trials and answers of embedded pages: jsPsych, lab.js, SurveyJS, or an author's own HTML."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from chalicelib.errors import AnswersRefused
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.shared.study_context import study_of
from chalicelib.serializable import require_serializable
from chalicelib.study.elements.embed import (
    MAX_EMBEDDED_BATCH,
    MAX_EMBEDDED_BYTES,
    MAX_EMBEDDED_TRIALS,
    Embed,
)
from chalicelib.study.items import AnswerError
from chalicelib.study.items.answer_rules import require_json
from chalicelib.study.player import Player
from chalicelib.study.study_records import Place, TrialBatch

EMBED_SCRIPT: Final = "/static/scripts/petri-embed.js"
#: The kind of an answer whose sender names none.
EMBEDDED: Final = "embedded"
MAX_COLUMNS: Final = 200
#: The most bytes of JSON that trials sent together, or the answers of a page, take: an item of DynamoDB holds
#: 400 KB.
MAX_SENT_BYTES: Final = 200_000
_MAX_NAME: Final = 100
#: A longer response is in the trial's own columns alone.
_MAX_RESPONSE: Final = 200
#: Where libraries record the reaction time in milliseconds.
_DURATIONS: Final = ("rt_ms", "rt", "duration")
_KIND: Final = re.compile(r"[a-z][a-z_-]{0,39}")
#: What would look like other columns of a wide table in the name of an answer.
_NOT_IN_NAMES: Final = re.compile(r"[^\w -]")

Entry = dict[str, Any]


def embed_data(ctx: Context, place: Place, page: Embed, player: Player) -> dict[str, Any]:
    """Return what the page around the frame needs, and what its file gets."""
    study = study_of(ctx)
    given = getattr(study, page.data)(player) if isinstance(page.data, str) else dict(page.data)
    require_serializable(given, f"what {page.data}() returns" if isinstance(page.data, str) else "data=")
    return {
        "src": f"/static/{page.static_path}",
        "same_origin": page.same_origin,
        "first": place.trials_done,
        "trials": page.trials,
        "batch": page.batch,
        "given": given,
        "seed": study.session.draws_of(player, f"embed|{place.path}").getrandbits(32),
    }


def stored_trials(ctx: Context, place: Place) -> list[dict[str, Any]]:
    """Return the trials of the embedded page that are stored, so that a reloaded page goes on after them."""
    if not place.trials_done:
        return []
    batches = ctx.uow.items(*keys.trial_batches(place.participant_id, place.serial))
    return [trial["data"] for batch in batches for trial in batch.get("trials", ())]


def take_embedded(ctx: Context, place: Place, page: Embed, sent: Any, by: str) -> list[Entry] | None:
    """Store the trials that were sent, once; return the answers if the embedded page is done, else None.

    Trials that are stored already were sent again and are skipped.
    """
    first, trials = _read(page, sent)
    if first > place.trials_done:
        raise AnswersRefused({page.name: "These trials don't follow those that are stored; reload the page."})
    entries = _entries(page, sent.get("answers")) if sent.get("done") is True else None
    fresh = trials[place.trials_done - first :]
    if fresh:
        _store(ctx, place, page, fresh, by)
    return entries


def _read(page: Embed, sent: Any) -> tuple[int, Sequence[Mapping[str, Any]]]:
    first = sent.get("first", 0) if isinstance(sent, Mapping) else None
    trials = sent.get("trials", []) if isinstance(sent, Mapping) else None
    if isinstance(first, bool) or not isinstance(first, int) or first < 0:
        raise AnswersRefused({"first": "first must be the number of the first trial that is sent, from 0."})
    if not isinstance(trials, list) or len(trials) > MAX_EMBEDDED_BATCH:
        raise AnswersRefused({"trials": f"trials must be a list of at most {MAX_EMBEDDED_BATCH} trials."})
    if trials and not page.trials:
        raise AnswersRefused({"trials": f"Embed({page.name!r}) stores no trials; set trials=True."})
    for number, trial in enumerate(trials, start=first + 1):
        _check_trial(number, trial)
    if _size(trials) > MAX_SENT_BYTES:
        raise AnswersRefused(
            {"trials": f"These trials take more than {MAX_SENT_BYTES:,} bytes together; send fewer at once."}
        )
    return first, trials


def _check_trial(number: int, trial: Any) -> None:
    if not isinstance(trial, Mapping) or len(trial) > MAX_COLUMNS:
        raise AnswersRefused(
            {"trials": f"Trial {number} must be an object with at most {MAX_COLUMNS} columns."}
        )
    if any(not name or len(name) > _MAX_NAME for name in trial):
        raise AnswersRefused(
            {"trials": f"Trial {number} has a column without a name, or with one above {_MAX_NAME} letters."}
        )
    try:
        require_json(trial)
    except AnswerError:
        raise AnswersRefused(
            {"trials": f"Trial {number} can't be stored: a trial is JSON of at most 64 KB. Record less."}
        ) from None


def _store(ctx: Context, place: Place, page: Embed, trials: Sequence[Mapping[str, Any]], by: str) -> None:
    first = place.trials_done
    place.trials_done += len(trials)
    place.trial_bytes += _size(trials)
    if place.trials_done > MAX_EMBEDDED_TRIALS or place.trial_bytes > MAX_EMBEDDED_BYTES:
        raise AnswersRefused(
            {
                "trials": f"Embed({page.name!r}) has recorded more than {MAX_EMBEDDED_TRIALS:,} trials or "
                f"{MAX_EMBEDDED_BYTES // 1_000_000} MB; record less, or spread it over several pages."
            }
        )
    batch = TrialBatch(
        participant_id=place.participant_id,
        serial=place.serial,
        first=first,
        visit=place.visit,
        page=page.name,
        path=place.path,
        node_id=place.node_id,
        network_id=place.network_id,
        answered_at=iso(ctx.now),
        by=by,
        trials=[_row(first + number, trial) for number, trial in enumerate(trials, start=1)],
    )
    ctx.uow.put_item(
        keys.trial_batch(place.participant_id, place.serial, first), batch.kind, batch.to_fields()
    )


def _row(number: int, trial: Mapping[str, Any]) -> Entry:
    """Return a trial as it is stored: what tables of trials share, beside all that was recorded."""
    correct = trial.get("correct")
    durations = [trial[name] for name in _DURATIONS if _is_number(trial.get(name))]
    response = trial.get("response")
    is_short = _is_number(response) or (isinstance(response, str) and len(response) <= _MAX_RESPONSE)
    return {
        "number": number,
        "key": None,
        "response": response if is_short else None,
        "correct": correct if isinstance(correct, bool) else None,
        "rt_ms": durations[0] if durations else None,
        "data": dict(trial),
    }


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _entries(page: Embed, given: Any) -> list[Entry]:
    """Return the answers of an embedded page, each named after the page: `form.age`."""
    found = [_entry(page, one) for one in _as_list(given)]
    names = [entry["item"] for entry in found]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise AnswersRefused({twice[0]: f"{twice[0]} was answered twice; give each question another name."})
    if _size(found) > MAX_SENT_BYTES:
        raise AnswersRefused(
            {page.name: f"The answers take more than {MAX_SENT_BYTES:,} bytes together; ask for less."}
        )
    return found


def _as_list(given: Any) -> list[Any]:
    """Return answers as entries: a list of them, or an object of answers by name."""
    if isinstance(given, Mapping):
        given = [{"item": name, "answer": answer} for name, answer in given.items()]
    if given is None:
        return []
    if not isinstance(given, list) or len(given) > MAX_COLUMNS:
        raise AnswersRefused({"answers": f"answers must be an object with at most {MAX_COLUMNS} answers."})
    return given


def _entry(page: Embed, one: Any) -> Entry:
    name = one.get("item") if isinstance(one, Mapping) else None
    kind = one.get("kind", EMBEDDED) if isinstance(one, Mapping) else None
    if not isinstance(name, str) or not 0 < len(name) <= _MAX_NAME:
        raise AnswersRefused({"answers": f"Each answer needs a name of at most {_MAX_NAME} letters."})
    if not isinstance(kind, str) or not _KIND.fullmatch(kind):
        raise AnswersRefused({name: "The kind of an answer is a word such as text or rating."})
    answer = one.get("answer")
    try:
        require_json(answer)
    except AnswerError as error:
        raise AnswersRefused({name: str(error)}) from None
    return {"item": f"{page.name}.{_NOT_IN_NAMES.sub('_', name)}", "kind": kind, "answer": answer}


def _size(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode())
