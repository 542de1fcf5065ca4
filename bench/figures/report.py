"""Formats the results as Markdown, which --write saves in bench/README.md."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bench.costs import Cost
from bench.imports import Imported
from bench.package import Packaged
from bench.profiling import Share
from bench.scenarios import Result

from .budgets import Budget, budgets
from .machine import Machine
from .tally import percentile

MEGABYTE = 1e6
#: Smaller shares are left out of the profile's table.
LEAST_SHARE = 0.005

INTRODUCTION = """\
# Benchmarks

`make bench` (or `python -m bench`) starts the local host in its own process, on a new SQLite file on disk,
and sends requests of participants from another process on the same machine. Each participant sends the six
requests of the Bartlett demo: POST /participant, POST /node, GET received_infos, POST /info, POST
/question, GET /worker_complete. When every chain waits for an answer, a participant gets `network_busy` and
retries after 50 ms, with a jitter of 50%; these responses, and the time until the last of them, are counted
separately. The crowds respect Retry-After instead, as the pages do. A join that the host holds until a
place opens reports so in its Server-Timing header, and this waiting time is subtracted from its duration.

The server's processor time covers everything from the launch on: requests, and the messages that follow
them (payments, recruitment). Afterwards the file is checked: no network may be over-filled, no chain
forked, no stimulus empty, no acknowledged answer lost, no participant paid twice.

    python -m bench chains-8 one-chain    # only these scenarios
    python -m bench --long                # also 10,000 participants
    python -m bench --write               # save the results in this file

What follows a submission on Mechanical Turk is counted in [submissions.md](submissions.md); studies
are measured in [studies.md](studies.md).
"""


@dataclass
class Report:
    """All results of one call of the benchmark."""

    machine: Machine
    results: list[Result] = field(default_factory=list)
    costs: list[Cost] = field(default_factory=list)
    connected: list[Cost] = field(default_factory=list)
    imported: list[Imported] = field(default_factory=list)
    packaged: Packaged | None = None
    profile: list[Share] = field(default_factory=list)

    def budgets(self) -> list[Budget]:
        return budgets(self.results, self.costs, self.imported, self.packaged)

    def markdown(self) -> str:
        parts = [INTRODUCTION, self._machine()]
        if self.budgets():
            parts.append("## Budgets\n\n" + _budget_table(self.budgets()))
        if self.results:
            parts.append("## Participants\n\n" + _scenario_table(self.results))
            parts.append(_findings(self.results))
            parts.append("## Routes, in milliseconds\n\n" + _route_table(self.results))
        if self.costs:
            parts.append(_cost_part(self.costs, self.connected))
        if self.imported:
            parts.append("## Startup\n\n" + _import_table(self.imported))
        if self.packaged:
            parts.append(_package_part(self.packaged))
        if self.profile:
            parts.append(_profile_part(self.profile))
        return "\n\n".join(part.strip() for part in parts) + "\n"

    def _machine(self) -> str:
        one = self.machine
        return (
            f"Measured on {one.date}: {one.cores} cores ({one.processor}), {one.system}, "
            f"Python {one.python}, SQLite {one.sqlite}. "
            f"A commit that reaches the disk takes {one.sync_ms:.2f} ms here. "
            f"The load average before the bench was {one.load:.2f}"
            + (": other programs were at work, so rates and times are worse than they would be."
               if one.is_busy else ".")
        )  # fmt: skip


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Format a Markdown table."""
    lines = [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]
    return "\n".join(lines)


def _budget_table(found: list[Budget]) -> str:
    rows = [(one.what, one.budget, one.measured, "met" if one.met else "**not met**") for one in found]
    return table(("what", "budget", "measured", ""), rows)


def _scenario_table(results: list[Result]) -> str:
    head = ("scenario", "participants", "a second", "busy answers", "waited, s each", "conflicts",
            "CPU ms each", "peak MB")  # fmt: skip
    rows = []
    for result in results:
        tally = result.tally
        rows.append(
            (
                result.scenario.title,
                f"{tally.finished:,}",
                f"{tally.rate:.1f}",
                f"{tally.busy:,}",
                f"{(tally.waited + tally.held) / max(1, tally.finished):.2f}",
                f"{result.conflicts:,}",
                f"{result.cpu_per_participant:.2f}",
                f"{result.peak_bytes / MEGABYTE:.0f}",
            )
        )
    return table(head, rows)


def _findings(results: list[Result]) -> str:
    head = ("scenario", "failures", "over-filled", "forks", "empty stimuli", "infos lost", "completions lost",
            "paid twice")  # fmt: skip
    rows = [
        (
            result.scenario.title,
            ", ".join(f"{n} x {what}" for what, n in result.tally.failures.items()) or "0",
            str(result.findings.over_filled),
            str(result.findings.forks),
            str(max(result.findings.empty_stimuli, result.tally.empty_stimuli)),
            str(result.findings.lost_infos),
            str(result.findings.lost_completions),
            str(result.findings.paid_twice),
        )
        for result in results
    ]
    return table(head, rows)


def _route_table(results: list[Result]) -> str:
    rows = [
        (
            result.scenario.title,
            route,
            *(f"{percentile(seconds, share) * 1000:.1f}" for share in (0.5, 0.95, 0.99)),
        )
        for result in results
        for route, seconds in result.tally.seconds.items()
    ]
    return table(("scenario", "route", "p50", "p95", "p99"), rows)


def _cost_part(costs: list[Cost], connected: list[Cost]) -> str:
    def rows(chosen: Iterable[Cost]) -> list[tuple[str, ...]]:
        return [(one.what, str(one.calls), str(one.read_units), str(one.write_units)) for one in chosen]

    head = ("request", "calls", "read units", "write units")
    text = (
        "## DynamoDB usage\n\n"
        "One participant of the Bartlett demo with a predecessor: sequential calls, and "
        "capacity units by AWS's rules, computed from the sizes of the items.\n\n" + table(head, rows(costs))
    )
    if connected:
        chosen = [cost for number, cost in enumerate(connected, 1) if number in (1, 50, 100, len(connected))]
        text += (
            f"\n\nOne FullyConnected network of {len(connected)}: each join connects with all nodes, so that "
            "late joins are commits of over 100 items, in batches.\n\n" + table(head, rows(chosen))
        )
    return text


def _import_table(imported: list[Imported]) -> str:
    rows = [
        (f"`{one.statement}`", f"{one.milliseconds:.0f}", f"{one.peak_bytes / MEGABYTE:.0f}")
        for one in imported
    ]
    return table(("a fresh interpreter, compiled", "ms", "MB"), rows)


def _package_part(packaged: Packaged) -> str:
    return "The Lambda package of the Bartlett demo:\n\n```\n" + "\n".join(packaged.sizes.lines()) + "\n```"


def _profile_part(profile: list[Share]) -> str:
    rows = [
        (
            share.room,
            f"{share.share:.1%}",
            ", ".join(f"`{name}` {part:.1%}" for name, part in share.functions if part >= LEAST_SHARE),
        )
        for share in profile
        if share.share >= LEAST_SHARE
    ]
    return (
        "## Where the server's time goes\n\n"
        "cProfile over 20 chains of 50 with 8 clients; waiting for requests is left out. "
        "The profiler makes many small functions look slower than they are.\n\n"
        + table(("package", "share", "largest functions"), rows)
    )
