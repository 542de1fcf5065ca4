"""Readers mark text of a book's pages and write notes, which no other participant can read."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.study.books.annotation_records import LONGEST_NOTE, MOST_CHARACTERS, MOST_ON_PAGE
from petri.study import Book, Chapter, End, Page, Study
from tests.study.studies import OpenStudy, due
from tests.web.world import Person, Said, World

PATH = "book/intro/welcome"


class Course(Study):
    """Two pages that can be annotated."""

    timeline = (
        Book([Chapter("intro", [Page("welcome"), Page("more")])], annotations=True),
        End(),
    )


class Plain(Study):
    """A book without annotations."""

    timeline = (Book([Chapter("intro", [Page("welcome")])]), End())


def note(name: str = "note-0001", *, exact: str = "", text: str = "Hm", **more: Any) -> dict[str, Any]:
    selectors = [
        {"type": "TextQuoteSelector", "exact": exact, "prefix": "a ", "suffix": " b"},
        {"type": "TextPositionSelector", "start": 4, "end": 4 + len(exact)},
    ]
    target = {"selector": selectors if exact else []}
    return {"id": name, "visibility": "private", "body": {"value": text}, "target": target, **more}


def reader(here: World, path: str = PATH) -> Person:
    person = here.arrive()
    due(person)
    here.post_json("/page/open", {"serial": due(person)["serial"], "path": path}, token=person.token)
    return person


def keep(person: Person, annotation: Any, path: str = PATH) -> Said:
    return person.world.post_json(
        "/page/annotations", {"path": path, "annotation": annotation}, token=person.token
    )


def remove(person: Person, name: str, path: str = PATH) -> Said:
    return person.world.post_json("/page/annotations/delete", {"path": path, "id": name}, token=person.token)


def listed(person: Person, path: str = PATH) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = person.get("/page/annotations", {"path": path})["annotations"]
    return found


def test_an_annotation_is_stored_as_the_web_annotation_data_model_has_it(open_study: OpenStudy) -> None:
    person = reader(open_study(Course))
    made = keep(person, note(exact="dice", text="Why?", visibility="instructors"))["annotation"]
    assert listed(person) == [made]
    assert (made["motivation"], made["visibility"], made["body"]["value"]) == (
        "commenting",
        "instructors",
        "Why?",
    )
    assert made["target"] == {
        "source": PATH,
        "selector": [
            {"type": "TextQuoteSelector", "exact": "dice", "prefix": "a ", "suffix": " b"},
            {"type": "TextPositionSelector", "start": 4, "end": 8},
        ],
    }


def test_a_highlight_has_no_note_and_a_note_on_the_page_no_text(open_study: OpenStudy) -> None:
    person = reader(open_study(Course))
    keep(person, note("highlight-1", exact="dice", text=""))
    keep(person, note("whole-page-1"))
    assert [(one["id"], one["motivation"]) for one in listed(person)] == [
        ("whole-page-1", "commenting"),
        ("highlight-1", "highlighting"),
    ]


def test_a_known_id_changes_the_note_and_keeps_its_anchor(open_study: OpenStudy) -> None:
    person = reader(open_study(Course))
    keep(person, note(exact="dice", text="Why?"))
    keep(person, note(exact="other", text="Because.", visibility="authors"))
    (found,) = listed(person)
    assert (found["body"]["value"], found["visibility"]) == ("Because.", "authors")
    assert found["target"]["selector"][0]["exact"] == "dice"


def test_no_other_participant_reads_or_changes_an_annotation(open_study: OpenStudy) -> None:
    here = open_study(Course)
    one, other = reader(here), reader(here)
    keep(one, note(text="mine", visibility="authors"))
    assert listed(other) == []
    assert remove(other, "note-0001")["deleted"] is False
    keep(other, note(text="theirs"))
    assert [item["body"]["value"] for item in listed(one)] == ["mine"]


def test_an_annotation_is_deleted_once(open_study: OpenStudy) -> None:
    here = open_study(Course)
    person = reader(here)
    keep(person, note())
    assert (remove(person, "note-0001")["deleted"], remove(person, "note-0001")["deleted"]) == (True, False)
    assert listed(person) == []
    (page,) = [one for one in here.items("reading") if one["path"] == PATH]
    assert page.get("annotations", 0) == 0


def test_a_page_takes_so_many_annotations_and_no_more(
    open_study: OpenStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.operations.study.books.annotations.MOST_ON_PAGE", 2)
    person = reader(open_study(Course))
    said = [keep(person, note(f"note-000{number}")) for number in (1, 2, 3, 1)]
    assert [(one.status, one.code) for one in said[2:]] == [(409, "too_many_annotations"), (200, "")]
    assert "2 notes" in said[2]["error_text"]
    remove(person, "note-0001")
    assert keep(person, note("note-0004")).status == 200
    assert MOST_ON_PAGE > 2


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (note("UPPER-CASE"), 400),
        (note("short"), 400),
        (note("with#hash-1"), 400),
        (note(visibility="public"), 400),
        (note(text=""), 400),
        (note(text="x" * (LONGEST_NOTE + 1)), 413),
        (note(exact="x" * 2001), 413),
        (note(body={"value": 5}), 400),
        (note(target={"selector": [{"type": "TextPositionSelector", "start": 9, "end": 3}]}), 400),
        (note(target={"selector": [{"type": "TextPositionSelector", "start": "1", "end": 3}]}), 400),
        (note(text="", target={"selector": [{"type": []}, {"type": {}}, {}]}), 400),
        ("text", 400),
        (None, 400),
    ],
)
def test_what_is_not_an_annotation_is_refused(open_study: OpenStudy, sent: Any, status: int) -> None:
    person = reader(open_study(Course))
    assert keep(person, sent).status == status
    assert listed(person) == []


@pytest.mark.parametrize(("end", "status"), [(MOST_CHARACTERS, 200), (MOST_CHARACTERS + 1, 400)])
def test_a_position_is_at_most_the_length_of_the_longest_page(
    open_study: OpenStudy, end: int, status: int
) -> None:
    marked = note(exact="dice")
    marked["target"]["selector"][1] |= {"start": end, "end": end}
    person = reader(open_study(Course))
    assert keep(person, marked).status == status


def test_only_the_page_that_is_due_is_annotated(open_study: OpenStudy) -> None:
    person = reader(open_study(Course))
    for path in ("book/intro/more", "book/contents", "welcome", "book"):
        said = keep(person, note(), path)
        assert (said.status, said.code) == (409, "page_not_due")
        assert person.get("/page/annotations", {"path": path}).status == 409


def test_a_book_without_annotations_takes_none(open_study: OpenStudy) -> None:
    person = reader(open_study(Plain))
    assert due(person)["book"]["annotations"] is False
    assert (keep(person, note()).status, keep(person, note()).code) == (404, "no_annotations")


def test_half_a_pair_of_surrogates_is_refused(open_study: OpenStudy) -> None:
    person = reader(open_study(Course))
    assert keep(person, note(exact="a \ud83c")).status == 400


def test_the_texts_are_in_the_language_of_the_study(open_study: OpenStudy) -> None:
    here = open_study(type("Kurs", (Course,), {"language": "de"}))
    found = here.get("/page/annotations", {"path": PATH}, token=reader(here).token)
    assert found["texts"]["heading"] == "Ihre Notizen"
