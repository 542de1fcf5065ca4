"""Compiled pages are found, read from JSON, and rendered with live values."""

from __future__ import annotations

import json
import traceback
from pathlib import Path

import pytest
from markupsafe import Markup

from chalicelib.errors import Conflict, ExperimentError
from chalicelib.study.pages import (
    CompiledItem,
    CompiledPage,
    CompiledPages,
    PageError,
    PageLibrary,
    Problem,
    StudyFile,
    find_pages,
)
from chalicelib.study.pages.template_filters import REFUSED_ADDRESS, address, attribute, media_address
from chalicelib.version import MARK


def ask(name: str) -> Markup:
    return Markup('<div class="item" data-item="{}"></div>').format(name)


def library(*pages: CompiledPage) -> PageLibrary:
    return PageLibrary(CompiledPages({(page.language, page.name): page for page in pages}))


def page_of(template: str, **others: object) -> CompiledPage:
    return CompiledPage("talk", "", template, file="pages/talk.md", **others)  # type: ignore[arg-type]


def rendered(template: str, **variables: object) -> str:
    page = page_of(template)
    return str(library(page).render(page, variables, ask))


EVERYTHING = CompiledPages(
    {
        ("", "talk"): CompiledPage(
            "talk",
            "",
            "<p>{{ player.name }} ☃ é</p>\n",
            {"seconds": 60, "on_timeout": {"offer": 5}},
            (CompiledItem("offer", "number", "How much?", {"minimum": 0, "unit": "points"}, 3),),
            "pages/talk.md",
            (7,),
            ("offer",),
        ),
        ("de", "talk"): CompiledPage("talk", "de", "<p>Hallo</p>\n"),
    },
    StudyFile(
        {"title": "Talks"}, ({"page": "talk", "line": 4}, {"end": "screen_out", "if": "age < 18", "line": 9})
    ),
    (Problem("pages/talk.md", 4, "A tag isn't closed.", "Add endif."),),
)


def test_json_gives_back_the_same_pages():
    again = CompiledPages.from_json(EVERYTHING.to_json())
    assert again == EVERYTHING
    assert again.to_json() == EVERYTHING.to_json()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format": 99}',
        '{"format": 1, "sources": "", "pages": [{}]}',
    ],
)
def test_a_pages_file_that_another_version_wrote_is_refused(text: str):
    with pytest.raises(ExperimentError, match=r"pages\.json .*stage the experiment again"):
        CompiledPages.from_json(text)


def test_what_participants_wrote_is_escaped():
    assert rendered("<p>{{ x }}</p>", x='<script>"&') == "<p>&lt;script&gt;&#34;&amp;</p>"


def test_an_item_is_placed_as_markup():
    assert rendered('<p>{{ ask("offer") }}</p>') == '<p><div class="item" data-item="offer"></div></p>'


def test_a_value_that_is_missing_is_an_error_with_file_and_line_of_the_source():
    page = page_of("<p>\n{{ x }}\n{{ colour }}</p>", lines=(3, 5, 9))
    with pytest.raises(PageError, match=r"^pages/talk\.md, line 9: 'colour' is undefined\.$") as raised:
        library(page).render(page, {"x": 1}, ask)
    assert (raised.value.file, raised.value.line) == ("pages/talk.md", 9)
    (frame,) = [
        frame
        for frame in traceback.extract_tb(raised.value.__context__.__traceback__)
        if frame.filename == "pages/talk.md"
    ]
    assert frame.lineno == 9


@pytest.mark.parametrize(
    ("template", "what"),
    [
        ("\n{{ 1 / x }}", "ZeroDivisionError: division by zero"),
        ("\n{{ x.y.z }}", "has no attribute 'y'"),
        ("\n{{ x + 'a' }}", "TypeError"),
        ("\n{% if %}", "Expected an expression"),
        ("\n{{ x|colour }}", "No filter named 'colour'"),
    ],
)
def test_an_expression_that_fails_is_an_error_with_its_line(template: str, what: str):
    with pytest.raises(PageError, match=r"line 2: ") as raised:
        rendered(template, x=0)
    assert what in str(raised.value)


def test_an_answer_that_is_missing_is_an_error_with_its_line():
    class Player:
        @property
        def offer(self) -> int:
            raise ExperimentError("Player 1 has no answer to offer in round 2.")

    with pytest.raises(PageError, match="line 2: Player 1 has no answer to offer in round 2"):
        rendered("<p>\n{{ player.offer }}</p>", player=Player())


def test_a_lost_race_is_raised_as_it_is_so_that_the_operation_is_retried():
    class Player:
        @property
        def offer(self) -> int:
            raise Conflict

    with pytest.raises(Conflict):
        rendered("{{ player.offer }}", player=Player())


def test_a_language_falls_back_to_its_base_and_then_to_the_page_without_a_translation():
    pages = PageLibrary(EVERYTHING)
    assert pages.page("talk", "de-AT").language == "de"
    assert pages.page("talk", "fr").language == ""
    assert pages.page("talk").language == ""
    assert pages.names() == ("talk",)
    assert pages.languages("talk") == ("", "de")


def test_a_page_that_is_missing_is_named_with_the_closest_one():
    with pytest.raises(ExperimentError, match=r"no page 'tlak'; write pages/tlak\.md, or use 'talk'"):
        PageLibrary(EVERYTHING).page("tlak")


def test_a_staged_folder_has_its_pages_in_a_file(tmp_path: Path):
    (tmp_path / MARK).write_text("{}")
    (tmp_path / "pages.json").write_text(EVERYTHING.to_json(), encoding="utf-8")
    (tmp_path / "pages").mkdir()
    assert find_pages(tmp_path) == EVERYTHING


def test_a_folder_without_pages_has_none(tmp_path: Path):
    assert find_pages(tmp_path) == CompiledPages()


def test_pages_without_a_compiler_are_an_error_that_says_what_to_install(tmp_path, monkeypatch):
    (tmp_path / "study.md").write_text("# welcome\n")
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [])
    with pytest.raises(ExperimentError, match="install Petri with its command"):
        find_pages(tmp_path)


@pytest.mark.parametrize(
    "written",
    [
        "javascript:alert(1)",
        " JaVaScRiPt:alert(1)",
        "java\nscript:alert(1)",
        "\x01javascript:alert(1)",
        "vbscript:x",
        "data:text/html,<script>",
        "blob:x",
        ":x",
        "file:///x",
    ],
)
def test_an_address_that_could_run_a_script_is_replaced(written: str):
    assert address(written) == REFUSED_ADDRESS
    assert media_address(written) == REFUSED_ADDRESS


@pytest.mark.parametrize(
    "written",
    ["/a?b=c:d", "a/b:c", "#x:y", "https://x.org/?a=1", "HTTP://x", "mailto:a@b.org", "tel:+49", "", "a.png"],
)
def test_an_address_that_only_leads_somewhere_is_kept(written: str):
    assert address(written) == written
    assert media_address(written) == written


def test_a_picture_can_be_data_and_a_link_cannot():
    assert media_address("data:image/png;base64,AAAA") == "data:image/png;base64,AAAA"
    assert address("data:image/png;base64,AAAA") == REFUSED_ADDRESS
    assert media_address("data:image/svg+xml;base64,AAAA") == REFUSED_ADDRESS


def test_markup_in_an_attribute_cannot_end_it():
    assert attribute(Markup('"a"&amp;<b>')) == "&#34;a&#34;&amp;&lt;b&gt;"
    assert attribute(json.dumps({"a": "b"})) == "{&#34;a&#34;: &#34;b&#34;}"
