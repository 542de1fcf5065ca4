"""`petri serve`: real participants from one machine, by entry links only."""

from __future__ import annotations

import socket
from contextlib import closing
from pathlib import Path

import pytest
import requests

from tests.unit.cli.study import petri, serving, write_study
from tests.unit.cli.test_debug import lines_until

pytestmark = pytest.mark.e2e

ADDRESS = "https://study.example.org"
IDS = {"workerId": "w", "hitId": "h", "assignmentId": "a", "mode": "live"}


def write_link_study(root: Path) -> None:
    write_study(root / "whispers")
    with (root / "whispers" / "config.txt").open("a", encoding="utf-8") as settings:
        settings.write("recruiter = link\n")


def test_people_come_by_their_links_only(tmp_path: Path) -> None:
    write_link_study(tmp_path)
    with serving(tmp_path, "serve", "whispers", "--id", "class", "--address", ADDRESS, "--port", "0") as (
        process,
        _,
    ):
        link = lines_until(process, f"{ADDRESS}/ad?")
        where = (tmp_path / "runs" / "class.address").read_text()
        for recruiter in ("link", "hotair", "bots", "cli", "multi"):
            said = requests.post(f"{where}/participant", {**IDS, "recruiter": recruiter}, timeout=10)
            assert said.status_code == 403, recruiter
        named = dict(pair.split("=", 1) for pair in link.partition("?")[2].split("&"))
        assert named["mode"] == "live"
        assert requests.post(f"{where}/participant", named, timeout=10).status_code == 200
        foreign = requests.get(f"{where}/ad", headers={"Host": "evil.example"}, timeout=10)
        assert foreign.status_code == 421
        assert (
            requests.get(f"{where}/ad", headers={"Host": "study.example.org"}, timeout=10).status_code == 200
        )


def test_a_study_without_entry_links_is_not_served(tmp_path: Path) -> None:
    write_study(tmp_path / "whispers")
    said = petri(tmp_path, "serve", "whispers")
    assert said.returncode == 1
    assert "Set recruiter = link" in said.stderr


def test_debug_says_that_it_is_not_for_people(tmp_path: Path) -> None:
    write_study(tmp_path / "whispers")
    with serving(tmp_path, "debug", "whispers", "--no-browser", "--port", "0") as (process, _):
        assert "petri serve" in lines_until(process, "This is debug mode")


@pytest.mark.parametrize("command", [("debug", "whispers", "--no-browser"), ("serve", "whispers")])
def test_a_port_in_use_leaves_no_run(tmp_path: Path, command: tuple[str, ...]) -> None:
    write_link_study(tmp_path)
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        said = petri(tmp_path, *command, "--port", str(taken.getsockname()[1]))
    assert said.returncode == 1
    assert "is in use or not allowed" in said.stderr
    assert list((tmp_path / "runs").glob("*")) == []
