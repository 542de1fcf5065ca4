"""Compensates a worker: through the ledger of a run they took part in, or on Mechanical Turk directly."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from chalicelib.currency import DOLLARS, currency_of, format_money
from chalicelib.errors import BadRequest, ExperimentError
from chalicelib.experiment.config.run_settings import RunSettings
from chalicelib.model.run_records import COMPENSATION
from chalicelib.operations.payment import compensation
from chalicelib.operations.payment.ledger import CENT, to_cents
from chalicelib.operations.recruitment.quotas import recruiter_names
from chalicelib.operations.shared.context import OPERATOR_CALLER, Context
from chalicelib.operations.shared.settings import Settings
from chalicelib.ports import Transfer
from infra.local.lifecycle.run_paths import RunPaths
from infra.local.lifecycle.run_session import RunSession

from . import worker_mail
from .run_session import opened


@dataclass(frozen=True)
class CompensationSpec:
    """The worker, the amount, and the options of a compensation."""

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
            raise BadRequest("The amount must be at least 0.01; enter it as a number, such as 1.50.")
        return amount


def pay(spec: CompensationSpec) -> list[str]:
    """Compensate a worker and return a report in sentences."""
    paths = RunPaths(Path.cwd())
    if spec.run_id is None and spec.region is None and not paths.has_runs():
        return _at_mechanical_turk(spec, "")
    with opened(spec.run_id, paths, region=spec.region) as session:
        known = session.app.run(_is_known, spec.worker_id)
        if not known and "mturk" in recruiter_names(session.app.config):
            return _at_mechanical_turk(spec, session.run_id)
        return _through_the_ledger(session, spec)


def _is_known(ctx: Context, worker_id: str) -> bool:
    return compensation.find_participant(ctx, worker_id) is not None


def _through_the_ledger(session: RunSession, spec: CompensationSpec) -> list[str]:
    participant_id, recruiter = session.app.run(_find_payee, spec, caller=OPERATOR_CALLER)
    _check_market(session.app.config, recruiter, spec)
    tell = worker_mail.prepared(session.app.config, spec.email)
    currency = currency_of(session.app.config)
    to_whom = f"participant {participant_id} of {session.run_id}, through {recruiter}"
    what = f"{format_money(spec.amount, currency)} to {to_whom}"
    if spec.dry_run:
        return [f"Would pay {what}.", *_would_mail(spec)]
    session.app.run(compensation.compensate, spec.worker_id, spec.amount, caller=OPERATOR_CALLER)
    return [f"Paying {what}.", str(session.carry_out()), *tell(_letter(spec, currency))]


def _find_payee(ctx: Context, spec: CompensationSpec) -> tuple[int, str]:
    participant = compensation.check_compensation(ctx, spec.worker_id, spec.amount)
    return participant.id, participant.recruiter


def _check_market(config: Settings, recruiter: str, spec: CompensationSpec) -> None:
    """Raise BadRequest when --sandbox doesn't match the run's mode."""
    mode = RunSettings.read(config).mode
    if recruiter == "mturk" and mode != "debug" and (mode == "live") == spec.sandbox:
        fix = "omit --sandbox" if spec.sandbox else "add --sandbox"
        raise BadRequest(f"This run's mode is {mode}; {fix}.")


def _at_mechanical_turk(spec: CompensationSpec, run_id: str) -> list[str]:
    """Open a HIT that only this worker sees; idempotent for the same worker and amount."""
    # Lazy import: the AWS client takes a while to import.
    from chalicelib.recruiters.mturk.payments import MTurkPayments
    from infra.mturk.connection import opened as opened_connection

    with opened_connection(sandbox=spec.sandbox) as connection:
        tell = worker_mail.prepared(Settings(connection.config), spec.email)
        what = f"{format_money(spec.amount)} to worker {spec.worker_id} at {connection.market}"
        if spec.dry_run:
            return [f"Would pay {what}.", *_would_mail(spec)]
        hit = MTurkPayments(connection.requester, run_id).open_compensation(_transfer(spec))
    lines = [f"Paying {what} with HIT {hit.hit_id}, which only this worker can see: {hit.address}"]
    return lines + tell(f"{_letter(spec)} Accept and submit this HIT to get it: {hit.address}")


def _letter(spec: CompensationSpec, currency: str = DOLLARS) -> str:
    return f"{compensation.REASON}: you are paid {format_money(spec.amount, currency)}."


def _would_mail(spec: CompensationSpec) -> list[str]:
    return [] if spec.email is None else [f"Would email {spec.email}."]


def _transfer(spec: CompensationSpec) -> Transfer:
    return Transfer(
        recruiter="mturk",
        participant_id=0,
        assignment_id="",
        worker_id=spec.worker_id,
        hit_id="",
        kind=COMPENSATION,
        amount=spec.amount,
        reason=compensation.REASON,
        token=f"{spec.worker_id}-{spec.amount}",
    )
