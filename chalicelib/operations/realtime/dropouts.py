"""Handles participants who disconnect from a running group or return, by the experiment's policy."""

from __future__ import annotations

from chalicelib.messages import EndGroup, SendToParticipants
from chalicelib.model.participant import Participant
from chalicelib.model.record import iso
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.participant_visits import earlier_nodes

from .waiting_rooms import has_waiting_room, room_of

#: The detail that holds since when a participant is disconnected.
DISCONNECTED_SINCE = "disconnected_since"
#: The detail that holds since when a participant's page has finished the group's part.
DONE_SINCE = "done_since"
#: The details that hold since when a replacement bot plays for them, and the serial of its token.
BOT_SINCE, BOT_SERIAL = "played_by_bot_since", "bot_token_serial"
#: A DynamoDB transaction holds a hundred writes, and releasing a participant takes two.
MAX_PER_COMMIT = 40


def is_disconnected(participant: Participant) -> bool:
    """Whether a participant was recorded as disconnected and hasn't returned."""
    return DISCONNECTED_SINCE in participant.details


def has_finished_group_part(participant: Participant) -> bool:
    """Whether a participant has finished with the group: the questionnaire, for example, needs no socket."""
    was_let_go = participant.early_exit_reason is not None
    return was_let_go or not participant.is_working or DONE_SINCE in participant.details


def record_done(ctx: Context, participant_id: int) -> None:
    """Record that a participant's page has finished with the group; a new socket of theirs undoes it.

    A participant without a node is on the way from the waiting room into the group, and hasn't finished.
    """
    participant = ctx.uow.participant(participant_id)
    if participant.node_ids and DONE_SINCE not in participant.details:
        participant.details = {**participant.details, DONE_SINCE: iso(ctx.now)}


def record_disconnect(ctx: Context, participant: Participant) -> None:
    """Call `participant_disconnected`, once, for a participant in a running group."""
    if (
        has_finished_group_part(participant)
        or is_disconnected(participant)
        or not is_in_running_group(ctx, participant)
    ):
        return
    participant.details = {**participant.details, DISCONNECTED_SINCE: iso(ctx.now)}
    ctx.seed(participant, "participant_disconnected", len(participant.node_ids))
    ctx.uow.declare_scope(*participant.node_ids)
    ctx.experiment.participant_disconnected(participant)


def record_return(ctx: Context, participant: Participant) -> None:
    """Call `participant_returned`, once, for a disconnected participant (not for a replacement bot)."""
    if not is_disconnected(participant) or participant.details.get(BOT_SERIAL) == participant.token_serial:
        return
    details = {
        name: value
        for name, value in participant.details.items()
        if name not in (DISCONNECTED_SINCE, BOT_SERIAL)
    }
    participant.details = details
    if participant.is_working:
        ctx.seed(participant, "participant_returned", len(participant.node_ids))
        ctx.uow.declare_scope(*participant.node_ids)
        ctx.experiment.participant_returned(participant)


def forget_disconnect(participant: Participant) -> None:
    """Forget that a participant was disconnected in an earlier visit, or had finished with its group."""
    past = (DISCONNECTED_SINCE, DONE_SINCE, BOT_SERIAL, BOT_SINCE)
    participant.details = {name: value for name, value in participant.details.items() if name not in past}


def is_in_running_group(ctx: Context, participant: Participant) -> bool:
    """Whether a participant is in a running group: has a node, or a room that has opened."""
    if len(participant.node_ids) > earlier_nodes(participant):
        return True
    return has_waiting_room(ctx) and room_of(ctx, participant.id) is not None


def group_members(ctx: Context, participant: Participant) -> list[Participant]:
    """Return the members of a participant's group (room or networks), including the participant."""
    room = room_of(ctx, participant.id) if has_waiting_room(ctx) else None
    ids = set(room["members"]) if room is not None else set()
    if not ids:
        for node in participant.nodes(failed="all")[earlier_nodes(participant) :]:
            others = (other.participant_id for other in ctx.uow.nodes_in(node.network) if not other.failed)
            ids.update(one for one in others if one is not None)
    return [ctx.uow.participant(one) for one in sorted({*ids, participant.id})]


def end_group(ctx: Context, participant_id: int) -> None:
    """Release all members of a dropout's group, with pay, and notify their pages."""
    gone = ctx.uow.participant(participant_id)
    if not is_disconnected(gone):
        return
    members = [one for one in group_members(ctx, gone) if one.is_working and one.early_exit_reason is None]
    state = {"released": True, "overrecruited": False, "q": 0, "n": 0}
    for one in members[:MAX_PER_COMMIT]:
        one.early_exit_reason = "dropout"
        ctx.uow.post(SendToParticipants((one.id,), "quorum", state))
    if len(members) > MAX_PER_COMMIT:
        ctx.uow.post(EndGroup(participant_id))


def authorize_replacement_bot(ctx: Context, participant_id: int) -> dict[str, str] | None:
    """Record a replacement bot for a disconnected participant who consented to it; return the bot's entry."""
    participant = ctx.uow.participant(participant_id)
    consented = bool(participant.consent and participant.consent.get("bots"))
    if not (is_disconnected(participant) and participant.is_working and consented):
        return None
    # The bot enters like a participant who returns without a token: with a new one, of the next serial.
    serial = participant.token_serial + 1
    participant.details = {**participant.details, BOT_SINCE: iso(ctx.now), BOT_SERIAL: serial}
    return {
        "recruiter": "bots",
        "assignmentId": participant.assignment_id,
        "hitId": participant.hit_id,
        "workerId": participant.worker_id,
        "mode": participant.mode,
    }
