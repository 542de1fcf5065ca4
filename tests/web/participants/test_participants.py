"""Beginning, coming back, being replaced: /participant and /load-participant."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from chalicelib.storage.engine import Item, Key
from tests.web.conftest import NewWorld
from tests.web.experiments import Islands, Talk, with_hooks
from tests.web.world import OPERATOR_TOKEN

IDS = {"workerId": "w", "hitId": "h", "assignmentId": "a", "mode": "debug"}


def test_beginning_returns_the_participant_with_ids_and_token(world: NewWorld) -> None:
    said = world().post("/participant", {**IDS, "recruiter": "cli", "fingerprint_hash": "f"})
    shown = said["participant"]
    assert said["token"]
    assert (shown["worker_id"], shown["unique_id"], shown["assignment_id"]) == ("w", "w:a", "a")
    assert (shown["recruiter"], shown["hit_id"], shown["mode"]) == ("cli", "h", "debug")
    assert (shown["status"], shown["object_type"], shown["type"]) == ("working", "Participant", "participant")


def test_the_fingerprint_is_kept_and_the_assignment_is_the_participants(world: NewWorld) -> None:
    here = world()
    here.post("/participant", {**IDS, "recruiter": "cli", "fingerprint_hash": "f"})
    (participant,), (assignment,) = here.items("participant"), here.items("assignment")
    assert (participant["fingerprint_hash"], assignment["pk"]) == ("f", "assignment#a")
    assert assignment["participant_id"] == participant["id"]


def test_a_participant_is_shown_with_the_contracts_fields(world: NewWorld) -> None:
    here = world()
    person = here.arrive()
    assert list(person.get(f"/participant/{person.id}")["participant"]) == [
        *("id", "creation_time", "failed", "failed_reason", "time_of_death"),
        *("property1", "property2", "property3", "property4", "property5", "details"),
        *("type", "recruiter", "assignment_id", "hit_id", "mode", "end_time", "base_pay", "bonus"),
        *("status", "object_type", "entry_information"),
    ]


def test_ids_may_stand_in_the_address(world: NewWorld) -> None:
    said = world().post("/participant/w%2F1/h/a%20b/sandbox", {"recruiter": "hotair"})
    shown = said["participant"]
    assert (shown["worker_id"], shown["assignment_id"], shown["mode"]) == ("w/1", "a b", "sandbox")


@pytest.mark.parametrize("sent", ["form", "json", "query", "snake"])
def test_ids_are_taken_in_each_form(world: NewWorld, sent: str) -> None:
    here = world()
    snake = {"worker_id": "w", "hit_id": "h", "assignment_id": "a"}
    said = {
        "form": lambda: here.post("/participant", IDS),
        "json": lambda: here.post_json("/participant", IDS),
        "query": lambda: here.call("POST", "/participant", query=b"workerId=w&hitId=h&assignmentId=a"),
        "snake": lambda: here.post("/participant", snake),
    }[sent]()
    assert said["participant"]["unique_id"] == "w:a"


def test_other_parameters_become_entry_information(world: NewWorld) -> None:
    said = world().post("/participant", {**IDS, "panel": "b", "recruiter": "hotair"})
    assert said["participant"]["entry_information"] == {"panel": "b"}


def test_consent_is_kept_with_its_time_and_the_hash_of_its_text(world: NewWorld) -> None:
    here = world()
    here.post("/participant", {**IDS, "consent_time": "2026-03-01T12:00:00Z", "consent_hash": "abc"})
    (item,) = here.items("participant")
    assert (item["consent"]["time"], item["consent"]["hash"]) == ("2026-03-01T12:00:00Z", "abc")


def test_the_recruiter_of_the_settings_is_taken_when_none_is_sent(world: NewWorld) -> None:
    said = world(recruiter="cli").post("/participant", IDS)
    assert said["participant"]["recruiter"] == "cli"


def test_an_unknown_recruiter_is_refused(world: NewWorld) -> None:
    here = world()
    with here.unchanged():
        said = here.post("/participant", {**IDS, "recruiter": "nobody"})
    assert (said.status, said.code) == (400, "unknown_recruiter")


@pytest.mark.parametrize("name", ["workerId", "hitId", "assignmentId"])
def test_the_word_undefined_is_refused_as_an_id(world: NewWorld, name: str) -> None:
    here = world()
    with here.unchanged():
        said = here.post("/participant", {**IDS, name: "undefined"})
    assert (said.status, said.code) == (403, "id_undefined")


#: Placeholders instead of ids, with the code of their refusal.
NOBODY = {
    "undefined": "id_undefined",
    "Undefined": "id_undefined",
    "null": "id_undefined",
    " null ": "id_undefined",
    "ASSIGNMENT_ID_NOT_AVAILABLE": "id_of_preview",
    "{{%PROLIFIC_PID%}}": "id_not_filled_in",
    "%7B%7B%25SESSION_ID%25%7D%7D": "id_not_filled_in",
    "%SURVEY_CODE%": "id_not_filled_in",
    "${e://Field/PROLIFIC_PID}": "id_not_filled_in",
    "{worker_id}": "id_not_filled_in",
}
BLANK = ("", " ", "\t")


@pytest.mark.parametrize("name", ["workerId", "hitId", "assignmentId"])
@pytest.mark.parametrize(("value", "code"), [*NOBODY.items(), *((blank, "id_missing") for blank in BLANK)])
def test_no_participant_takes_part_with_an_id_that_was_not_filled_in(
    world: NewWorld, name: str, value: str, code: str
) -> None:
    here = world()
    with here.unchanged():
        began = here.post("/participant", {**IDS, name: value})
        asked = here.get("/may-take-part", {**IDS, name: value})
    assert began.code == code
    assert began["error_text"].startswith(
        {"workerId": "worker_id", "hitId": "hit_id", "assignmentId": "assignment_id"}[name]
    )
    if (name, code) == ("assignmentId", "id_of_preview"):
        assert asked["reason"] == "preview"
    else:
        assert asked.code == code
    if code == "id_not_filled_in":
        assert "Researchers: the link must contain" in began["error_text"]


@pytest.mark.parametrize(("value", "code"), NOBODY.items())
def test_no_participant_comes_back_with_an_id_that_was_not_filled_in(
    world: NewWorld, value: str, code: str
) -> None:
    here = world()
    here.post("/participant", IDS)
    with here.unchanged():
        by_page = here.post("/load-participant", {"assignment_id": value, "worker_id": "w"})
        by_worker = here.post("/load-participant", {"assignment_id": "a", "worker_id": value})
        by_assignment = here.post("/participant", {"assignmentId": value})
        report = {"Event.1.EventType": "AssignmentSubmitted", "Event.1.AssignmentId": value}
        reported = here.post("/notifications", report, token=OPERATOR_TOKEN)
    assert [by_page.code, by_worker.code, by_assignment.code, reported.code] == [code] * 4
    named = [said["error_text"].partition(" ")[0] for said in (by_page, by_worker, by_assignment)]
    assert named == ["assignment_id", "worker_id", "assignment_id"]


def test_ids_that_only_look_strange_are_people(world: NewWorld) -> None:
    here = world()
    for number, worker in enumerate(["nullo", "100%", "a{b}", "undefined-1", "%41", "{}"]):
        ids = {"workerId": worker, "hitId": "h", "assignmentId": f"a-{number}"}
        assert here.post("/participant", ids).status == 200


@pytest.mark.parametrize("address", ["undefined/h/a/debug", "w/undefined/a/debug", "w/h/undefined/debug"])
def test_the_word_undefined_is_refused_in_the_address(world: NewWorld, address: str) -> None:
    assert world().post(f"/participant/{address}").status == 403


@pytest.mark.parametrize("name", ["workerId", "hitId", "assignmentId"])
@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_id_is_refused(world: NewWorld, name: str, value: str | None) -> None:
    here = world()
    with here.unchanged():
        said = here.post("/participant", {**IDS, name: value})
    assert (said.status, said.code) == (400, "id_missing")


def test_an_id_longer_than_any_recruiters_is_refused(world: NewWorld) -> None:
    here = world()
    with here.unchanged():
        said = here.post("/participant", {**IDS, "workerId": "w" * 201})
    assert (said.status, said.code) == (400, "id_too_long")


def test_a_worker_takes_part_once(world: NewWorld) -> None:
    here = world()
    here.post("/participant", IDS)
    with here.unchanged():
        said = here.post("/participant", {**IDS, "assignmentId": "another"})
    assert (said.status, said.code) == (403, "repeat_worker")


def test_a_worker_takes_part_again_where_that_is_allowed(world: NewWorld) -> None:
    here = world(allow_repeat_worker_ids=True)
    first = here.post("/participant", IDS)["participant"]["id"]
    second = here.post("/participant", {**IDS, "assignmentId": "another"})["participant"]["id"]
    assert first != second


def test_a_reload_resumes_the_same_participant(world: NewWorld) -> None:
    here = world()
    first = here.post("/participant", IDS)["participant"]["id"]
    assert here.post("/participant", IDS)["participant"]["id"] == first


def test_a_reload_with_the_token_changes_nothing(world: NewWorld) -> None:
    here = world()
    token = here.post("/participant", IDS)["token"]
    with here.unchanged():
        here.post("/participant", IDS, token=token)


def test_a_reload_without_the_token_ends_the_old_one(world: NewWorld) -> None:
    here = world()
    first = here.post("/participant", IDS)
    here.post("/participant", IDS)
    said = here.get(f"/participant/{first['participant']['id']}", token=first["token"])
    assert (said.status, said.code) == (401, "token_ended")


def test_a_reload_without_the_token_gets_one_that_works(world: NewWorld) -> None:
    here = world()
    here.post("/participant", IDS)
    again = here.post("/participant", IDS)
    assert here.get(f"/participant/{again['participant']['id']}", token=again["token"]).status == 200


def test_a_participant_who_has_finished_does_not_begin_again(world: NewWorld) -> None:
    here = world()
    person = here.arrive(**IDS)
    person.finish()
    here.work()
    with here.unchanged():
        said = here.post("/participant", IDS)
    assert (said.status, said.code) == (403, "repeat_worker")


def test_a_finished_assignment_begins_again_for_no_participant(world: NewWorld) -> None:
    here = world(allow_repeat_worker_ids=True)
    here.arrive(**IDS).finish()
    here.work()
    assert here.post("/participant", {**IDS, "workerId": "other"}).code == "assignment_taken"


def test_another_worker_takes_the_assignment_over(world: NewWorld) -> None:
    here = world()
    first = here.arrive(**IDS)
    second = here.arrive(**{**IDS, "workerId": "other"})
    assert first.id != second.id
    assert first.now()["status"] == "replaced"


def test_a_participant_who_is_replaced_waits_no_more(world: NewWorld) -> None:
    here = world(with_hooks(Talk, quorum=3))
    here.post("/participant", IDS)
    newcomer = here.post("/participant", {**IDS, "workerId": "other"})["participant"]["id"]
    assert [item["id"] for item in here.items("waiting")] == [newcomer]


def test_the_nodes_of_a_participant_who_is_replaced_fail(world: NewWorld) -> None:
    here = world()
    first = here.arrive(**IDS)
    node = first.join()
    here.arrive(**{**IDS, "workerId": "other"})
    (stored,) = [item for item in here.items("node") if item["id"] == node]
    assert stored["failed"]


def test_a_replaced_participant_can_continue_with_nothing(world: NewWorld) -> None:
    here = world()
    first = here.arrive(**IDS)
    node = first.join()
    here.arrive(**{**IDS, "workerId": "other"})
    said = first.post(f"/info/{node}", {"contents": "late"})
    assert (said.status, said.code) == (403, "participant_not_working")


def test_an_unknown_participant_is_not_found(world: NewWorld) -> None:
    said = world().get("/participant/77", token=OPERATOR_TOKEN)
    assert (said.status, said.code) == (404, "participant_not_found")


def test_a_returning_participant_is_loaded_by_assignment_and_worker(world: NewWorld) -> None:
    here = world()
    person = here.arrive(**IDS)
    said = here.post("/load-participant", {"assignment_id": "a", "worker_id": "w"})
    assert said["participant"]["id"] == person.id
    assert here.get(f"/participant/{person.id}", token=said["token"]).status == 200


def test_an_assignment_alone_loads_its_participant(world: NewWorld) -> None:
    here = world()
    person = here.arrive(**IDS)
    assert here.post("/participant", {"assignment_id": "a"})["participant"]["id"] == person.id


def test_loading_needs_an_assignment(world: NewWorld) -> None:
    said = world().post("/load-participant", {"worker_id": "w"})
    assert (said.status, said.code) == (400, "assignment_id_missing")


@pytest.mark.parametrize(
    "ids", [{"assignment_id": "b", "worker_id": "w"}, {"assignment_id": "a", "worker_id": "v"}]
)
def test_no_participant_is_loaded_by_other_ids(world: NewWorld, ids: dict[str, str]) -> None:
    here = world()
    here.arrive(**IDS)
    with here.unchanged():
        said = here.post("/load-participant", ids)
    assert (said.status, said.code) == (404, "participant_not_found")


def test_an_author_may_load_participants_otherwise(world: NewWorld) -> None:
    def no_participant(self: Talk, assignment_id: str) -> None:
        return None

    here = world(with_hooks(Talk, load_participant=no_participant))
    here.arrive(**IDS)
    assert here.post("/load-participant", {"assignment_id": "a", "worker_id": "w"}).status == 404


def test_without_a_quorum_the_response_has_none(world: NewWorld) -> None:
    assert "quorum" not in world(Islands).post("/participant", IDS).body


def test_with_a_quorum_each_new_participant_gets_the_number_waiting(world: NewWorld) -> None:
    here = world(with_hooks(Talk, quorum=2))
    first = here.post("/participant", IDS)["quorum"]
    second = here.post("/participant", {**IDS, "workerId": "w2", "assignmentId": "a2"})["quorum"]
    assert [(told["q"], told["n"], told["overrecruited"]) for told in (first, second)] == [
        (2, 1, False),
        (2, 2, False),
    ]


def test_an_overrecruited_participant_sees_it(world: NewWorld) -> None:
    here = world(with_hooks(Talk, quorum=1))
    here.arrive()
    assert here.post("/participant", IDS)["quorum"]["overrecruited"] is True


def test_one_too_many_for_the_quorum_is_overrecruited(world: NewWorld) -> None:
    here = world(with_hooks(Talk, quorum=1))
    here.arrive()
    assert here.arrive().now()["status"] == "overrecruited"


def test_a_reload_in_the_waiting_room_counts_no_participant_twice(world: NewWorld) -> None:
    here = world(with_hooks(Talk, quorum=2))
    here.arrive(**IDS)
    assert here.post("/participant", IDS)["quorum"]["n"] == 1


def test_an_author_decides_who_is_one_too_many(world: NewWorld) -> None:
    asked: list[int] = []

    def is_overrecruited(self: Talk, waiting_count: int) -> bool:
        asked.append(waiting_count)
        return True

    here = world(with_hooks(Talk, quorum=5, is_overrecruited=is_overrecruited))
    assert here.arrive().now()["status"] == "overrecruited"
    assert asked == [1]


def test_a_question_is_kept(world: NewWorld) -> None:
    here = world()
    person = here.arrive()
    said = person.post(
        f"/question/{person.id}", {"question": "How?", "response": "Well.", "number": 3, "details": {"a": 1}}
    )
    assert said.body == {"status": "success"}
    (stored,) = here.items("question")
    assert (stored["question"], stored["response"], stored["number"]) == ("How?", "Well.", 3)
    assert stored["details"] == {"a": 1}


def test_a_questions_number_may_be_called_question_id(world: NewWorld) -> None:
    here = world()
    person = here.arrive()
    person.post(f"/question/{person.id}", {"question": "q", "response": "r", "question_id": 4})
    assert here.items("question")[0]["number"] == 4


@pytest.mark.parametrize(
    "wrong",
    [
        {"question": None},
        {"response": None},
        {"number": None},
        {"number": "one"},
        {"number": "1.5"},
        {"response": "r" * 1001},
        {"question": "q" * 1001},
    ],
)
def test_a_wrong_question_is_refused(world: NewWorld, wrong: dict[str, str | None]) -> None:
    here = world()
    person = here.arrive()
    with here.unchanged():
        said = person.post(f"/question/{person.id}", {"question": "q", "response": "r", "number": 1, **wrong})
    assert said.status == 400


def test_how_long_a_response_may_be_is_a_setting(world: NewWorld) -> None:
    here = world(question_max_length=2000)
    person = here.arrive()
    assert (
        person.post(f"/question/{person.id}", {"question": "q", "response": "r" * 2000, "number": 1}).status
        == 200
    )


def test_a_question_of_no_participant_is_not_found(world: NewWorld) -> None:
    said = world().post("/question/9", {"question": "q", "response": "r", "number": 1}, token=OPERATOR_TOKEN)
    assert said.status == 404


def test_a_failed_participant_answers_no_questions(world: NewWorld) -> None:
    def fail(self: Talk, node: object, info: object) -> None:
        node.participant.fail("for the test")  # type: ignore[attr-defined]

    here = world(with_hooks(Talk, info_post_request=fail))
    person = here.arrive()
    person.answer(person.join())
    with here.unchanged():
        said = person.post(f"/question/{person.id}", {"question": "q", "response": "r", "number": 1})
    assert (said.status, said.code) == (403, "participant_failed")


# -- entry links ------------------------------------------------------------------------------------


@pytest.mark.parametrize("recruiter", ["link", "hotair", "cli", "bots:Bot"])
def test_no_participant_comes_without_a_link_where_people_come_by_links(
    world: NewWorld, recruiter: str
) -> None:
    here = world(mode="live", recruiter="link")
    said = here.post("/participant", {**IDS, "recruiter": recruiter})
    assert (said.status, said.code) == (403, "entry_link_invalid")


def test_the_operators_bot_needs_no_link(world: NewWorld) -> None:
    here = world(mode="live", recruiter="link")
    assert here.post("/participant", {**IDS, "recruiter": "bots:Bot"}, token=OPERATOR_TOKEN).status == 200


@pytest.mark.parametrize(
    "settings", [{"mode": "debug", "recruiter": "link"}, {"mode": "live", "recruiter": "cli"}]
)
def test_without_required_links_any_client_may_enter(world: NewWorld, settings: dict[str, str]) -> None:
    assert world(**settings).post("/participant", {**IDS, "recruiter": "cli"}).status == 200


def test_the_records_for_a_new_participant_are_read_in_one_call(
    world: NewWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = world()
    calls: list[set[Key]] = []
    get = here.engine.get

    def noted(keys: Iterable[Key]) -> dict[Key, Item]:
        wanted = list(keys)
        calls.append(set(wanted))
        return get(wanted)

    monkeypatch.setattr(here.engine, "get", noted)
    here.arrive()
    assert any(
        {("assignment#a1", "#"), ("worker#w1", "#"), ("counter", "participant")} <= call for call in calls
    )
