"""Checks the sessions of a study: where they are in the timeline, and where their reminders go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chalicelib.study.elements import Session, Timed
from chalicelib.study.elements.sessions import BY_EMAIL

if TYPE_CHECKING:
    from chalicelib.study.study_view import DeclaredStudy

#: The kind of the items at which participants give their address.
EMAIL = "email"


def session_problems(study: type[DeclaredStudy]) -> Iterator[str]:
    """Yield the problems of sessions: where they are in the timeline, and where reminders go."""
    steps = list(study.plan().steps())
    if isinstance(steps[0][1].element, Session):
        yield f"Session {steps[0][0]!r} is the first element; the first session begins without one."
    timed = [path for path, step in steps if isinstance(step.element, Timed)]
    for path, step in steps:
        if not isinstance(step.element, Session):
            continue
        if any(path.startswith(f"{around}/") for around in timed):
            yield f"Session {path!r} is inside Timed, whose clock would run out before it; put it outside."
        if BY_EMAIL in step.element.ways:
            yield from _address_problems(study, path, step.element)


def _address_problems(study: type[DeclaredStudy], path: str, session: Session) -> Iterator[str]:
    known = sorted(name for name, item in study.items().items() if item.kind == EMAIL)
    if session.address and session.address not in known:
        yield f"Session {path!r} has address={session.address!r}, which isn't an email item of the study."
    elif not known:
        yield (
            f"Session {path!r} reminds by email, and no item asks for the address; add one, such as "
            "address = email('Where may we send a reminder?', required=False)."
        )
    elif len(known) > 1 and not session.address:
        yield f"Session {path!r} reminds by email; say which item has the address: address={known[0]!r}."


def address_item(study: type[DeclaredStudy], session: Session) -> str | None:
    """Return the item at which participants give the address for a session's reminders."""
    known = [name for name, item in study.items().items() if item.kind == EMAIL]
    return session.address or (known[0] if len(known) == 1 else None)
