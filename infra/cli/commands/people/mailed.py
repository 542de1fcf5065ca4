"""Says whether a link was mailed to its person."""

from __future__ import annotations

from infra.cli.output import out


def print_mailing(was_mailed: bool, problem: str) -> None:
    """Print whether a link was mailed; nothing for a run that sends no mail."""
    if was_mailed:
        out().print("The link was mailed to the person.")
    elif problem:
        out().print(f"The link couldn't be mailed: {problem}", markup=False)
