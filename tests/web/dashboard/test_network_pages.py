"""The pages of networks: cards, the picture, nodes and what they have made."""

from __future__ import annotations

import re

import pytest

from chalicelib.experiment.networks import DiscreteGenerational
from chalicelib.model.network import Network
from chalicelib.operations.audit.reading import list_entries
from chalicelib.operations.shared.context import OPERATOR_CALLER
from tests.web.conftest import NewWorld
from tests.web.dashboard.sign_in.test_links_and_sessions import NOT_FOUND, OK, REDIRECTED, csrf_of, signed_in
from tests.web.experiments import Talk
from tests.web.world import World

BAD = '<img src=x onerror=alert(1)> <b hx-post="/dashboard/stop">=1+1'
BAD_REQUEST = 400


@pytest.fixture
def here(world: NewWorld) -> World:
    here = world()
    person = here.arrive()
    node = person.join()
    person.answer(node, BAD)
    return here


def text_of(here: World, path: str, browser: dict[str, str], **query: str) -> str:
    page = here.get(path, query, headers=browser)
    assert page.status == OK, page.raw
    return page.raw.decode()


def test_each_network_has_a_card_with_how_full_it_is(here: World) -> None:
    page = text_of(here, "/dashboard/networks", signed_in(here))
    assert 'href="/dashboard/networks/1"' in page
    assert re.search(r"<strong>\d+</strong> of \d+ nodes", page)


def test_a_picture_links_each_node_and_the_table_lists_it(here: World) -> None:
    page = text_of(here, "/dashboard/networks/1", signed_in(here))
    assert page.count('href="/dashboard/networks/node/100001"') == 2
    assert "<svg" in page


class Generations(Talk):
    """People in generations of two."""

    def create_network(self) -> Network:
        return DiscreteGenerational(generations=3, generation_size=2)


def test_a_generation_is_chosen_by_its_number_and_leads_to_the_next(world: NewWorld) -> None:
    here = world(Generations)
    for _ in range(6):
        person = here.arrive()
        person.answer(person.join(), "a tale")
    browser = signed_in(here)
    assert 'max="3" value="3"' in text_of(here, "/dashboard/networks/1", browser)
    page = text_of(here, "/dashboard/networks/1", browser, generation="2")
    assert "Generation 2 and the one before it" in page
    assert 'href="/dashboard/networks/1?generation=1"' in page
    assert 'href="/dashboard/networks/1?generation=3"' in page
    shown = {number for number in range(1, 7) if f'/networks/node/{100_000 + number}"' in page}
    assert shown == {1, 2, 3, 4}


def test_what_participants_write_is_shown_as_text(here: World) -> None:
    node = here.items("node")[-1]["id"]
    page = text_of(here, f"/dashboard/networks/node/{node}", signed_in(here))
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert "<img" not in page
    assert '<b hx-post="/dashboard/stop"' not in page


def test_a_network_is_failed_by_a_form_of_the_own_page_only(here: World) -> None:
    browser = signed_in(here)
    address = "/dashboard/networks/1/fail"
    with here.unchanged():
        assert here.post(address, {}, headers=browser).status == 403
    csrf = csrf_of(here, browser)
    through_cloudfront = {"via": "2.0 edge.cloudfront.net (CloudFront)", "x-forwarded-for": "203.0.113.9"}
    said = here.post(address, {"csrf": csrf}, headers={**browser, **through_cloudfront})
    assert said.status == REDIRECTED
    assert "failed" in text_of(here, "/dashboard/networks/1", browser)
    (change,) = here.app.run(list_entries, caller=OPERATOR_CALLER)
    assert (change.entry.operation, change.address) == ("networks.fail", "203.0.113.9")


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/dashboard/networks/99", {}, NOT_FOUND),
        ("/dashboard/networks/x", {}, NOT_FOUND),
        ("/dashboard/networks/node/99", {}, NOT_FOUND),
        ("/dashboard/networks/node", {}, NOT_FOUND),
        ("/dashboard/networks/1/other", {}, NOT_FOUND),
        ("/dashboard/networks/1", {"first": "x"}, BAD_REQUEST),
        ("/dashboard/networks/1", {"first": "999"}, BAD_REQUEST),
        ("/dashboard/networks/1", {"generation": "1"}, NOT_FOUND),
        ("/dashboard/networks/1", {"generation": "x"}, BAD_REQUEST),
        ("/dashboard/networks/1", {"arrange": BAD}, BAD_REQUEST),
        ("/dashboard/networks", {"after": "?"}, OK),
    ],
)
def test_wrong_addresses_are_answered_with_what_is_wrong(
    here: World, path: str, query: dict[str, str], status: int
) -> None:
    page = here.get(path, query, headers=signed_in(here))
    assert (page.status, "<img" in page.raw.decode()) == (status, False)
