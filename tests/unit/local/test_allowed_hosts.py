from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from infra.local.allowed_hosts import AllowedHosts
from tests.unit.local.toy import running, toy_app

ADDRESS = "https://study.example.org"


@pytest.mark.parametrize(
    "header",
    [
        None,
        "localhost:5000",
        "LOCALHOST",
        "127.0.0.1:80",
        "192.168.1.20:5000",
        "[::1]:5000",
        "study.example.org",
        "study.example.org:443",
        "study.example.org.",
        "lab-7:5000",
        socket.gethostname(),
    ],
)
def test_own_names_and_ip_addresses_are_allowed(header: str | None) -> None:
    assert AllowedHosts(lambda: ADDRESS, "lab-7").allow(header)


@pytest.mark.parametrize(
    "header",
    ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "", "study.example.org.evil.com"],
)
def test_other_names_are_refused(header: str) -> None:
    assert not AllowedHosts(lambda: ADDRESS).allow(header)


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "ad.html").write_text("ad")
    with running(toy_app(), tmp_path, names=AllowedHosts(lambda: ADDRESS)) as address:
        yield address


@pytest.mark.parametrize("path", ["/ad", "/summary", "/nothing"])
def test_dns_rebinding_reads_nothing(url: str, path: str) -> None:
    answer = requests.get(url + path, headers={"Host": "evil.example"}, timeout=10)
    assert (answer.status_code, answer.json()["error_code"]) == (421, "other_host")
    assert requests.get(f"{url}/ad", timeout=10).status_code == 200


def test_a_socket_under_another_name_is_not_opened(url: str) -> None:
    head = {
        "Host": "evil.example",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
    }
    assert requests.get(f"{url}/chat", headers=head, timeout=10).status_code == 403
