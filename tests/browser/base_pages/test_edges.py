"""CloudFront's functions, run by a browser's engine: they find the files that one machine finds."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
from selenium.webdriver import Chrome

from infra.aws.resources import stack_templates
from infra.site.resolve import resolve

#: CloudFront gives an event and takes a request or an answer; the engine of a page is all that is needed.
RUN = """
const handler = new Function(arguments[0] + "\\nreturn handler;")();
return arguments[1].map((asked) => {
  const request = { method: asked.method, uri: asked.uri, headers: {},
                    rawQueryString: () => asked.query ?? undefined };
  const made = handler({ request });
  return { uri: made.uri ?? null, status: made.statusCode ?? null,
           location: made.headers?.location?.value ?? null };
});
"""
FILES = (
    "ad.html",
    "launch.html",
    "instructions/first.html",
    "a b.html",
    "größe.html",
    "100%.html",
    "static/css/petri.css",
    "static/a+b.js",
    "static/page.html",
    "static.html",
    "robots.txt",
    "robots.txt.html",
    ".html",
)
PARTS = (
    "ad",
    "static",
    "instructions",
    "first",
    "a b",
    "größe",
    "100%",
    "css",
    "petri.css",
    "robots.txt",
    "a+b.js",
)
ODD = ("", ".", "..", "a\\b", "\0", "%2e%2e", "ad.html", "static/..", "page.html", "~", "?", "#", "index")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    root = tmp_path / "site"
    for name in FILES:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf-8")
    return root


def run(browser: Chrome, function: str, asked: list[dict[str, Any]]) -> list[dict[str, Any]]:
    code = (stack_templates.HERE / "functions" / f"{function}.js").read_text(encoding="utf-8")
    answers: list[dict[str, Any]] = browser.execute_script(RUN, code, asked)
    return answers


def addresses() -> list[str]:
    """Give addresses as a client may write them: of files, of nothing, and such as try to get out."""
    draw = random.Random(1932)
    known = (
        ["/" + name.removesuffix(".html") for name in FILES] + ["/" + name for name in FILES] + ["/", "//"]
    )
    made = []
    for _ in range(3000):
        parts = [draw.choice(PARTS + ODD) for _ in range(draw.randint(1, 4))]
        made.append("/" + "/".join(parts))
    plain = [*known, *made]
    written = [quote(address, safe=draw.choice(("/", "/:@!$&'()*+,;=", "/.~"))) for address in plain]
    return [
        *written,
        "/%",
        "/%zz",
        "/%ff",
        "/a%00b",
        "/%2e%2e/%2e%2e/secret",
        "/static/%2e%2e/ad",
        "/ad%2f",
        "/%61d",
    ]


def test_every_address_leads_to_the_file_that_one_machine_finds(browser: Chrome, site: Path) -> None:
    asked = addresses()
    answers = run(browser, "pages", [{"method": "GET", "uri": address} for address in asked])
    for address, answer in zip(asked, answers, strict=True):
        expected = resolve(site, unquote(address))
        assert _file(site, answer) == expected, address


def _file(site: Path, answer: dict[str, Any]) -> Path | None:
    """Give the file that the bucket would answer with: a key is a key, dots and all."""
    if answer["status"] is not None:
        assert answer["status"] == 404
        return None
    key = unquote(answer["uri"].removeprefix("/"))
    return site / key if key in FILES else None


def test_a_request_for_the_page_is_sent_to_its_file_with_the_query(browser: Chrome) -> None:
    (answer,) = run(browser, "launch", [{"method": "GET", "uri": "/withdraw", "query": "workerId=a%26b&x"}])
    assert (answer["status"], answer["location"]) == (302, "/withdraw.html?workerId=a%26b&x")


@pytest.mark.parametrize("query", [None, ""])
def test_a_request_for_the_page_without_a_query_gets_none(browser: Chrome, query: str | None) -> None:
    (answer,) = run(browser, "launch", [{"method": "HEAD", "uri": "/launch", "query": query}])
    assert (answer["status"], answer["location"]) == (302, "/launch.html")


@pytest.mark.parametrize("method", ["POST", "OPTIONS", "PUT", "DELETE"])
def test_a_request_to_the_api_passes_through(browser: Chrome, method: str) -> None:
    (answer,) = run(browser, "launch", [{"method": method, "uri": "/launch"}])
    assert (answer["status"], answer["uri"]) == (None, "/launch")


def test_a_socket_is_opened_at_the_stage_of_its_api(browser: Chrome) -> None:
    (answer,) = run(browser, "sockets", [{"method": "GET", "uri": "/chat"}])
    assert answer["uri"] == "/api"
