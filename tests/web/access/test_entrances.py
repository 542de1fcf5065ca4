"""Entries outside debug mode: the run's own recruiters confirm them before they get a seat."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib.model.statuses import ParticipantStatus
from chalicelib.operations.participant import entry_rate_limiter, entry_verification
from chalicelib.operations.participant.entry_rate_limiter import BUCKET_SIZE, REFUSED_COST, EntryRateLimiter
from chalicelib.operations.participant.submission import record_loss
from chalicelib.recruiters import prolific
from chalicelib.recruiters.confirmation_cache import (
    ACCEPTED_SECONDS,
    MAX_PENDING_SECONDS,
    PENDING_SECONDS,
    REFUSED_SECONDS,
    ConfirmationCache,
)
from chalicelib.recruiters.mturk import MTurkRecruiter
from chalicelib.recruiters.mturk.requester import Requester
from chalicelib.web import entry_checks
from infra.emulator.mturk import ACCESS_KEY, SECRET_KEY, MTurkStandIn
from infra.emulator.mturk.faults import Fault
from tests.tools.prolific import TOKEN, WORKSPACE, Prolific
from tests.web.conftest import NewWorld
from tests.web.world import OPERATOR_TOKEN, Said, World

VENDOR_SETTINGS: dict[str, Any] = {
    "mode": "live",
    "base_payment": 5.0,
    "title": "Stories",
    "description": "Read a story and tell it on.",
    "keywords": "memory",
    "duration": 0.5,
    "lifetime": 24,
    "prolific_token": TOKEN,
    "prolific_workspace": WORKSPACE,
}


class HandTime:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def fresh_tries(monkeypatch: pytest.MonkeyPatch) -> HandTime:
    time = HandTime()
    monkeypatch.setattr(entry_checks, "_rate_limiter", EntryRateLimiter(time))
    return time


def enter(here: World, recruiter: str | None, worker: str, hit: str, assignment: str, **how: Any) -> Said:
    fields = {"workerId": worker, "hitId": hit, "assignmentId": assignment, "mode": "live"}
    if recruiter is not None:
        fields["recruiter"] = recruiter
    return here.post("/participant", fields, **how)


# -- Mechanical Turk --------------------------------------------------------------------------------


class Turk:
    """A live run whose recruiter is Mechanical Turk's stand-in, with one HIT of two places."""

    def __init__(self, here: World, turk: MTurkStandIn) -> None:
        self.here, self.turk = here, turk
        self.time = HandTime()
        requester = Requester("live", ACCESS_KEY, SECRET_KEY, endpoint=turk.url, attempts=1)
        self.recruiter = MTurkRecruiter(
            requester, VENDOR_SETTINGS, lambda: "https://stories.example.org", turk.clock, app_id="test"
        )
        here.app.recruiters.recruiters["mturk"] = self.recruiter
        here.app.recruiters.confirmed = ConfirmationCache(self.time)
        self.recruiter.recruit(2, "open-1", {})
        (self.hit,) = turk.market.hits

    def enter(self, worker: str, assignment: str, hit: str | None = None) -> Said:
        return enter(self.here, "mturk", worker, hit or self.hit, assignment)

    def questions(self) -> int:
        return len([name for name, _ in self.turk.calls if name == "GetAssignment"])


@pytest.fixture
def turk(world: NewWorld) -> Iterator[Turk]:
    with MTurkStandIn() as standin:
        made = Turk(world(**VENDOR_SETTINGS, recruiter="mturk", launch=False), standin)
        yield made
        made.recruiter.close()


def test_a_worker_with_an_assignment_is_seated(turk: Turk) -> None:
    assignment = turk.turk.market.accept("W1", turk.hit)
    assert turk.enter("W1", assignment).status == 200


def test_a_made_up_assignment_takes_no_seat(turk: Turk) -> None:
    with turk.here.unchanged():
        said = turk.enter("W1", "3MADEUP")
        assert (said.status, said.code) == (503, "entry_not_confirmed")
        assert int(said.headers["retry-after"]) >= 1
        turk.time.now += MAX_PENDING_SECONDS + 1
        said = turk.enter("W1", "3MADEUP")
        assert (said.status, said.code) == (403, "entry_not_known")


