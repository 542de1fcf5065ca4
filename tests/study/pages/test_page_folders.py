"""All pages of a folder are found, with their translations, and problems name their files."""

from __future__ import annotations

from pathlib import Path

import pytest

from chalicelib.study.pages import CompiledPages
from infra.pages import compile_folder

ENGLISH = ":::{choice} colour: Which?\noptions: {r: Red, b: Blue}\n:::\n"
GERMAN = ":::{choice} colour: Welche?\noptions: {r: Rot, b: Blau}\n:::\n"


def compiled(folder: Path, files: dict[str, str | bytes]) -> CompiledPages:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return compile_folder(folder)


def test_pages_of_all_languages_and_both_kinds_are_found(tmp_path: Path):
    found = compiled(
        tmp_path,
        {
            "pages/a.md": ENGLISH,
            "pages/de/a.md": GERMAN,
            "pages/pt-BR/a.md": GERMAN,
            "pages/b.html": "<p>b</p>",
            "pages/_draft.md": "{{",
            "pages/.hidden.md": "{{",
            "pages/notes.txt": "{{",
        },
    )
    assert found.problems == ()
    assert list(found.pages) == [("", "a"), ("", "b"), ("de", "a"), ("pt-BR", "a")]
    assert [(page.name, page.language, page.file) for page in found.pages.values()][2] == (
        "a",
        "de",
        "pages/de/a.md",
    )


def test_a_folder_without_pages_is_empty(tmp_path: Path):
    found = compile_folder(tmp_path)
    assert (dict(found.pages), found.study, found.problems) == ({}, None, ())


def test_a_file_of_another_editor_is_read(tmp_path: Path):
    found = compiled(tmp_path, {"pages/a.md": b"\xef\xbb\xbf---\r\nseconds: 5\r\n---\r\n# a\r\n\r\n- b\r\n"})
    assert found.pages["", "a"].template == "<h1>a</h1>\n<ul>\n<li>b</li>\n</ul>\n"
    assert found.pages["", "a"].settings == {"seconds": 5}


PROBLEMS: dict[str, tuple[dict[str, str | bytes], str, int, str]] = {
    "another encoding": ({"pages/a.md": "a\nGrün".encode("latin-1")}, "pages/a.md", 2, "isn't UTF-8"),
    "a folder that is not a language": ({"pages/part/a.md": "a"}, "pages/part/a.md", 1, "isn't a language"),
    "a folder too deep": ({"pages/de/x/a.md": "a"}, "pages/de/x/a.md", 1, "isn't a language"),
    "a name with blanks": ({"pages/my page.md": "a"}, "pages/my page.md", 1, "can't be the name of a page"),
    "two files of one page": (
        {"pages/a.md": "a", "pages/a.html": "a"},
        "pages/a.md",
        1,
        "pages/a.html defines",
    ),
    "a page of the study file": (
        {"study.md": "# a\n", "pages/a.md": "a"},
        "pages/a.md",
        1,
        "study.md defines",
    ),
    "a translation of nothing": (
        {"pages/de/a.md": "a"},
        "pages/de/a.md",
        1,
        "There is no page a to translate",
    ),
    "a translation that lacks an item": (
        {"pages/a.md": ENGLISH, "pages/de/a.md": "a"},
        "pages/de/a.md",
        1,
        "lacks the item 'colour'",
    ),
    "a translation that places another item": (
        {"pages/a.md": "a", "pages/de/a.md": '{{ ask("b") }}'},
        "pages/de/a.md",
        1,
        "The page has no item 'b'",
    ),
    "a translation of another kind": (
        {"pages/a.md": ENGLISH, "pages/de/a.md": "a\n\n:::{text} colour: b\n:::\n"},
        "pages/de/a.md",
        3,
        "The item 'colour' is a choice, not a text",
    ),
    "a translated list of options": (
        {
            "pages/a.md": ":::{choice} colour: Which?\noptions: [Red, Blue]\n:::\n",
            "pages/de/a.md": ":::{choice} colour: Welche?\noptions: [Rot, Blau]\n:::\n",
        },
        "pages/de/a.md",
        1,
        "keys are never translated",
    ),
    "a translated key": (
        {"pages/a.md": ENGLISH, "pages/de/a.md": GERMAN.replace("r: Rot", "rot: Rot")},
        "pages/de/a.md",
        1,
        "keys are never translated",
    ),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_problem_of_a_folder_names_its_file(name: str, tmp_path: Path):
    files, file, line, message = PROBLEMS[name]
    (problem,) = compiled(tmp_path, files).problems
    assert (problem.file, problem.line) == (file, line)
    assert message in problem.message


def test_a_link_to_nowhere_is_left_out(tmp_path: Path):
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "a.md").symlink_to(tmp_path / "nowhere")
    assert compile_folder(tmp_path).problems == ()


def test_a_broken_page_hides_no_problem_of_its_translation(tmp_path: Path):
    found = compiled(tmp_path, {"pages/a.md": "{{", "pages/de/a.md": "{{"})
    assert [problem.file for problem in found.problems] == ["pages/a.md", "pages/de/a.md"]


def test_the_same_folder_gives_the_same_file(tmp_path: Path):
    first = compiled(tmp_path / "a", {"pages/a.md": ENGLISH, "pages/de/a.md": GERMAN})
    second = compiled(tmp_path / "b", {"pages/de/a.md": GERMAN, "pages/a.md": ENGLISH})
    assert first.to_json() == second.to_json()
    assert first.sources
