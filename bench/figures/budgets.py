"""The budgets, and their comparison with the results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bench.costs import Cost
from bench.imports import APP, Imported
from bench.package import Packaged
from bench.scenarios import Result
from infra.packaging.sizes import PETRI_BUDGET

MEGABYTE = 1e6
RATE, AIM_RATE, CHAIN_RATE = 100, 200, 60
CPU, AIM_CPU = 8, 4
WORST_P95, CROWD_P95 = 100, 250
IMPORT_MS, IMPORT_MB = 250, 60
MEMORY_MB = 150
#: Maximum number of sequential calls, by request.
CALLS = {
    "GET received_infos": 2,
    "POST /info, the first": 3,
    "POST /info, a second": 2,
    "POST /node": 4,
}


@dataclass(frozen=True)
class Budget:
    """One budget and its measurement."""

    what: str
    budget: str
    measured: str
    met: bool


def budgets(
    results: Sequence[Result],
    costs: Sequence[Cost],
    imported: Sequence[Imported],
    packaged: Packaged | None = None,
) -> list[Budget]:
    """Compare the results with the budgets; budgets without results are left out."""
    found = [line for result in results for line in JUDGES.get(result.scenario.name, _none)(result)]
    found += [_calls(cost, CALLS[cost.what]) for cost in costs if cost.what in CALLS]
    found += [
        Budget(
            f"`{one.statement}`, compiled",
            f"{IMPORT_MS} ms, {IMPORT_MB} MB",
            f"{one.milliseconds:.0f} ms, {one.peak_bytes / MEGABYTE:.0f} MB",
            one.milliseconds <= IMPORT_MS and one.peak_bytes <= IMPORT_MB * MEGABYTE,
        )
        for one in imported
        if one.statement == APP or (packaged and one is packaged.imported)
    ]
    return [*found, _package(packaged)] if packaged else found


def _package(packaged: Packaged) -> Budget:
    return Budget(
        "Petri's part of the package, zipped",
        f"{PETRI_BUDGET / MEGABYTE:.0f} MB",
        f"{packaged.sizes.petri / MEGABYTE:.1f} MB",
        packaged.keeps_budget,
    )


def _calls(cost: Cost, most: int) -> Budget:
    return Budget(f"DynamoDB calls: {cost.what}", f"{most}", f"{cost.calls}", cost.calls <= most)


def _none(result: Result) -> Iterator[Budget]:
    del result
    return iter(())


def _sound(result: Result) -> bool:
    return result.findings.is_clean and not result.tally.empty_stimuli and not result.tally.failures


def _soundness(result: Result) -> str:
    return "nothing wrong in the file" if _sound(result) else "see below what was wrong"


def _chains(result: Result) -> Iterator[Budget]:
    rate, (route, worst) = result.tally.rate, result.tally.worst_p95()
    yield Budget(
        f"participants a second: {result.scenario.title}",
        f"{RATE} (aim {AIM_RATE}), no empty stimulus",
        f"{rate:.1f}, {_soundness(result)}",
        rate >= RATE and _sound(result),
    )
    yield Budget(
        f"p95 of the worst route: {result.scenario.title}",
        f"{WORST_P95} ms",
        f"{worst:.1f} ms ({route})",
        worst <= WORST_P95,
    )
    yield Budget(
        f"server CPU a participant: {result.scenario.title}",
        f"{CPU} ms (aim {AIM_CPU})",
        f"{result.cpu_per_participant:.2f} ms",
        result.cpu_per_participant <= CPU,
    )


def _one_chain(result: Result) -> Iterator[Budget]:
    yield Budget(
        result.scenario.title,
        f"{CHAIN_RATE} a second, no empty stimulus, no client out of retries",
        f"{result.tally.rate:.1f}, {_soundness(result)}",
        result.tally.rate >= CHAIN_RATE and _sound(result),
    )


def _crowd(result: Result) -> Iterator[Budget]:
    route, worst = result.tally.worst_p95()
    yield Budget(
        result.scenario.title,
        f"nothing lost, over-filled or forked; p95 below {CROWD_P95} ms",
        f"{_soundness(result)}; {worst:.1f} ms ({route})",
        worst <= CROWD_P95 and _sound(result),
    )


def _long(result: Result) -> Iterator[Budget]:
    yield Budget(
        "memory of the local host after 10,000 participants",
        f"{MEMORY_MB} MB",
        f"{result.peak_bytes / MEGABYTE:.0f} MB at most",
        result.peak_bytes <= MEMORY_MB * MEGABYTE,
    )


JUDGES: dict[str, Callable[[Result], Iterator[Budget]]] = {
    "chains-8": _chains,
    "chains-32": _chains,
    "one-chain": _one_chain,
    "crowd": _crowd,
    "queue": _crowd,
    "long": _long,
}
