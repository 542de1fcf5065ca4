"""Annotations on the dashboard: counted by page, and read by those whose rights let them."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.access.rights import Actor, Right
from chalicelib.dashboard.operation_calls import run_operation
from chalicelib.operations.listings.summaries.annotation_results import AnnotationResults
from chalicelib.operations.shared.context import OPERATOR_ACTOR
from tests.study.books.test_annotations import PATH, Course, keep, note, reader
from tests.study.studies import OpenStudy, open_study
from tests.web.conftest import NewWorld
from tests.web.dashboard.browsers import DashboardBrowser
from tests.web.experiments import Talk
from tests.web.world import World

__all__ = ["open_study"]


@pytest.fixture
def here(open_study: OpenStudy) -> World:
    """Two readers: one has a note of each visibility, the other a highlight for instructors."""
    world = open_study(Course)
    one, other = reader(world), reader(world)
    for visibility in ("private", "instructors", "authors"):
        text = f"<b>{visibility} words</b>"
        keep(one, note(f"{visibility}-1", exact="dice", text=text, visibility=visibility))
    keep(other, note("highlight-1", exact="a <fair> die", text="", visibility="instructors"))
    return world


def results(actor: Actor = OPERATOR_ACTOR) -> AnnotationResults:
    found: AnnotationResults = run_operation(actor, "", "results.annotations")
    return found


def test_annotations_are_counted_by_page(here: World) -> None:
    del here
    (page,) = results().pages
    assert (page.path, page.readers, page.total) == (PATH, 2, 4)
    assert (page.private, page.instructors, page.authors) == (1, 2, 1)


@pytest.mark.parametrize(
    ("rights", "notes"),
    [
        ({Right.VIEW}, set()),
        ({Right.VIEW, Right.GRADE}, {"<b>instructors words</b>", ""}),
        ({Right.VIEW, Right.EDIT_PARTICIPANTS}, {"<b>authors words</b>"}),
        (set(Right), {"<b>instructors words</b>", "<b>authors words</b>", ""}),
    ],
)
def test_rights_decide_which_notes_a_person_reads(here: World, rights: Any, notes: set[str]) -> None:
    del here
    found = results(Actor("user:ada", "Ada", frozenset(rights)))
    assert {one.note for one in found.shared} == notes
    assert found.pages[0].total == 4


def test_the_page_escapes_what_readers_wrote_and_has_no_private_words(here: World) -> None:
    page = DashboardBrowser(here).open("responses/annotations")
    assert "&lt;b&gt;instructors words&lt;/b&gt;" in page
    assert "a &lt;fair&gt; die" in page
    assert "private words" not in page


def test_a_study_without_annotations_says_so(world: NewWorld) -> None:
    assert "No annotations yet" in DashboardBrowser(world(Talk)).open("responses/annotations")
