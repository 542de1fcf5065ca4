from __future__ import annotations

from pathlib import Path

import pytest

from infra.verify.direct_requests import without_token


def lines(tmp_path: Path, name: str, text: str) -> list[str]:
    (tmp_path / name).write_text(text)
    return [finding.where for finding in without_token(tmp_path, [tmp_path / name])]


@pytest.mark.parametrize(
    "call",
    [
        "reqwest({url: '/info/' + id, method: 'post'})",
        "$.post('/node/' + participant)",
        "fetch(`/question/${participant}`)",
        "fetch(`${host}/info/${node}`)",
        "$.ajax({\n  type: 'post',\n  url: '/worker_complete/'\n})",
    ],
)
def test_a_page_that_sends_its_own_requests_is_reported(tmp_path: Path, call: str) -> None:
    assert lines(tmp_path, "experiment.js", f"\n{call}\n") == ["experiment.js, line 2"]


@pytest.mark.parametrize(
    "call", ["dallinger.post('/info/' + id)", "fetch('/static/words.json')", "$.get('/my-own-address')"]
)
def test_a_page_that_does_not_is_left_alone(tmp_path: Path, call: str) -> None:
    assert lines(tmp_path, "experiment.js", call) == []


def test_a_bot_that_sends_its_own_requests_is_reported(tmp_path: Path) -> None:
    text = 'url = "{host}/node/{id}".format(host=h, id=i)\nresult = requests.post(url)\n'
    assert lines(tmp_path, "bots.py", text) == ["bots.py, line 2"]


def test_a_bot_that_uses_its_base_is_left_alone(tmp_path: Path) -> None:
    assert lines(tmp_path, "bots.py", 'self.post(f"/node/{self.participant_id}")') == []


def test_code_that_asks_another_server_is_left_alone(tmp_path: Path) -> None:
    assert lines(tmp_path, "models.py", 'requests.get("https://words.example.org/list")') == []


def test_libraries_are_left_alone(tmp_path: Path) -> None:
    assert lines(tmp_path, "jquery.min.js", "new XMLHttpRequest(); '/info/'") == []
