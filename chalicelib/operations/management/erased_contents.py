"""Erases what an erased participant wrote, drew and sent, a batch in each commit.

What was chosen or measured stays: keys of choices, numbers, ratings, orders, times, grades and points. So do
the design, the networks and the counts. Texts, files, and answers of an author's own kinds are erased.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from chalicelib.model import keys
from chalicelib.model.participant import Participant
from chalicelib.model.record import iso
from chalicelib.operations.classes.erased_grades import items_of_gradebook
from chalicelib.operations.operator_messages.stored_messages import box_of
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.erased_ids import ERASED_AT
from chalicelib.study.answer_store import POINTER
from chalicelib.study.items.choice_items import OTHER

from .erased_live_sessions import LIVE_SEAT, ContentChange, live_changes
from .stored_items import REPLACEMENT, own_fields, without_texts

#: The most items that are changed in one commit: one of DynamoDB takes 4 MB, and an item can have 400 KB.
MAX_CHANGED: Final = 10
#: The kinds of items whose answers were chosen or measured, not written; a table has rows of any kind.
CHOSEN_KINDS: Final = frozenset(
    {
        *("choice", "choices", "poll", "number", "slider", "range", "likert", "rating"),
        *("order", "match", "categorise", "area", "consent", "display"),
    }
)
TABLE: Final = "table"

Item = Mapping[str, Any]


def erase_contents(ctx: Context, participant_id: int) -> bool:
    """Erase some of what a participant wrote; return whether anything is left. Idempotent.

    A participant whose ids weren't erased is left alone: the message was posted by their erasure.
    """
    participant = ctx.uow.participant(participant_id)
    if ERASED_AT not in participant.details:
        return False
    for count, change in enumerate(_changes(ctx, participant)):
        if count == MAX_CHANGED:
            return True
        _apply(ctx, change)
    ctx.files.delete(participant_id)
    if LIVE_SEAT in participant.details:
        # Nothing of the live session names the seat any more.
        participant.details = {name: held for name, held in participant.details.items() if name != LIVE_SEAT}
    return False


def _apply(ctx: Context, change: ContentChange) -> None:
    key, kind = (str(change.item["pk"]), str(change.item["sk"])), str(change.item["kind"])
    if change.fields is None:
        ctx.uow.delete_item(key, expect=change.item["v"])
    elif change.key is None:
        ctx.uow.put_item(key, kind, change.fields, expect=change.item["v"])
    else:
        ctx.uow.delete_item(key, expect=change.item["v"])
        ctx.uow.put_if_unchanged(change.key, kind, change.fields)


def _changes(ctx: Context, participant: Participant) -> Iterator[ContentChange]:
    """Yield the items that still hold what the participant wrote, or what was written about them."""
    for item in items_of_gradebook(ctx, participant.id):
        yield ContentChange(item, None)
    own = ctx.uow.items(keys.participant(participant.id)[0])
    written = _written_items(own)
    place = next((item for item in own if item["kind"] == "place"), None)
    for item in own:
        yield from _change(item, _cleaned(ctx, item, written, participant.worker_id))
    for network_id in [] if place is None else place.get("groups", []):
        for row in ctx.uow.items(keys.live_rows(network_id)):
            if row.get("participant_id") == participant.id:
                yield from _change(row, {**own_fields(row), "values": without_texts(row.get("values", {}))})
    yield from live_changes(ctx, participant, lambda name, value: _kept_answer(name, value, written))
    yield from _notes_about(ctx, participant, own)
    yield from _messages_to(ctx, participant.id)
    yield from _membership(ctx, participant)
    for node_id in participant.node_ids:
        yield from _infos(ctx, node_id)


def _membership(ctx: Context, participant: Participant) -> Iterator[ContentChange]:
    """Yield what a class holds about the participant, behind what is found by their seat in it."""
    if ctx.uow.item(keys.class_of_participant(participant.id)) is None:
        return
    # Lazy import: only studies have classes.
    from chalicelib.operations.classes.erased_members import erasures_of

    for one in erasures_of(ctx, participant.id, participant.worker_id):
        yield ContentChange(one.item, one.fields, one.key)


def _notes_about(ctx: Context, participant: Participant, own: Sequence[Item]) -> Iterator[ContentChange]:
    """Yield the notes that people who manage the run wrote about them, their payments and their nodes."""
    payments = [item["payment_kind"] for item in own if item["kind"] == "payment"]
    about = [("participants", str(participant.id))]
    about += [("payments", f"{participant.id}-{kind}") for kind in payments]
    about += [("nodes", str(node_id)) for node_id in participant.node_ids]
    for kind, record_id in about:
        for note in ctx.uow.items(keys.notes(kind, record_id)):
            yield from _change(note, {**own_fields(note), "text": REPLACEMENT})


def _messages_to(ctx: Context, participant_id: int) -> Iterator[ContentChange]:
    """Yield the messages that people who manage the run wrote to this participant alone."""
    wanted = [keys.run_message(number) for number in box_of(ctx, participant_id)]
    ctx.uow.prefetch(more=wanted)
    for message in (ctx.uow.item(key) for key in wanted):
        if message is not None and message["participant_ids"] == [participant_id]:
            yield from _change(message, {**own_fields(message), "text": REPLACEMENT})


def _change(item: Item, fields: dict[str, Any] | None) -> Iterator[ContentChange]:
    if fields is None or fields != own_fields(item):
        yield ContentChange(item, fields)


def _infos(ctx: Context, node_id: int) -> Iterator[ContentChange]:
    """Yield the infos of a node, and their copies in the transmissions that it sent."""
    for info in ctx.uow.items(*keys.infos_of(node_id)):
        yield from _change(info, {**own_fields(info), "contents": ""})
    sent = ctx.uow.items(*keys.sent_by(node_id))
    received = [keys.transmission(one["transmission_id"], one["destination_id"]) for one in sent]
    ctx.uow.prefetch(more=received)
    for key in received:
        transmission = ctx.uow.item(key)
        copy = None if transmission is None else transmission.get("info")
        if transmission is not None and copy is not None and copy.get("origin_id") == node_id:
            yield from _change(transmission, {**own_fields(transmission), "info": {**copy, "contents": ""}})


def _written_items(own: Sequence[Item]) -> frozenset[str]:
    """Return the names of the items whose answers the participant wrote."""
    entries = [entry for item in own if item["kind"] == "response" for entry in item.get("answers", ())]
    return frozenset(entry["item"] for entry in entries if entry.get("kind") not in CHOSEN_KINDS)


def _cleaned(ctx: Context, item: Item, written: frozenset[str], pseudonym: str) -> dict[str, Any] | None:
    """Return the fields of one of the participant's items without what they wrote; None to delete it."""
    kind, fields = item["kind"], own_fields(item)
    if kind in ("draft", "event_batch", "reading", "annotation", "practice_card", "review"):
        return None
    changed: dict[str, Any] = {}
    if kind == "question":
        changed = {"response": ""}
    elif kind in ("response", "grade"):
        changed = {"answers": [_entry(entry) for entry in fields.get("answers", ())]}
    elif kind == "trial_batch":
        changed = {"trials": [_trial(trial) for trial in fields.get("trials", ())]}
    elif kind == "upload":
        changed = {"erased_at": fields.get("erased_at") or str(iso(ctx.now))}
    elif kind == "place":
        changed = _place(fields, written)
        if fields.get("class_seat"):
            changed["class_seat"] = pseudonym
    return {**fields, **changed}


