"""A run on this machine serves its dashboard as localhost, and its pages as 127.0.0.1."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from infra.local.dashboard.dashboard_links import dashboard_address
from tests.unit.local.toy import running, toy_app

PROGRAM: dict[str, str] = {"Accept": "*/*"}
BROWSER = {"Accept": "text/html,*/*", "Sec-Fetch-Mode": "navigate"}
SCRIPT = {"Accept": "*/*", "Sec-Fetch-Mode": "cors"}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = tmp_path_factory.mktemp("site")
    (root / "ad.html").write_text("<h1>Ad</h1>")
    with running(toy_app(), root, hold=0.01) as address:
        yield address


def get(url: str, path: str, host: str, headers: dict[str, str]) -> requests.Response:
    named = f"{host}:{url.rpartition(':')[2]}"
    return requests.get(f"{url}{path}", headers={**headers, "Host": named}, timeout=5, allow_redirects=False)


@pytest.mark.parametrize("headers", [BROWSER, SCRIPT], ids=["browser", "script"])
@pytest.mark.parametrize("path", ["/ad?hitId=1&x=%2F", "/summary", "/", "/dashboards"])
def test_a_browser_that_asks_the_dashboards_host_for_anything_else_is_redirected(
    url: str, path: str, headers: dict[str, str]
) -> None:
    said = get(url, path, "localhost", headers)
    assert (said.status_code, said.headers["location"]) == (307, f"{url}{path}")


@pytest.mark.parametrize("port", ["80@evil.example", "x", "1/..", "٣"])
def test_the_redirect_leads_to_this_machine_whatever_the_host_header_says(url: str, port: str) -> None:
    headers = {**BROWSER, "Host": f"localhost:{port}".encode()}
    said = requests.get(f"{url}/ad", headers=headers, timeout=5, allow_redirects=False)
    assert said.status_code in {307, 400}
    assert said.headers.get("location", "http://127.0.0.1/ad") == "http://127.0.0.1/ad"


def test_a_program_is_answered_under_either_name(url: str) -> None:
    for host in ("localhost", "127.0.0.1"):
        assert get(url, "/summary", host, PROGRAM).json() == {"status": "success"}


def test_the_files_of_the_dashboard_are_on_its_own_host_only(url: str) -> None:
    path = "/dashboard-static/css/dashboard.css?v=1"
    said = get(url, path, "localhost", BROWSER)
    assert (said.status_code, said.headers["content-type"].partition(";")[0]) == (200, "text/css")
    assert said.headers["x-content-type-options"] == "nosniff"
    assert get(url, path, "127.0.0.1", BROWSER).status_code == 404


@pytest.mark.parametrize("path", ["/../../debug/bar.js", "/%2e%2e/debug/bar.js", "/css", "/", "/%00"])
def test_no_other_file_is_sent_with_them(url: str, path: str) -> None:
    assert get(url, f"/dashboard-static{path}", "localhost", PROGRAM).status_code == 404


@pytest.mark.parametrize(
    ("address", "dashboard"),
    [
        ("http://127.0.0.1:5000", "http://localhost:5000/dashboard"),
        ("https://study.example.org", "http://localhost/dashboard"),
        ("http://[::1]:80", "http://localhost:80/dashboard"),
    ],
)
def test_the_dashboards_address_is_localhost_with_the_port_of_the_run(address: str, dashboard: str) -> None:
    assert dashboard_address(address) == dashboard
