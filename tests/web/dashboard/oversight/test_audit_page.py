"""The audit log on the dashboard and over the API: who sees which entries, paging, filters, verification."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.access.rights import OPERATOR_ACTOR, ROLES, VIEWER, Actor, Right
from chalicelib.dashboard.operation_calls import run_operation
from chalicelib.dashboard.pages.oversight import audit_page
from chalicelib.errors import Forbidden, NotFound
from chalicelib.model import keys
from chalicelib.operations.audit import verification
from chalicelib.operations.audit.reading import erase_values
from chalicelib.operations.audit.record_change import record_change
from chalicelib.operations.audit.seals import make_seals
from chalicelib.operations.management.oversight import audit_log
from chalicelib.operations.shared.context import OPERATOR_CALLER, Context, caller_of
from chalicelib.storage.engine import ANY, Delete, Put
from tests.web.conftest import NewWorld
from tests.web.dashboard.browsers import DashboardBrowser
from tests.web.world import World

ADA = Actor("user:ada", "Ada", ROLES[VIEWER])
BEA = Actor("user:bea", "Bea", ROLES["Researcher"])
LEADS = Actor("user:lea", "Lea", frozenset({Right.VIEW, Right.MANAGE_LAB}))
HOSTILE = "=<b>{{ 7 * 7 }}</b>"


def change(ctx: Context, operation: str = "payments.retry", **fields: Any) -> None:
    record_change(ctx, operation, records=[("participants", "1")], fields=fields, address="192.0.2.9")


@pytest.fixture
def here(world: NewWorld) -> World:
    """A run in which Ada and Bea have made four changes each, in turn, a minute apart."""
    made = world()
    for number in range(4):
        for actor, operation in ((ADA, "payments.retry"), (BEA, "participants.fail")):
            made.app.run(change, operation, reason=f"{HOSTILE}{number}", caller=caller_of(actor))
            made.clock.turn(minutes=1)
    return made


def listed(by: Actor = OPERATOR_ACTOR, **how: Any) -> list[tuple[str, int]]:
    return [(row.actor, row.number) for row in run_operation(by, "", "audit.list", **how).rows]


def every_page(here: World, **how: Any) -> list[tuple[str, int]]:
    """Return the entries of all pages of three; a change is made between them."""
    found, after = [], None
    while True:
        page = run_operation(OPERATOR_ACTOR, "", "audit.list", after=after, limit=3, **how)
        found += [(row.actor, row.number) for row in page.rows]
        after = page.next
        if after is None:
            return found
        here.app.run(change, caller=caller_of(ADA))
        here.app.run(change, caller=OPERATOR_CALLER)


def test_entries_of_all_actors_are_listed_newest_first_and_each_once_while_others_are_added(
    here: World,
) -> None:
    expected = [(actor, number) for number in (4, 3, 2, 1) for actor in ("user:bea", "user:ada")]
    assert listed() == expected
    assert every_page(here) == expected


def test_entries_are_found_by_actor_operation_and_time(here: World) -> None:
    assert listed(actor="user:ada") == [("user:ada", number) for number in (4, 3, 2, 1)]
    assert listed(actor="user:zoe") == []
    assert listed(operation="participants.") == [("user:bea", number) for number in (4, 3, 2, 1)]
    first = run_operation(OPERATOR_ACTOR, "", "audit.list").rows[-1].at
    today, minute = first.strftime("%Y-%m-%d"), (first + timedelta(minutes=2)).strftime("%Y-%m-%dT%H:%M")
    assert len(listed(since=today, until=today)) == 8
    assert listed(until=minute) == [("user:ada", 2), ("user:bea", 1), ("user:ada", 1)]
    assert len(listed(since=minute)) == 6


def test_a_filter_looks_at_so_many_entries_and_says_where_to_continue(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_log, "MOST_LOOKED_AT", 5)
    first = run_operation(OPERATOR_ACTOR, "", "audit.list", operation="participants.")
    assert (len(first.rows), first.looked_at, first.is_partial) == (3, 5, True)
    second = run_operation(OPERATOR_ACTOR, "", "audit.list", operation="participants.", after=first.next)
    assert [row.number for row in (*first.rows, *second.rows)] == [4, 3, 2, 1]
    assert second.next is None


def test_actors_see_their_own_entries_and_those_who_manage_the_lab_see_all(here: World) -> None:
    assert {actor for actor, _ in listed(ADA)} == {"user:ada"}
    assert listed(ADA, actor="user:bea") == []
    assert {actor for actor, _ in listed(LEADS)} == {"user:ada", "user:bea"}
    with pytest.raises(Forbidden):
        run_operation(ADA, "", "audit.verify")


def test_a_cursor_of_another_list_is_refused_and_shows_no_entry_of_another_actor(here: World) -> None:
    for cursor in ("5|3", "user:bea", "=1", "user:bea=-1"):
        with pytest.raises(NotFound):
            run_operation(OPERATOR_ACTOR, "", "audit.list", after=cursor)
    assert listed(ADA, after="user:bea=4,user:ada=1") == [("user:ada", 1)]


def test_values_are_for_those_who_may_see_personal_data_until_they_are_erased(here: World) -> None:
    def newest(actor: Actor) -> tuple[Any, Any, bool]:
        row = run_operation(actor, "", "audit.list", actor="user:bea", limit=1).rows[0]
        return row.values, row.address, row.is_erased

    assert newest(OPERATOR_ACTOR) == ({"reason": f"{HOSTILE}3"}, "192.0.2.9", False)
    assert newest(LEADS) == (None, None, False)
    here.app.run(erase_values, "user:bea", 4, caller=OPERATOR_CALLER)
    assert newest(OPERATOR_ACTOR) == (None, None, True)


def test_the_page_shows_values_as_text_and_the_files_have_every_entry(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_page, "_PER_READ", 3)
    browser = DashboardBrowser(here)
    page = browser.open("settings/audit")
    assert "&lt;b&gt;{{ 7 * 7 }}" in page
    assert "<b>{{" not in page
    assert 'href="/dashboard/participants/1"' in page
    rows = json.loads(browser.open("settings/audit/json", operation="payments"))
    assert [(row["actor"], row["number"]) for row in rows] == [("user:ada", n) for n in (4, 3, 2, 1)]
    table = list(csv.DictReader(io.StringIO(browser.open("settings/audit/csv"))))
    assert len(table) == 8
    assert not any(cell.startswith("=") for row in table for cell in row.values())
    said = here.get("/dashboard/settings/audit", {"since": "yesterday<b>"}, headers=browser.headers)
    assert (said.status, b"yesterday<b>" in said.raw) == (422, False)


def test_verifying_says_what_it_found_and_what_it_can_not_see(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "PAUSE", 0)
    browser = DashboardBrowser(here)
    page = browser.open("settings/audit/verify")
    assert "No entry was changed, removed or inserted." in page
    assert "before the first seal" in page
    here.app.run(make_seals)
    assert "since the last seal" in browser.open("settings/audit/verify")
    key = keys.audit_entry("user:bea", 2)
    stored = here.engine.get([key])[key]
    here.engine.commit([Put({**stored, "operation": "payments.release", "v": 2}, ANY)])
    page = browser.open("settings/audit/verify")
    assert "The log doesn&#39;t fit together." in page
    assert "Entry 2 of user:bea: changed" in page
    here.engine.commit([Delete(key, ANY)])
    findings = run_operation(OPERATOR_ACTOR, "", "audit.verify").findings
    assert ("user:bea", 2, "removed") in {(one.actor, one.number, one.problem) for one in findings}
