"""Lets people join a class with its code, and gives each an entry link of their own."""

from __future__ import annotations

import re
import secrets
from decimal import Decimal
from typing import Final

from chalicelib.errors import BadRequest, Forbidden, InvalidState
from chalicelib.immutable import immutable
from chalicelib.model import keys
from chalicelib.operations.recruitment.stops import is_entry_closed
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.study_check import as_study
from chalicelib.serializable import copy_json
from chalicelib.study.classes import class_texts as texts
from chalicelib.study.classes.class_seats import class_seat
from chalicelib.study.classes.study_class import ClassMember, StudyClass
from chalicelib.study.live_sessions.joining_texts import FIELD_MISSING
from chalicelib.study.translation import translate

from .class_records import add_member, class_of_code
from .manage_members import link_of
from .member_identity import checked_identity
from .online_fees import fee_address

_ONCE: Final = re.compile(r"[0-9a-f]{32}")


@immutable()
class ClassJoinForm:
    """What people who join a class are asked."""

    language: str
    #: The class's name; "" for an unknown code.
    class_name: str
    asks_email: bool
    asks_student_number: bool
    #: A random text, by which a form that is sent twice joins once.
    once: str


@immutable()
class JoinedClass:
    """A person who has joined a class."""

    language: str
    class_name: str
    #: Their entry link, which no other page shows them again.
    link: str
    #: What is to be paid before they can begin; "" for nothing.
    unpaid: str
    #: The address of the page on which they pay; "" where fees are paid by hand.
    fee_address: str = ""


def class_join_form(ctx: Context, code: str = "") -> ClassJoinForm:
    """Return what the class with a code asks for; only the name for an unknown code."""
    study_class = class_of_code(ctx, code)
    language, once = _language(ctx), secrets.token_hex(16)
    if study_class is None:
        return ClassJoinForm(language, "", asks_email=False, asks_student_number=False, once=once)
    return ClassJoinForm(
        language, study_class.name, study_class.asks_email, study_class.asks_student_number, once
    )


def join_class(
    ctx: Context, code: str, name: str, email: str = "", student_number: str = "", once: str = ""
) -> JoinedClass:
    """Join a class with its code; return the member's own entry link.

    `once`: of the form; the same form joins once, however often it is sent.

    Raises Forbidden for an unknown code and a class that can't be joined; BadRequest for a name, an address
    or a number that isn't valid; InvalidState for an address or a number that a member has.
    """
    study_class = class_of_code(ctx, code)
    if study_class is None:
        raise Forbidden(texts.CODE_UNKNOWN, code="class_code_unknown")
    _require_open(ctx, study_class)
    asked = [(study_class.asks_email, email), (study_class.asks_student_number, student_number)]
    if any(is_asked and not value.strip() for is_asked, value in asked):
        raise BadRequest(FIELD_MISSING, code="field_missing")
    mark = ctx.tokens.keyed(f"class-join|{study_class.number}|{once}") if _ONCE.fullmatch(once) else ""
    # What the class doesn't ask for isn't stored.
    given = [value if is_asked else "" for is_asked, value in asked]
    member = _member_of_form(ctx, study_class, mark, name, given)
    if member is None:
        try:
            member = add_member(
                ctx, study_class.number, name=name, email=given[0], student_number=given[1], mark=mark
            )
        except InvalidState:
            raise InvalidState(texts.MEMBER_ALREADY, code="member_exists") from None
    owes = bool(study_class.fee) and not member.fee_paid
    unpaid = ctx.money(Decimal(study_class.fee)) if owes else ""
    pays_online = owes and bool(ctx.config.get("fee_service", ""))
    address = fee_address(ctx, member.seat) if pays_online else ""
    return JoinedClass(_language(ctx), study_class.name, link_of(ctx, member), unpaid, address)


def _member_of_form(
    ctx: Context, study_class: StudyClass, mark: str, name: str, given: list[str]
) -> ClassMember | None:
    """Return the member who has joined with this form before, under the same name; None otherwise."""
    item = ctx.uow.item(keys.class_member(study_class.number, class_seat(study_class.number, mark)))
    if not mark or item is None:
        return None
    member = ClassMember.from_item(copy_json(dict(item)))
    identity = checked_identity(name, *given)
    is_same = (member.name, member.email, member.student_number) == (
        identity.name,
        identity.email,
        identity.student_number,
    )
    if not is_same or not member.is_active:
        raise InvalidState(texts.MEMBER_ALREADY, code="member_exists")
    return member


def _require_open(ctx: Context, study_class: StudyClass) -> None:
    status = study_class.status(ctx.now)
    if status in ("over", "archived"):
        raise Forbidden(texts.CLASS_OVER, code="class_over")
    if status == "not_begun":
        text = translate(texts.CLASS_NOT_BEGUN, _language(ctx)).format(day=study_class.starts)
        raise Forbidden(text, code="class_not_begun")
    if status != "open" or is_entry_closed(ctx):
        raise Forbidden(texts.CLASS_CLOSED, code="class_closed")


def _language(ctx: Context) -> str:
    study = as_study(ctx.experiment)
    return "en" if study is None else study.language
