"""Classes on the dashboard: created, joined by hand, changed, and shown to their instructors only."""

from __future__ import annotations

import re

import pytest

from chalicelib.access.rights import ROLES, Actor
from chalicelib.dashboard.operation_calls import run_operation
from chalicelib.dashboard.pages.classroom import classes_page
from chalicelib.errors import Forbidden, NotFound
from petri.study import End, Form, Study, number
from tests.study.studies import OpenStudy, open_study
from tests.web.dashboard.browsers import DashboardBrowser
from tests.web.world import Said, World

__all__ = ["open_study"]


class Course(Study):
    """One question."""

    half = number("What is half of ten?", right=5)
    timeline = (Form("half", ask="half"), End())


@pytest.fixture
def browser(open_study: OpenStudy) -> DashboardBrowser:
    return DashboardBrowser(open_study(Course, mode="live", recruiter="link", mailer="log"))


def created(browser: DashboardBrowser, **fields: str) -> Said:
    return browser.press("classes/new", [*{"name": "Economics <101>", **fields}.items()])


def seats(here: World) -> list[str]:
    return [str(item["seat"]) for item in here.items("class_member")]


def test_a_class_is_created_and_shows_its_code(browser: DashboardBrowser) -> None:
    assert "No classes" in browser.open("classes")
    said = created(browser, time_zone="Europe/Berlin", asks_email="on")
    assert (said.status, said.headers["location"]) == (303, "/dashboard/classes/1?said=created")
    page = browser.open("classes/1", said="created")
    [stored] = browser.here.items("study_class")
    assert stored["join_code"] in page
    assert "<svg" in page
    assert "Economics &lt;101&gt;" in page
    assert "The class is created." in page
    assert "Economics &lt;101&gt;" in browser.open("classes")


def test_a_form_that_is_not_valid_keeps_what_was_entered(browser: DashboardBrowser) -> None:
    said = created(browser, time_zone="Mars/Olympus", starts="2026-11-30")
    page = said.raw.decode()
    assert said.status == 409
    assert "isn&#39;t the name of a time zone" in page
    assert 'value="Mars/Olympus"' in page
    assert 'value="2026-11-30"' in page
    assert browser.here.items("study_class") == []


def test_the_link_of_a_member_is_shown_once_and_names_are_escaped(browser: DashboardBrowser) -> None:
    created(browser)
    said = browser.press("classes/1/add-member", [("name", "<b>Ada</b>"), ("email", "ada@example.org")])
    assert said.status == 200
    page = said.raw.decode()
    [seat] = seats(browser.here)
    assert f"workerId={seat}" in page
    assert "&lt;b&gt;Ada&lt;/b&gt;" in page
    assert "<b>Ada" not in page
    assert "entry=" not in browser.open("classes/1")
    assert "entry=" in browser.press("classes/1/link", [("seat", seat)]).raw.decode()
    again = browser.press("classes/1/add-member", [("name", "Eve"), ("email", "ada@example.org")])
    assert again.status == 409
    assert "Another member of the class" in again.raw.decode()


def test_student_numbers_have_a_column_where_members_have_one_or_the_class_asks(
    browser: DashboardBrowser,
) -> None:
    column = '<th scope="col">Student number</th>'
    created(browser)
    browser.press("classes/1/add-member", [("name", "Ada")])
    assert column not in browser.open("classes/1")
    browser.press("classes/1/add-member", [("name", "Bob"), ("student_number", "7")])
    assert column in browser.open("classes/1")
    created(browser, asks_student_number="on")
    browser.press("classes/2/add-member", [("name", "Ada")])
    assert column in browser.open("classes/2")


def test_members_are_corrected_pay_and_are_removed(browser: DashboardBrowser) -> None:
    created(browser, fee="5")
    browser.press("classes/1/add-member", [("name", "Ada")])
    [seat] = seats(browser.here)
    assert "unpaid" in browser.open("classes/1")
    for action, fields, text in (
        ("change-member", [("name", "Ada King"), ("email", ""), ("student_number", "7")], "Ada King"),
        ("pay", [("charge", "receipt 7")], "receipt 7"),
        ("refund", [], "unpaid"),
        ("remove-member", [], "No members"),
        ("erase-member", [], "No members"),
    ):
        said = browser.press(f"classes/1/{action}", [("seat", seat), *fields])
        assert said.status == 303, (action, said)
        assert text in browser.open("classes/1")
    assert "[erased]" in browser.open("classes/1", left="on")


