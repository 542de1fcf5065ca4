"""`python -m bench`: run benchmarks and print the results; --write also saves them in bench/README.md."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bench.clients.host import fresh_folder
from bench.costs import bartlett_costs, connected_costs
from bench.figures.machine import this_machine
from bench.figures.report import Report
from bench.imports import STATEMENTS, measure_import
from bench.package import measure_package
from bench.profiling import shares
from bench.scenarios import FILES, LONG, SCENARIOS, Scenario, measure

README = Path(__file__).parent / "README.md"
CONNECTED = 150
COSTS, IMPORTS, PROFILE = "dynamodb", "import", "profile"


def main() -> None:
    """Run the selected benchmarks, by default all."""
    wish = _arguments()
    with fresh_folder(FILES) as folder:
        report = Report(this_machine(folder))
        scenarios = {one.name: one for one in (*SCENARIOS, LONG)}
        for name in wish.what or _everything(long=wish.long):
            _tell(name)
            _measure(report, name, scenarios, folder)
    print(report.markdown())
    if wish.write:
        README.write_text(report.markdown(), encoding="utf-8")


def _arguments() -> argparse.Namespace:
    names = [*(one.name for one in SCENARIOS), LONG.name, COSTS, IMPORTS, PROFILE]
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure Petri on this machine.")
    parser.add_argument("what", nargs="*", metavar="WHAT", help=f"any of {', '.join(names)}; all by default")
    parser.add_argument("--long", action="store_true", help="10,000 participants too")
    parser.add_argument("--write", action="store_true", help="keep the results in bench/README.md")
    wish = parser.parse_args()
    unknown = [name for name in wish.what if name not in names]
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}; choose from {', '.join(names)}")
    return wish


def _everything(*, long: bool) -> list[str]:
    return [*(one.name for one in SCENARIOS), *([LONG.name] if long else []), COSTS, IMPORTS, PROFILE]


def _measure(report: Report, name: str, scenarios: dict[str, Scenario], folder: Path) -> None:
    if name == COSTS:
        report.costs, report.connected = bartlett_costs(), connected_costs(CONNECTED)
    elif name == IMPORTS:
        report.packaged = measure_package(folder)
        report.imported = [
            *(measure_import(statement) for statement in STATEMENTS),
            report.packaged.imported,
        ]
    elif name == PROFILE:
        file = folder / "bench.prof"
        measure(SCENARIOS[0], profile=file)
        report.profile = shares(file)
    else:
        report.results.append(measure(scenarios[name]))


def _tell(name: str) -> None:
    print(f"measuring {name} ...", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
