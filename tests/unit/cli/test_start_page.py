"""The start page of a debug run, and its status line."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
import requests

from tests.unit.cli.study import EXPERIMENT, serving, write_study

pytestmark = pytest.mark.e2e

SERVED = ("debug", "study", "--no-browser", "--port", "0")


def links_on(page: str) -> list[str]:
    return [unescape(link) for link in re.findall(r'<li><a href="([^"]+)"', page)]


def begin(url: str, link: str) -> None:
    query = dict(re.findall(r"(\w+)=(\w+)", link.partition("?")[2]))
    answer = requests.post(f"{url}/participant", data=query, timeout=10)
    assert answer.ok, answer.text


def test_the_first_address_leads_to_links_that_let_participants_begin(tmp_path: Path) -> None:
    write_study(tmp_path / "study")
    with serving(tmp_path, *SERVED) as (_, url):
        page = requests.get(f"{url}/", timeout=10)
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        first, *others = links_on(page.text)
        assert len(others) == 2
        assert requests.get(first, timeout=10).ok
        begin(url, first)
        after = requests.get(f"{url}/", timeout=10).text
    assert first not in links_on(after)
    assert set(others) < set(links_on(after))
    assert '<tr><th scope="row">Arrived</th><td>1</td></tr>' in after
    assert '<tr><th scope="row">Taking part</th><td>1</td></tr>' in after


def test_the_start_page_shows_a_qr_code_and_escapes_the_title(tmp_path: Path) -> None:
    folder = write_study(tmp_path / "study")
    (folder / "config.txt").write_text("[Experiment]\ntitle = <b>Whispers</b>\nbase_payment = 0\n")
    with serving(tmp_path, *SERVED) as (_, url):
        page = requests.get(f"{url}/", timeout=10).text
    assert re.search(r'class="qr"[^>]*><svg .*<path ', page)
    assert "<b>Whispers" not in page
    assert "&lt;b&gt;Whispers" in page


def test_the_start_page_names_what_failed(tmp_path: Path) -> None:
    folder = write_study(tmp_path / "study")
    code = EXPERIMENT.replace("        node.receive()\n", "        node.recieve()\n")
    (folder / "experiment.py").write_text(code, encoding="utf-8")
    with serving(tmp_path, *SERVED) as (_, url):
        link = links_on(requests.get(f"{url}/", timeout=10).text)[0]
        query = dict(re.findall(r"(\w+)=(\w+)", link.partition("?")[2]))
        begun = requests.post(f"{url}/participant", data=query, timeout=10).json()
        asked = {"Authorization": f"Bearer {begun['token']}"}
        requests.post(f"{url}/node/{begun['participant']['id']}", headers=asked, timeout=10)
        page = requests.get(f"{url}/", timeout=10).text
    assert re.search(r"experiment\.py, line \d+, in add_node_to_network: AttributeError", unescape(page))


def test_a_debug_run_prints_how_many_have_arrived(tmp_path: Path) -> None:
    write_study(tmp_path / "study")
    with serving(tmp_path, *SERVED) as (process, url):
        begin(url, links_on(requests.get(f"{url}/", timeout=10).text)[0])
        told = ""
        while "1 arrived, 0 waiting, 1 playing, 0 finished" not in told:
            line = process.stderr.readline()
            assert line, told
            told += line
