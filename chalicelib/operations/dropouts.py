"""Somebody in a running group is gone, or comes back; the experiment's policy says what follows."""

from __future__ import annotations

from chalicelib.messages import EndGroup, SendToParticipants
from chalicelib.model.participant import Participant
from chalicelib.model.record import iso
from chalicelib.operations.unit import Unit

#: Where on the participant's record it stands since when they are gone.
GONE = "disconnected_since"
#: Where it stands since when they have done their part, as their page says.
DONE = "done_since"
#: Where it stands since when a bot plays on for them, and the serial of the bot's token.
BOT, BOT_SERIAL = "played_by_bot_since", "bot_token_serial"
#: A transaction of DynamoDB holds a hundred writes, and letting somebody go takes two.
MOST_AT_ONCE = 40


def is_gone(participant: Participant) -> bool:
    """Whether a participant was noticed to be gone and hasn't come back."""
    return GONE in participant.details


def has_done_their_part(participant: Participant) -> bool:
    """Whether a group has no claim on a participant any more: nobody holds a socket at the questionnaire."""
    was_let_go = participant.released is not None or participant.end_time is not None
    return was_let_go or not participant.is_working or DONE in participant.details


def note_done(unit: Unit, participant_id: int) -> None:
    """Note that somebody's page is through with the group; a socket that they open takes it back.

    Who has no node is on the way from the waiting room into the group, and not through with it.
    """
    participant = unit.work.participant(participant_id)
    if participant.node_ids and DONE not in participant.details:
        participant.details = {**participant.details, DONE: iso(unit.now)}


def note_loss(unit: Unit, participant: Participant) -> None:
    """Tell the experiment, once, that a participant in a running group is gone."""
    if has_done_their_part(participant) or is_gone(participant) or not has_begun(unit, participant):
        return
    participant.details = {**participant.details, GONE: iso(unit.now)}
    unit.seed(participant, "participant_disconnected", len(participant.node_ids))
    unit.work.owns(*participant.node_ids)
    unit.experiment.participant_disconnected(participant)


def note_return(unit: Unit, participant: Participant) -> None:
    """Tell the experiment, once, that a participant who was gone is back (a bot in their place isn't)."""
    if not is_gone(participant) or participant.details.get(BOT_SERIAL) == participant.token_serial:
        return
    kept = {name: value for name, value in participant.details.items() if name not in (GONE, BOT_SERIAL)}
    participant.details = kept
    if participant.is_working:
        unit.seed(participant, "participant_returned", len(participant.node_ids))
        unit.work.owns(*participant.node_ids)
        unit.experiment.participant_returned(participant)


def has_begun(unit: Unit, participant: Participant) -> bool:
    """Whether a participant is in a running group: has a node, or a room that opened."""
    from chalicelib.operations.rooms import has_waiting_room, room_of

    if participant.node_ids:
        return True
    return has_waiting_room(unit) and room_of(unit, participant.id) is not None


def companions(unit: Unit, participant: Participant) -> list[Participant]:
    """Return those who are in one group with a participant, themselves included: room, or networks."""
    from chalicelib.operations.rooms import has_waiting_room, room_of

    room = room_of(unit, participant.id) if has_waiting_room(unit) else None
    ids = set(room["members"]) if room is not None else set()
    if not ids:
        for node in participant.nodes(failed="all"):
            others = (other.participant_id for other in unit.work.nodes_in(node.network) if not other.failed)
            ids.update(one for one in others if one is not None)
    return [unit.work.participant(one) for one in sorted({*ids, participant.id})]


def end_group(unit: Unit, participant_id: int) -> None:
    """Let everybody go who is in one group with somebody who is gone, with pay; tell their pages."""
    gone = unit.work.participant(participant_id)
    if not is_gone(gone):
        return
    left = [one for one in companions(unit, gone) if one.is_working and one.released is None]
    state = {"released": True, "overrecruited": False, "q": 0, "n": 0}
    for one in left[:MOST_AT_ONCE]:
        one.released = "dropout"
        unit.work.post(SendToParticipants((one.id,), "quorum", state))
    if len(left) > MOST_AT_ONCE:
        unit.work.post(EndGroup(participant_id))


def allow_stand_in(unit: Unit, participant_id: int) -> dict[str, str] | None:
    """Mark that a bot plays on for somebody who is gone, if they consented to it; return its entry."""
    participant = unit.work.participant(participant_id)
    consented = bool(participant.consent and participant.consent.get("bots"))
    if not (is_gone(participant) and participant.is_working and consented):
        return None
    # The bot begins as whoever comes again without a token: with a new one, of the next serial.
    serial = participant.token_serial + 1
    participant.details = {**participant.details, BOT: iso(unit.now), BOT_SERIAL: serial}
    return {
        "recruiter": "bots",
        "assignmentId": participant.assignment_id,
        "hitId": participant.hit_id,
        "workerId": participant.worker_id,
        "mode": participant.mode,
    }