def test_an_assignment_that_is_not_known_yet_is_seated_when_it_is(turk: Turk) -> None:
    assignment = turk.turk.market.accept("W1", turk.hit)
    turk.turk.market.not_known_yet.add(assignment)
    assert turk.enter("W1", assignment).code == "entry_not_confirmed"
    turk.turk.market.not_known_yet.clear()
    turk.time.now += PENDING_SECONDS
    assert turk.enter("W1", assignment).status == 200


def test_a_hit_of_something_else_takes_no_seat(turk: Turk) -> None:
    assignment = turk.turk.market.accept("W1", turk.hit)
    assert turk.enter("W1", assignment, hit="3OTHERHIT").code == "entry_not_known"


def test_a_submitted_assignment_takes_no_seat(turk: Turk) -> None:
    assignment = turk.turk.market.accept("W1", turk.hit)
    turk.turk.market.submit(assignment)
    assert turk.enter("W1", assignment).code == "entry_not_known"
    assert turk.enter("W2", assignment).code == "entry_not_known"


@pytest.fixture
def turk_with_repeats(world: NewWorld) -> Iterator[Turk]:
    """The same, where a worker may take part more than once."""
    settings = {**VENDOR_SETTINGS, "allow_repeat_worker_ids": True}
    with MTurkStandIn() as standin:
        made = Turk(world(**settings, recruiter="mturk", launch=False), standin)
        yield made
        made.recruiter.close()


def test_a_worker_who_accepts_a_returned_assignment_again_is_confirmed_and_gets_a_new_seat(
    turk_with_repeats: Turk,
) -> None:
    turk = turk_with_repeats
    assignment = turk.turk.market.accept("W1", turk.hit)
    first = turk.enter("W1", assignment)["participant"]["id"]
    turk.here.app.run(record_loss, first, ParticipantStatus.RETURNED)
    turk.time.now += ACCEPTED_SECONDS
    again = turk.enter("W1", assignment)
    assert (again.status, turk.questions()) == (200, 2)
    assert again["participant"]["id"] != first


def test_a_worker_recorded_as_gone_who_has_submitted_gets_no_second_seat(turk_with_repeats: Turk) -> None:
    turk = turk_with_repeats
    assignment = turk.turk.market.accept("W1", turk.hit)
    first = turk.enter("W1", assignment)["participant"]["id"]
    turk.here.app.run(record_loss, first, ParticipantStatus.MISSING_NOTIFICATION)
    turk.turk.market.submit(assignment)
    turk.time.now += ACCEPTED_SECONDS
    assert turk.enter("W1", assignment).code == "entry_not_known"


def test_mechanical_turk_is_asked_once_about_an_assignment(turk: Turk) -> None:
    assignment = turk.turk.market.accept("W1", turk.hit)
    assert [turk.enter("W1", assignment).status for _ in range(3)] == [200, 200, 200]
    assert turk.questions() == 1
    for _ in range(3):
        turk.enter("W2", "3MADEUP")
    assert turk.questions() == 2


def test_while_mechanical_turk_is_down_a_bounded_number_is_seated_on_trust(turk: Turk) -> None:
    turk.turk.faults.draw = lambda operation: Fault.TROUBLE
    seats = [turk.enter(f"W{i}", f"3A{i}") for i in range(entry_verification.UNCONFIRMED_PER_HOUR + 2)]
    assert [said.status for said in seats] == [200] * entry_verification.UNCONFIRMED_PER_HOUR + [503, 503]
    assert (seats[-1].code, int(seats[-1].headers["retry-after"]) >= 20) == ("entry_not_confirmed", True)
    first = turk.here.get(f"/participant/{seats[0]['participant']['id']}", token=OPERATOR_TOKEN)
    assert first["participant"]["details"] == {entry_verification.UNCONFIRMED: True}
    turk.here.clock.turn(hours=1)
    assert turk.enter("W99", "3A99").status == 200


# -- Prolific ---------------------------------------------------------------------------------------