def test_settings_are_changed_the_code_renewed_and_the_class_archived(browser: DashboardBrowser) -> None:
    created(browser)
    [stored] = browser.here.items("study_class")
    assert browser.press("classes/1/change", [("name", "Logic"), ("ends", "2027-01-31")]).status == 303
    page = browser.open("classes/1/settings")
    assert 'value="Logic"' in page
    assert "closed" in page
    browser.press("classes/1/renew-code")
    assert stored["join_code"] not in browser.open("classes/1")
    browser.press("classes/1/archive", [("archived", "yes")])
    assert "Restore the class" in browser.open("classes/1/settings")
    browser.press("classes/1/archive", [("archived", "no")])
    assert "Archive the class" in browser.open("classes/1/settings")


def test_pages_and_actions_that_do_not_exist_are_not_found(browser: DashboardBrowser) -> None:
    created(browser)
    headers = browser.headers
    for path in ("classes/9", "classes/x", "classes/1/nothing"):
        assert browser.here.get(f"/dashboard/{path}", {}, headers=headers).status == 404
    for path in ("classes/1/nothing", "classes/9/archive"):
        assert browser.press(path).status == 404


@pytest.mark.parametrize("operation", ["classes.list", "classes.read", "classes.members"])
def test_only_actors_who_grade_see_classes(browser: DashboardBrowser, operation: str) -> None:
    created(browser)
    asked = {} if operation == "classes.list" else {"id": "1"}
    with pytest.raises(Forbidden):
        run_operation(Actor("user:vic", "Vic", ROLES["Viewer"]), "", operation, **asked)
    other = Actor("user:amy", "Amy", ROLES["Assistant"])
    if asked:
        with pytest.raises(NotFound):
            run_operation(other, "", operation, **asked)
    else:
        assert run_operation(other, "", operation).rows == []


def test_each_action_belongs_to_one_tab() -> None:
    names = [name for tab in classes_page.TABS for name in (*tab.actions, *tab.files)]
    assert len(names) == len(set(names))
    assert not set(names) & {tab.part for tab in classes_page.TABS}


def test_the_audit_log_has_no_name_and_no_code(browser: DashboardBrowser) -> None:
    created(browser)
    browser.press("classes/1/add-member", [("name", "Ada Lovelace"), ("email", "ada@example.org")])
    [seat] = seats(browser.here)
    browser.press("classes/1/change-member", [("seat", seat), ("name", "Ada King"), ("email", "")])
    kept = str(browser.here.items("audit_entry")) + str(browser.here.items("audit_values"))
    [stored] = browser.here.items("study_class")
    assert "class-members.change" in kept
    assert not re.search(f"Ada|example.org|{stored['join_code']}", kept)


def test_a_list_is_checked_imported_and_its_links_are_downloaded(browser: DashboardBrowser) -> None:
    created(browser)
    text = "Name,Email\n=cmd(),ada@example.org\n<b>Bob</b>,\n"
    page = browser.press("classes/1/preview-roster", [("roster", text)]).raw.decode()
    assert "1 person is added." in page
    assert "neither an email address" in page
    assert seats(browser.here) == []
    assert browser.press("classes/1/import-roster", [("roster", text)]).status == 303
    [seat] = seats(browser.here)
    said = browser.press("classes/1/links")
    assert said.headers["content-type"].startswith("text/csv")
    [heading, row] = said.raw.decode().splitlines()
    assert heading == "name,email,student_number,link"
    assert row.startswith("'=cmd(),ada@example.org,,http")
    assert f"workerId={seat}" in row
    refused = browser.press("classes/1/preview-roster", [("roster", "Ada")])
    assert refused.status == 409
