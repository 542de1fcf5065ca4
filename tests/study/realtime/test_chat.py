"""Chats: what members write to each other is stored, sent to the others, and shown after a reload."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.operations.realtime import dropouts
from chalicelib.operations.study.answers.live_data import MAX_SHOWN
from petri.errors import ExperimentError
from petri.study import Chat, End, Group, Page, Rounds, Study
from tests.study.realtime.test_live import seated, send, told
from tests.study.studies import OpenStudy, answer, due
from tests.web.world import Person, Said


class Talk(Study):
    """A chat of two in each of two rounds, which may be left early."""

    timeline = (
        Group(2, roles=["asker", "helper"]),
        Rounds(2, [Chat(seconds=60, can_leave=True)]),
        Page("after"),
        End(),
    )


class LongTalk(Study):
    """A chat that ends with its time."""

    timeline = (Group(2), Chat(seconds=60), Page("after"), End())


def say(person: Person, text: Any, serial: int | None = None) -> Said:
    return send(person, {"text": text}, serial)


def test_a_message_is_stored_and_sent_to_all_members(open_study: OpenStudy) -> None:
    here = open_study(Talk)
    first, second = seated(here)
    assert say(first, "  <b>Hi</b> ").status == 200
    ((people, data),) = told(here)
    assert people == [first.id, second.id]
    assert (data["number"], data["path"]) == (0, "rounds[1]/chat")
    assert data["text"].strip() == "<b>Hi</b>"
    (row,) = here.items("live_row")
    assert (row["name"], row["participant_id"], row["values"]) == ("chat", first.id, {"text": data["text"]})
    assert row["at"]


def test_the_others_see_who_is_away_and_who_is_back(open_study: OpenStudy) -> None:
    here = open_study(type("Patient", (Talk,), {"dropout_policy": "wait"}))
    first, second = seated(here)
    changes = ((dropouts.record_disconnect, [2]), (dropouts.record_return, []))
    for record, away in changes:
        here.app.run(lambda ctx, record=record: record(ctx, ctx.uow.participant(second.id)))
        told_data = [data for _, data in told(here)]
        assert told_data == [{"path": "rounds[1]/chat", "away": away}]
        assert due(first)["data"]["away"] == away


def test_a_reload_shows_the_messages_with_their_writers(open_study: OpenStudy) -> None:
    here = open_study(Talk)
    first, second = seated(here)
    say(first, "Hello")
    say(second, "Hi")
    page = due(second)
    assert (page["kind"], page["script"]) == ("chat", "/static/scripts/petri-chat.js")
    data = page["data"]
    assert [one["text"] for one in data["messages"]] == ["Hello", "Hi"]
    writers = [one["member"] for one in data["messages"]]
    assert sorted(writers) == [1, 2]
    assert data["me"] == writers[1]
    assert sorted(data["members"]) == ["asker", "helper"]


def test_a_chat_of_another_round_shows_its_own_messages(open_study: OpenStudy) -> None:
    here = open_study(Talk)
    first, second = seated(here)
    say(first, "Hello")
    for person in (first, second):
        answer(person)
    say(second, "Again")
    assert [one["text"] for one in due(first)["data"]["messages"]] == ["Again"]


def test_the_last_200_messages_are_shown(open_study: OpenStudy) -> None:
    here = open_study(Talk)
    first, _ = seated(here)
    serial = due(first)["serial"]
    for number in range(MAX_SHOWN + 3):
        here.clock.turn(seconds=0.1)
        assert say(first, str(number), serial).status == 200
    shown = [one["text"] for one in due(first)["data"]["messages"]]
    assert shown == [str(number) for number in range(3, MAX_SHOWN + 3)]
    assert len(here.items("live_row")) == MAX_SHOWN + 3


@pytest.mark.parametrize("text", ["", "   ", None, 5, ["a"], "x" * 501, "a\x07b"])
def test_a_text_that_is_empty_too_long_or_none_is_refused(open_study: OpenStudy, text: Any) -> None:
    here = open_study(Talk)
    first, _ = seated(here)
    serial = due(first)["serial"]
    with here.unchanged():
        assert say(first, text, serial).status == 422


def test_members_without_a_role_of_their_own_have_numbers(open_study: OpenStudy) -> None:
    first, _ = seated(open_study(LongTalk, language="en"))
    assert due(first)["data"]["members"] == ["Member 1", "Member 2"]


def test_a_member_leaves_early_only_where_they_may(open_study: OpenStudy) -> None:
    first, _ = seated(open_study(Talk))
    assert due(first)["button"] == "Done"
    assert answer(first)["path"] == "rounds[2]/chat"
    here = open_study(LongTalk)
    other, _ = seated(here)
    page = due(other)
    assert page["button"] is None
    assert answer(other, page["serial"]).status == 422
    here.clock.turn(seconds=60)
    assert answer(other, page["serial"], timeout=True)["page"] == "after"


def test_problems_of_a_chat_are_reported() -> None:
    assert "never ends" in Chat().problems()[0]
    assert "with_=" in Chat(seconds=5, with_="all").problems()[0]
    assert Chat(seconds=5).problems() == Chat(can_leave=True).problems() == []


def test_a_chat_without_a_group_is_an_error(open_study: OpenStudy) -> None:
    study = type("Alone", (Talk,), {"timeline": (Chat(seconds=5), End())})
    with pytest.raises(ExperimentError, match="needs a group"):
        open_study(study)


def test_a_chat_begins_with_all_that_its_page_needs_and_a_message_is_the_same_after_a_reload(
    open_study: OpenStudy,
) -> None:
    here = open_study(LongTalk)
    first, second = seated(here)
    say(second, "Hi")
    moment = here.items("live_row")[0]["at"]
    message = {"number": 0, "member": 2, "text": "Hi", "at": moment}
    ((_, sent),) = told(here)
    assert sent == {**message, "path": "chat"}
    (group,) = here.items("study_group")
    assert due(first)["data"] == {
        "path": "chat",
        "network": group["network_id"],
        "me": 1,
        "members": ["Member 1", "Member 2"],
        "away": [],
        "messages": [message],
    }


def test_members_with_the_same_role_have_numbers_and_others_their_role(open_study: OpenStudy) -> None:
    timeline = (Group(3, roles=["buyer", "seller", "buyer"]), Chat(seconds=60), End())
    here = open_study(type("Market", (Talk,), {"timeline": timeline}))
    people = [here.arrive() for _ in range(3)]
    for person in people:
        due(person)
    assert due(people[0])["data"]["members"] == ["Member 1", "seller", "Member 3"]
