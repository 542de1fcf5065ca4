"""Reminds participants of sessions: decides what is sent, and records that it was.

A reminder is a message with a number of its own, recorded in the outbox like every other, so it survives a
restart. It is marked as being sent before the call, and as sent after it: a second delivery of the message
finds that, so a participant gets it twice only if the process ends between the call and the second commit.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from chalicelib.errors import Forbidden
from chalicelib.messages import SendReminder
from chalicelib.model.participant import Participant
from chalicelib.model.record import iso
from chalicelib.model.statuses import VisitStatus
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.shared.study_context import moment_of, session_of, study_of
from chalicelib.study.checks import address_item
from chalicelib.study.elements import Session
from chalicelib.study.elements.sessions import BY_EMAIL
from chalicelib.study.items.markup import marked
from chalicelib.study.study_records import Place, VisitRecord
from chalicelib.study.translation import direction_of, translate

from .moves import element_at
from .visits import CLOSING, has_closed, has_lost_submission, place_of

#: For how long one worker process holds the lease of a reminder: longer than a call takes.
LEASE = timedelta(minutes=2)
SENDING, SENT, REFUSED, NO_ADDRESS, UNSUPPORTED = "sending", "sent", "refused", "no_address", "unsupported"
#: The route at which participants stop reminders.
STOP_PATH: Final = "/page/reminders"


@dataclass(frozen=True, slots=True)
class Reminder:
    """A reminder that is about to be sent."""

    participant_id: int
    way: str
    recruiter: str
    worker_id: str
    hit_id: str
    #: The address that the participant gave; "" for a message of the recruiter.
    address: str
    subject: str
    text: str
    #: The address at which the participant stops reminders.
    stop_address: str


def begin_reminder(ctx: Context, message: SendReminder, site: str) -> Reminder | None:
    """Mark a reminder as being sent, and return it; None when there is nothing to send now.

    While another worker process holds its lease, it is posted again for the lease's end.
    """
    participant, place = place_of(ctx, message.participant_id)
    visit = session_of(ctx).find_visit(message.participant_id, message.visit)
    if place is None or visit is None or not _is_wanted(ctx, participant, place, visit):
        return None
    key = _key(message)
    known = visit.reminders.get(key, {})
    if known.get("status") not in (None, SENDING):
        return None
    leased_until = moment_of(known.get("until"))
    if leased_until is not None and leased_until > ctx.now:
        ctx.uow.post(message, due=leased_until)
        return None
    reminder = _reminder(ctx, participant, place, visit, message, site)
    status = SENDING
    if message.way == BY_EMAIL and not reminder.address:
        status = NO_ADDRESS
    elif message.way != BY_EMAIL and not ctx.recruiters.capabilities(participant.recruiter).sends_messages:
        status = UNSUPPORTED
    _record(ctx, visit, key, status, until=ctx.now + LEASE if status == SENDING else None)
    return reminder if status == SENDING else None


def settle_reminder(ctx: Context, message: SendReminder, status: str) -> None:
    """Record how a reminder ended: it was sent, or refused for good."""
    visit = session_of(ctx).find_visit(message.participant_id, message.visit)
    if visit is not None:
        _record(ctx, visit, _key(message), status)


def end_lease(ctx: Context, message: SendReminder) -> None:
    """Record that an attempt failed, so that the next one needn't wait for the end of its lease."""
    visit = session_of(ctx).find_visit(message.participant_id, message.visit)
    if visit is not None and visit.reminders.get(_key(message), {}).get("status") == SENDING:
        _record(ctx, visit, _key(message), SENDING)


@dataclass(frozen=True, slots=True)
class StopTexts:
    """The texts of the page that stops reminders, in the study's language."""

    language: str
    direction: str
    question: str
    button: str
    stopped: str