class AtProlific:
    """A live run whose recruiter is Prolific's stand-in, with one study of two places."""

    def __init__(self, here: World, vendor: Prolific) -> None:
        self.here, self.vendor = here, vendor
        self.recruiter = prolific.build(
            VENDOR_SETTINGS,
            lambda: "https://stories.example.org",
            here.clock,
            secret="of the run",
            api=vendor.api,
        )
        here.app.recruiters.recruiters["prolific"] = self.recruiter
        recruited = self.recruiter.recruit(2, "open-1", {})
        here.app.run(keep, recruited.recruiter_state)
        (self.study,) = vendor.open_studies()

    def enter(self, worker: str, submission: str, study: str | None = None) -> Said:
        return enter(self.here, "prolific", worker, study or self.study, submission)


def keep(ctx: Any, recruiter_state: dict[str, Any]) -> None:
    ctx.uow.state["recruiters"] = {"prolific": recruiter_state}


@pytest.fixture
def at_prolific(world: NewWorld) -> Iterator[AtProlific]:
    here = world(**VENDOR_SETTINGS, recruiter="prolific", launch=False)
    with Prolific.running(here.clock) as vendor:
        yield AtProlific(here, vendor)


def test_a_participant_of_prolific_is_seated(at_prolific: AtProlific) -> None:
    assert at_prolific.enter("p1", at_prolific.vendor.begin("p1")).status == 200


@pytest.mark.parametrize("made_up", ["sub_unknown", "../studies/1", "x" * 100, "a b"])
def test_a_made_up_submission_takes_no_seat(at_prolific: AtProlific, made_up: str) -> None:
    with at_prolific.here.unchanged():
        assert at_prolific.enter("p1", made_up).code == "entry_not_known"


def test_the_submission_of_another_participant_or_of_another_study_takes_no_seat(
    at_prolific: AtProlific,
) -> None:
    submission = at_prolific.vendor.begin("p1")
    assert at_prolific.enter("p2", submission).code == "entry_not_known"
    assert at_prolific.enter("p1", submission, study="another").code == "entry_not_known"


def test_a_returned_submission_takes_no_seat(at_prolific: AtProlific) -> None:
    submission = at_prolific.vendor.begin("p1")
    at_prolific.vendor.give_back(submission)
    assert at_prolific.enter("p1", submission).code == "entry_not_known"


def test_while_prolific_is_down_people_keep_their_place(at_prolific: AtProlific) -> None:
    submission = at_prolific.vendor.begin("p1")
    at_prolific.vendor.faults.add("500", path="/submissions/")
    assert at_prolific.enter("p1", submission).status == 200


# -- which recruiters -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "named", ["hotair", "cli", "bots", "bots:Bot", "multi", "link", "prolific", "nobody"]
)
def test_only_recruiters_of_the_run_bring_people(turk: Turk, named: str) -> None:
    with turk.here.unchanged():
        said = enter(turk.here, named, "W1", turk.hit, "a1")
    assert (said.status, said.code) == (403, "recruiter_not_asked")


def test_a_participant_who_names_no_recruiter_comes_from_the_runs_own(turk: Turk) -> None:
    assert enter(turk.here, None, "W1", turk.hit, "3MADEUP").code == "entry_not_confirmed"


def test_with_several_recruiters_one_of_them_has_to_be_named(world: NewWorld) -> None:
    here = world(mode="live", recruiter="multi", recruiters="hotair: 1, cli: 1")
    assert enter(here, None, "w", "h", "a").code == "recruiter_not_asked"
    assert enter(here, "multi", "w", "h", "a").code == "recruiter_not_asked"
    assert enter(here, "cli", "w", "h", "a").status == 200


def test_the_operators_bots_need_no_assignment(turk: Turk) -> None:
    assert enter(turk.here, "bots:Bot", "w", "h", "a", token=OPERATOR_TOKEN).status == 200


# -- coming back ------------------------------------------------------------------------------------


def test_the_code_of_a_pool_alone_takes_over_no_session(world: NewWorld) -> None:
    here = world(mode="live", recruiter="link", link_workers="any", launch=False)
    recruited = here.app.recruiters.named("link").recruit(1, "open-1", {})
    signed = recruited.addresses[0].partition("entry=")[2]
    hit = recruited.addresses[0].partition("hitId=")[2].partition("&")[0]
    ids = {"workerId": "4711", "assignmentId": "4711", "hitId": hit, "recruiter": "link"}
    begun = here.post("/participant", {**ids, "entry": signed})
    assert begun.status == 200
    for path, given in [
        ("/participant", ids),
        ("/participant", {"assignmentId": "4711"}),
        ("/load-participant", {"assignment_id": "4711", "worker_id": "4711"}),
    ]:
        said = here.post(path, given)
        assert (said.status, said.code) == (403, "entry_link_invalid"), path
        assert here.post(path, {**given, "entry": signed}).status == 200, path
    token = here.post("/participant", {**ids, "entry": signed})["token"]
    assert here.post("/participant", ids, token=token)["token"] == token


