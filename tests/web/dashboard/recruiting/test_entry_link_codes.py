"""Entry links have QR codes: on a sheet, on a page of their own, and as a file."""

from __future__ import annotations

import re

import pytest

from chalicelib.access.rights import ROLES, Actor, Right
from chalicelib.dashboard.operation_calls import run_operation
from chalicelib.dashboard.page_call import PageCall
from chalicelib.dashboard.pages.recruiting import entry_link_codes
from chalicelib.dashboard.pages.recruiting.entry_link_codes import link_id, show_codes
from chalicelib.dashboard.qr_codes import inline_qr_code, qr_code_file
from chalicelib.errors import Forbidden
from tests.web.conftest import NewWorld
from tests.web.dashboard.browsers import DashboardBrowser
from tests.web.experiments import Talk
from tests.web.world import World

HOSTILE = '<b>"7"</b>'


def linked(world: NewWorld, workers: str, **settings: object) -> World:
    here = world(Talk, mode="live", recruiter="link", link_workers=workers, **settings)
    here.work()
    browser = DashboardBrowser(here)
    browser.press("recruitment/open", [("places", "3"), ("ignore_free_seats", "yes")])
    here.work()
    return here


def addresses() -> list[str]:
    everything = Actor("user:ann", "Ann", ROLES["Researcher"])
    return [link.address for link in run_operation(everything, "", "recruitment.links").links]


def test_each_link_has_a_code_that_can_be_shown_printed_and_downloaded(world: NewWorld) -> None:
    here = linked(world, f"ada, {HOSTILE}, cleo")
    browser = DashboardBrowser(here)
    sheet = browser.open("recruitment/qr")
    table = browser.open("recruitment")
    for address in addresses():
        code = inline_qr_code(address)
        assert code in sheet
        page = browser.open(f"recruitment/qr/{link_id(address)}")
        assert code in page
        assert f'href="/dashboard/recruitment/qr/{link_id(address)}"' in table
        file = here.get(
            f"/dashboard/recruitment/qr/{link_id(address)}",
            {"file": "svg"},
            headers=browser.headers,
        )
        assert file.headers["content-type"] == "image/svg+xml"
        assert re.fullmatch(
            r'attachment; filename="entry-link-[\w-]+\.svg"', file.headers["content-disposition"]
        )
        assert file.raw.decode() == qr_code_file(address)
        assert HOSTILE not in page + sheet
    assert len(addresses()) == 3


def test_a_sheet_leaves_out_used_links_and_says_how_many_there_are(
    world: NewWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entry_link_codes, "PER_SHEET", 2)
    here = linked(world, "ada, ben, cleo")
    browser = DashboardBrowser(here)
    assert "Codes 1 to 2 of 3 unused ones" in browser.open("recruitment/qr")
    assert "Codes 3 to 3 of 3 unused ones" in browser.open("recruitment/qr", sheet="2")
    for sheet in ("0", "x", "99999"):
        said = here.get("/dashboard/recruitment/qr", {"sheet": sheet}, headers=browser.headers)
        assert said.status == 400
    assert here.get("/dashboard/recruitment/qr/unknown", headers=browser.headers).status == 404


def test_a_link_with_a_placeholder_has_no_code(world: NewWorld) -> None:
    browser = DashboardBrowser(linked(world, "any"))
    assert "QR code" not in browser.open("recruitment")
    assert "No links yet" in browser.open("recruitment/qr")


def test_codes_need_the_rights_to_recruit_and_to_see_personal_data() -> None:
    for rights in ({Right.VIEW, Right.RECRUIT}, {Right.VIEW, Right.VIEW_PERSONAL_DATA}):
        call = PageCall(
            actor=Actor("user:ann", "Ann", frozenset(rights)),
            tab="recruitment",
            id="qr",
            part=None,
            method="GET",
            query={},
            run=lambda *_, **__: pytest.fail("nothing may be read"),
            run_for_each=lambda *_, **__: pytest.fail("nothing may be changed"),
            is_fragment=False,
            csrf="",
        )
        with pytest.raises(Forbidden, match="you need the rights"):
            show_codes(call)
