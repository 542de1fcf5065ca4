"""What a preflight has found, as numbers; `telling` makes a page of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from .account_limits import Allowed

ZERO = Decimal(0)


@dataclass(frozen=True)
class Money:
    """What people are paid, in US dollars, for the whole plan."""

    base: Decimal
    bonuses: Decimal
    #: Of one participant among the bots: the smallest and the largest bonus.
    bonus_from: Decimal
    bonus_to: Decimal
    #: If everybody got `max_bonus`; None: it isn't set, so there is no bound.
    bonuses_at_most: Decimal | None
    screen_outs: Decimal
    fees: Decimal
    #: Fees if everybody got `max_bonus`.
    fees_at_most: Decimal | None
    recruiters: tuple[str, ...]

    @property
    def expected(self) -> Decimal:
        """All of it, as the bots fared."""
        return self.base + self.bonuses + self.screen_outs + self.fees

    @property
    def at_most(self) -> Decimal | None:
        """All of it if everybody got the largest bonus; None: without bound."""
        if self.bonuses_at_most is None or self.fees_at_most is None:
            return None
        return self.base + self.bonuses_at_most + self.screen_outs + self.fees_at_most


@dataclass(frozen=True)
class Times:
    """Minutes of one participant, waiting included, and of the whole run."""

    median: float
    p95: float
    #: Part of the median person's time: waiting rooms and the person ahead.
    waited_median: float
    waited_most: float
    run_hours: float


@dataclass(frozen=True)
class Hourly:
    """US dollars an hour."""

    median: Decimal
    lowest: Decimal
    floor: Decimal | None
    below_floor: int
    people: int


@dataclass(frozen=True)
class Unfilled:
    """A network with places that nobody took, and why."""

    network: int
    type: str
    free: int
    why: str


@dataclass
class PreflightReport:
    """All that a preflight has found."""

    experiment: str
    stage: str
    #: How many people the plan is about, how many were tried, and how the one was reckoned from the other.
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
    #: What amounts to people are in; AWS charges US dollars.
    currency: str
    #: US dollars by service, and the table that they are reckoned with.
    aws: dict[str, float]
    prices: dict[str, str]
    #: Counted, the same for the same seed; and what is reckoned from the time that this machine took.
    counts: dict[str, float]
    measured: dict[str, float]
    caps: dict[str, str]
    assumed: list[str]
    accounts: list[Allowed] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def aws_total(self) -> Decimal:
        """What AWS charges, in US dollars."""
        return Decimal(str(sum(self.aws.values()))).quantize(Decimal("0.0001"))

    @property
    def total(self) -> Decimal:
        """What is expected to be paid to everybody."""
        return self.money.expected + self.aws_total

    def lines(self) -> list[str]:
        """Return the page that is printed."""
        # Lazy import: it knows this class.
        from .report_page import page

        return page(self)

    def as_json(self) -> dict[str, Any]:
        """Return everything as JSON values; sums are strings, so that no cent is lost."""
        told = asdict(self)
        told["money"] |= {"expected": self.money.expected, "at_most": self.money.at_most}
        told["aws_total"], told["total"] = self.aws_total, self.total
        plain: dict[str, Any] = _plain(told)
        return plain


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return round(value, 6) if isinstance(value, float) else value
