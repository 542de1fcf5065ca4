"""Connections of the local host: bounded in number, in the length of their headers, and in time."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from infra.local import connection_limits, host
from infra.local.connection_limits import MOST_HEAD, MOST_HEADERS, Connections
from tests.unit.local.toy import running, toy_app

pytestmark = pytest.mark.e2e

WHOLE = b"GET /summary HTTP/1.1\r\nhost: 127.0.0.1\r\n"


@contextlib.contextmanager
def talking(url: str, begin: bytes = b"", source: str = "127.0.0.1") -> Iterator[socket.socket]:
    parts = urlsplit(url)
    address = (parts.hostname or "", parts.port or 0)
    with socket.create_connection(address, timeout=10, source_address=(source, 0)) as line:
        line.sendall(begin)
        yield line


def rest_of(line: socket.socket) -> bytes:
    """Read until the host closes the connection."""
    parts = []
    with contextlib.suppress(ConnectionResetError):
        while part := line.recv(65536):
            parts.append(part)
    return b"".join(parts)


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with running(toy_app(), tmp_path) as address:
        yield address


@pytest.mark.parametrize("begin", [b"", b"GET /summ", WHOLE, WHOLE + b"x-half: "])
def test_a_request_whose_headers_never_end_is_closed(
    begin: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_limits, "HEAD_TIME", 0.1)
    with running(toy_app(), tmp_path) as url, talking(url, begin) as line:
        assert rest_of(line).startswith(b"HTTP/1.1 408 ")


def test_a_second_request_that_is_half_sent_is_closed_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_limits, "HEAD_TIME", 0.1)
    with running(toy_app(), tmp_path) as url, talking(url, WHOLE + b"\r\nGET /half") as line:
        said = rest_of(line)
    assert said.startswith(b"HTTP/1.1 200 ")
    assert b"HTTP/1.1 408 " in said


def test_a_body_that_never_ends_is_refused_and_the_connection_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host, "BODY_TIME", 0.1)
    half = b"POST /echo/a HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 100\r\n\r\n{"
    with running(toy_app(), tmp_path) as url, talking(url, half) as line:
        said = rest_of(line)
    assert said.startswith(b"HTTP/1.1 408 ")
    assert b"too_slow" in said


@pytest.mark.parametrize(
    "head",
    [
        WHOLE + b"x-long: " + b"a" * MOST_HEAD + b"\r\n\r\n",
        WHOLE + b"x-endless: " + b"a" * 4 * MOST_HEAD,
        b"GET /summary?" + b"a" * MOST_HEAD + b" HTTP/1.1\r\n\r\n",
        WHOLE + b"".join(b"x-%d: 1\r\n" % i for i in range(MOST_HEADERS)) + b"\r\n",
    ],
    ids=["long", "endless", "address", "many"],
)
def test_headers_beyond_the_bound_are_refused(head: bytes, url: str) -> None:
    with talking(url) as line:
        with contextlib.suppress(ConnectionError):
            line.sendall(head)
        assert rest_of(line).startswith(b"HTTP/1.1 431 ")
    assert requests.get(f"{url}/summary", timeout=10).status_code == 200


def test_connections_beyond_the_bound_are_closed_until_others_end(tmp_path: Path) -> None:
    bound = Connections(4)
    with running(toy_app(), tmp_path, connections=bound) as url, contextlib.ExitStack() as stack:
        for number in range(4):
            line = stack.enter_context(talking(url, WHOLE + b"\r\n", source=f"127.0.0.{number + 1}"))
            assert line.recv(65536).startswith(b"HTTP/1.1 200 ")
        with talking(url, source="127.0.0.9") as fifth:
            assert rest_of(fifth) == b""
        stack.close()
        with talking(url, WHOLE + b"connection: close\r\n\r\n") as after:
            assert rest_of(after).startswith(b"HTTP/1.1 200 ")


def test_one_address_never_holds_all_connections(tmp_path: Path) -> None:
    with running(toy_app(), tmp_path, connections=Connections(4)) as url, contextlib.ExitStack() as stack:
        for _ in range(3):
            line = stack.enter_context(talking(url, WHOLE + b"\r\n"))
            assert line.recv(65536).startswith(b"HTTP/1.1 200 ")
        with talking(url) as fourth:
            assert rest_of(fourth) == b""
        with talking(url, WHOLE + b"connection: close\r\n\r\n", source="127.0.0.2") as other:
            assert rest_of(other).startswith(b"HTTP/1.1 200 ")


OUT_OF_DESCRIPTORS = """
import logging, os, resource, sys
from pathlib import Path
from infra.local.connection_limits import Connections
from tests.unit.local.test_connections import open_and_close_many
from tests.unit.local.toy import running, toy_app

logging.basicConfig(level="INFO", stream=sys.stdout)
connections = Connections(10_000)
with running(toy_app(), Path(sys.argv[1]), connections=connections) as url:
    child = open_and_close_many(url)
    used = max(int(name) for name in os.listdir("/proc/self/fd"))
    resource.setrlimit(resource.RLIMIT_NOFILE, (used + 20, used + 20))
    print("client:", child.communicate("begin", timeout=60)[0], flush=True)
"""

MANY_CLIENTS = """
import socket, sys
from tests.unit.local.test_connections import WHOLE, rest_of, talking
url = sys.argv[1]
sys.stdin.read()
import contextlib, time
with contextlib.ExitStack() as stack:
    for _ in range(200):
        stack.enter_context(talking(url))
    time.sleep(2.5)  # longer than two waits of the host: it has tried again, and met the same
with talking(url, WHOLE + b"connection: close\\r\\n\\r\\n") as line:
    print(rest_of(line).split(b"\\r\\n")[0].decode())
"""


def open_and_close_many(url: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", MANY_CLIENTS, url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_host_without_descriptors_waits_logs_it_once_and_serves_again(tmp_path: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-c", OUT_OF_DESCRIPTORS, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert "client: HTTP/1.1 200 OK" in said.stdout
    assert said.stdout.count("Can't accept connections") == 1
    assert said.stderr == ""
    assert len(said.stdout.splitlines()) < 10
