"""Many completions at once, over each engine: nothing is owed, paid or opened twice, and nothing too much."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from typing import Any

from chalicelib import services
from chalicelib.errors import PetriError
from chalicelib.experiment.networks import Chain, Empty
from chalicelib.messaging.local_queue import LocalQueue
from chalicelib.model.network import Network
from chalicelib.operations.participant.submission import process_submission
from chalicelib.ports import Message
from chalicelib.services import App
from chalicelib.storage.engine import Engine
from chalicelib.workers import queue_consumer
from tests.contract.factories import a_room, an_app, arrived, at_once, begin, say, take_place
from tests.tools.vendor import Vendor

#: Enough to meet; each more costs seconds over moto.
FEW = 4


@contextmanager
def paid_by_vendor(
    engine: Engine, network: Callable[[], Network], hooks: dict[str, Any], **settings: Any
) -> Iterator[tuple[App, Vendor]]:
    """Open a run that recruits and pays through the tests' vendor."""
    config = {"auto_recruit": True, "recruiter": "vendor", "base_payment": 1, **settings}
    app = an_app(engine, a_room(network, **hooks), **config)
    vendor = Vendor()
    app.recruiters.recruiters["vendor"] = vendor
    services.use(app)
    try:
        work_at_once(app)
        yield app, vendor
    finally:
        services.use(None)


def taken(app: App) -> list[Message]:
    """Take every message that is due."""
    assert isinstance(app.queue, LocalQueue)
    found = []
    while (message := app.queue.take()) is not None:
        found.append(message)
    return found


def work_at_once(app: App) -> None:
    """Handle all messages, and those that follow, each round in as many threads as there are messages."""
    while batch := taken(app):
        results = at_once([partial(queue_consumer.handle, message) for message in batch])
        for message, result in zip(batch, results, strict=True):
            if isinstance(result, PetriError):
                app.queue.send(message)


def finish_at_once(app: App, people: list[int]) -> None:
    at_once([partial(app.run, process_submission, person) for person in people])
    work_at_once(app)


def seated(app: App, count: int) -> list[int]:
    people = arrived(app, count)
    for person in people:
        say(app, take_place(app, person)["id"])
    return people


def test_ten_completions_at_once_open_no_more_places_than_there_are_free_seats(crowded: Engine) -> None:
    room = partial(Empty, max_size=13)
    with paid_by_vendor(crowded, room, {"over_recruitment": 1}) as (app, vendor):
        before = vendor.places
        finish_at_once(app, seated(app, 10))
    assert vendor.places - before == 4


def test_completions_at_once_in_a_chain_open_one_place(shared: Engine) -> None:
    with paid_by_vendor(shared, partial(Chain, max_size=99), {}) as (app, vendor):
        before = vendor.places
        finish_at_once(app, seated(app, FEW))
    assert vendor.places - before == 1


def test_completions_at_once_stay_below_the_hard_cap(shared: Engine) -> None:
    room = partial(Empty, max_size=99)
    with paid_by_vendor(shared, room, {}, hard_cap=FEW * 1.1 + 2.5) as (app, vendor):
        before = vendor.places
        finish_at_once(app, seated(app, FEW))
    assert vendor.places - before == 2


def test_the_state_of_recruiters_is_stored_completely(shared: Engine) -> None:
    with paid_by_vendor(shared, partial(Empty, max_size=99), {}) as (app, vendor):
        finish_at_once(app, seated(app, FEW))
        with begin(shared) as work:
            known = work.state["recruiters"]["vendor"]["tokens"]
    assert sorted(known) == sorted(vendor.opened)


def test_all_participants_are_paid_once_when_they_finish_concurrently(shared: Engine) -> None:
    hooks = {"bonus": lambda *_: 0.5}
    with paid_by_vendor(shared, partial(Empty, max_size=FEW), hooks) as (app, vendor):
        people = seated(app, FEW)
        finish_at_once(app, people * 2)
    owed = [(one, *what) for one in people for what in (("base", Decimal(1)), ("bonus", Decimal("0.50")))]
    assert sorted(vendor.books) == owed


def test_a_message_that_many_workers_get_pays_once(crowded: Engine) -> None:
    with paid_by_vendor(crowded, partial(Empty, max_size=1), {}) as (app, vendor):
        (person,) = seated(app, 1)
        app.run(process_submission, person)
        for message in taken(app):
            at_once([partial(queue_consumer.handle, message)] * 4)
        work_at_once(app)
    assert Counter(vendor.books) == {(person, "base", Decimal(1)): 1}


def test_the_total_owed_is_exact_when_all_finish_concurrently(shared: Engine) -> None:
    hooks = {"bonus": lambda *_: 0.13}
    with paid_by_vendor(shared, partial(Empty, max_size=FEW), hooks, hard_cap=999) as (app, _):
        finish_at_once(app, seated(app, FEW))
        with begin(shared) as work:
            owed = Decimal(work.state["budget"]["owed"])
    assert owed == FEW * Decimal("1.13") * Decimal("1.1")
