"""Lets people join a live session with its PIN and a name."""

from __future__ import annotations

import hmac
import secrets
import unicodedata
from datetime import timedelta
from functools import cache
from importlib.resources import files
from typing import Final

from chalicelib.errors import BadRequest, Forbidden, InvalidState
from chalicelib.immutable import immutable
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.recruitment.stops import is_entry_closed
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.study_check import as_study
from chalicelib.study.live_sessions import joining_texts as texts
from chalicelib.study.live_sessions.live_session_records import LivePhase, LivePlayer, LiveSession, seat_id

from .opening import PIN_DIGITS
from .player_names import folded
from .session_records import read_session

MAX_NAME: Final = 30
MAX_CUSTOM: Final = 60
#: Seconds that a person needs at least to fill in the form.
LEAST_SECONDS: Final = 2
#: Bytes of the random part of a seat, which can't be guessed.
_MARK_BYTES: Final = 9
#: Letters that are often replaced by digits and signs.
_DISGUISES: Final = str.maketrans("01345!7@$", "oieasitas")
#: Characters without a shape, or without a meaning.
_UNREADABLE: Final = frozenset({"Cc", "Cf", "Co", "Cn"})
#: Words of up to this length are refused only as whole words: other names may contain them.
_SHORT: Final = 4


@immutable()
class JoinedSession:
    """A person who has joined, and the link with which they take part, also on another device."""

    session: int
    seat: str
    address: str


@immutable()
class JoinForm:
    """What people who join are asked."""

    language: str
    #: Whether a session has the PIN.
    is_known: bool
    custom_field: str
    #: When the form was shown, and a mark of its own, signed: a program can't fill it in at once, and a form
    #: that is sent twice joins once.
    shown: str


def join_form(ctx: Context, pin: str = "") -> JoinForm:
    """Return what the session with a PIN asks for; only the name for an unknown PIN."""
    study = as_study(ctx.experiment)
    session = _session_of_pin(ctx, pin)
    custom_field = "" if session is None else session.custom_field
    language = "en" if study is None else study.language
    shown = f"{iso(ctx.now)} {secrets.token_hex(_MARK_BYTES)}"
    return JoinForm(language, session is not None, custom_field, _signed(ctx, shown))


def join(ctx: Context, pin: str, name: str, custom: str = "", shown: str | None = None) -> JoinedSession:
    """Join a session under a name that no other player has; return the player's own link.

    `shown`: of the form. One that is sent again, by a double click or after going back, returns the link of
    the player who joined with it, so that one person has one seat. Where the run checks that persons join, a
    form is needed.

    Raises Forbidden for a wrong PIN, for a session that is locked and while entry is stopped; BadRequest for
    a name or a field that isn't valid; InvalidState for a name that is taken, and for a session that is full.
    """
    session = _session_of_pin(ctx, pin)
    if session is None:
        raise Forbidden(texts.PIN_UNKNOWN, code="pin_unknown")
    if session.locked or is_entry_closed(ctx):
        raise Forbidden(texts.LOCKED, code="session_locked")
    mark = _mark_of(ctx, shown or "")
    if ctx.settings.live_bot_check:
        _check_person(ctx, shown if shown and mark else "")
    own = ctx.uow.item(keys.live_form(session.number, mark)) if mark else None
    if own is not None:
        return _joined(ctx, session, str(own["seat"]))
    shown_name = check_name(name)
    written = " ".join(custom.split())[:MAX_CUSTOM]
    if session.custom_field and not written:
        raise BadRequest(texts.FIELD_MISSING, code="custom_field_missing")
    claim = keys.live_name(session.number, folded(shown_name))
    if ctx.uow.item(claim) is not None:
        raise InvalidState(texts.NAME_TAKEN, code="name_taken")
    seat = seat_id(session.number, secrets.token_hex(_MARK_BYTES))
    place = _take_place(ctx, session)
    player = LivePlayer(session.number, seat, shown_name, iso(ctx.now), written, place=place)
    ctx.uow.put_if_unchanged(claim, "live_name", {"seat": seat})
    if mark:
        ctx.uow.put_if_unchanged(keys.live_form(session.number, mark), "live_form", {"seat": seat})
    ctx.uow.put_item(keys.live_player(session.number, seat), player.kind, player.to_fields())
    return _joined(ctx, session, seat)