def test_an_entry_link_alone_finds_its_participant(world: NewWorld) -> None:
    here = world(mode="live", recruiter="link", link_workers="w1", launch=False)
    (address,) = here.app.recruiters.named("link").recruit(1, "open-1", {}).addresses
    ids = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    begun = here.post("/participant", ids)
    found = here.post("/load-participant", {"entry": address})
    assert (begun.status, found.status) == (200, 200)
    assert found["participant"]["id"] == begun["participant"]["id"]
    forged = here.post("/load-participant", {"entry": f"{address}x"})
    assert (forged.status, forged.code) == (403, "entry_link_invalid")


# -- how often --------------------------------------------------------------------------------------


def test_an_address_that_guesses_codes_is_rate_limited(world: NewWorld, fresh_tries: HandTime) -> None:
    here = world(mode="live", recruiter="link", link_workers="any", launch=False)
    tries_left = int(BUCKET_SIZE / REFUSED_COST)
    for number in range(tries_left):
        said = here.post("/load-participant", {"assignment_id": f"{number}", "worker_id": f"{number}"})
        assert said.status == 404
    said = here.post("/load-participant", {"assignment_id": "4711", "worker_id": "4711"})
    assert (said.status, said.code) == (429, "too_many_tries")
    assert int(said.headers["retry-after"]) >= 1
    fresh_tries.now += 1.0
    assert here.post("/load-participant", {"assignment_id": "1", "worker_id": "1"}).status == 404


def test_one_address_does_not_use_up_anothers_tries() -> None:
    time = HandTime()
    book = EntryRateLimiter(time)
    assert [book.take("a") for _ in range(int(BUCKET_SIZE))] == [0.0] * int(BUCKET_SIZE)
    assert book.take("a") > 0
    assert book.take("b") == 0.0
    time.now += 1 / entry_rate_limiter.REFILL_PER_SECOND
    assert book.take("a") == 0.0


def test_no_address_is_kept_or_logged(world: NewWorld, capsys: pytest.CaptureFixture[str]) -> None:
    here = world(mode="live", recruiter="link", link_workers="any", launch=False)
    here.post("/load-participant", {"assignment_id": "1", "worker_id": "1"})
    assert (
        "192.0.2.7" not in str(entry_checks._rate_limiter._left) + str(here.items()) + capsys.readouterr().out
    )
    assert len(entry_checks._rate_limiter._left) == 1


@pytest.mark.parametrize(
    ("hop", "headers", "source"),
    [
        ("203.0.113.5", {"x-forwarded-for": "198.51.100.1, 203.0.113.5"}, "203.0.113.5"),
        (
            "130.176.0.1",
            {
                "x-forwarded-for": "1.1.1.1, 198.51.100.1, 130.176.0.1",
                "via": "2.0 abc.cloudfront.net (CloudFront)",
            },
            "198.51.100.1",
        ),
        ("127.0.0.1", {"x-forwarded-for": "198.51.100.1, 127.0.0.1"}, "198.51.100.1"),
        ("127.0.0.1", {}, "127.0.0.1"),
    ],
)
def test_the_source_is_what_the_hop_before_us_saw(hop: str, headers: dict[str, str], source: str) -> None:
    from chalicelib.web.routing import source_address

    assert source_address({"identity": {"sourceIp": hop}}, headers) == source


def test_answers_are_asked_again_when_they_are_old() -> None:
    time, asked = HandTime(), []
    answers = ConfirmationCache(time)
    answers.ask(("a",), lambda: asked.append(1))
    time.now = ACCEPTED_SECONDS - 1
    answers.ask(("a",), lambda: asked.append(2))
    time.now = ACCEPTED_SECONDS
    answers.ask(("a",), lambda: asked.append(3))
    assert asked == [1, 3]
    assert REFUSED_SECONDS < ACCEPTED_SECONDS
