"""The results of a preflight as numbers; `report_page` formats them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from .account_limits import Allowed

ZERO = Decimal(0)


@dataclass(frozen=True)
class Money:
    """What participants are paid in the whole run."""

    base: Decimal
    bonuses: Decimal
    #: The smallest and the largest bonus of one bot.
    bonus_from: Decimal
    bonus_to: Decimal
    #: If every participant got `max_bonus`; None: it isn't set, so bonuses are unlimited.
    bonuses_at_most: Decimal | None
    screen_outs: Decimal
    fees: Decimal
    #: Fees if every participant got `max_bonus`.
    fees_at_most: Decimal | None
    recruiters: tuple[str, ...]
    #: The payments of later sessions, with their bonuses; and with `max_bonus` in each.
    sessions: Decimal = ZERO
    sessions_at_most: Decimal | None = ZERO

    @property
    def expected(self) -> Decimal:
        """The total for the bots' results."""
        return self.base + self.bonuses + self.screen_outs + self.sessions + self.fees

    @property
    def at_most(self) -> Decimal | None:
        """The total if every participant got the maximum bonus; None: unlimited."""
        if self.bonuses_at_most is None or self.fees_at_most is None or self.sessions_at_most is None:
            return None
        first = self.base + self.bonuses_at_most + self.screen_outs
        return first + self.sessions_at_most + self.fees_at_most


@dataclass(frozen=True)
class Times:
    """Minutes per participant, including waiting, and hours of the whole run."""

    median: float
    p95: float
    #: Minutes in waiting rooms and behind the participant ahead.
    waited_median: float
    waited_most: float
    run_hours: float


@dataclass(frozen=True)
class Hourly:
    """Pay per hour."""

    median: Decimal
    lowest: Decimal
    floor: Decimal | None
    below_floor: int
    people: int


@dataclass(frozen=True)
class Unfilled:
    """A network with free places, and the reason."""

    network: int
    type: str
    free: int
    why: str


@dataclass
class PreflightReport:
    """All results of a preflight."""

    experiment: str
    stage: str
    #: The planned and the simulated number of participants, and a sentence on the extrapolation.
    participants: int
    tried: int
    extrapolated: str
    seed: int
    statuses: dict[str, int]
    failed_bots: int
    left: int
    networks: int
    networks_filled: int
    unfilled: list[Unfilled]
    times: Times | None
    hourly: Hourly | None
    money: Money
    #: The currency of payments; AWS costs are in US dollars.
    currency: str
    #: US dollars by service, and the price table.
    aws: dict[str, float]
    prices: dict[str, str]
    #: Counts, reproducible for a seed, and estimates from this machine's computing time.
    counts: dict[str, float]
    measured: dict[str, float]
    caps: dict[str, str]
    assumed: list[str]
    accounts: list[Allowed] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def aws_total(self) -> Decimal:
        """The AWS costs, in US dollars."""
        return Decimal(str(sum(self.aws.values()))).quantize(Decimal("0.0001"))

    @property
    def total(self) -> Decimal:
        """The expected total for participants, recruiters and AWS."""
        return self.money.expected + self.aws_total

    def lines(self) -> list[str]:
        """Return the lines of the printed page."""
        # Lazy import, because it imports this module.
        from .report_page import page

        return page(self)

    def as_json(self) -> dict[str, Any]:
        """Return the report as JSON values; amounts are strings, so that they stay exact."""
        values = asdict(self)
        values["money"] |= {"expected": self.money.expected, "at_most": self.money.at_most}
        values["aws_total"], values["total"] = self.aws_total, self.total
        plain: dict[str, Any] = _plain(values)
        return plain


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return round(value, 6) if isinstance(value, float) else value