def _joined(ctx: Context, session: LiveSession, seat: str) -> JoinedSession:
    return JoinedSession(session.number, seat, ctx.recruiters.entry_address("link", seat, "exp"))


def _take_place(ctx: Context, session: LiveSession) -> int:
    """Take a free place of a session with a limit, and return its number; 0 without a limit.

    Each place is an item of its own, and is drawn at random, so that people who join at the same moment
    seldom meet, and no more can join than there are places. InvalidState when all are taken.
    """
    if not session.most_players:
        return 0
    taken = {int(item["number"]) for item in ctx.uow.items(keys.live_place(session.number, 0)[0])}
    free = [number for number in range(1, session.most_players + 1) if number not in taken]
    while free:
        number = free.pop(secrets.randbelow(len(free)))
        claim = keys.live_place(session.number, number)
        # A list can lack what was just written.
        if ctx.uow.item(claim) is None:
            ctx.uow.put_if_unchanged(claim, "live_place", {"number": number})
            return number
    raise InvalidState(texts.FULL, code="session_full")


def _session_of_pin(ctx: Context, pin: str) -> LiveSession | None:
    digits = "".join(pin.split())
    if len(digits) != PIN_DIGITS or not digits.isascii() or not digits.isdigit():
        return None
    stored = ctx.uow.item(keys.live_pin(digits))
    session = None if stored is None else read_session(ctx, int(stored["session"]))
    return None if session is None or session.phase == LivePhase.FINISHED else session


def _signed(ctx: Context, said: str) -> str:
    return f"{said} {ctx.tokens.keyed(f'join|{said}')}"


def _mark_of(ctx: Context, shown: str) -> str:
    """Return the mark of a form that this run has shown; "" for any other."""
    said = shown.rpartition(" ")[0]
    is_ours = hmac.compare_digest(shown.encode(), _signed(ctx, said).encode())
    return said.rpartition(" ")[2] if is_ours else ""


def _check_person(ctx: Context, shown: str) -> None:
    """Refuse a form that wasn't shown by this run, or was filled in too quickly for a person."""
    moment = shown.partition(" ")[0]
    if not moment or moment > str(iso(ctx.now - timedelta(seconds=LEAST_SECONDS))):
        raise BadRequest(texts.NOT_A_PERSON, code="form_too_quick")


def check_name(name: str) -> str:
    """Return a name as it is shown; BadRequest for one that is empty, too long, unreadable or offensive."""
    shown = " ".join(unicodedata.normalize("NFKC", name).split())
    if not any(character.isalnum() for character in shown):
        raise BadRequest(texts.NAME_EMPTY, code="name_invalid")
    if len(shown) > MAX_NAME:
        raise BadRequest(texts.NAME_TOO_LONG, code="name_invalid")
    if any(unicodedata.category(character) in _UNREADABLE for character in shown):
        raise BadRequest(texts.NAME_UNREADABLE, code="name_invalid")
    if is_offensive(shown):
        raise BadRequest(texts.NAME_REFUSED, code="name_refused")
    return shown


def is_offensive(name: str) -> bool:
    """Whether a name contains a word of the list, also with digits and signs in place of letters.

    Short words count only as a word of their own: a place or a family name may contain them.
    """
    plain = unicodedata.normalize("NFKD", name).casefold().translate(_DISGUISES)
    letters = "".join(one for one in plain if one.isalpha())
    words = {"".join(one for one in word if one.isalpha()) for word in plain.split()}
    return any(word in words or (len(word) > _SHORT and word in letters) for word in _refused_words())


@cache
def _refused_words() -> frozenset[str]:
    text = (files(__package__) / "refused_names.txt").read_text(encoding="utf-8")
    return frozenset(text.split())