def allow_stopping(ctx: Context, participant_id: int, key: str) -> StopTexts:
    """Return the texts of the page that stops reminders; Forbidden for a key that isn't the participant's."""
    if not hmac.compare_digest(key.encode(), stop_key(ctx, participant_id).encode()):
        raise Forbidden(
            "This address is incomplete. Open it once more as it is in the message.", code="key_wrong"
        )
    language = study_of(ctx).language
    return StopTexts(
        language,
        direction_of(language),
        translate(marked("Do you want no more reminders of this study?"), language),
        translate(marked("Stop the reminders"), language),
        translate(marked("No more reminders will be sent."), language),
    )


def stop_reminders(ctx: Context, participant_id: int, key: str) -> StopTexts:
    """Record that a participant wants no more reminders."""
    texts = allow_stopping(ctx, participant_id, key)
    _, place = place_of(ctx, participant_id)
    if place is not None:
        place.unreminded = True
        session_of(ctx).flush()
    return texts


def stop_key(ctx: Context, participant_id: int) -> str:
    """Return the key that allows stopping a participant's reminders, and nothing else."""
    return ctx.tokens.keyed(f"reminders|{participant_id}")


def return_address(site: str, participant: Participant) -> str:
    """Return the link with which a participant comes back: the one with which they came."""
    ids = {
        "recruiter": participant.recruiter,
        "workerId": participant.worker_id,
        "assignmentId": participant.assignment_id,
        "hitId": participant.hit_id,
        "mode": participant.mode,
        "entry": str(participant.entry_information.get("entry") or ""),
    }
    return f"{site.rstrip('/')}/ad?{urlencode({name: value for name, value in ids.items() if value})}"


def _is_wanted(ctx: Context, participant: Participant, place: Place, visit: VisitRecord) -> bool:
    is_due = visit.status == VisitStatus.WAITING and not has_closed(ctx, visit) and place.ended is None
    return is_due and not place.unreminded and not has_lost_submission(participant)


def _key(message: SendReminder) -> str:
    return f"{message.way}|{message.occasion}"


def _record(ctx: Context, visit: VisitRecord, key: str, status: str, until: datetime | None = None) -> None:
    entry = {"status": status, "at": iso(ctx.now)} | ({} if until is None else {"until": iso(until)})
    visit.reminders = {**visit.reminders, key: entry}
    session_of(ctx).flush()


def _reminder(
    ctx: Context, participant: Participant, place: Place, visit: VisitRecord, message: SendReminder, site: str
) -> Reminder:
    language = study_of(ctx).language
    closes = moment_of(visit.closes_at)
    values = {
        "session": visit.session,
        "title": str(ctx.settings.title),
        "until": "" if closes is None else f"{closes:%Y-%m-%d %H:%M} UTC",
    }
    if message.occasion == CLOSING:
        subject = marked("{title}: the session {session} closes soon")
        text = marked("The session {session} closes soon. You can begin it until {until}, here:")
    else:
        subject = marked("{title}: the session {session} is open")
        text = marked("The session {session} is open. You can begin it until {until}, here:")
    stop = f"{site.rstrip('/')}{STOP_PATH}?" + urlencode(
        {"participant": participant.id, "key": stop_key(ctx, participant.id)}
    )
    lines = [
        translate(text, language).format(**values),
        return_address(site, participant),
        translate(marked("If you want no more reminders, open this address:"), language),
        stop,
    ]
    return Reminder(
        participant_id=participant.id,
        way=message.way,
        recruiter=participant.recruiter,
        worker_id=participant.worker_id,
        hit_id=participant.hit_id,
        address=_address(ctx, place, visit) if message.way == BY_EMAIL else "",
        subject=translate(subject, language).format(**values),
        text="\n\n".join(lines),
        stop_address=stop,
    )


def _address(ctx: Context, place: Place, visit: VisitRecord) -> str:
    element = element_at(ctx, visit.path)
    name = address_item(type(study_of(ctx)), element) if isinstance(element, Session) else None
    given = None if name is None else session_of(ctx).player(place.participant_id).get(name)
    return str(given or "")
