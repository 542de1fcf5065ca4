"""What recruitment counts, reserves and stores: headcount, budget, listings, quotas, and effects of hooks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.errors import Busy, PetriError
from chalicelib.experiment import effects
from chalicelib.model.record import iso
from chalicelib.model.statuses import ParticipantStatus
from chalicelib.operations.recruitment import budget, listings, quotas, recruitment
from chalicelib.operations.recruitment.effect_dispatch import dispatch_effects
from chalicelib.operations.recruitment.headcount import headcount
from chalicelib.operations.shared.context import OPERATOR_CALLER, Context
from chalicelib.ports import RecruitmentResult
from tests.web.conftest import NewWorld
from tests.web.paying_runs import Till, paying
from tests.web.world import Person

NewTill = Callable[..., Till]


@pytest.fixture
def new_till(world: NewWorld) -> NewTill:
    """Makes runs of ten seats that have opened no place yet."""

    def make(**settings: Any) -> Till:
        members = settings.pop("members", {})
        return Till(world, paying(**members), **{"auto_recruit": False, **settings})

    return make


def put(till: Till, person: Person, status: ParticipantStatus) -> None:
    def change(ctx: Context) -> None:
        participant = ctx.uow.participant(person.id)
        participant.status = status.value
        ctx.uow.update_status_index(participant)

    till.here.app.run(change)


def state(till: Till, **fields: Any) -> dict[str, Any]:
    """Change the run's state, and return it."""

    def change(ctx: Context) -> dict[str, Any]:
        ctx.uow.state.update(fields)
        return dict(ctx.uow.state)

    changed: dict[str, Any] = till.here.app.run(change)
    return changed


def counted(till: Till, changed: dict[int, str] | None = None) -> dict[str, int]:
    return asdict(till.here.app.run(headcount, changed))


def posted(till: Till) -> list[dict[str, Any]]:
    """The recorded messages that haven't been handled, by kind."""
    bodies = [item["body"] for item in till.here.items("message")]
    return sorted(
        (body for body in bodies if body["kind"] != "check_deadline"), key=lambda body: body["kind"]
    )


# -- headcount --------------------------------------------------------------------------------------

COUNTED = (
    ParticipantStatus.WORKING,
    ParticipantStatus.WORKING,
    ParticipantStatus.WORKING,
    ParticipantStatus.SUBMITTED,
    ParticipantStatus.OVERRECRUITED,
    ParticipantStatus.SCREENED_OUT,
    ParticipantStatus.APPROVED,
    ParticipantStatus.RETURNED,
    ParticipantStatus.REPLACED,
)


def test_each_participant_is_counted_by_status_and_seat(new_till: NewTill) -> None:
    till = new_till()
    people = [till.arrive() for _ in COUNTED]
    people[0].join()
    for person, status in zip(people, COUNTED, strict=True):
        put(till, person, status)
    state(till, opened=20)
    expected = {
        "arrived": 8,
        "pending": 12,
        "unassigned": 2,
        "working": 3,
        "submitted": 1,
        "dismissed_with_pay": 2,
    }
    assert counted(till) == expected
    assert counted(till, {people[1].id: "submitted", 99: "submitted"}) == {
        **expected,
        "unassigned": 1,
        "working": 2,
        "submitted": 2,
    }


@pytest.mark.parametrize(("opened", "pending"), [({}, 0), ({"opened": 1}, 0), ({"opened": 4}, 2)])
def test_no_fewer_than_no_places_are_pending(new_till: NewTill, opened: dict[str, int], pending: int) -> None:
    till = new_till()
    for _ in range(2):
        till.arrive()
    state(till, **opened)
    assert counted(till)["pending"] == pending


# -- budget -----------------------------------------------------------------------------------------


def test_without_a_cap_nothing_is_tracked_and_no_fee_counts(new_till: NewTill) -> None:
    till = new_till()
    run = till.here.app.run
    assert run(budget.has_cap) is False
    assert run(budget.owed) == 0
    assert run(budget.cost_with_fee, "vendor", Decimal(2)) == 2
    run(budget.record_dismissal_paid)
    assert "budget" not in state(till)
    assert run(budget.affordable, 7) == 7


@pytest.mark.parametrize("cap", ["hard_cap", "soft_cap"])
def test_with_either_cap_fees_count(new_till: NewTill, cap: str) -> None:
    till = new_till(**{cap: 100})
    assert till.here.app.run(budget.has_cap) is True
    assert till.here.app.run(budget.cost_with_fee, "vendor", Decimal(2)) == Decimal("2.2")


