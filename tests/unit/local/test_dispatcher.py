from __future__ import annotations

import asyncio

from chalice.local import LocalChalice

from infra.lambda_events.responses import ProxyResponse
from infra.local.serial_dispatcher import BACK_IN_A_SECOND, SerialDispatcher
from tests.unit.local.toy import FORM, request_to, toy_app

FORM_HEADER = ((b"content-type", FORM.encode()),)


async def post(lane: SerialDispatcher, path: str) -> ProxyResponse:
    match = lane.routes.match(path)
    assert match is not None
    return await lane.answer(request_to(path, method="POST", headers=FORM_HEADER), match)


def test_a_join_that_finds_the_network_busy_gets_the_place_that_opens_meanwhile() -> None:
    async def run() -> ProxyResponse:
        lane = SerialDispatcher(toy_app(), hold=30)
        joining = asyncio.create_task(post(lane, "/node/1"))
        await asyncio.sleep(0)
        await post(lane, "/info/9")
        return await joining

    assert asyncio.run(run()).status == 200


def test_a_join_gets_network_busy_when_no_place_opens_in_time() -> None:
    answer = asyncio.run(post(SerialDispatcher(toy_app(), hold=0.01), "/node/1"))
    assert answer.status == 503
    assert answer.header(b"retry-after") == b"1"


def test_a_long_queue_gets_a_longer_retry_after() -> None:
    async def run() -> list[int]:
        lane = SerialDispatcher(toy_app(), hold=0.05)
        asked = (post(lane, f"/node/{number}") for number in range(4 * BACK_IN_A_SECOND))
        return [int(answer.header(b"retry-after") or 0) for answer in await asyncio.gather(*asked)]

    away = asyncio.run(run())
    assert (away[0], away[-1]) == (1, 4)
    assert away == sorted(away)


def test_a_closed_connection_is_dropped() -> None:
    async def run() -> bytes | None:
        lane = SerialDispatcher(toy_app(), hold=0.05)
        await asyncio.gather(*(post(lane, f"/node/{number}") for number in range(4 * BACK_IN_A_SECOND)))
        return (await post(lane, "/node/1")).header(b"retry-after")

    assert asyncio.run(run()) == b"1"


def test_the_request_that_waits_longest_is_served_first() -> None:
    async def run() -> list[bool]:
        lane = SerialDispatcher(toy_app(), hold=0.2)
        waiting = []
        for number in range(3):
            waiting.append(asyncio.create_task(post(lane, f"/node/{number}")))
            await asyncio.sleep(0)
        await post(lane, "/info/9")
        return [answer.status == 200 for answer in await asyncio.gather(*waiting)]

    assert asyncio.run(run()) == [True, False, False]


def test_several_places_that_open_at_once_are_all_taken() -> None:
    async def run() -> set[int]:
        app = toy_app()
        lane = SerialDispatcher(app, hold=30)
        waiting = [asyncio.create_task(post(lane, f"/node/{number}")) for number in range(5)]
        await asyncio.sleep(0)
        app.open_places = 4
        await post(lane, "/info/9")
        return {answer.status for answer in await asyncio.gather(*waiting)}

    assert asyncio.run(run()) == {200}


def test_a_request_that_is_still_busy_lets_the_next_retry() -> None:
    async def run() -> list[int]:
        app = toy_app()
        lane = SerialDispatcher(app, hold=0.2)
        busy = asyncio.create_task(post(lane, "/node/1"))
        await asyncio.sleep(0)
        other = asyncio.create_task(post(lane, "/node/2"))
        await asyncio.sleep(0)
        lane.wake()
        await asyncio.sleep(0)
        app.open_places = 1
        return [answer.status for answer in await asyncio.gather(busy, other)]

    assert asyncio.run(run()) == [503, 200]


def test_each_thread_has_its_own_current_request() -> None:
    assert isinstance(SerialDispatcher(toy_app()).app, LocalChalice)


def test_an_app_can_be_served_twice() -> None:
    app = toy_app()
    assert SerialDispatcher(app).app is SerialDispatcher(app).app


def test_no_request_is_retried_after_a_message_that_changed_no_network() -> None:
    async def run() -> int:
        app = toy_app()
        lane = SerialDispatcher(app, hold=0.01, changes=lambda: 0)
        joining = asyncio.create_task(post(lane, "/node/1"))
        await asyncio.sleep(0)
        app.open_places = 1
        lane.wake_after_change()
        return (await joining).status

    assert asyncio.run(run()) == 503


def test_held_requests_are_retried_after_a_message_that_changed_a_network() -> None:
    async def run() -> int:
        app, changes = toy_app(), [0]
        lane = SerialDispatcher(app, hold=30, changes=lambda: changes[0])
        joining = asyncio.create_task(post(lane, "/node/1"))
        await asyncio.sleep(0)
        app.open_places = 1
        changes[0] += 1
        lane.wake_after_change()
        return (await joining).status

    assert asyncio.run(run()) == 200
