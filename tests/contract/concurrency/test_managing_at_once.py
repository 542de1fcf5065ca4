"""People who manage a run at the same time, over each engine: no payment twice, none above the cap."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from functools import partial

from chalicelib.api.api_operation import Shape
from chalicelib.api.perform import ApiAnswer, perform_request
from chalicelib.api.request_reader import ApiRequest
from chalicelib.errors import InvalidState
from chalicelib.experiment.networks import Empty
from chalicelib.operations.management.participant_actions import reject_participant
from chalicelib.operations.participant.submission import process_submission
from chalicelib.operations.shared.context import OPERATOR_CALLER, Request
from chalicelib.services import App
from chalicelib.storage.engine import Engine
from chalicelib.workers import queue_consumer
from tests.contract.concurrency.test_money_at_once import (
    FEW,
    finish_at_once,
    paid_by_vendor,
    seated,
    taken,
    work_at_once,
)
from tests.contract.factories import at_once

ROOM = partial(Empty, max_size=13)


def give_bonus(app: App, participant_id: int, request_id: str) -> ApiAnswer:
    path = {"resource": "participants", "id": str(participant_id), "verb": "bonus"}
    body = {"amount": "0.50", "reason": "Thank you"}
    request = ApiRequest(path, {}, lambda: body)
    return app.run(
        perform_request,
        "POST",
        Shape.VERB,
        request,
        caller=OPERATOR_CALLER,
        request=Request(request_id, "same"),
    )


def test_bonuses_by_hand_at_once_are_each_paid_once_however_often_they_are_sent(crowded: Engine) -> None:
    with paid_by_vendor(crowded, ROOM, {}) as (app, vendor):
        (person,) = seated(app, 1)
        finish_at_once(app, [person])
        names = [f"request-{number}" for number in range(FEW)] * 2
        answers = at_once([partial(give_bonus, app, person, name) for name in names])
        kinds = [answer.fields["payment"]["kind"] for answer in answers]
        work_at_once(app)
        tokens = Counter(vendor.tokens)
    assert sorted(set(kinds)) == [f"bonus-{number}" for number in range(1, FEW + 1)]
    assert {name: kinds[at] for at, name in enumerate(names[:FEW])} == dict(
        zip(names[FEW:], kinds[FEW:], strict=True)
    )
    assert set(tokens.values()) == {1}


def test_of_bonuses_by_hand_at_once_no_more_are_given_than_the_hard_cap_allows(shared: Engine) -> None:
    with paid_by_vendor(shared, ROOM, {}, auto_recruit=False, hard_cap=3) as (app, vendor):
        people = seated(app, 2)
        finish_at_once(app, people)
        given = at_once([partial(give_bonus, app, person, f"r{person}") for person in people])
        work_at_once(app)
        paid = sum(amount for _, _, amount in vendor.books)
    assert Counter(type(each) for each in given) == {ApiAnswer: 1, InvalidState: 1}
    assert paid == Decimal("2.50")


def test_a_submission_that_is_rejected_while_its_pay_is_sent_is_either_rejected_or_paid(
    crowded: Engine,
) -> None:
    with paid_by_vendor(crowded, ROOM, {}) as (app, vendor):
        people = seated(app, FEW)
        for person in people:
            app.run(process_submission, person)
        sending = [
            partial(queue_consumer.handle, message)
            for message in taken(app)
            if "payment" in str(message.body)
        ]
        assert len(sending) == FEW
        rejecting = [
            partial(app.run, reject_participant, str(person), "late", caller=OPERATOR_CALLER)
            for person in people
        ]
        at_once([*sending, *rejecting])
        statuses = {person: app.run(_status, person) for person in people}
        paid = {person for person, _, _ in vendor.books}
    assert {person for person, status in statuses.items() if status != "rejected"} == paid


def _status(ctx: object, participant_id: int) -> str:
    return ctx.uow.participant(participant_id).status  # type: ignore[attr-defined,no-any-return]