def test_what_is_owed_adds_up_and_each_dismissal_is_counted(new_till: NewTill) -> None:
    till = new_till(hard_cap=100)
    person = till.arrive()

    def add(ctx: Context, amount: str) -> None:
        budget.add_to_owed(ctx, Decimal(amount), ctx.uow.participant(person.id), is_last=True)

    for amount in ("1.25", "0.50"):
        till.here.app.run(add, amount)
        till.here.app.run(budget.record_dismissal_paid)
    assert till.here.app.run(budget.owed) == Decimal("1.75")
    assert state(till)["budget"] == {"owed": "1.75", "sent_off": 2}


@pytest.mark.parametrize(
    ("status", "amount"),
    [
        (ParticipantStatus.WORKING, "2.20"),
        (ParticipantStatus.SUBMITTED, "0.55"),
        (ParticipantStatus.OVERRECRUITED, "1.65"),
        (ParticipantStatus.SCREENED_OUT, "1.65"),
        (ParticipantStatus.APPROVED, "0"),
        (ParticipantStatus.RETURNED, "0"),
    ],
)
def test_a_participant_reserves_what_they_may_still_cost(
    new_till: NewTill, status: ParticipantStatus, amount: str
) -> None:
    till = new_till(hard_cap=100, max_bonus=0.5)
    put(till, till.arrive(), status)
    assert till.here.app.run(budget.reserved) == Decimal(amount)


def test_a_participant_whose_last_payment_is_decided_reserves_nothing(new_till: NewTill) -> None:
    till = new_till(hard_cap=100, max_bonus=0.5)
    person = till.arrive()

    def reserve(ctx: Context, *status: str) -> Decimal:
        return budget.reserved(ctx, ctx.uow.participant(person.id), *status)

    run = till.here.app.run
    assert (run(reserve), run(reserve, "submitted")) == (0, Decimal("0.55"))


def test_a_dismissed_participant_who_was_paid_frees_the_reserve(new_till: NewTill) -> None:
    till = new_till(hard_cap=100)
    for _ in range(3):
        put(till, till.arrive(), ParticipantStatus.OVERRECRUITED)
    till.here.app.run(budget.record_dismissal_paid)
    assert till.here.app.run(budget.reserved) == Decimal("3.30")


@pytest.mark.parametrize(
    ("cap", "places"), [(2.19, 0), (2.20, 1), (6.6, 3), (8.79, 3), (8.8, 4), (99, 5), (None, 5)]
)
def test_as_many_places_are_affordable_as_the_hard_cap_pays(
    new_till: NewTill, cap: float | None, places: int
) -> None:
    till = new_till(max_bonus=0.5, **({} if cap is None else {"hard_cap": cap}))
    assert till.here.app.run(budget.affordable, 5) == places


def test_opening_fewer_places_at_a_time_may_be_cheaper(new_till: NewTill) -> None:
    till = new_till(hard_cap=5)

    def fee(amount: Decimal, places: int) -> Decimal:
        return amount if places > 2 else Decimal(0)

    till.vendor.fee = fee  # type: ignore[method-assign]
    run = till.here.app.run
    assert (run(budget.cost_per_place), run(budget.cost_per_place, 3)) == (Decimal("1.5"), Decimal(3))
    assert run(budget.affordable, 3) == 2
    for places in (2, 3, 1):
        run(budget.record_batch_size, places)
    assert state(till)["most_at_once"] == 3
    assert run(budget.cost_per_place) == 3
    assert run(budget.affordable, 3) == 1


def test_free_places_are_affordable_at_any_cap(new_till: NewTill) -> None:
    till = new_till(hard_cap=1, base_payment=0)
    assert till.here.app.run(budget.affordable, 5) == 5


@pytest.mark.parametrize(("cap", "exceeds"), [(3.2, True), (3.21, False)])
def test_a_last_payment_exceeds_the_cap_with_what_is_owed_and_reserved(
    new_till: NewTill, cap: float, exceeds: bool
) -> None:
    till = new_till(hard_cap=cap)
    person, _ = till.arrive(), till.arrive()
    state(till, budget={"owed": "0.56"})

    def check(ctx: Context) -> bool:
        return budget.exceeds_hard_cap(ctx, Decimal(1), ctx.uow.participant(person.id))

    assert till.here.app.run(check) is exceeds


@pytest.mark.parametrize(("owed", "told"), [("1.00", 0), ("1.01", 1)])
def test_the_soft_cap_is_reported_once_when_it_is_exceeded(new_till: NewTill, owed: str, told: int) -> None:
    till = new_till(soft_cap=1)
    state(till, budget={"owed": owed})
    for _ in range(2):
        till.here.app.run(budget.warn_if_over_soft_cap)
    till.work()
    assert len(till.letters.told) == told


