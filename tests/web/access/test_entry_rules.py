"""The rules at the entrance: excluded browsers, the rate of attempts, and who may take part."""

from __future__ import annotations

import pytest

from chalicelib.errors import Forbidden, TooLarge
from chalicelib.operations.participant.create_participant import create_participant
from chalicelib.operations.participant.eligibility import check_eligibility, is_excluded
from chalicelib.operations.participant.entry_rate_limiter import (
    BUCKET_SIZE,
    MAX_BUCKETS,
    REFUSED_COST,
    EntryRateLimiter,
)
from chalicelib.operations.participant.entry_verification import EntryRequest
from tests.web.conftest import NewWorld

AGENTS = {
    "Mozilla/5.0 (iPhone)": {"mobile", "touchcapable"},
    "Mozilla/5.0 (Linux; Android 14) Mobile": {"mobile", "touchcapable"},
    "Mozilla/5.0 (iPad)": {"tablet", "touchcapable"},
    "Some Tablet": {"tablet", "touchcapable"},
    "Kindle/3.0": {"tablet"},
    "Silk/44": {"tablet"},
    "Googlebot/2.1": {"bot"},
    "A crawler": {"bot"},
    "A spider": {"bot"},
    "HeadlessChrome/120": {"bot"},
    "Mozilla/5.0 (X11) Firefox/120": set(),
}


@pytest.mark.parametrize("agent", AGENTS)
@pytest.mark.parametrize("word", ["mobile", "tablet", "touchcapable", "bot"])
def test_a_device_word_excludes_the_browsers_of_its_devices(agent: str, word: str) -> None:
    assert is_excluded(word, agent) is (word in AGENTS[agent])


@pytest.mark.parametrize(
    ("rule", "excluded"),
    [
        ("", False),
        (" , ", False),
        ("firefox", True),
        ("Safari, FIREFOX ", True),
        ("safari,mobile", False),
        ("mobile, x11", True),
    ],
)
def test_other_words_exclude_the_browsers_that_contain_them(rule: str, excluded: bool) -> None:
    assert is_excluded(rule, "Mozilla/5.0 (X11) Firefox/120") is excluded


class Watch:
    """A clock in seconds."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def limiter(watch: Watch) -> EntryRateLimiter:
    return EntryRateLimiter(watch)


def test_an_address_may_begin_as_often_as_its_bucket_holds(limiter: EntryRateLimiter) -> None:
    assert [limiter.take("a") for _ in range(int(BUCKET_SIZE))] == [0.0] * 300
    assert limiter.take("a") == pytest.approx(0.2)
    assert limiter.take("b") == 0.0


def test_a_bucket_fills_at_five_a_second_up_to_its_size(limiter: EntryRateLimiter, watch: Watch) -> None:
    limiter.take("a", BUCKET_SIZE)
    watch.now += 2
    assert [limiter.take("a") for _ in range(11)] == [0.0] * 10 + [pytest.approx(0.2)]
    watch.now += 3600
    assert [limiter.take("a") for _ in range(301)] == [0.0] * 300 + [pytest.approx(0.2)]


def test_an_attempt_that_has_to_wait_costs_nothing_and_a_refused_one_empties_the_bucket(
    limiter: EntryRateLimiter, watch: Watch
) -> None:
    limiter.take("a", BUCKET_SIZE - 10)
    assert limiter.take("a", REFUSED_COST) == pytest.approx(2.0)
    assert limiter.take("a") == pytest.approx(0.2)
    watch.now += 0.125
    assert [limiter.take("a") for _ in range(2)] == [pytest.approx(0.075)] * 2
    watch.now += 0.125
    assert limiter.take("a") == 0.0


def test_the_least_recent_address_is_forgotten_first(limiter: EntryRateLimiter) -> None:
    for number in range(MAX_BUCKETS):
        limiter.take(f"{number}", BUCKET_SIZE)
    limiter.take("0")
    limiter.take("new")
    assert len(limiter._left) == MAX_BUCKETS
    assert (limiter.take("0") > 0, limiter.take("1")) == (True, 0.0)


def test_eligibility_says_why_and_how_a_worker_may_take_part(world: NewWorld) -> None:
    here = world(browser_exclude_rule="firefox")

    def may(worker: str = "w9", assignment: str = "a9", hit: str = "h1", agent: str = "Chrome") -> object:
        return here.app.run(check_eligibility, worker, assignment, hit, agent)

    person = here.arrive()
    ids = (person.worker_id, person.assignment_id)
    assert may() == {"may": True}
    assert may(assignment="ASSIGNMENT_ID_NOT_AVAILABLE") == {"may": False, "reason": "preview"}
    assert may(agent="Firefox") == {"may": False, "reason": "excluded_browser"}
    assert may(*ids) == {"may": True, "resumes": True}
    assert may(ids[0]) == {"may": False, "reason": "repeat_worker"}
    assert may("other", ids[1]) == {"may": True}
    person.finish()
    here.work()
    assert may(*ids) == {"may": False, "reason": "repeat_worker", "ended": True}
    here.app.run(lambda ctx: ctx.uow.state.update(closed="now"))
    assert may() == {"may": False, "reason": "closed"}


def test_a_worker_may_return_where_that_is_allowed(world: NewWorld) -> None:
    here = world(allow_repeat_worker_ids=True)
    person = here.arrive()
    person.finish()
    here.work()
    assert here.app.run(check_eligibility, person.worker_id, "another", "h1", "") == {"may": True}


@pytest.mark.parametrize("field", ["entry_information", "consent", "fingerprint_hash"])
def test_what_a_page_sends_about_a_newcomer_is_limited(world: NewWorld, field: str) -> None:
    here = world()
    large: dict[str, object] = {
        "entry_information": {"more": {"a": "x" * 60_000}},
        "consent": {"consent": {"text": "x" * 60_000}},
        "fingerprint_hash": {"fingerprint_hash": "x" * 60_000},
    }
    given = EntryRequest("w", "h", "a", recruiter="hotair", **large[field])  # type: ignore[arg-type]
    with pytest.raises(TooLarge, match=field):
        here.app.run(create_participant, given)


def test_a_worker_who_took_part_is_refused_with_any_assignment(world: NewWorld) -> None:
    here = world()
    people = [here.arrive() for _ in range(2)]
    for person in people:
        person.finish()
    here.work()
    for assignment_id in (people[1].assignment_id, "another"):
        given = EntryRequest(people[0].worker_id, "h1", assignment_id, recruiter="hotair")
        with pytest.raises(Forbidden) as caught:
            here.app.run(create_participant, given)
        assert caught.value.code == "repeat_worker"
    with pytest.raises(Forbidden) as caught:
        here.app.run(
            create_participant, EntryRequest("new", "h1", people[1].assignment_id, recruiter="hotair")
        )
    assert caught.value.code == "assignment_taken"


@pytest.mark.parametrize(("status", "recorded"), [("working", True), ("returned", False)])
def test_an_error_report_says_whether_the_pay_can_be_promised(
    world: NewWorld, status: str, recorded: bool
) -> None:
    here = world()
    person = here.arrive()
    here.app.run(lambda ctx: setattr(ctx.uow.participant(person.id), "status", status))
    for _ in range(2):
        said = person.post("/handle-error", {"participant_id": person.id}, request_id="r1")
        assert said["recorded"] is recorded
