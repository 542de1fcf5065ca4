"""The site of a study: its one page, the bundle of its scripts, and its weight."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from quickjs import Context

from infra.site import BuiltSite
from infra.site.bundles import BUNDLES, without_comments

#: Half of what a first page may weigh in all: what authors add comes on top.
MOST_BYTES = 40 * 1024

Built = Callable[..., BuiltSite]
Write = Callable[[str, str], Path]


def text(site: BuiltSite, name: str) -> str:
    return (site.root / name).read_text(encoding="utf-8")


def test_a_study_has_one_page_and_neither_instructions_nor_questionnaire(built: Built) -> None:
    site = built(is_study=True)
    assert {"exp", "experiment"} <= set(site.pages)
    assert not {"instructions", "questionnaire"} & set(site.pages)
    assert 'src="/static/scripts/petri-study.js"' in text(site, "exp.html")


def test_another_experiment_has_no_page_of_a_study(built: Built) -> None:
    site = built()
    assert "exp" not in site.pages
    assert not (site.root / "static/scripts/petri-study.js").exists()
    assert 'data-goes-to="instructions"' in text(site, "consent.html")
    assert 'data-last-page="questionnaire"' in text(site, "waiting.html")


def test_the_consent_of_a_study_leads_to_it_or_to_the_authors_own_instructions(
    built: Built, write: Write
) -> None:
    assert 'data-goes-to="exp"' in text(built(is_study=True), "consent.html")
    write("templates/instructions.html", "read this")
    assert 'data-goes-to="instructions"' in text(built(is_study=True), "consent.html")


def test_an_author_can_extend_the_page_of_a_study(built: Built, write: Write) -> None:
    write("templates/exp.html", '{% extends "base/study.html" %}{% block brand %}A lab{% endblock %}')
    assert "A lab" in text(built(is_study=True), "exp.html")


def test_an_authors_theme_comes_after_petris(built: Built, write: Write) -> None:
    assert "theme.css" not in text(built(is_study=True), "exp.html")
    write("static/theme.css", ":root { --accent: purple; }")
    page = text(built(is_study=True), "exp.html")
    assert page.index("/static/css/study.css") < page.index("/static/theme.css")


def test_the_first_page_is_light(built: Built) -> None:
    site = built(is_study=True)
    files = ("exp.html", "static/css/study.css", "static/scripts/petri-study.js")
    weights = {name: len(gzip.compress((site.root / name).read_bytes())) for name in files}
    assert sum(weights.values()) < MOST_BYTES, weights


def test_the_first_page_of_a_book_is_light_too(built: Built) -> None:
    site = built(is_study=True)
    files = (
        "exp.html",
        "static/css/study.css",
        "static/scripts/petri-study.js",
        "static/scripts/petri-book.js",
    )
    weights = {name: len(gzip.compress((site.root / name).read_bytes())) for name in files}
    assert sum(weights.values()) < MOST_BYTES, weights


def test_the_page_loads_no_more_than_a_style_sheet_and_a_script(built: Built) -> None:
    page = text(built(is_study=True), "exp.html")
    assert page.count("<script") == 1
    assert page.count('rel="stylesheet"') == 1
    assert page.count("<img") == 0
    assert 'rel="icon" href="data:,"' in page


def test_the_page_fits_a_strict_content_security_policy(built: Built) -> None:
    page = text(built(is_study=True), "exp.html")
    assert "<style" not in page
    assert " style=" not in page
    assert " on" not in page.partition("<body")[2].replace(" on ", " ")
    assert "<script>" not in page


@pytest.mark.parametrize("name", sorted(BUNDLES))
def test_a_bundle_is_valid_javascript_without_its_comments(built: Built, name: str) -> None:
    bundle = text(built(is_study=True), f"static/{name}")
    assert "\n//" not in bundle
    Context().eval(f"(function () {{ {bundle} }})")


def test_sources_of_bundles_are_not_served_by_themselves(built: Built) -> None:
    site = built(is_study=True)
    assert not (site.root / "static/scripts/study").exists()


def test_comments_and_indentation_are_removed_and_code_stays(tmp_path: Path) -> None:
    source = tmp_path / "a.js"
    source.write_text(
        "/**\n * About.\n */\n(function () {\n  // Why.\n"
        '  const site = "http://a"; // kept\n\n  /* one */\n  go();\n})();\n',
        encoding="utf-8",
    )
    assert without_comments(source) == '(function () {\nconst site = "http://a"; // kept\ngo();\n})();'