def test_each_hard_cap_is_reported_once(new_till: NewTill) -> None:
    till = new_till(hard_cap=2)
    for cap in (2, 2, 3):
        till.here.app.config._config["hard_cap"] = cap  # type: ignore[index]  # a run that goes on with another cap
        till.here.app.run(budget.notify_hard_cap_reached, "vendor", 4)
    till.work()
    assert [text[:50] for text in till.letters.told] == [
        "4 places were not opened with vendor: hard_cap ($2",
        "4 places were not opened with vendor: hard_cap ($3",
    ]


# -- listings ---------------------------------------------------------------------------------------

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_listing_is_checked_two_minutes_after_its_end_and_once_for_each_end(new_till: NewTill) -> None:
    till = new_till()
    run = till.here.app.run
    for hours in (1, 1, 2):
        run(listings.record_end_time, "vendor", "H1", NOON + timedelta(hours=hours))
    checks = [item for item in till.here.items("message") if item["body"]["kind"] == "check_listing"]
    told = [(item["sk"][:27], item["body"]["recruiter"], item["body"]["hit_id"]) for item in checks]
    assert sorted(told) == [
        (iso(NOON + timedelta(hours=1, minutes=2)), "vendor", "H1"),
        (iso(NOON + timedelta(hours=2, minutes=2)), "vendor", "H1"),
    ]
    assert run(listings.ends_at, "H1") == NOON + timedelta(hours=2)


def test_a_listing_that_has_ended_stays_ended(new_till: NewTill) -> None:
    till = new_till()
    run = till.here.app.run
    assert (run(listings.is_known, "H1"), run(listings.ends_at, "H1")) == (False, None)
    run(listings.record_ended, "H1")
    run(listings.record_end_time, "vendor", "H1", NOON)
    assert [run(each, "H1") for each in (listings.is_known, listings.has_ended, listings.ends_at)] == [
        True,
        True,
        None,
    ]
    assert run(listings.has_ended, "H2") is False


def test_the_newest_hundred_listings_are_kept(new_till: NewTill) -> None:
    till = new_till()
    for number in range(101):
        till.here.app.run(listings.record_ended, f"H{number}")
    till.here.app.run(listings.record_end_time, "vendor", "H5", NOON)
    till.here.app.run(listings.record_ended, "H0")
    kept = list(state(till)["offers"])
    assert (len(kept), kept[0], kept[-1]) == (100, "H2", "H0")


# -- quotas -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("", []),
        ("bots: 2, cli: 1", [("bots", 2), ("cli", 1)]),
        (" bots :2,, cli:1 ,", [("bots", 2), ("cli", 1)]),
    ],
)
def test_quotas_are_pairs_of_a_name_and_a_number(text: str, pairs: list[tuple[str, int]]) -> None:
    assert quotas.parse_quotas(text) == pairs


@pytest.mark.parametrize(
    ("places", "asked", "share"),
    [
        (0, {}, {}),
        (2, {}, {"vendor": 2}),
        (3, {}, {"vendor": 2, "hotair": 1}),
        (9, {"vendor": 1, "hotair": 1}, {"vendor": 1, "hotair": 1}),
        (9, {"vendor": 9, "hotair": 2}, {}),
    ],
)
def test_places_are_split_by_quota(
    new_till: NewTill, places: int, asked: dict[str, int], share: dict[str, int]
) -> None:
    till = new_till(recruiter="multi", recruiters="vendor: 2, hotair: 2")
    run = till.here.app.run
    assert run(quotas.split_among_recruiters, places, asked) == share
    assert run(quotas.recruiters_in_use) == ["vendor", "hotair"]


@pytest.mark.parametrize(("places", "share"), [(0, {}), (3, {"vendor": 3})])
def test_one_recruiter_opens_all_places(new_till: NewTill, places: int, share: dict[str, int]) -> None:
    till = new_till()
    assert till.here.app.run(quotas.split_among_recruiters, places, {"vendor": 99}) == share
    assert till.here.app.run(quotas.recruiters_in_use) == ["vendor"]


# -- opening and closing ----------------------------------------------------------------------------


