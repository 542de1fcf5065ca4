"""A Sphinx project is imported with the real Sphinx, and an import again mirrors what has changed."""

from __future__ import annotations

import contextlib
import json
import shutil
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chalicelib.errors import BadRequest
from chalicelib.experiment.loader.experiment_folder import load_experiment
from chalicelib.model import keys
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from infra.aws.account.local_registry import AppEntry, LocalRegistry
from infra.books.import_book import BookImport, prepare
from infra.books.imported_contents import ImportedContents, read_contents
from infra.books.lost_answers import DataPlaces, lost_answers
from infra.cli.main import app
from infra.local.lifecycle import origin
from infra.local.lifecycle.run_paths import RunPaths
from infra.pages import compile_folder
from infra.preflight import PreflightOptions, preflight
from tests.unit.export.runs import a_person, at_minute
from tests.unit.export.study_runs import a_response, an_answer

from .sphinx_books import BOOK, write_book

pytestmark = pytest.mark.e2e


class Imported:
    """A book that was imported once, with its page ids in the source."""

    def __init__(self, folder: Path) -> None:
        self.source, self.study = write_book(folder / "source"), folder / "study"
        self.first = prepare(self.source, self.study)
        self.is_untouched = list(self.study.iterdir()) == []
        self.first.apply(write_ids=True)

    @property
    def contents(self) -> ImportedContents:
        return read_contents(self.study)["book"]

    def page(self, name: str) -> str:
        return (self.study / "pages" / f"{name}.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Imported:
    return Imported(tmp_path_factory.mktemp("book"))


def test_nothing_is_written_before_the_operator_agrees(book: Imported) -> None:
    assert book.is_untouched


def test_chapters_and_pages_follow_the_tables_of_contents(book: Imported) -> None:
    chapters = {one.name: [page.id for page in one.pages] for one in book.contents.chapters}
    assert chapters == {"sums": ["sums", "means"], "chance": ["chance"]}
    pages = [page for _, page in book.contents.pages()]
    assert [page.index for page in pages] == [1, 2, 3]
    assert pages[1].url == "https://book.example.org/sums/means.html"
    assert book.contents.title == "A book about numbers"


def test_questions_have_label_place_points_and_grader(book: Imported) -> None:
    found = [(one.item, one.label, one.index, one.points, one.grader) for _, one in book.contents.questions()]
    assert found == [
        ("total", "Exercise 1", 1, "2", "rule"),
        ("mean", "Exercise 2", 2, "1", "rule"),
        ("why", "why", 3, "5", "hand"),
        ("fair", "fair", 4, "0", ""),
        ("sure", "sure", 5, "0", ""),
    ]


def test_feedback_has_answer_text_and_points(book: Imported) -> None:
    found = {one.item: one.feedback for _, one in book.contents.questions() if one.feedback}
    assert [(one.answer, one.text, one.points) for one in found["total"]] == [
        ("incorrect", "Count again.", "0")
    ]
    assert [(one.answer, one.points) for one in found["mean"]] == [("three", "0")]


def test_the_study_is_complete_and_has_the_book_in_its_timeline(book: Imported) -> None:
    loaded = load_experiment(book.study)
    study = loaded.experiment_class
    paths = [path for path, step in study.plan().steps() if not step.inside]  # type: ignore[attr-defined]
    assert [path for path in paths if not path.endswith("/contents")] == [
        "book/sums/sums",
        "book/sums/means",
        "book/chance/chance",
    ]
    titles = [step.element.title for path, step in study.plan().steps() if path == "book/sums/sums"]  # type: ignore[attr-defined]
    assert titles == ["Sums"]
    items = study.items()  # type: ignore[attr-defined]
    assert items["total"].points == Decimal(2)
    assert items["total"].feedback == {"incorrect": "Count again."}
    assert items["fair"].prompt == "Coins are fair."


@pytest.mark.parametrize(
    "written",
    [
        '<a class="reference internal" href="#sums/means" data-open="./sums/means">',
        'data-open="./chance/chance" data-anchor="book-chance"',
        "<h1>Sums</h1>",
        '<div class="admonition note">',
        '<span class="k">',
        '<img alt="A rising line" src="/static/books/book/plot.png">',
        "<figcaption>",
        'role="doc-footnote"',
        "<math ",
        '<span class="eqno">(1)</span>',
        'download="" href="/static/books/book/',
        'href="https://example.org/list" target="_blank" rel="noopener noreferrer"',
        "A &#123;&#123; brace &#125;&#125; stays a brace.",
        '{{ ask("total") }}',
        "<b>raw <i>paragraph</i></b>",
    ],
)
def test_a_page_keeps(book: Imported, written: str) -> None:
    assert written in book.page("sums")


@pytest.mark.parametrize("refused", ["<script", "alert(", "javascript:", "onclick", "headerlink", "¶"])
def test_a_page_leaves_out(book: Imported, refused: str) -> None:
    assert refused not in book.page("sums")


def test_a_page_in_myst_has_its_table_and_its_maths(book: Imported) -> None:
    page = book.page("means")
    assert "<table" in page
    assert "<mfrac>" in page
    assert '{{ ask("mean") }}' in page
    assert "Means hide much." in page


def test_pictures_and_downloads_are_static_files(book: Imported) -> None:
    files = [path for path in book.contents.files if path.startswith("static/")]
    assert files[-1] == "static/books/book/plot.png"
    assert (book.study / files[0]).read_text() == "x\n1\n"


def test_what_is_left_out_or_missing_is_a_warning(book: Imported) -> None:
    warnings = "\n".join(book.first.made.warnings)
    assert "sums/index.rst, line 27: This picture has no alternative text." in warnings
    assert "sums/index.rst: a script was left out." in warnings
    assert "the link to 'javascript:alert(1)' was left out" in warnings


def test_new_page_ids_are_only_written_where_there_is_none(book: Imported) -> None:
    assert [page.id for page in book.first.made.new_ids] == ["chance"]
    assert (book.source / "chance.rst").read_text() == f":petri-page: chance\n\n{BOOK['chance.rst'].lstrip()}"
    assert (book.source / "sums/means.md").read_text() == BOOK["sums/means.md"]


CHANGED = {
    **{path: text for path, text in BOOK.items() if path != "chance.rst"},
    "index.rst": BOOK["index.rst"].replace("   chance", "   luck\n   more"),
    # Renamed, and one of its questions removed.
    "luck.rst": ":petri-page: chance\n" + BOOK["chance.rst"].replace("     sure: I am sure.\n", ""),
    "more.rst": "More\n====\n\nA new page.\n",
    "sums/index.rst": BOOK["sums/index.rst"].replace("   points: 2", "   points: 3"),
    # A question of another kind, and one that has gone.
    "sums/means.md": BOOK["sums/means.md"].replace("{petri-item} text why", "{petri-item} number why"),
}


def answer(study: Path, root: Path, run: str, people: int) -> None:
    """Store a run in which participants have answered two questions."""
    (root / "runs").mkdir(parents=True, exist_ok=True)
    origin.record_origin(origin.Origin(study, {}), run, RunPaths(root))
    with contextlib.closing(SQLiteEngine(RunPaths(root).database(run))) as engine:
        for number in range(people):
            with at_minute(engine, number) as work:
                person = a_person(work, f"{run}{number}")
                given = [an_answer("sure", "likert", 4), an_answer("fair", "likert", 2)]
                response = a_response(person.id, 1, "book/chance/chance", *given)
                work.put_item(keys.response(person.id, 1), response.kind, response.to_fields())
                work.commit()


class Reimported:
    """The second import of the book, which is prepared, and then carried out."""

    def __init__(self, folder: Path) -> None:
        first = Imported(folder)
        here = folder / "here"
        answer(first.study, first.study, "pilot", 23)
        answer(folder / "another_study", first.study, "other", 1)
        answer(first.study, here, "later", 1)
        (first.source / "chance.rst").unlink()
        write_book(first.source, CHANGED)
        (first.study / "pages/means.html").write_text("changed by hand")
        self.before = {path: path.read_bytes() for path in first.study.rglob("*") if path.is_file()}
        places = [AppEntry("course", "live", "1", "eu-north-1", None, str(first.study))]
        places.append(AppEntry("another", "live", "1", "eu-north-1", None, str(folder / "another_study")))
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PETRI_HOME", str(folder / "home"))
            for entry in places:
                LocalRegistry().keep(entry)
            patch.chdir(here)
            command = ["import-book", str(first.source), "--into", str(first.study)]
            self.declined = CliRunner().invoke(app, command, input="n\n")
        self.found: BookImport = prepare(first.source, first.study, data=DataPlaces(here))
        self.unchanged = all(path.read_bytes() == text for path, text in self.before.items())
        self.imported = first
        self.found.apply(write_ids=False)


@pytest.fixture(scope="module")
def again(tmp_path_factory: pytest.TempPathFactory) -> Reimported:
    return Reimported(tmp_path_factory.mktemp("again"))


def test_an_import_again_lists_what_has_changed(again: Reimported) -> None:
    assert list(again.found.changes.lines()) == [
        "added: page more (more.rst)",
        "changed: page chance",
        "changed: question Exercise 1 (item total)",
        "changed: question why: its item why was text, and is number",
        "renamed: page chance, from chance.rst to luck.rst",
        "removed: question sure (item sure) of page chance",
    ]
    assert again.found.changes.overwritten == ["pages/means.html"]


def test_answers_that_would_lose_their_question_are_found_in_the_runs_of_the_study(again: Reimported) -> None:
    assert {(one.run, one.item) for one in again.found.lost} == {("pilot", "sure"), ("later", "sure")}
    assert len(again.found.lost) == 24
    assert again.unchanged


def test_answers_are_found_in_the_apps_that_are_named(again: Reimported) -> None:
    elsewhere = again.imported.study.parent / "here"
    engine = partial(SQLiteEngine, RunPaths(elsewhere).database("later"), read_only=True)
    places = DataPlaces(elsewhere / "none", apps={"later": lambda: contextlib.closing(engine())})
    found = [(one.run, one.item) for one in lost_answers(elsewhere / "none", ["sure"], places)]
    assert found == [("later", "sure")]


def test_an_import_again_mirrors_the_source(again: Reimported) -> None:
    study, contents = again.imported.study, again.imported.contents
    assert [page.id for _, page in contents.pages()] == ["sums", "means", "chance", "more"]
    assert (study / "pages/more.html").is_file()
    assert "{{ ask(" in again.imported.page("means")
    assert compile_folder(study).problems == ()
    assert "sure" not in (study / "items/book/chance.md").read_text()


def test_the_command_shows_the_first_answers_and_changes_nothing_when_the_operator_declines(
    again: Reimported,
) -> None:
    assert again.declined.exit_code == 1
    assert "24 answers of 24 participants would lose their question." in again.declined.output
    assert again.declined.output.count(": sure, answered 2024-05-17") == 20
    assert "... and 4 more" in again.declined.output
    assert "Imported" not in again.declined.output


def test_the_command_names_the_apps_that_were_deployed_from_the_folder(again: Reimported) -> None:
    assert "the app course was deployed from this folder" in again.declined.output
    assert "the app another" not in again.declined.output


WRONG = {
    "conf.py": 'extensions = ["myst_parser"]\n',
    "index.rst": "A book\n======\n\n.. toctree::\n\n   one\n   two\n",
    "one.rst": """:petri-page: same

One
===

.. unheard-of:: x

.. petri-item:: choice colour
   :label: Exercise 1

   prompt: Which?
   options: [red, blue]
   right: green

.. petri-item:: numbre age

.. petri-item:: number size: How large?
   :label: Exercise 1

   minimum: [

.. petri-feedback:: nothing

   A text.

.. petri-item:: number weight: How heavy?
   :label: Exercise 1

""",
    "two.md": """---
petri-page: same
---
# Two

```{petri-item} number weight
prompt: How heavy?
```

```{unheard}
```
""",
}


def test_everything_that_is_wrong_with_a_book_is_listed_with_file_and_line(tmp_path: Path) -> None:
    source = write_book(tmp_path / "source", WRONG)
    with pytest.raises(BadRequest) as refused:
        prepare(source, tmp_path / "study")
    lines = str(refused.value).splitlines()
    assert [line.partition(": ")[0].removeprefix("- ") for line in lines[1:]] == [
        "one.rst, line 6",
        "two.md, line 10",
        "two.md, line 1",
        "one.rst, line 8",
        "one.rst, line 15",
        "one.rst, line 20",
        "one.rst, line 22",
        "two.md, line 6",
    ]
    assert "The page id 'same' is also that of one.rst, line 1." in lines[3]
    assert "There is no kind of item numbre. Did you mean petri-item:: number?" in lines[5]
    assert "The item 'weight' is also that of one.rst, line 26." in lines[8]
    assert list((tmp_path / "study").iterdir()) == []


def test_a_label_that_two_questions_have_is_refused_with_both_places(tmp_path: Path) -> None:
    item = ".. petri-item:: number {}: How many?\n   :label: {}\n\n"
    pages = {
        "conf.py": 'project = "Numbers"\n',
        "index.rst": "A book\n======\n\n.. toctree::\n\n   one\n   two\n",
        "one.rst": f":petri-page: one\n\nOne\n===\n\n{item.format('coins', 'Exercise 1')}",
        "two.rst": f":petri-page: two\n\nTwo\n===\n\n{item.format('dice', 'Exercise 1')}",
    }
    with pytest.raises(BadRequest, match=r"two.rst, line 6: .*'Exercise 1' is also that of one.rst, line 6"):
        prepare(write_book(tmp_path / "source", pages), tmp_path / "study")
    assert list((tmp_path / "study").iterdir()) == []


def test_a_conf_that_fails_is_a_plain_error(tmp_path: Path) -> None:
    source = write_book(tmp_path / "source", {**BOOK, "conf.py": "import no_such_module\n"})
    with pytest.raises(BadRequest, match=r"Sphinx can't build the book: .*no_such_module"):
        prepare(source, tmp_path / "study")


def test_pages_and_items_of_the_study_are_not_replaced(book: Imported, tmp_path: Path) -> None:
    study = tmp_path / "study"
    (study / "pages").mkdir(parents=True)
    (study / "pages/sums.md").write_text("A page of the author's own.\n\n:::{number} mean: How many?\n:::\n")
    with pytest.raises(BadRequest) as refused:
        prepare(book.source, study)
    assert "The study has a page 'sums' already, in pages/sums.md." in str(refused.value)
    assert "The study has an item 'mean' already, in pages/sums.md." in str(refused.value)
    assert (study / "pages/sums.md").read_text().startswith("A page of the author's own.")


def test_contents_say_nothing_about_where_the_book_was(book: Imported) -> None:
    text = (book.study / "contents.json").read_text()
    assert str(book.source) not in text
    assert json.loads(text)["format"] == 1


def test_bots_read_an_imported_book_and_answer_its_questions(book: Imported, tmp_path: Path) -> None:
    study = tmp_path / "study"
    shutil.copytree(book.study, study)
    checked = CliRunner().invoke(app, ["verify", str(study)])
    assert checked.exit_code == 0, checked.output
    with contextlib.chdir(tmp_path):
        report = preflight(study, options=PreflightOptions(doors=None))
    assert report.statuses == {"approved": 1}
    assert report.failed_bots == 0
