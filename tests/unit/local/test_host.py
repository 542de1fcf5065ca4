from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from infra.lambda_events.gateway import MAX_BODY
from infra.local.uvicorn_server import AddressError, listen
from tests.unit.local.toy import FORM, running, toy_app


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("site")
    (root / "ad.html").write_text("<h1>Ad</h1>")
    (root / "summary.html").write_text("<h1>never shown</h1>")
    (root / "info.html").write_text("<h1>Info</h1>")
    (root / "script.js").write_text("let a = 1;")
    return root


@pytest.fixture(scope="module")
def url(site: Path) -> Iterator[str]:
    with running(toy_app(), site, hold=0.01) as address:
        yield address


def test_an_api_route_is_answered_by_the_chalice_object(url: str) -> None:
    assert requests.get(f"{url}/summary", timeout=5).json() == {"status": "success"}


def test_the_handler_sees_query_and_undecoded_path(url: str) -> None:
    seen = requests.get(f"{url}/echo/a%2Fb?x=1&x=2", timeout=5).json()
    assert (seen["word"], seen["query"]) == ("a%2Fb", {"x": ["1", "2"]})


def test_a_binary_body_arrives_whole(url: str) -> None:
    headers = {"Content-Type": "application/octet-stream"}
    answer = requests.post(f"{url}/echo/a", data="é\0".encode(), headers=headers, timeout=5)
    assert answer.json()["body"] == "é\0"


def test_a_binary_answer_arrives_whole(url: str) -> None:
    assert requests.get(f"{url}/image", headers={"Accept": "image/png"}, timeout=5).content == b"\x89PNG"


def test_a_page_is_never_stored(url: str) -> None:
    answer = requests.get(f"{url}/ad?hitId=1", timeout=5)
    assert answer.headers["cache-control"] == "no-store"
    assert "script-src 'self' 'unsafe-inline'" in answer.headers["content-security-policy"]
    assert "access-control-allow-origin" not in answer.headers


def test_a_file_can_be_loaded_by_a_frame_without_an_origin(url: str) -> None:
    answer = requests.get(f"{url}/script.js", headers={"Origin": "null"}, timeout=5)
    assert answer.headers["access-control-allow-origin"] == "*"


def test_a_script_has_its_type_and_a_tag(url: str) -> None:
    answer = requests.get(f"{url}/script.js", timeout=5)
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["etag"]


def test_a_script_that_the_browser_has_is_not_sent_again(url: str) -> None:
    tag = requests.get(f"{url}/script.js", timeout=5).headers["etag"]
    assert requests.get(f"{url}/script.js", headers={"If-None-Match": tag}, timeout=5).status_code == 304


def test_a_part_of_a_file_can_be_asked_for(url: str) -> None:
    answer = requests.get(f"{url}/script.js", headers={"Range": "bytes=0-2"}, timeout=5)
    assert (answer.status_code, answer.text) == (206, "let")


def test_the_head_of_a_page_has_no_body(url: str) -> None:
    answer = requests.head(f"{url}/ad", timeout=5)
    assert (answer.status_code, answer.content) == (200, b"")


def test_api_responses_have_the_security_headers_and_are_not_cached(url: str) -> None:
    headers = requests.get(f"{url}/summary", timeout=5).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"


def test_an_unknown_address_is_a_404_in_the_shape_of_errors(url: str) -> None:
    answer = requests.get(f"{url}/nothing", timeout=5)
    assert answer.status_code == 404
    assert answer.json()["error_code"] == "not_found"


def test_a_browser_gets_an_error_page(url: str) -> None:
    answer = requests.get(f"{url}/nothing", headers={"Accept": "text/html"}, timeout=5)
    assert answer.headers["content-type"].startswith("text/html")


def test_a_wrong_method_is_a_405_that_names_the_right_one(url: str) -> None:
    answer = requests.delete(f"{url}/summary", timeout=5)
    assert answer.json()["error_code"] == "method_not_allowed"
    assert answer.headers["allow"] == "GET, OPTIONS"


def test_a_head_request_never_runs_an_operation(url: str) -> None:
    answer = requests.head(f"{url}/echo/a", timeout=5)
    assert (answer.status_code, answer.content) == (405, b"")


def test_options_tells_the_methods_of_a_route(url: str) -> None:
    answer = requests.options(f"{url}/echo/a", timeout=5)
    assert (answer.status_code, answer.headers["allow"]) == (204, "GET, OPTIONS, POST")


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_over_six_megabytes_is_a_413(url: str, *, chunked: bool) -> None:
    body = b"x" * (MAX_BODY + 1)
    data = iter([body[: MAX_BODY // 2], body[MAX_BODY // 2 :]]) if chunked else body
    answer = requests.post(f"{url}/echo/a", data=data, headers={"Content-Type": FORM}, timeout=20)
    assert (answer.status_code, answer.json()["error_code"]) == (413, "too_large")


def test_a_path_with_a_nul_is_not_found(url: str) -> None:
    assert requests.get(f"{url}/ad%00", timeout=5).status_code == 404


def test_a_taken_port_is_refused_with_what_to_do() -> None:
    with listen("127.0.0.1", 0) as first, pytest.raises(AddressError, match="choose another --port"):
        listen("127.0.0.1", first.getsockname()[1])


def test_a_failure_outside_the_view_is_a_500_in_the_shape_of_errors(site: Path) -> None:
    app = toy_app()
    with running(app, site) as address:
        app.api = None
        answer = requests.get(f"{address}/summary", timeout=5)
    assert json.loads(answer.content)["error_code"] == "internal_error"