def test_an_opening_is_counted_recorded_and_ordered_with_a_token_of_its_own(new_till: NewTill) -> None:
    till = new_till()
    till.arrive()
    for places in (2, 1):
        till.here.app.run(recruitment.open_places_by_operator, places, caller=OPERATOR_CALLER)
    kept = {name: value for name, value in state(till).items() if name != "launched"}
    assert kept == {"opened": 4, "asked": {"vendor": 3}, "most_at_once": 2, "openings": 2}
    assert till.here.recruited() == [("vendor", "recruit", 2), ("vendor", "recruit", 1)]
    orders = [body for body in posted(till) if body["kind"] == "open_places"]
    assert sorted((body["token"], body["recruiter"], body["n"]) for body in orders) == [
        ("test-open-1", "vendor", 2),
        ("test-open-2", "vendor", 1),
    ]


def test_an_order_carries_the_state_of_its_recruiter_and_each_is_asked_for_its_own(new_till: NewTill) -> None:
    till = new_till(recruiter="multi", recruiters="vendor: 2, hotair: 2")
    state(till, recruiters={"vendor": {"token": "v"}, "hotair": {"token": "h"}})
    for _ in range(2):
        till.here.app.run(recruitment.open_places_by_operator, 2, caller=OPERATOR_CALLER)
    orders = [body for body in posted(till) if body["kind"] == "open_places"]
    assert {body["recruiter"]: body["known"] for body in orders} == {
        "vendor": {"token": "v"},
        "hotair": {"token": "h"},
    }
    assert state(till)["asked"] == {"vendor": 2, "hotair": 2}


@pytest.mark.parametrize(("closed", "orders"), [(False, 1), (True, 0)])
def test_a_hook_opens_no_place_that_the_operator_closed(new_till: NewTill, closed: bool, orders: int) -> None:
    till = new_till(auto_recruit=True)
    before = len(till.here.recruited())
    state(till, closed_by_operator=closed)
    till.here.app.run(recruitment.apply_requests, [("recruit", 2)])
    assert len(till.here.recruited()) - before == orders


def test_the_notice_of_the_hard_cap_names_all_recruiters(new_till: NewTill) -> None:
    till = new_till(recruiter="multi", recruiters="vendor: 2, hotair: 2", hard_cap=1)
    till.here.app.run(recruitment.open_places_by_operator, 1, caller=OPERATOR_CALLER)
    till.work()
    assert till.letters.told[0].startswith("1 place was not opened with vendor and hotair: hard_cap ($1.00)")


def test_closing_releases_free_places_and_closes_each_recruiter_once(new_till: NewTill) -> None:
    till = new_till(recruiter="multi", recruiters="vendor: 2, hotair: 2")
    till.here.app.run(recruitment.open_places_by_operator, 3, caller=OPERATOR_CALLER)
    till.arrive()
    run = till.here.app.run
    assert [run(recruitment.close_places_by_operator, caller=OPERATOR_CALLER) for _ in range(2)] == [
        True,
        False,
    ]
    kept = state(till)
    assert (kept["closed"], kept["closed_by_operator"], kept["opened"]) == (iso(NOON), True, 1)
    assert [event for event in till.here.recruited() if event[1] == "close"] == [
        ("vendor", "close", 0),
        ("hotair", "close", 0),
    ]
    closings = [body["recruiter"] for body in posted(till) if body["kind"] == "close_recruitment"]
    assert sorted(closings) == ["hotair", "vendor"]
    run(recruitment.open_places_by_operator, 1, caller=OPERATOR_CALLER)
    assert {"closed", "closed_by_operator"} & set(state(till)) == set()


@pytest.mark.parametrize(
    ("opened", "count", "withdrawn", "left", "asked"),
    [(5, 2, 2, 3, 3), (5, 9, 4, 1, 1), (1, 2, 0, 1, 5), (0, 1, 0, 1, 5)],
)
def test_withdrawn_places_are_those_that_were_free(
    new_till: NewTill, opened: int, count: int, withdrawn: int, left: int, asked: int
) -> None:
    till = new_till()
    till.arrive()
    state(till, opened=opened, asked={"vendor": 5})
    assert till.here.app.run(recruitment.withdraw_places, "vendor", count) == withdrawn
    kept = state(till)
    assert (kept["opened"], kept["asked"]) == (left, {"vendor": asked})


def test_a_reopened_place_is_one_more_than_have_arrived_or_were_opened(new_till: NewTill) -> None:
    till = new_till()
    till.arrive()
    till.here.app.run(recruitment.record_reopened_place)
    first = state(till)["opened"]
    till.here.app.run(recruitment.record_reopened_place)
    assert (first, state(till)["opened"]) == (2, 3)


