from __future__ import annotations

import pytest

from infra.site import SiteError

LAYOUT = '{% extends "layout.html" %}{% block body %}'


def page(built, name):
    return (built.root / f"{name}.html").read_text(encoding="utf-8")


def test_an_empty_folder_still_gets_every_core_page(built):
    assert set(built().pages) == {
        "ad",
        "complete",
        "consent",
        "error-page",
        "instructions",
        "launch",
        "questionnaire",
        "recruiter-exit",
        "waiting",
        "withdraw",
    }


def test_robots_are_kept_out(built):
    assert "Disallow: /" in (built().root / "robots.txt").read_text(encoding="utf-8")


def test_an_own_template_takes_the_place_of_the_core_page(built, write):
    write("templates/ad.html", "come in")
    assert page(built(), "ad") == "come in"


def test_an_own_exit_template_serves_the_exit_address(built, write):
    write("templates/exit_recruiter.html", "farewell")
    assert page(built(), "recruiter-exit") == "farewell"


@pytest.mark.parametrize("own", ["exp", "experiment"])
@pytest.mark.parametrize("asked", ["exp", "experiment"])
def test_the_experiment_page_answers_under_both_names(built, write, own, asked):
    write(f"templates/{own}.html", "the task")
    assert page(built(), asked) == "the task"


def test_a_page_in_a_folder_keeps_its_folder_in_the_address(built, write):
    write("templates/instructions/first.html", "read this")
    assert page(built(), "instructions/first") == "read this"


def test_included_templates_are_not_pages(built, write):
    write("templates/parts/hint.html", "a hint for {{ person }}")
    write("templates/exp.html", "{% set person = 'you' %}{% include 'parts/hint.html' %}")
    assert "parts/hint" not in built().pages


def test_templates_with_a_leading_underscore_are_not_pages(built, write):
    write("templates/_draft.html", "{{ nothing }}")
    assert "_draft" not in built().pages


def test_templates_know_config_mode_name_and_app_id(built, write):
    write("templates/exp.html", "{{ config.get('stories') }} {{ mode }} {{ experiment_name }} {{ app_id }}")
    assert page(built(config={"stories": 3}, app_id="r1"), "exp") == "3 debug Ring r1"


def test_settings_are_escaped(built, write):
    write("templates/exp.html", "{{ config.title }}")
    assert page(built(config={"title": "<b>&"}), "exp") == "&lt;b&gt;&amp;"


def test_the_layout_of_an_experiment_frames_the_core_pages(built, write):
    write("templates/layout.html", '{% extends "base/layout.html" %}{% block title %}Mine{% endblock %}')
    assert "<title>Mine</title>" in page(built(), "consent")


@pytest.mark.parametrize(
    "block", ["title", "head", "stylesheets", "replace_stylesheets", "body", "libs", "scripts"]
)
def test_the_base_layout_has_the_documented_block(built, write, block):
    write(
        "templates/exp.html",
        f'{{% extends "base/layout.html" %}}{{% block {block} %}}my own words{{% endblock %}}',
    )
    assert "my own words" in page(built(), "exp")


@pytest.mark.parametrize(
    ("base", "block"),
    [
        ("ad", "lab_logo"),
        ("ad", "ad"),
        ("ad", "sandbox_or_debug"),
        ("ad", "no_assignment"),
        ("ad", "live"),
        ("consent", "consent_text"),
        ("consent", "consent_button"),
        ("consent", "reject_button"),
        ("questionnaire", "questions"),
        ("questionnaire", "replace_questions"),
    ],
)
def test_a_base_page_has_the_documented_block(built, write, base, block):
    write(
        f"templates/{base}.html",
        f'{{% extends "base/{base}.html" %}}{{% block {block} %}}my own words{{% endblock %}}',
    )
    assert "my own words" in page(built(), base)


def test_a_live_ad_says_nothing_of_trial_runs(built):
    assert "trial run" not in page(built(mode="live"), "ad")


def test_static_files_of_the_experiment_are_copied(built, write):
    write("static/stimuli/tale.md", "once")
    assert (built().root / "static/stimuli/tale.md").read_text(encoding="utf-8") == "once"


def test_extra_files_below_static_are_copied(built, tmp_path):
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "list.txt").write_text("moth", encoding="utf-8")
    site = built(extra_files=[(tmp_path / "words", "/static/words")])
    assert (site.root / "static/words/list.txt").read_text(encoding="utf-8") == "moth"


def test_extra_files_below_templates_become_pages(built, tmp_path):
    (tmp_path / "debrief.html").write_text("{{ experiment_name }}", encoding="utf-8")
    site = built(extra_files=[(tmp_path / "debrief.html", "/templates/debrief.html")])
    assert page(site, "debrief") == "Ring"


