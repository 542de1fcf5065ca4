"""Runs Chalice's deployer in a process that has imported it already and forks for each deploy.

Importing Chalice and loading botocore's data takes longer than a deploy of an empty package. The forked
process does the same as `python -m infra.aws.resources.chalice_run`, in the same folder and environment.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import traceback
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Any, Self

from infra.emulator.shims.service_models import read_once

ROOT = Path(__file__).parents[3]
#: The beginning of the command that runs here.
COMMAND = [sys.executable, "-m", "infra.aws.resources.chalice_run"]
#: The services that Chalice's deployer calls.
SERVICES = ("apigateway", "apigatewayv2", "events", "iam", "lambda", "logs", "sqs")
#: The format of numbers on the socket: a request's length, a process id, an exit status.
_NUMBER = struct.Struct("!i")


class ReadyChalice:
    """Replaces the module `subprocess` where Chalice is run, until `close`."""

    PIPE = subprocess.PIPE
    TimeoutExpired = subprocess.TimeoutExpired

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        #: One deploy at a time: the next one waits.
        self._guard = threading.Lock()

    def _begin(self) -> None:
        self._line, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with far:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "infra.emulator.process.ready_chalice", str(far.fileno())],
                cwd=ROOT,
                pass_fds=[far.fileno()],
            )

    def Popen(  # noqa: N802 - subprocess's name
        self, command: list[str], *, cwd: Path, env: dict[str, str], stderr: IO[bytes], **how: Any
    ) -> Started:
        """Start Chalice like `subprocess.Popen` with `stdout=PIPE, text=True`."""
        if command[: len(COMMAND)] != COMMAND or how != {"stdout": subprocess.PIPE, "text": True}:
            raise ValueError(f"that isn't how Chalice is run: {command}, {how}")
        self._guard.acquire()
        if self._process is None:
            self._begin()
        reading, writing = os.pipe()
        job = {"arguments": command[len(COMMAND) :], "folder": str(cwd), "environment": env}
        _ask(self._line, job, [writing, stderr.fileno()])
        os.close(writing)
        return Started(self._line, self._guard, os.fdopen(reading, encoding="utf-8"))

    def close(self) -> None:
        if self._process is not None:
            self._line.close()
            self._process.wait()


class Started:
    """One deploy, with the used part of the interface of `subprocess.Popen`."""

    def __init__(self, line: socket.socket, guard: threading.Lock, stdout: IO[str]) -> None:
        self._line, self._guard = line, guard
        self.stdout = stdout
        self.returncode: int | None = None
        self._pid = _number(line)

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            self._line.settimeout(timeout)
            try:
                self.returncode = _number(self._line)
            except TimeoutError as error:
                raise subprocess.TimeoutExpired(COMMAND, timeout or 0) from error
            finally:
                self._line.settimeout(None)
            self._guard.release()
        return self.returncode

    def terminate(self) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self.returncode is None:
            os.kill(self._pid, how)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stdout.close()
        self.wait()


def main(line: socket.socket) -> None:
    """Fork for each request, and send the process's id, then its exit status."""
    with read_once():
        _prepare()
        _serve(line)


def _ask(line: socket.socket, job: dict[str, Any], files: list[int]) -> None:
    """Send a request with its length first, and the files with that."""
    text = json.dumps(job).encode()
    socket.send_fds(line, [_NUMBER.pack(len(text))], files)
    line.sendall(text)


def _asked(line: socket.socket) -> tuple[bytes, list[int]]:
    """Return a request and its files; nothing when the socket is closed."""
    # So few bytes arrive in one piece.
    length, files, *_ = socket.recv_fds(line, _NUMBER.size, 2)
    return (_received(line, *_NUMBER.unpack(length)) if length else b""), files


def _number(line: socket.socket) -> int:
    (number,) = _NUMBER.unpack(_received(line, _NUMBER.size))
    return int(number)


def _received(line: socket.socket, length: int) -> bytes:
    text = line.recv(length, socket.MSG_WAITALL)
    if len(text) < length:
        raise ConnectionError("the process that deploys has ended")
    return text


def _serve(line: socket.socket) -> None:
    while True:
        job, files = _asked(line)
        if not job:
            return
        pid = os.fork()
        if not pid:
            line.close()
            _deploy(json.loads(job), *files)
        for file in files:
            os.close(file)
        line.sendall(_NUMBER.pack(pid))
        line.sendall(_NUMBER.pack(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])))


def _prepare() -> None:
    """Import what every deploy imports, and load botocore's data."""
    import botocore.session
    import chalice.cli.factory  # noqa: F401

    import infra.aws.resources.chalice_run  # noqa: F401

    session = botocore.session.Session()
    for service in SERVICES:
        session.create_client(service, "us-east-1", aws_access_key_id="x", aws_secret_access_key="x").close()
    if {"app", "chalicelib"} & set(sys.modules):
        raise RuntimeError("the staged app must be imported from its own folder")


def _deploy(job: dict[str, Any], stdout: int, stderr: int) -> None:
    """Run the deploy in the forked process."""
    from infra.aws.resources.chalice_run import main as run

    code = 1
    try:
        os.dup2(stdout, 1)
        os.dup2(stderr, 2)
        os.chdir(job["folder"])
        os.environ.clear()
        os.environ.update(job["environment"])
        sys.path[0] = job["folder"]
        sys.path.insert(1, job["environment"]["PYTHONPATH"].partition(os.pathsep)[0])
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(write_through=True)
        code = run(job["arguments"])
    except BaseException:  # noqa: BLE001 - the process ends with what an interpreter would print
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
