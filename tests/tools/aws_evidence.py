"""`make aws-evidence`: checks against implementations of AWS other than moto.

- The contract suite of the storage over roto (roto-aws, MIT), whose transactions run concurrently
  in a real database.
- The CloudFront functions on njs, the engine that CloudFront's JavaScript comes from, and on QuickJS, which
  the tests use: both must return the same results.
- The functions' policies checked by parliament, which knows IAM's actions, resources and conditions.

All parts run; the command fails if any part fails or lacks its tool.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from quickjs import Context

from infra.aws.account.names import FUNCTIONS, Names
from infra.aws.account.policies import policy

ROOT: Final = Path(__file__).parents[2]
JAVASCRIPT: Final = ROOT / "infra" / "aws" / "functions"
#: Seconds until a tool must listen.
PATIENCE: Final = 20.0
#: Suites that patch moto itself, or that also need SQS.
OF_MOTO: Final = ("test_engine_moto.py", "test_queues.py", "test_waking.py")
PAGES: Final = ["ad", "consent", "exp", "story/first", "ä"]
NO_PAGES: Final = "const PAGES = null;"
ADDRESSES: Final = (
    *("/", "/ad", "/ad/", "/exp", "/story/first", "/story//first", "/nowhere", "/nowhere/", "/info/7/"),
    *("/static/css/petri.css", "/static/%C3%A4.png", "/%C3%A4", "/%E4", "/%", "/../etc", "/a%2F..%2Fb"),
    *("/robots.txt", "/a%00b", "/a%5Cb", "/./ad", "/launch", "/chat"),
)
#: Calls the handler with an event, and returns its result as JSON.
CALL: Final = r"""
(function (event) {
  var query = event.request.rawQuery;
  event.request.rawQueryString = function () { return query === "" ? undefined : query; };
  return JSON.stringify(handler(event));
})
"""


class Missing(Exception):
    """A tool isn't installed; the message says how to get it."""


def main() -> int:
    """Run all parts; return how many failed."""
    failed = 0
    parts: dict[str, Callable[[], str]] = {
        "DynamoDB on roto": on_roto,
        "CloudFront functions on njs": on_njs,
        "policies through parliament": through_parliament,
    }
    for name, part in parts.items():
        try:
            outcome = part()
        except (AssertionError, Missing) as error:
            failed += 1
            outcome = f"FAILED: {error}"
        sys.stdout.write(f"{name}: {outcome}\n")
        sys.stdout.flush()
    return failed


# -- DynamoDB ------------------------------------------------------------------------------------------


def on_roto() -> str:
    """Run the contract suite over roto; pytest's output is printed as it comes."""
    with _roto() as address:
        process = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "tests/contract", "-q", "-n", "0", "-k", "dynamodb"),
                *(f"--ignore=tests/contract/{name}" for name in OF_MOTO),
            ],
            cwd=ROOT,
            env={**os.environ, "PETRI_TEST_DYNAMODB": address},
            check=False,
        )
    if process.returncode:
        raise AssertionError(f"pytest ended with {process.returncode}; its output is above")
    return "the contract holds"


@contextmanager
def _roto() -> Iterator[str]:
    found = Path(sys.executable).with_name("roto-server")
    program = str(found) if found.exists() else shutil.which("roto-server")
    if program is None:
        raise Missing("roto-server isn't installed: pip install 'petri[evidence]'")
    port = _free_port()
    with tempfile.TemporaryDirectory(prefix="roto-") as folder:
        process = subprocess.Popen(
            [program, "--ephemeral", "--port", str(port)],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait_for(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(PATIENCE)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def _wait_for(port: int) -> None:
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise AssertionError(f"roto-server doesn't listen after {PATIENCE:.0f} s")


# -- CloudFront's JavaScript -----------------------------------------------------------------------------


def on_njs() -> str:
    """Run each function with each event on njs and on QuickJS, and compare."""
    program = shutil.which("njs")
    if program is None:
        raise Missing("njs isn't installed; on Debian and Ubuntu: apt-get install njs")
    compared = 0
    for path in sorted(JAVASCRIPT.glob("*.js")):
        code = path.read_text(encoding="utf-8").replace(NO_PAGES, f"const PAGES = {json.dumps(PAGES)};")
        events = [event for address in ADDRESSES for event in events_for(address)]
        results = njs(program, code, events)
        for event, here in zip(events, results, strict=True):
            expected = quickjs(code, event)
            if here != expected:
                raise AssertionError(
                    f"{path.name}, {json.dumps(event)}: {here} on njs, {expected} on QuickJS"
                )
            compared += 1
    return f"{compared} answers are those of QuickJS"


def events_for(address: str) -> Iterator[dict[str, Any]]:
    """Return the requests that a browser, a script and a form send to an address."""
    for method, accept, query in (
        ("GET", "text/html,*/*", ""),
        ("GET", "application/json", "workerId=W%201&x"),
        ("POST", None, "a=b"),
        ("HEAD", "*/*", ""),
    ):
        headers = {} if accept is None else {"accept": {"value": accept}}
        request = {"method": method, "uri": address, "rawQuery": query, "headers": headers, "querystring": {}}
        yield {"version": "1.0", "request": request}


def njs(program: str, code: str, events: list[dict[str, Any]]) -> list[Any]:
    """Return a function's result for each event on njs."""
    calls = f"{code}\nvar call = {CALL};\n" + "".join(
        f"console.log(call(JSON.parse({json.dumps(json.dumps(event))})));\n" for event in events
    )
    with tempfile.NamedTemporaryFile("w", suffix=".js", encoding="utf-8") as script:
        script.write(calls)
        script.flush()
        process = subprocess.run([program, script.name], capture_output=True, text=True, check=False)
    if process.returncode:
        raise AssertionError(f"njs refuses the code: {process.stderr or process.stdout}")
    return [json.loads(line) for line in process.stdout.splitlines() if line.startswith("{")]


def quickjs(code: str, event: dict[str, Any]) -> Any:
    """Return a function's result for an event on QuickJS."""
    made = Context().eval(f"(text) => {{ {code}\nreturn ({CALL})(JSON.parse(text)); }}")(json.dumps(event))
    return json.loads(made)


# -- policies ----------------------------------------------------------------------------------------------


def through_parliament() -> str:
    """Check every policy with parliament, with all optional permissions; any finding is a failure."""
    try:
        from parliament import analyze_policy_string  # type: ignore[import-not-found]  # an extra of its own
    except ImportError as error:
        raise Missing(f"parliament isn't installed: pip install 'petri[evidence]' ({error})") from error
    settings = {"mailer": "ses", "dallinger_email_address": "lab@example.com", "recruiter": "mturk"}
    found = []
    for function in FUNCTIONS:
        made = policy(function, Names("story", "live"), "123456789012", "eu-central-1", settings=settings)
        findings = analyze_policy_string(json.dumps(made)).findings
        found += [f"{function}: {one.issue} {one.detail}" for one in findings]
    if found:
        raise AssertionError("; ".join(found))
    return f"nothing found in {len(FUNCTIONS)} policies"


if __name__ == "__main__":
    sys.exit(main())
