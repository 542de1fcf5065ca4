"""Says whether a member of a class can begin with the study: their link, the class's days, and the fee."""

from __future__ import annotations

from decimal import Decimal

from chalicelib.errors import Forbidden
from chalicelib.model import keys
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.study_check import as_study
from chalicelib.serializable import copy_json
from chalicelib.study.classes import class_texts as texts
from chalicelib.study.classes.class_seats import class_of_seat
from chalicelib.study.classes.study_class import ClassMember, StudyClass
from chalicelib.study.translation import translate


def require_open_seat(ctx: Context, seat: str, hit_id: str) -> None:
    """Refuse a person who can't begin with this seat; a worker id that isn't a seat of a class passes.

    Forbidden with an explanation in the study's language: a link that was renewed, or whose member was
    removed or erased; a class that is archived, over, or hasn't begun; a fee that isn't paid.
    """
    number = class_of_seat(seat)
    stored = None if number is None else ctx.uow.item(keys.study_class(number))
    if number is None or stored is None:
        return
    study_class = StudyClass.from_item(copy_json(dict(stored)))
    item = ctx.uow.item(keys.class_member(number, seat))
    member = None if item is None else ClassMember.from_item(copy_json(dict(item)))
    if member is None or not member.is_active or not _is_newest(ctx, member, hit_id):
        raise _refused(ctx, texts.LINK_ENDED, code="class_link_ended")
    if study_class.archived is not None or _is_over_for(ctx, study_class, member):
        raise _refused(ctx, texts.CLASS_OVER, code="class_over")
    if not study_class.has_begun(ctx.now):
        raise _refused(ctx, texts.CLASS_NOT_BEGUN, code="class_not_begun", day=study_class.starts)
    if study_class.fee and not member.fee_paid:
        fee = ctx.money(Decimal(study_class.fee))
        if ctx.config.get("fee_service", ""):
            # Lazy import: few classes have a fee that is paid with a service.
            from .online_fees import fee_address

            address = fee_address(ctx, seat)
            raise _refused(ctx, texts.FEE_TO_PAY, code="class_fee_unpaid", fee=fee, address=address)
        raise _refused(ctx, texts.FEE_UNPAID, code="class_fee_unpaid", fee=fee)


def _is_over_for(ctx: Context, study_class: StudyClass, member: ClassMember) -> bool:
    end = study_class.ends_for(member.last_day)
    return end is not None and end <= ctx.now


def _is_newest(ctx: Context, member: ClassMember, hit_id: str) -> bool:
    """Whether a link is the newest of its member: links that were renewed have a HIT id of their own."""
    return member.link_serial == 0 or hit_id == ctx.recruiters.entry_hit("link", member.link_serial)


def _refused(ctx: Context, text: str, *, code: str, **values: str) -> Forbidden:
    study = as_study(ctx.experiment)
    language = "en" if study is None else study.language
    return Forbidden(translate(text, language).format(**values), code=code)
