"""The ultimatum game on the real host: two people in two tabs of one browser, from the ad to the exit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from tests.browser.hosts import Host, hosting
from tests.browser.study.people import Person

ROOT = Path(__file__).parents[4]


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with hosting(ROOT / "demos" / "ultimatum", tmp_path_factory.mktemp("ultimatum")) as served:
        yield served


def test_two_people_divide_points_in_three_rounds(browser: Chrome, host: Host) -> None:
    one, other = Person(browser, host.address, 1), Person(browser, host.address, 2)
    one.come().is_at("welcome")
    one.go_on()
    one.wait().until(lambda _: one.kind() == "wait")
    other.come().is_at("welcome")
    other.go_on()
    for round_, offer in enumerate((4, 5, 6), 1):
        waiting = {each: each.waits_in_round(round_) for each in (one, other)}
        proposer, responder = sorted(waiting, key=waiting.__getitem__)
        proposer.is_at("propose")
        proposer.write("offer", str(offer))
        proposer.go_on()
        responder.is_at("respond")
        responder.reads(f"offers you {offer} of 10")
        responder.press("label[for=item-accept-1]")
        responder.go_on()
        for each in (proposer, responder):
            each.is_at("result")
            each.go_on()
    for each in (one, other):
        each.is_at("debrief")
        each.go_on()
        each.is_at("end")
        each.go_on()
        each.arrive_at("/recruiter-exit")
    found = host.rows("select worker_id, status from participant where worker_id in ('W1', 'W2')")
    assert {each["status"] for each in found} <= {"submitted", "approved"}
