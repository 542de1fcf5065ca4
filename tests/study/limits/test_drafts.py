"""What is typed on a page with `keep_draft` is kept on the server."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.operations.study.answers import drafts
from petri.study import End, Page, Study, text
from tests.study.studies import OpenStudy, answer, due
from tests.web.world import Person, Said


class Letters(Study):
    """A page whose text is kept, and one whose text isn't."""

    letter = text("Write a letter.", long=True, max_length=100)
    timeline = (
        Page("write", ask="letter", seconds=60, on_timeout={"letter": "nothing"}, keep_draft=True),
        Page("again", ask="letter"),
        End(),
    )


def keep(person: Person, letter: Any, serial: int = 1) -> Said:
    body = {"serial": serial, "answers": {"letter": letter}, "fields": [letter]}
    return person.world.post_json("/page/draft", body, token=person.token)


def test_another_device_sees_the_draft_until_the_page_is_answered(open_study: OpenStudy) -> None:
    here = open_study(Letters)
    person, other = here.arrive(), here.arrive()
    assert (due(person)["keep_draft"], due(person)["draft"]) == (True, None)
    assert keep(person, "Dear <b>you</b>")["kept"] is True
    assert due(person)["draft"] == ["Dear <b>you</b>"]
    assert due(other)["draft"] is None
    assert "draft" not in answer(person, letter="Dear you").body
    assert here.items("draft") == []


def test_what_is_valid_of_the_draft_is_taken_when_the_time_is_up(open_study: OpenStudy) -> None:
    here = open_study(Letters, num_participants=3)
    people = [here.arrive() for _ in range(3)]
    for person in people:
        due(person)
    keep(people[0], "Dear you")
    keep(people[1], "x" * 101)
    here.clock.turn(seconds=63)
    here.work()
    found = {item["participant_id"]: item["answers"][0]["answer"] for item in here.items("response")}
    assert [found[person.id] for person in people] == ["Dear you", "nothing", "nothing"]
    assert {item["by"] for item in here.items("response")} == {"timeout"}


def test_drafts_are_bounded_in_size_and_rate_and_belong_to_their_page(open_study: OpenStudy) -> None:
    here = open_study(Letters)
    person = here.arrive()
    due(person)
    with here.unchanged():
        assert keep(person, "x" * 70_000).status == 413
        assert keep(person, "late", serial=7)["kept"] is False
    keep(person, "first")
    with here.unchanged():
        assert keep(person, "second")["kept"] is False
    here.clock.turn(seconds=1)
    assert keep(person, "third")["kept"] is True
    answer(person, letter="sent")
    with here.unchanged():
        assert keep(person, "of a page that keeps none", serial=2)["kept"] is False


@pytest.mark.parametrize("fields", [None, '"text"', 5, {"0": "x"}, True])
def test_form_fields_other_than_a_list_are_kept_as_none(open_study: OpenStudy, fields: Any) -> None:
    here = open_study(Letters)
    person = here.arrive()
    due(person)
    body = {"serial": 1, "answers": {"letter": "Dear you"}, "fields": fields}
    said = here.post_json("/page/draft", body, token=person.token)
    assert said.status == 200
    assert due(person)["draft"] == []
    assert here.items("draft")[0]["answers"] == {"letter": "Dear you"}


def test_a_draft_of_exactly_the_largest_size_is_kept(
    open_study: OpenStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = open_study(Letters)
    person = here.arrive()
    due(person)
    keep(person, "ä" * 50)
    (stored,) = here.items("draft")
    fields = {name: stored[name] for name in ("participant_id", "serial", "saved_at", "answers", "fields")}
    monkeypatch.setattr(drafts, "MOST_BYTES", len(json.dumps(fields, ensure_ascii=False).encode()))
    here.clock.turn(seconds=1)
    assert keep(person, "ö" * 50)["kept"] is True
    here.clock.turn(seconds=1)
    assert keep(person, "ö" * 51).status == 413


def test_an_earlier_draft_is_not_shown_on_a_later_page(open_study: OpenStudy) -> None:
    timeline = (
        Page("write", ask="letter", seconds=60, on_timeout={"letter": "nothing"}, keep_draft=True),
        Page("again", ask="letter", keep_draft=True),
        End(),
    )
    here = open_study(type("TwoLetters", (Letters,), {"timeline": timeline}))
    person = here.arrive()
    due(person)
    keep(person, "Dear you")
    assert answer(person, letter="sent")["draft"] is None
    assert keep(person, "Dear her", serial=2)["kept"] is True
    assert due(person)["draft"] == ["Dear her"]
