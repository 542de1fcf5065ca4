"""Runs Chalice's deployer on a staged folder, reports its output, and always stores its record."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from infra.aws.account.aws_errors import explain
from infra.aws.account.names import FUNCTIONS, Names
from infra.aws.account.session import Account
from infra.packaging.lambda_python import runtime
from infra.problems import OperatorProblem

from . import chalice_record
from .chalice_record import ChaliceRecord
from .chalice_run import FAILED
from .function_aliases import ALIAS

_ROOT: Final = Path(__file__).parents[3]
_CONNECTION: Final = re.compile(r"Connect|Timeout|Endpoint|Proxy|Protocol|HTTPClient|SSL")
_ERROR: Final = re.compile(r"[A-Za-z_][\w.]*(Error|Exception)\b")
#: Seconds that an interrupted Chalice gets to exit.
_GRACE: Final = 20.0
#: Lines without information for the operator.
_NOISE: Final = re.compile(r"^(\s*|Creating deployment package\.|Reusing existing deployment package\.)$")

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Staged:
    """Chalice's input: the staged folder and the package for Lambda."""

    folder: Path
    package: Path


def deploy(account: Account, names: Names, staged: Staged, tell: Tell) -> list[chalice_record.Entry]:
    """Update functions, roles, APIs, mapping and rule to what is staged, and return Chalice's record.

    If it fails, the next deploy or destroy finds the resources that were created.
    """
    kept = ChaliceRecord(account, names)
    before = kept.fetch()
    chalice_record.put(before, staged.folder, names.stage)
    kept.begin(before)
    roles = {function: names.role(function) for function in FUNCTIONS}
    arguments = [names.stage, str(staged.package), json.dumps(roles), runtime(), ALIAS]
    _run(account, arguments, staged.folder, tell)
    after = chalice_record.taken(staged.folder, names.stage)
    kept.finish(after)
    return after


def _run(account: Account, arguments: list[str], folder: Path, tell: Tell) -> None:
    environment = account.environment()
    # The staged folder comes first on the path; the module below is found through this entry.
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(_ROOT), environment.get("PYTHONPATH")]))
    environment["PYTHONUNBUFFERED"] = "1"
    command = [sys.executable, "-m", "infra.aws.resources.chalice_run", *arguments]
    with tempfile.TemporaryFile() as trace:
        # The command is this program's own; errors go to a file, so that neither stream blocks the other.
        with subprocess.Popen(  # noqa: S603
            command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=trace, text=True
        ) as process:
            try:
                failure = _listen(process, tell)
                process.wait()
            except BaseException:
                _end(process)
                raise
        trace.seek(0)
        last = _raised(trace.read().decode(errors="replace"))
    if failure is not None:
        raise _problem(failure)
    if process.returncode:
        raise OperatorProblem(f"Chalice's deployer failed: {last}. Check the experiment with `petri verify`.")


def _listen(process: subprocess.Popen[str], tell: Tell) -> dict[str, Any] | None:
    """Report each line, and return the error message, if there is one."""
    failure = None
    for line in process.stdout or ():
        if line.startswith(FAILED):
            failure = json.loads(line.removeprefix(FAILED))
        elif not _NOISE.match(line):
            tell(line.strip())
    return failure


def _raised(trace: str) -> str:
    """Return the exception from a traceback, whose message may have several lines."""
    lines = [line for line in trace.splitlines() if line.strip()]
    named = [number for number, line in enumerate(lines) if _ERROR.match(line)]
    message_lines = lines[named[-1] :] if named else lines[-1:]
    return " ".join(" ".join(message_lines).split()).rstrip(". ") or "no output"


def _end(process: subprocess.Popen[str]) -> None:
    """Stop Chalice; the resources that it created are found again by name."""
    process.terminate()
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _problem(failure: dict[str, Any]) -> OperatorProblem:
    if "code" in failure:
        return OperatorProblem(explain(failure["code"], failure["message"], failure["operation"]))
    if _CONNECTION.search(failure.get("connection", "")):
        return OperatorProblem("The connection to AWS was lost. Check the network and run the command again.")
    text = str(failure["message"]).rstrip(". ")
    return OperatorProblem(f"Chalice's deployer says: {text}. Fix that and run the command again.")
