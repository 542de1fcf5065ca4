"""Notes on the pages of participants, payments and nodes: changed and deleted by who wrote them."""

from __future__ import annotations

import re

import pytest

from chalicelib.access.rights import ASSISTANT, LAB_ADMIN, VIEWER
from chalicelib.dashboard import sessions
from chalicelib.operations.accounts.users import add_user
from chalicelib.operations.shared.context import OPERATOR_CALLER
from tests.web.conftest import NewWorld
from tests.web.dashboard.browsers import DashboardBrowser
from tests.web.paying_runs import Till, paying
from tests.web.world import Said, World

HOSTILE = '<b hx-post="/dashboard/sign-out" hx-trigger="load">{{ 7 * 7 }}</b>'


def browser_of(here: World, username: str, role: str) -> DashboardBrowser:
    here.app.run(add_user, username, username.title(), role=role, caller=OPERATOR_CALLER)
    ticket = here.app.run(sessions.create_ticket_for_user, username, caller=OPERATOR_CALLER)
    return DashboardBrowser(here, ticket)


def test_a_note_is_changed_by_its_author_and_deleted_by_who_manages_the_lab(world: NewWorld) -> None:
    here = world()
    here.arrive()
    people = (("ann", ASSISTANT), ("bob", ASSISTANT), ("lea", LAB_ADMIN))
    ann, bob, lea = (browser_of(here, name, role) for name, role in people)
    ann.press("participants/1/note", [("text", "First words")])
    page = ann.open("participants/1")
    assert "Ann (user:ann)" in page
    found = re.search(r'name="note" value="([^"]+)"', page)
    assert found is not None
    note = found[1]
    assert 'value="' + note not in bob.open("participants/1")
    assert "First words" in ann.open("participants/1/change-note", note=note)
    assert (
        here.get("/dashboard/participants/1/change-note", {"note": note}, headers=bob.headers).status == 404
    )
    for stranger in (bob, lea):
        with here.unchanged():
            assert stranger.press("participants/1/change-note", [("note", note), ("text", "x")]).status == 403
    with here.unchanged():
        assert bob.press("participants/1/delete-note", [("note", note)]).status == 403
    changed = ann.press("participants/1/change-note", [("note", note), ("text", HOSTILE)])
    assert changed.headers["location"] == "/dashboard/participants/1#notes"
    for page in (lea.open("participants/1"), ann.open("participants/1/change-note", note=note)):
        assert "<b hx-post" not in page
        assert "&lt;b hx-post" in page
    lea.press("participants/1/delete-note", [("note", note)])
    assert "No notes yet" in ann.open("participants/1")


@pytest.mark.parametrize(("page", "id_"), [("money/1-base", "money/1-base"), ("networks/node/100001", "")])
def test_notes_about_a_payment_and_a_node_are_written_on_their_pages(
    world: NewWorld, page: str, id_: str
) -> None:
    till = Till(world, paying(bonus=1))
    till.finish()
    people = (("ann", ASSISTANT), ("bob", ASSISTANT), ("vic", VIEWER))
    ann, bob, vic = (browser_of(till.here, name, role) for name, role in people)

    def act(browser: DashboardBrowser, verb: str, *fields: tuple[str, str]) -> Said:
        return browser.press(f"{id_}/{verb}" if id_ else page, [("do", verb), *fields])

    assert "No notes yet" in vic.open(page)
    assert "Add the note" not in vic.open(page)
    with till.here.unchanged():
        assert act(vic, "note", ("text", "x")).status == 403
        assert act(ann, "note", ("text", " ")).status == 400
    assert act(ann, "note", ("text", HOSTILE)).headers["location"] == f"/dashboard/{page}#notes"
    shown = ann.open(page)
    assert "&lt;b hx-post" in shown
    assert "<b hx-post" not in shown
    note = re.search(r'name="note" value="([^"]+)"', shown)[1]
    assert 'name="note"' not in bob.open(page)
    form = f"{id_}/change-note" if id_ else page
    assert "Change the note" in ann.open(form, note=note, do="change-note")
    assert act(bob, "delete-note", ("note", note)).status == 403
    act(ann, "change-note", ("note", note), ("text", "Paid by hand"))
    assert "Paid by hand" in vic.open(page)
    act(ann, "delete-note", ("note", note))
    assert "No notes yet" in vic.open(page)