def test_extra_files_elsewhere_are_not_published(built, tmp_path):
    (tmp_path / "secret.txt").write_text("s", encoding="utf-8")
    site = built(extra_files=[(tmp_path / "secret.txt", "/data/secret.txt")])
    assert not [path for path in site.files if path.name == "secret.txt"]


def test_extra_files_can_not_leave_the_site(built, write):
    write("a.txt", "a")
    with pytest.raises(SiteError, match="outside the experiment"):
        built(extra_files=[("a.txt", "/static/../../a.txt")])


def test_a_missing_extra_file_is_named(built):
    with pytest.raises(SiteError, match=r"gone\.txt, which doesn't exist"):
        built(extra_files=[("gone.txt", "/static/gone.txt")])


def test_a_static_file_with_a_core_name_is_refused_with_both_names(built, write):
    own = write("static/scripts/dallinger2.js", "//")
    with pytest.raises(SiteError) as refusal:
        built()
    assert str(own) in str(refusal.value)
    assert "frontend/static/scripts/dallinger2.js" in str(refusal.value)


OLDER = ("css/dallinger.css", *(f"scripts/{name}" for name in ("reqwest.min.js", "spin.min.js")))


@pytest.mark.parametrize("name", [*OLDER, "scripts/reconnecting-websocket.js"])
def test_a_file_that_older_pages_expect_is_there(built, name):
    assert (built().root / "static" / name).stat().st_size > 50


@pytest.mark.parametrize("name", [*OLDER, "scripts/reconnecting-websocket.js"])
def test_an_experiment_may_bring_its_own_copy_of_such_a_file(built, write, name):
    write(f"static/{name}", "mine")
    assert (built().root / "static" / name).read_text() == "mine"


@pytest.mark.parametrize("name", ["reqwest", "spin", "reconnecting-websocket", "jquery"])
def test_third_party_code_has_its_licence(built, name):
    assert "Permission is hereby granted" in (
        built().root / "static/scripts/vendor" / f"{name}.LICENSE.txt"
    ).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("call", "address"),
    [
        ("url_for('static', filename='images/map.png')", "/static/images/map.png"),
        ("url_for('static', filename='/css/a b.css')", "/static/css/a%20b.css"),
        ("url_for('static', filename='a&b.js')", "/static/a%26b.js"),
    ],
)
def test_templates_may_ask_for_the_address_of_a_static_file(built, write, call, address):
    write("templates/exp.html", f"{{{{ {call} }}}}")
    assert (built().root / "exp.html").read_text() == address


@pytest.mark.parametrize("call", ["url_for('exp')", "url_for('static')", "url_for('ad_page', filename='x')"])
def test_other_addresses_are_refused_with_file_line_and_advice(built, write, call):
    write("templates/exp.html", f"first\n{{{{ {call} }}}}")
    with pytest.raises(SiteError, match=r"exp\.html, line 2: .*write the address of a page itself"):
        built()


def test_a_template_with_a_base_name_is_refused(built, write):
    write("templates/base/ad.html", "mine")
    with pytest.raises(SiteError, match=r"frontend/templates/base/ad\.html"):
        built()


def test_an_unknown_variable_is_an_error_with_file_and_line(built, write):
    path = write("templates/exp.html", "first\n{{ colour }}\n")
    with pytest.raises(SiteError, match="line 2: 'colour' is undefined") as refusal:
        built()
    assert str(path) in str(refusal.value)


def test_an_unknown_setting_is_an_error_that_names_it(built, write):
    write("templates/exp.html", "{{ config.get('colour') }}")
    with pytest.raises(SiteError, match="no public setting `colour`"):
        built()


def test_wrong_syntax_is_an_error_with_its_line(built, write):
    write("templates/exp.html", "\n\n{% if %}")
    with pytest.raises(SiteError, match=r"exp\.html, line 3"):
        built()


def test_a_missing_parent_template_is_named(built, write):
    write("templates/exp.html", '{% extends "frame.html" %}')
    with pytest.raises(SiteError, match=r"no template `frame\.html`"):
        built()


def test_all_problems_are_reported_at_once(built, write):
    write("templates/exp.html", "{{ colour }}")
    write("templates/other.html", "{{ shape }}")
    with pytest.raises(SiteError) as refusal:
        built()
    assert len(refusal.value.problems) == 2


def test_a_variable_of_a_request_stops_the_build(built, write):
    write("templates/exp.html", "{% if workerid is defined %}{{ workerid }}{% endif %}")
    with pytest.raises(SiteError, match="`workerid` exists only per request"):
        built()


def test_a_folder_is_never_built_over_itself(built, folder):
    with pytest.raises(SiteError, match="holds the experiment itself"):
        built(folder=folder.parent / "site" / "experiment")


def test_building_again_leaves_no_page_of_before(built, write):
    old = write("templates/old.html", "old")
    built()
    old.unlink()
    assert not (built().root / "old.html").exists()
