"""Lets members pay the fee of their class with a service, and records what the service reports."""

from __future__ import annotations

import hmac
from decimal import Decimal
from urllib.parse import urlencode

from chalicelib.currency import currency_of
from chalicelib.errors import Forbidden, InvalidState
from chalicelib.immutable import immutable
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.operator_notices import notify_operator
from chalicelib.operations.shared.study_check import as_study
from chalicelib.ports.fee_service import FeeReport, FeeRequest
from chalicelib.serializable import copy_json
from chalicelib.study.classes.class_seats import class_of_seat
from chalicelib.study.classes.study_class import ClassMember, StudyClass

from .class_records import read_class, read_member, store_member
from .manage_members import link_of, pay_fee

#: Who records a fee that a service reports.
_BY = "service:"


@immutable()
class FeeView:
    """What a member reads about the fee of their class."""

    language: str
    class_name: str
    #: The fee with its currency.
    fee: str
    is_paid: bool
    #: The member's entry link, once the fee is paid; "" before.
    link: str


def fee_address(ctx: Context, seat: str) -> str:
    """Return the address of the page on which a member pays; it is the member's own, as their link is."""
    site = ctx.recruiters.entry_address("link", "class", "join").partition("?")[0]
    return f"{site}/fee?{urlencode({'seat': seat, 'key': _fee_key(ctx, seat)})}"


def view_fee(ctx: Context, seat: str, key: str) -> FeeView:
    """Return what the page about a fee shows; Forbidden for an address that isn't a member's."""
    study_class, member = _owing(ctx, seat, key)
    study = as_study(ctx.experiment)
    return FeeView(
        language="en" if study is None else study.language,
        class_name=study_class.name,
        fee=ctx.money(Decimal(study_class.fee or 0)),
        is_paid=bool(member.fee_paid) or not study_class.fee,
        link=link_of(ctx, member) if member.fee_paid or not study_class.fee else "",
    )


def fee_request(ctx: Context, seat: str, key: str) -> FeeRequest:
    """Return the fee that a service is to collect.

    Raises Forbidden for an address that isn't a member's, InvalidState for a fee that is paid.
    """
    study_class, member = _owing(ctx, seat, key)
    if member.fee_paid or not study_class.fee:
        raise InvalidState("The fee is paid.", code="fee_paid")
    currency, back = currency_of(ctx.config), fee_address(ctx, seat)
    # One page of the service a day for each fee: an earlier one may have ended.
    parts = (
        ctx.app_id,
        seat,
        study_class.fee,
        currency,
        str(len(member.charges)),
        ctx.now.date().isoformat(),
        study_class.name,
        back,
    )
    return FeeRequest(
        title=study_class.name,
        amount=Decimal(study_class.fee),
        currency=currency,
        reference=seat,
        token="fee-" + ctx.tokens.keyed("|".join(parts)),
        run_id=ctx.app_id,
        success_address=f"{back}&paid=1",
        cancel_address=back,
    )


def record_fee_report(ctx: Context, service: str, report: FeeReport) -> None:
    """Record a fee that was paid or paid back; a repeat changes nothing.

    What can't be recorded goes to the operator: a payment of nobody's, of another amount, or a second one.
    """
    stored = ctx.uow.item(keys.class_charge(report.charge))
    if report.is_refund:
        if stored is None:
            # The report of the payment may come later: it must not count any more.
            ended = {"charge": report.charge, "refunded": iso(ctx.now), "by": f"{_BY}{service}"}
            ctx.uow.put_if_unchanged(keys.class_charge(report.charge), "class_charge", ended)
        elif not stored.get("refunded"):
            kept = {name: stored[name] for name in ("class_number", "seat", "charge", "amount", "at", "by")}
            _record_refund(ctx, report.charge, {**kept, "refunded": iso(ctx.now)}, int(stored["v"]))
        return
    if stored is not None:
        return
    number = class_of_seat(report.reference)
    item = None if number is None else ctx.uow.item(keys.class_member(number, report.reference))
    if number is None or item is None:
        _tell(ctx, service, report, "no member of a class has this reference")
        return
    study_class, member = read_class(ctx, number), ClassMember.from_item(copy_json(dict(item)))
    if member.fee_paid:
        _tell(ctx, service, report, "the member's fee was paid before")
        return
    expected = (Decimal(study_class.fee or 0), currency_of(ctx.config))
    if (report.amount, report.currency) != expected:
        _tell(ctx, service, report, f"the fee of class {number} is {expected[0]} {expected[1]}")
        return
    pay_fee(ctx, member, report.charge, study_class.fee, f"{_BY}{service}")


def _record_refund(ctx: Context, charge: str, fields: dict[str, object], version: int) -> None:
    ctx.uow.put_item(keys.class_charge(charge), "class_charge", fields, expect=version)
    item = ctx.uow.item(keys.class_member(int(str(fields["class_number"])), str(fields["seat"])))
    if item is None:
        return
    member = ClassMember.from_item(copy_json(dict(item)))
    if member.fee_paid == charge:
        member.fee_paid = ""
        store_member(ctx, member)


def _tell(ctx: Context, service: str, report: FeeReport, why: str) -> None:
    notify_operator(
        ctx,
        f"{service} reports a payment of {report.amount} {report.currency} (charge {report.charge}) that "
        f"wasn't recorded: {why}. Look it up there, and pay it back or record it by hand.",
    )


def _owing(ctx: Context, seat: str, key: str) -> tuple[StudyClass, ClassMember]:
    number = class_of_seat(seat)
    if number is None or not hmac.compare_digest(key.encode(), _fee_key(ctx, seat).encode()):
        raise Forbidden("This address is incomplete. Open it once more as you got it.", code="fee_key_wrong")
    member = read_member(ctx, number, seat)
    if not member.is_active:
        raise Forbidden("You were removed from this class.", code="class_link_ended")
    return read_class(ctx, number), member


def _fee_key(ctx: Context, seat: str) -> str:
    return ctx.tokens.keyed(f"class-fee|{seat}")
