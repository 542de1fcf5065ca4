"""An error of the study's own code in a live run: a calm page and pay for the participant, a notice for the
operator. In debug mode the error is shown, and a corrected study goes on where it was."""

from __future__ import annotations

from typing import Any

import pytest

from petri.study import Embed, End, Form, Group, Page, Rounds, Study, text
from tests.study.studies import OpenStudy, answer, due
from tests.web.world import OPERATOR_TOKEN, Person, World

LIVE = {"mode": "live", "recruiter": "hotair"}
SORRY = "an error has ended the study here. You are paid for your time."


def fails(self: Study, player: Any, *_: Any) -> Any:
    """Raise an error, as any method of a study may."""
    del self
    return {"of": 1 / 0, "player": player}


def fails_on_the_second(self: Study, player: Any, page: str) -> Any:
    return fails(self, player) if page == "second" else {}


def study(*timeline: Any, **methods: Any) -> type[Study]:
    return type("Wrong", (Study,), {"timeline": [*timeline, End()], "note": text("Note?"), **methods})


SECOND = Page("second")
STUDIES = {
    "variables": study(Form("first", ask="note"), SECOND, variables=fails_on_the_second),
    "an expression of the page": study(Form("first", ask="note"), Page("second_typed")),
    "an Embed's data": study(Form("first", ask="note"), Embed("task.html", data="given"), given=fails),
    "show_if of an element": study(Form("first", ask="note"), Page("second", show_if="shown"), shown=fails),
    "show_if of an item": study(
        Form("first", ask="note"), Form("more", ask="why"), why=text("Why?", show_if="shown"), shown=fails
    ),
    "until of Rounds": study(Rounds([Form("first", ask="note")], until="done", most=3), done=fails),
    "then of a page": study(Form("first", ask="note", then="pay"), pay=fails),
    "page_answered": study(Form("first", ask="note"), page_answered=fails),
}
PAGES = {"second_typed": "{{ player.nothing_of_this_name }}"}


def arrive(here: World, **fields: Any) -> Person:
    """Let a participant begin in a live run, with an entry of the operator's."""
    here.arrived += 1
    ids = {"workerId": f"w{here.arrived}", "hitId": "h", "assignmentId": f"a{here.arrived}", "mode": "live"}
    said = here.post("/participant", {**ids, "recruiter": "hotair", **fields}, token=OPERATOR_TOKEN)
    assert said.status == 200, said
    return Person(here, said["participant"]["id"], said["token"], ids["workerId"], ids["assignmentId"])


def ended(person: Person, here: World) -> None:
    """Check that the participant sees the end, however often they reload, and is owed base pay."""
    for _ in range(2):
        page = due(person)
        assert (page["kind"], page["exit"], SORRY in page["html"]) == ("end", "recruiter-exit", True)
    here.work()
    assert here.owed(person) == {"base": "1.50"}
    assert here.items("place")[0]["ended"] == "error"


@pytest.mark.parametrize("name", list(STUDIES))
def test_after_an_error_the_participant_is_paid_their_answers_are_kept_and_the_operator_gets_a_notice(
    open_study: OpenStudy, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    here = open_study(STUDIES[name], PAGES if "typed" in str(STUDIES[name].timeline) else {}, **LIVE)
    person = arrive(here)
    said = answer(person, note="kept")
    assert (said.status, said["kind"]) == (200, "end")
    notices = [body for body in here.work() if body["kind"] == "notify_operator"]
    assert len(notices) == 1
    assert "was released with pay" in str(notices[0])
    ended(person, here)
    (response,) = here.items("response")
    assert [one["answer"] for one in response["answers"]] == ["kept"]
    assert any(record.exc_info for record in caplog.records)


def test_an_error_before_the_first_page_ends_the_part_with_pay(open_study: OpenStudy) -> None:
    here = open_study(study(Page("first", show_if="shown"), shown=fails), **LIVE)
    person = arrive(here)
    ended(person, here)


@pytest.mark.parametrize("is_first", [True, False])
def test_a_participant_for_whom_no_page_ever_comes_is_released_with_pay(
    open_study: OpenStudy, monkeypatch: pytest.MonkeyPatch, is_first: bool
) -> None:
    monkeypatch.setattr("chalicelib.study.plan.MAX_PASSED", 100)
    endless = Rounds([Page("second", show_if="never")], until="never", most=200)
    before = [] if is_first else [Form("first", ask="note")]
    here = open_study(study(*before, endless, never=lambda *_: False), **LIVE)
    person = arrive(here)
    if is_first:
        due(person)
    else:
        answer(person, note="kept")
    notices = [str(body) for body in here.work() if body["kind"] == "notify_operator"]
    assert len(notices) == 1
    assert (
        f"released with pay after {'the start' if is_first else 'first'}: The timeline passes" in notices[0]
    )
    ended(person, here)


def test_a_group_is_stopped_with_pay_by_an_error_on_the_page_of_one_member(open_study: OpenStudy) -> None:
    here = open_study(study(Group(2), SECOND, variables=fails), **LIVE)
    people = [arrive(here), arrive(here)]
    for person in people:
        person.get("/page")
    here.work()
    for person in people:
        ended(person, here)
    assert "stopped" in here.items("study_group")[0]


def test_a_page_that_times_out_before_an_error_ends_with_pay_and_no_message_fails(
    open_study: OpenStudy,
) -> None:
    first = Form("first", ask="note", seconds=5, on_timeout={"note": "none"})
    here = open_study(study(first, Page("second", show_if="shown"), shown=fails), **LIVE)
    person = arrive(here)
    due(person)
    here.clock.turn(seconds=60)
    here.work()
    ended(person, here)


def test_in_debug_mode_the_error_is_shown_and_the_corrected_study_goes_on(open_study: OpenStudy) -> None:
    here = open_study(study(SECOND, variables=fails))
    person = here.arrive()
    with here.unchanged():
        assert person.get("/page").status == 500
    here.app.experiment_class.variables = Study.variables  # type: ignore[attr-defined]
    assert due(person)["page"] == "second"
