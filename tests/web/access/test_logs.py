"""The log: one structured line a request, with who and what, and never a worker id."""

from __future__ import annotations

import io
import json
import sys
from typing import Any

import pytest

from chalicelib.web.request_log import logger
from tests.web.conftest import NewWorld
from tests.web.experiments import Talk, with_hooks
from tests.web.world import OPERATOR_TOKEN


class Log:
    """What the platform's log has written to stdout since the test began."""

    def __init__(self, captured: pytest.CaptureFixture[str]) -> None:
        self._captured = captured
        self._text = ""

    @property
    def text(self) -> str:
        self._text += self._captured.readouterr().out
        return self._text

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]

    def forget(self) -> None:
        self._captured.readouterr()
        self._text = ""


@pytest.fixture
def log(capsys: pytest.CaptureFixture[str]) -> Log:
    return Log(capsys)


def test_each_request_is_one_line(world: NewWorld, log: Log) -> None:
    here = world()
    log.forget()
    for _ in range(3):
        here.get("/summary")
    assert [line["route"] for line in log.lines] == ["/summary"] * 3


def test_a_line_says_what_was_asked_and_how_it_went(world: NewWorld, log: Log) -> None:
    here = world()
    person = here.arrive()
    node = person.join()
    log.forget()
    person.post(f"/info/{node}", {"contents": "a"}, request_id="r1")
    (line,) = log.lines
    assert {name: line[name] for name in ("level", "route", "method", "status", "service")} == {
        "level": "INFO",
        "route": "/info/{node_id}",
        "method": "POST",
        "status": 200,
        "service": "petri",
    }
    assert (line["participant_id"], line["node_id"], line["request_id"]) == (person.id, node, "r1")
    assert line["ms"] >= 0


def test_a_join_is_logged_under_its_participant(world: NewWorld, log: Log) -> None:
    here = world()
    person = here.arrive()
    log.forget()
    here.post(f"/node/{person.id}", token=OPERATOR_TOKEN)
    (line,) = log.lines
    assert line["participant_id"] == person.id
    assert "node_id" not in line


def test_a_refusal_is_one_line_with_its_code(world: NewWorld, log: Log) -> None:
    here = world()
    log.forget()
    here.get("/participant/5")
    (line,) = log.lines
    assert (line["level"], line["status"], line["error_code"]) == ("INFO", 401, "unauthorized")


def test_a_fault_is_one_line_with_its_traceback(world: NewWorld, log: Log) -> None:
    def broken(self: Talk, participant: Any, node: Any) -> None:
        raise ZeroDivisionError("in the author's code")

    here = world(with_hooks(Talk, node_post_request=broken))
    person = here.arrive()
    log.forget()
    person.post(f"/node/{person.id}")
    (line,) = log.lines
    assert (line["level"], line["status"], line["exception_name"]) == ("ERROR", 500, "ZeroDivisionError")
    assert "in the author's code" in line["exception"]


SECRET = "A1SECRETWORKER"


def test_no_line_holds_a_worker_id(world: NewWorld, log: Log) -> None:
    here = world()
    ids = {"workerId": SECRET, "hitId": "h", "assignmentId": "a", "mode": "debug"}
    here.post(f"/participant/{SECRET}/h/a/debug", {"recruiter": "hotair"})
    here.post("/participant", ids)
    here.post("/participant", {**ids, "assignmentId": "another"})
    here.post("/participant", {**ids, "recruiter": "nobody"})
    here.post("/load-participant", {"assignment_id": "a", "worker_id": SECRET})
    here.get("/may-take-part", ids)
    here.call("POST", "/participant", query=f"workerId={SECRET}".encode(), body=b"\xff")
    here.work()
    assert len(log.lines) >= 7
    assert SECRET not in log.text


def test_a_worker_id_that_is_a_number_is_taken_for_no_participant(world: NewWorld, log: Log) -> None:
    here = world()
    log.forget()
    here.post("/participant/8675309/h/a/debug", {"recruiter": "hotair"})
    assert "8675309" not in log.text


def test_a_token_is_never_logged(world: NewWorld, log: Log) -> None:
    here = world()
    person = here.arrive()
    person.get(f"/participant/{person.id}")
    here.get("/summary", token=person.token + "x")
    assert person.token not in log.text
    assert OPERATOR_TOKEN not in log.text


def test_the_log_goes_where_stdout_is_at_the_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        with io.StringIO() as shown:
            monkeypatch.setattr(sys, "stdout", shown)
            logger().info("a line")
            assert "a line" in shown.getvalue()


@pytest.mark.parametrize("recruiter", ["hotair", "bots"])
def test_no_log_line_of_a_worker_holds_an_entry_link(
    world: NewWorld, recruiter: str, capsys: pytest.CaptureFixture[str]
) -> None:
    here = world(Talk, recruiter=recruiter)
    here.work()
    written = capsys.readouterr().out
    assert f"The recruiter {recruiter} responded" in written
    assert [word for word in ("/ad?", "workerId", "assignmentId", "entry=") if word in written] == []
