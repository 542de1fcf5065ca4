"""A member closes the page of a timed assignment, and another one writes until the class is over."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from pytest_socket import enable_socket
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from chalicelib.model import keys
from chalicelib.operations.assignments.assignment_fields import AssignmentFields
from chalicelib.operations.assignments.manage_assignments import set_assignment
from chalicelib.operations.classes.class_records import add_member, create_class, read_member
from chalicelib.operations.classes.class_settings import ClassSettings
from chalicelib.operations.classes.manage_classes import change_class
from chalicelib.operations.classes.manage_members import link_of
from chalicelib.operations.shared.context import OPERATOR_CALLER, Context
from chalicelib.study.classes.study_class import StudyClass
from infra.local.lifecycle.run_paths import RunPaths
from infra.operator.run_session import opened
from tests.browser import accessibility
from tests.browser.dashboard.conftest import ServedRun
from tests.browser.dashboard.test_dashboard import in_dark_colours
from tests.demos.serving import serving

pytestmark = pytest.mark.e2e

WITHIN_SECONDS = 30
STUDY = '''
from petri.study import End, Form, Study, text


class Course(Study):
    """A course with one essay."""

    essay = text("When is the median a better summary than the mean?", long=True)
    timeline = [Form("essay", ask="essay"), End()]
'''


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedRun]:
    enable_socket()
    study = tmp_path_factory.mktemp("course")
    (study / "experiment.py").write_text(STUDY, encoding="utf-8")
    (study / "config.txt").write_text(
        "[Parameters]\nrecruiter = link\nlink_workers = any\n", encoding="utf-8"
    )
    folder = tmp_path_factory.mktemp("served")
    with serving(str(study), folder) as address:
        yield ServedRun(folder, address)


def operate(course: ServedRun, operation: Any, *args: Any) -> Any:
    with opened(None, RunPaths(course.folder)) as session:
        return session.app.run(operation, *args, caller=OPERATOR_CALLER)


def enter(browser: Chrome, course: ServedRun, name: str, *, minutes: float | None) -> tuple[int, str, str]:
    """Open the link of a new member; return the class, the member's seat and the link."""
    settings = StudyClass(0, "Statistics", "", time_zone="Europe/Berlin")
    number = operate(course, create_class, settings).number
    work = AssignmentFields(name="Exam", parts=("item essay 4",), minutes=minutes)
    operate(course, set_assignment, number, work)
    member = operate(course, partial(add_member, number=number, name=name))
    link = operate(course, link_of, member).replace("http://localhost", "http://127.0.0.1")
    browser.get(link)
    waiting(browser).until(lambda b: b.find_elements(By.CSS_SELECTOR, "#page-content textarea"))
    return number, member.seat, link


def waiting(browser: Chrome) -> WebDriverWait[Chrome]:
    return WebDriverWait(browser, WITHIN_SECONDS)


def clock(ctx: Context, number: int, seat: str) -> Any:
    """Return the clock of the assignment of a member: since when it runs, and how long it has run."""
    place = ctx.uow.item(keys.place(int(read_member(ctx, number, seat).participant_id or 0)))
    return None if place is None else place["work_clocks"]["1"]


def test_the_clock_of_a_timed_assignment_stands_still_while_its_page_is_closed(
    browser: Chrome, course: ServedRun
) -> None:
    number, seat, link = enter(browser, course, "Ada", minutes=30)
    assert operate(course, clock, number, seat)["since"] is not None
    browser.get("about:blank")
    waiting(browser).until(lambda _: operate(course, clock, number, seat)["since"] is None)
    ran = operate(course, clock, number, seat)["ran"]
    assert ran > 0
    browser.get(link)
    waiting(browser).until(lambda b: b.find_elements(By.CSS_SELECTOR, "#page-content textarea"))
    again = operate(course, clock, number, seat)
    assert (again["since"] is not None, again["ran"]) == (True, ran)
    # A page that is loaded again is open again, however late the word of its closing arrives.
    browser.refresh()
    waiting(browser).until(lambda b: b.find_elements(By.CSS_SELECTOR, "#page-content textarea"))
    assert operate(course, clock, number, seat)["since"] is not None


def test_a_member_reads_that_the_class_is_over_and_what_they_wrote_is_there_when_it_goes_on(
    browser: Chrome, course: ServedRun
) -> None:
    number, _, _ = enter(browser, course, "Emmy", minutes=None)
    written = "When a few values are far from the others."
    browser.find_element(By.CSS_SELECTOR, "#page-content textarea").send_keys(written)
    operate(course, partial(change_class, number=number, settings=ClassSettings(ends="2026-01-31")))
    browser.find_element(By.CSS_SELECTOR, "#page-form [type=submit], #page-form button.btn-primary").click()
    waiting(browser).until(lambda b: "This class is over." in b.find_element(By.TAG_NAME, "body").text)
    text = browser.find_element(By.ID, "page-content").text
    assert "The last day was 2026-01-31 (Europe/Berlin)." in text
    assert browser.find_elements(By.CSS_SELECTOR, "#page-content textarea") == []
    found = accessibility.problems(browser, "class-over")
    in_dark_colours(browser, on=True)
    found += accessibility.problems(browser, "class-over-dark", sizes=(accessibility.DESKTOP,))
    in_dark_colours(browser, on=False)
    browser.find_element(By.CSS_SELECTOR, "#class-bar button").click()
    waiting(browser).until(lambda b: "Exam" in b.find_element(By.ID, "class-panel").text)
    operate(course, partial(change_class, number=number, settings=ClassSettings(ends="")))
    browser.execute_script("document.dispatchEvent(new Event('visibilitychange'))")
    waiting(browser).until(lambda b: b.find_elements(By.CSS_SELECTOR, "#page-content textarea"))
    area = browser.find_element(By.CSS_SELECTOR, "#page-content textarea")
    assert area.get_property("value") == written
    assert found == [], "\n".join(found)
