"""Requests of the API: invalid ones are refused with the field's name, repeated ones change nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from chalicelib.access.rights import RESEARCHER, ROLES, VIEWER, Actor
from chalicelib.api.api_operation import Shape
from chalicelib.api.operation_table import find
from chalicelib.api.perform import perform, perform_request
from chalicelib.api.request_reader import ApiRequest
from chalicelib.api.resources import records_api
from chalicelib.api.resources.payments_api import PaymentQueryParameters
from chalicelib.errors import Forbidden
from chalicelib.operations.accounts.tokens_of_users import make_token, revoke_token
from chalicelib.operations.accounts.users import add_user
from chalicelib.operations.audit.reading import list_entries
from chalicelib.operations.audit.record_change import raise_rights_version
from chalicelib.operations.payment import operator_actions
from chalicelib.operations.payment.operator_actions import PaymentFilter
from chalicelib.operations.shared.context import OPERATOR_CALLER, caller_of
from chalicelib.storage.files.folder_seals import FolderSeals
from chalicelib.storage.unit_of_work import EngineUnitOfWork
from tests.web.conftest import NewWorld, Scene
from tests.web.paying_runs import Till, paying
from tests.web.world import OPERATOR_TOKEN, Said, World

VIEWING = caller_of(Actor("user:ann", "Ann", ROLES[VIEWER]))


@pytest.fixture
def till(world: NewWorld) -> Till:
    """A run in which the bonus of participant 1 is held, because the hard cap is reached."""
    made = Till(world, paying(bonus=1), hard_cap=2)
    made.finish()
    assert made.here.get("/api/v1/payments/1-bonus", token=OPERATOR_TOKEN)["payment"]["status"] == "held"
    return made


def ask(here: World, method: str, path: str, **how: Any) -> Said:
    return here.call(method, path, token=OPERATOR_TOKEN, **how)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        (b"limit=1000000", "limit"),
        (b"limit=0", "limit"),
        (b"limit=1e3", "limit"),
        (b"limit=%D9%A3", "limit"),
        (b"status=lost", "status"),
        (b"status=due&status=paid", "status"),
        (b"participant_id=-1", "participant_id"),
        (b"participant_id=1%27%20OR%201", "participant_id"),
        (b"after=x", "after"),
        (b"order=1", "order"),
    ],
)
def test_a_query_that_is_not_valid_is_refused_with_the_fields_name(
    world: NewWorld, query: bytes, field: str
) -> None:
    said = ask(world(), "GET", "/api/v1/payments", query=query)
    assert (said.status, said.code, said["field"]) == (422, "invalid_field", field)


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 422),
        (b'{"why": "x"}', "application/json", 422),
        (b"\xff", "application/json", 400),
        (b"a=b", "application/x-www-form-urlencoded", 400),
        (b"\x1f\x8b", "application/json", 415),
        (b" ", "application/json", 200),
        (b"{}", "application/json; charset=utf-8", 200),
    ],
)
def test_a_body_that_is_not_valid_is_refused(till: Till, body: bytes, kind: str, status: int) -> None:
    path = "/api/v1/payments/1-bonus/release"
    assert ask(till.here, "POST", path, body=body, content_type=kind).status == status


@pytest.mark.parametrize(
    "name", ["1", "1-", "-base", "1-gift", "x-base", "1-visit-1", "9" * 30 + "-base", "%00-base"]
)
def test_an_id_that_no_payment_has_is_answered_with_404_or_422(till: Till, name: str) -> None:
    assert ask(till.here, "GET", f"/api/v1/payments/{name}").status in {404, 422}


@pytest.mark.parametrize("name", ["participants%2F%7Bid%7D", "participants%2F1", "stop%2Frelease-waiting"])
def test_an_encoded_slash_makes_no_other_address(till: Till, name: str) -> None:
    for method in ("GET", "POST"):
        assert ask(till.here, method, f"/api/v1/{name}").status == 404


def test_a_record_has_one_id(till: Till) -> None:
    assert ask(till.here, "GET", "/api/v1/participants/1").status == 200
    for path in ("participants/01", "payments/01-base"):
        assert ask(till.here, "GET", f"/api/v1/{path}").status == 404


def test_a_held_payment_is_released_once(till: Till) -> None:
    first = ask(till.here, "POST", "/api/v1/payments/1-bonus/release")
    assert first["payment"]["status"] == "due"
    assert first["transitions"][-1]["by"] == "operator"
    again = ask(till.here, "POST", "/api/v1/payments/1-bonus/release")
    assert (again.status, again.code) == (409, "invalid_state")
    till.work()
    assert ask(till.here, "GET", "/api/v1/payments/1-bonus")["payment"]["status"] == "paid"


def test_a_repeated_request_id_changes_nothing_and_gets_the_first_answer(till: Till) -> None:
    path = "/api/v1/payments/1-bonus/release"
    first = ask(till.here, "POST", path, request_id="r1")
    till.work()
    with till.here.unchanged():
        again = ask(till.here, "POST", path, request_id="r1")
        other = ask(till.here, "POST", "/api/v1/payments/1-bonus/retry", request_id="r1")
    # What is stored to answer a repeated request outlives rights and erasures, so it names no person.
    expected = json.loads(first.raw)
    assert expected["payment"].pop("worker_id")
    repeated = json.loads(again.raw)
    assert repeated["payment"].pop("worker_id") is None
    assert (again.status, repeated) == (200, expected)
    assert (other.status, other.code) == (422, "request_id_reused")


def test_a_change_is_recorded_in_the_audit_log_once_and_a_refused_one_is_not(till: Till) -> None:
    path = "/api/v1/payments/1-bonus/release"
    for _ in range(2):
        ask(till.here, "POST", path, request_id="r1")
    assert ask(till.here, "POST", path, request_id="r2").status == 409
    (listed,) = till.here.app.run(list_entries, caller=OPERATOR_CALLER)
    entry = listed.entry
    assert (entry.actor, entry.operation, entry.request_id) == ("operator", "payments.release", "r1")
    assert entry.records == (("payments", "1-bonus"),)
    assert listed.address


def test_the_audit_log_is_sealed_within_an_hour_of_a_change(till: Till, tmp_path: Path) -> None:
    till.here.app.seals = seals = FolderSeals(tmp_path)
    ask(till.here, "POST", "/api/v1/payments/1-bonus/release")
    till.work()
    assert seals.last_number() == 0
    till.go_on(minutes=61)
    seal = seals.read(1)
    assert seal is not None
    assert (seals.last_number(), seal.chains) == (1, 1)
    assert "seal_audit_log" not in [item["body"]["kind"] for item in till.here.items("message")]


def test_a_change_by_an_actor_whose_rights_were_taken_away_is_refused(till: Till) -> None:
    ann = Actor("user:ann", "Ann", ROLES[RESEARCHER])
    till.here.app.run(raise_rights_version, ann.id, caller=OPERATOR_CALLER)
    release = find("payments.release")
    with till.here.unchanged(), pytest.raises(Forbidden) as refused:
        till.here.app.run(perform, release, release.parameters("1-bonus"), caller=caller_of(ann))
    assert refused.value.code == "rights_changed"


def test_a_users_token_calls_the_api_with_the_users_rights_until_it_is_revoked(till: Till) -> None:
    here = till.here
    here.app.run(add_user, "vic", "Vic", role=VIEWER, caller=OPERATOR_CALLER)
    token = here.app.run(make_token, "vic", "script", caller=OPERATOR_CALLER)
    assert here.get("/api/v1/payments/1-bonus", token=token)["payment"]["status"] == "held"
    refused = here.call("POST", "/api/v1/payments/1-bonus/release", token=token)
    assert (refused.status, refused.code) == (403, "right_missing")
    as_participant = here.call("GET", "/participant/1", token=token)
    assert as_participant.status == 401
    here.app.run(revoke_token, "vic", "script", caller=OPERATOR_CALLER)
    ended = here.call("GET", "/api/v1/payments/1-bonus", token=token)
    assert (ended.status, ended.code) == (401, "token_invalid")


def test_a_single_thing_has_an_etag_that_changes_with_it(till: Till) -> None:
    path = "/api/v1/payments/1-bonus"
    etag = ask(till.here, "GET", path).headers["etag"]
    for header in (etag, f"W/{etag}", f'"other", {etag}'):
        said = ask(till.here, "GET", path, headers={"if-none-match": header})
        assert (said.status, said.raw) == (304, b"")
    ask(till.here, "POST", f"{path}/release")
    said = ask(till.here, "GET", path, headers={"if-none-match": etag})
    assert said.status == 200
    assert said.headers["etag"] != etag
    assert "etag" not in ask(till.here, "GET", "/api/v1/payments").headers


def test_personal_fields_are_null_without_the_right_to_see_them(till: Till) -> None:
    app = till.here.app
    listing = app.run(perform, find("payments.list"), PaymentQueryParameters(), caller=VIEWING)
    assert {row.worker_id for row in listing.rows} == {None}
    path = {"resource": "payments", "id": "1-bonus"}
    answer = app.run(perform_request, "GET", Shape.ITEM, ApiRequest(path), caller=VIEWING)
    assert answer.fields["payment"]["worker_id"] is None
    assert ask(till.here, "GET", "/api/v1/payments/1-bonus")["payment"]["worker_id"] == "w1"


def test_pages_of_payments_follow_each_other_and_hold_each_payment_once(world: NewWorld) -> None:
    till = Till(world, paying(bonus=1))
    for _ in range(5):
        till.finish()
    everything = till.here.app.run(operator_actions.list_payments, PaymentFilter(), caller=OPERATOR_CALLER)
    seen: list[str] = []
    after: str | None = None
    while True:
        query = f"limit=3{f'&after={after}' if after else ''}".encode()
        page = ask(till.here, "GET", "/api/v1/payments", query=query)
        seen += [row["id"] for row in page["rows"]]
        after = page["next"]
        if after is None:
            break
    assert seen == [f"{one.participant_id}-{one.kind}" for one in everything]
    paid = ask(till.here, "GET", "/api/v1/payments", query=b"status=held")
    assert (paid["rows"], paid["looked_at"]) == ([], 5)


def test_a_page_reads_no_more_when_a_run_has_more_participants_and_dead_letters(
    world: NewWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    till = Till(world, paying(bonus="no number"))
    for _ in range(2):
        till.finish()
    till.go_on(hours=3)
    engine = till.here.app.store.engine  # type: ignore[attr-defined]
    read: list[int] = []
    get = engine.get
    monkeypatch.setattr(engine, "get", lambda keys: read.append(len(some := list(keys))) or get(some))

    def reads(path: str) -> int:
        read.clear()
        assert len(ask(till.here, "GET", path, query=b"limit=1")["rows"]) == 1
        return sum(read)

    paths = ("/api/v1/payments", "/api/v1/dead-letters")
    for _ in range(30):
        till.arrive()
    few = [reads(path) for path in paths]
    monkeypatch.setattr(EngineUnitOfWork, "participant_ids", None)
    monkeypatch.setattr(EngineUnitOfWork, "items", None)
    for _ in range(30):
        till.arrive()
    assert [reads(path) for path in paths] == few


def test_a_dead_letter_is_listed_replayed_and_dropped(world: NewWorld) -> None:
    till = Till(world, paying(bonus="no number"))
    till.finish()
    till.finish()
    till.go_on(hours=3)
    letters = ask(till.here, "GET", "/api/v1/dead-letters")["rows"]
    assert [row["kind"] for row in letters] == ["review_submission", "review_submission"]
    first, second = (row["id"] for row in letters)
    page = ask(till.here, "GET", "/api/v1/dead-letters", query=b"limit=1")
    assert ([row["id"] for row in page["rows"]], page["next"]) == ([first], first)
    assert ask(till.here, "POST", f"/api/v1/dead-letters/{first}/replay")["id"] == first
    assert ask(till.here, "DELETE", f"/api/v1/dead-letters/{second}")["id"] == second
    assert ask(till.here, "GET", f"/api/v1/dead-letters/{second}").code == "dead_letter_not_found"
    assert ask(till.here, "GET", "/api/v1/dead-letters")["rows"] == []
    posted = sorted(item["body"]["kind"] for item in till.here.items("message"))
    assert posted == ["review_submission", "seal_audit_log"]


def test_places_are_previewed_opened_and_closed(world: NewWorld) -> None:
    till = Till(world, paying(), hard_cap=20)
    before = till.vendor.places
    with till.here.unchanged():
        preview = ask(till.here, "GET", "/api/v1/recruitment/places", query=b"places=5")
    assert (preview["opened"], preview["most_cost"]) == (5, "8.25")
    body = b'{"places": 5, "ignore_free_seats": true}'
    opened = ask(till.here, "POST", "/api/v1/recruitment/open", body=body, content_type="application/json")
    assert opened["by_recruiter"] == {"vendor": 5}
    till.work()
    assert till.vendor.places == before + 5
    assert ask(till.here, "POST", "/api/v1/recruitment/close")["is_open"] is False
    till.work()
    assert till.vendor.is_closed
    assert ask(till.here, "GET", "/api/v1/recruitment")["closed_by_operator"] is True


def test_records_of_each_type_are_listed_page_by_page(scene: Scene) -> None:
    here = scene.here
    names = [each.resource for each in records_api.OPERATIONS] + ["participants"]
    assert {"participants", "networks", "nodes", "infos", "responses", "jobs"} <= set(names)
    for name in names:
        assert ask(here, "GET", f"/api/v1/{name}", query=b"limit=1").status == 200, name
    first = ask(here, "GET", "/api/v1/participants", query=b"limit=1")
    second = ask(here, "GET", "/api/v1/participants", query=f"limit=1&after={first['next']}".encode())
    assert [page["rows"][0]["id"] for page in (first, second)] == [2, 1]
    assert ask(here, "GET", "/api/v1/infos", query=b"network_id=1")["rows"][0]["contents"] == "hello"
    assert ask(here, "GET", "/api/v1/infos", query=b"condition=a%3Db")["field"] == "condition"


def test_the_pulse_has_an_etag_that_changes_as_the_run_goes_on(world: NewWorld) -> None:
    here = world()
    etag = ask(here, "GET", "/api/v1/pulse").headers["etag"]
    same = ask(here, "GET", "/api/v1/pulse", headers={"if-none-match": etag})
    here.arrive()
    other = ask(here, "GET", "/api/v1/pulse", headers={"if-none-match": etag})
    assert (same.status, other.status, other["active"]) == (304, 200, {"working": 1})


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_page_of_another_site_cannot_manage_a_run_whose_tokens_are_off(world: NewWorld, site: str) -> None:
    here = world(mode="debug", require_participant_token=False)
    with here.unchanged():
        refused = here.post("/api/v1/recruitment/close", headers={"sec-fetch-site": site})
    assert (refused.status, refused.code) == (403, "other_site")
    assert here.post("/api/v1/recruitment/close").status == 200
