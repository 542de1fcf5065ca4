"""Groups with more members than one commit takes: each member follows the group in a commit of their own."""

from __future__ import annotations

from typing import Any

from chalicelib.operations.study.flow.members import MAX_TOGETHER
from petri.study import End, Group, Live, Page, Study
from tests.study.limits.test_members_who_are_gone import exit_reason
from tests.study.studies import OpenStudy, due
from tests.web.world import Person, World

LARGE = MAX_TOGETHER + 1


class Crowd(Study):
    """A large group whose first message raises an error."""

    timeline = (Group(LARGE), Live("talk", on="say", snapshot=None, script="talk.js"), Page("after"), End())

    def say(self, group: Any, player: Any, message: Any) -> None:
        raise RuntimeError("The author's mistake.")


def arrived(here: World) -> list[Person]:
    people = [here.arrive() for _ in range(LARGE)]
    for person in people:
        due(person)
    return people


def test_a_member_of_a_large_group_takes_their_seat_at_their_next_request(open_study: OpenStudy) -> None:
    here = open_study(Crowd)
    last = arrived(here)[-1]
    assert due(last)["page"] == "talk"
    (place,) = [item for item in here.items("place") if item["participant_id"] == last.id]
    (group,) = here.items("study_group")
    assert (place["network_id"], place["in_group"]) == (group["network_id"], True)


def test_members_of_a_large_group_who_send_no_request_take_their_seats_too(open_study: OpenStudy) -> None:
    here = open_study(Crowd)
    arrived(here)
    here.work()
    assert {item["path"] for item in here.items("place")} == {"talk"}
    assert here.items("pooled") == []


def test_all_members_of_a_large_group_are_paid_when_it_is_stopped(open_study: OpenStudy) -> None:
    here = open_study(Crowd)
    people = arrived(here)
    here.work()
    first = people[0]
    here.post_json("/page/live", {"serial": due(first)["serial"], "message": {}}, token=first.token)
    here.work()
    assert {due(person)["kind"] for person in people} == {"end"}
    here.work()
    assert {str(here.owed(person)["base"]) for person in people} == {"1.50"}
    assert {exit_reason(person) for person in people} == {"error"}
