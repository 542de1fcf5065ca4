"""Reads the networks, participants and payments of a finished simulation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from chalicelib.model.network import UNLIMITED, Network
from chalicelib.model.participant import Participant
from chalicelib.model.record import iso
from chalicelib.model.run_records import payment_kinds, visit_of
from chalicelib.model.statuses import OWED_PAY
from chalicelib.operations.recruitment.recruitment import is_closed
from chalicelib.operations.shared.context import Context
from infra.reports.fairness import HourlyPay, hourly_pay, is_pay, visit_seconds


@dataclass(frozen=True)
class Filled:
    """How full one network is."""

    id: int
    type: str
    role: str
    #: Participants in it, and its places; None: unlimited.
    people: int
    places: int | None
    is_full: bool

    @property
    def free(self) -> int:
        """Free places; 0 in an unlimited network."""
        return 0 if self.is_full or self.places is None else max(0, self.places - self.people)


@dataclass
class Outcome:
    """The result of a simulation."""

    statuses: dict[str, int] = field(default_factory=dict)
    networks: list[Filled] = field(default_factory=list)
    #: Minutes from the start to the end, including waiting, of each participant with pay.
    minutes: list[float] = field(default_factory=list)
    #: Amounts by kind (base, bonus, screen-out, visit-2 ...), one per payment.
    payments: dict[str, list[Decimal]] = field(default_factory=dict)
    #: Kind and amount of each payment, by recruiter, for the fees.
    paid_through: dict[str, list[tuple[str, Decimal]]] = field(default_factory=dict)
    #: What each later session paid besides its bonus, by recruiter.
    session_pay: dict[str, list[Decimal]] = field(default_factory=dict)
    pay: HourlyPay | None = None
    is_closed: bool = False
    #: The size of the waiting room; 0 without one.
    room: int = 0
    recruits: bool = True

    @property
    def seats(self) -> int | None:
        """The total number of places; None when a network is unlimited."""
        places = [network.places for network in self.networks]
        return None if None in places else sum(places)  # type: ignore[arg-type]

    @property
    def seated(self) -> int:
        """The number of taken places."""
        return sum(network.people for network in self.networks)


def read_outcome(ctx: Context) -> Outcome:
    """Read the networks, participants and payments."""
    experiment = ctx.experiment
    found = Outcome(
        networks=[_filled(network) for network in ctx.uow.networks()],
        is_closed=is_closed(ctx),
        room=experiment.concurrent_participants,
        recruits=bool(ctx.settings.auto_recruit),
    )
    people = [ctx.uow.participant(number) for number in sorted(ctx.uow.participant_ids())]
    rows = []
    for person in people:
        for kind in filter(is_pay, payment_kinds(person.visit)):
            payment = ctx.uow.payment(person.id, kind)
            if payment is not None:
                found.payments.setdefault(kind, []).append(payment.amount)
                found.paid_through.setdefault(person.recruiter, []).append((kind, payment.amount))
                if visit_of(kind) is not None:
                    pay = Decimal(payment.details.get("pay", "0"))
                    found.session_pay.setdefault(person.recruiter, []).append(pay)
                rows.append(
                    {
                        "participant_id": person.id,
                        "kind": kind,
                        "amount": payment.amount,
                        "status": payment.status,
                    }
                )
    found.statuses = dict(sorted(Counter(person.status for person in people).items()))
    found.minutes = sorted(filter(None, map(_minutes, people)))
    found.pay = hourly_pay([_row(person) for person in people], rows)
    return found


def _filled(network: Network) -> Filled:
    places = None if network.max_size >= UNLIMITED else network.max_size - network.n_sources
    return Filled(network.id, network.type, network.role, network.n_participants, places, network.full)


def _row(person: Participant) -> Mapping[str, object]:
    return {
        "id": person.id,
        "status": person.status,
        "recruiter": person.recruiter,
        "creation_time": iso(person.creation_time),
        "end_time": iso(person.end_time),
        "details": person.details,
    }


def _minutes(person: Participant) -> float:
    if person.end_time is None or person.status not in OWED_PAY:
        return 0.0
    seconds = (person.end_time - person.creation_time).total_seconds() + visit_seconds(person.details)
    return seconds / 60
