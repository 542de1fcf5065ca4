"""Compensating a worker: through the ledger of a run they took part in, or at Mechanical Turk directly."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from chalicelib.currency import DOLLARS, currency_of, format_money
from chalicelib.errors import BadRequest, ExperimentError
from chalicelib.operations.payment import compensation
from chalicelib.operations.payment.ledger import CENT, COMPENSATION, to_cents
from chalicelib.operations.recruitment.quotas import recruiter_names
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.settings import Settings
from chalicelib.ports import Transfer
from infra.local.lifecycle.run_paths import RunPaths
from infra.local.lifecycle.run_session import RunSession

from . import worker_mail
from .run_session import opened


@dataclass(frozen=True)
class CompensationSpec:
    """Whom to compensate, how, and with how much."""

    worker_id: str
    dollars: str
    run_id: str | None = None
    sandbox: bool = False
    email: str | None = None
    dry_run: bool = False
    region: str | None = None

    @property
    def amount(self) -> Decimal:
        """The amount in whole cents; BadRequest when it is not a valid amount, or less than a cent."""
        try:
            amount = to_cents(self.dollars, "--dollars")
        except ExperimentError as error:
            raise BadRequest(f"{error} Give the amount as a number, such as 1.50.") from error
        if amount < CENT:
            raise BadRequest(
                "A compensation must be at least 0.01; give the amount as a number, such as 1.50."
            )
        return amount


def pay(wish: CompensationSpec) -> list[str]:
    """Compensate a worker and return, in sentences, what was done."""
    places = RunPaths(Path.cwd())
    if wish.run_id is None and wish.region is None and not places.has_runs():
        return _at_mechanical_turk(wish, "")
    with opened(wish.run_id, places, region=wish.region) as office:
        known = office.app.run(_is_known, wish.worker_id)
        if not known and "mturk" in recruiter_names(office.app.config):
            return _at_mechanical_turk(wish, office.run_id)
        return _through_the_ledger(office, wish)


def _is_known(ctx: Context, worker_id: str) -> bool:
    return compensation.find_participant(ctx, worker_id) is not None


def _through_the_ledger(office: RunSession, wish: CompensationSpec) -> list[str]:
    participant_id, recruiter = office.app.run(_whom, wish)
    _check_market(office.app.config, recruiter, wish)
    tell = worker_mail.prepared(office.app.config, wish.email)
    currency = currency_of(office.app.config)
    to_whom = f"participant {participant_id} of {office.run_id}, through {recruiter}"
    what = f"{format_money(wish.amount, currency)} to {to_whom}"
    if wish.dry_run:
        return [f"Would pay {what}.", *_would_mail(wish)]
    office.app.run(compensation.compensate, wish.worker_id, wish.amount)
    return [f"Pays {what}.", str(office.carry_out()), *tell(_letter(wish, currency))]


def _whom(ctx: Context, wish: CompensationSpec) -> tuple[int, str]:
    participant = compensation.check_compensation(ctx, wish.worker_id, wish.amount)
    return participant.id, participant.recruiter


def _check_market(config: Settings, recruiter: str, wish: CompensationSpec) -> None:
    """Refuse to pay play money where real money is meant, and the other way round."""
    mode = str(config.get("mode") or "debug")
    if recruiter == "mturk" and mode != "debug" and (mode == "live") == wish.sandbox:
        now = "leave --sandbox away" if wish.sandbox else "add --sandbox"
        raise BadRequest(f"This run is in mode {mode}; {now}.")


def _at_mechanical_turk(wish: CompensationSpec, run_id: str) -> list[str]:
    """Open a HIT that only this worker sees; the same worker and sum again: the same HIT."""
    # Lazy import: AWS's client takes a while to import.
    from chalicelib.recruiters.mturk.payments import MTurkPayments
    from infra.mturk.connection import opened as opened_desk

    with opened_desk(sandbox=wish.sandbox) as desk:
        tell = worker_mail.prepared(Settings(desk.config), wish.email)
        what = f"{format_money(wish.amount)} to worker {wish.worker_id} at {desk.market}"
        if wish.dry_run:
            return [f"Would pay {what}.", *_would_mail(wish)]
        made = MTurkPayments(desk.requester, run_id).open_compensation(_transfer(wish))
    said = [f"Pays {what}: HIT {made.hit_id} is for them alone, at {made.address}"]
    return said + tell(f"{_letter(wish)} Accept and submit this HIT to get it: {made.address}")


def _letter(wish: CompensationSpec, currency: str = DOLLARS) -> str:
    return f"{compensation.REASON}: you are paid {format_money(wish.amount, currency)}."


def _would_mail(wish: CompensationSpec) -> list[str]:
    return [] if wish.email is None else [f"Would tell {wish.email} by mail."]


def _transfer(wish: CompensationSpec) -> Transfer:
    return Transfer(
        recruiter="mturk",
        participant_id=0,
        assignment_id="",
        worker_id=wish.worker_id,
        hit_id="",
        kind=COMPENSATION,
        amount=wish.amount,
        reason=compensation.REASON,
        token=f"{wish.worker_id}-{wish.amount}",
    )
