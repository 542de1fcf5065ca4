"""What is typed on a page with `keep_draft` is kept on the server."""

from __future__ import annotations

from typing import Any

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