def _entry(entry: Item) -> dict[str, Any]:
    """Return an answer, or a grade, without what was written in it."""
    clean = {name: value for name, value in entry.items() if name != "comment"}
    if "answer" in clean:
        clean["answer"] = _answer(str(entry.get("kind")), clean["answer"])
    return clean


def _answer(kind: str, value: Any) -> Any:
    if kind == TABLE:
        return without_texts(value)
    return _without_other(value) if kind in CHOSEN_KINDS else None


def _without_other(value: Any) -> Any:
    """Return the keys that were chosen, without the text of another answer."""
    if isinstance(value, list):
        return [_without_other(one) for one in value]
    is_other = isinstance(value, Mapping) and value.get("key") == OTHER and "text" in value
    return {"key": OTHER, "text": ""} if is_other else value


def _trial(trial: Item) -> dict[str, Any]:
    """Return a trial; of an embedded page's, which records what it likes, only numbers stay."""
    if "data" not in trial:
        return dict(trial)
    return {**trial, "response": without_texts(trial.get("response")), "data": without_texts(trial["data"])}


def _place(fields: dict[str, Any], written: frozenset[str]) -> dict[str, Any]:
    answers = {
        scope: {name: _kept_answer(name, value, written) for name, value in some.items()}
        for scope, some in fields.get("answers", {}).items()
    }
    changed = {"answers": answers, "kept": without_texts(fields.get("kept", {})), "passed": [], "live": ""}
    # The seat of a member of a class is the id in their entry link.
    changed["class_seat"] = ""
    return {name: value for name, value in changed.items() if name in fields}


def _kept_answer(name: str, value: Any, written: frozenset[str]) -> Any:
    if isinstance(value, Mapping) and value.keys() == {POINTER}:
        return value
    return without_texts(value) if name in written else _without_other(value)