@pytest.mark.parametrize(
    ("over", "opened", "asked", "free"),
    [(0, 0, 20, 9), (0, 0, 3, 3), (2, 0, 20, 11), (0, 6, 20, 4), (0, 99, 20, 0)],
)
def test_free_places_are_the_seats_that_no_participant_has_or_will_take(
    new_till: NewTill, over: int, opened: int, asked: int, free: int
) -> None:
    """Of ten seats, one is taken by the first participant; the second has no seat yet."""
    till = new_till(members={"over_recruitment": over})
    till.arrive().join()
    if opened:
        till.arrive()
        state(till, opened=opened)
    assert till.here.app.run(recruitment.free_places, asked) == free


def test_a_recruiters_state_is_stored_for_its_next_call(new_till: NewTill) -> None:
    till = new_till()
    run = till.here.app.run
    result = RecruitmentResult(
        "Done.", recruiter_state={"token": "t"}, ends={"H1": NOON + timedelta(hours=1)}, ended=["H2"]
    )
    run(recruitment.store_recruiter_state, "vendor", result, {})
    assert run(recruitment.recruiter_state_of, "vendor") == {"token": "t"}
    assert run(recruitment.recruiter_state_of, "other") == {}
    assert run(listings.ends_at, "H1") == NOON + timedelta(hours=1)
    assert run(listings.has_ended, "H2")
    run(recruitment.store_recruiter_state, "vendor", RecruitmentResult("Done."), {"token": "t"})
    assert run(recruitment.recruiter_state_of, "vendor") == {"token": "t"}
    with pytest.raises(Busy):
        run(recruitment.store_recruiter_state, "vendor", result, {"token": "older"})


# -- effects ----------------------------------------------------------------------------------------


def dispatched(till: Till, *given: effects.Effect, chain: int = 0) -> list[dict[str, Any]]:
    def dispatch(ctx: Context, listed: Iterable[effects.Effect]) -> None:
        ctx.timer_chain = chain
        dispatch_effects(ctx, listed)

    till.here.app.run(dispatch, given)
    return posted(till)


def test_requests_to_recruiters_go_into_one_message_in_their_order(new_till: NewTill) -> None:
    till = new_till()
    (body,) = dispatched(till, effects.Recruit(2), effects.StopRecruiting(), effects.Recruit(1))
    assert body["kind"] == "carry_out_recruitment"
    requests = [list(request) for request in body.get("requests", body.get("wishes"))]
    assert requests == [["recruit", 2], ["close", 0], ["recruit", 1]]


def test_each_other_effect_has_a_message(new_till: NewTill) -> None:
    till = new_till()
    later = effects.CallLater(90, "rings", {"word": "now"})
    given = (
        effects.PublishData("talk", "data"),
        later,
        effects.DismissGroup(1),
        effects.ReplaceWithBot(1),
        effects.FollowPresence(1),
    )
    assert dispatched(till, *given, chain=3) == [
        {"kind": "autoplay", "participant_id": 1},
        {"kind": "end_group", "participant_id": 1},
        {"kind": "publish", "channel": "talk", "data": "data"},
        {"kind": "run_timer", "method": "rings", "arguments": {"word": "now"}, "chain": 3},
        {"kind": "start_replacement_bot", "participant_id": 1},
    ]
    (timer,) = [item for item in till.here.items("message") if item["body"]["kind"] == "run_timer"]
    assert timer["sk"][:27] == iso(NOON + timedelta(seconds=90))


def test_an_unknown_effect_is_an_error(new_till: NewTill) -> None:
    with pytest.raises(PetriError, match="No message is posted for the effect Effect"):
        dispatched(new_till(), effects.Effect())


@pytest.mark.parametrize(
    ("pays_any", "at_once", "recruits", "kinds"),
    [(False, False, 1, []), (True, False, 0, []), (False, True, 1, ["process_submission"])],
)
def test_screening_out_replaces_and_pays_as_the_recruiter_needs(
    new_till: NewTill, pays_any: bool, at_once: bool, recruits: int, kinds: list[str]
) -> None:
    """An author's `recruit` is called after the commit, when it counts the participant as screened out."""
    called: list[int] = []
    kinds = ["follow_up"] * recruits + kinds
    till = new_till(members={"recruit": lambda self: called.append(1)})
    till.vendor.change(pays_any_submission=pays_any, auto_submits=at_once)
    person = till.arrive()
    assert [body["kind"] for body in dispatched(till, effects.ScreenOut(person.id))] == kinds
    # The submission of a participant who is working would recruit once more.
    if not at_once:
        till.work()
        assert len(called) == recruits
