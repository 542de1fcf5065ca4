from __future__ import annotations


def test_a_variable_that_exists_only_per_request_is_reported_with_what_replaces_it(check) -> None:
    (finding,) = check({"templates/exp.html": "<p>\n{{ hit_id }}</p>"})
    assert (finding.where, "dallinger.identity.hitId" in finding.fix) == ("templates/exp.html, line 2", True)


def test_an_undefined_variable_is_reported(check) -> None:
    (finding,) = check({"templates/exp.html": "\n\n{{ colour }}"})
    assert (finding.where, "`colour`" in finding.what) == ("templates/exp.html, line 3", True)


def test_both_kinds_in_one_folder_are_reported(check) -> None:
    found = check({"templates/exp.html": "{{ hit_id }}", "templates/instructions.html": "{{ colour }}"})
    assert [each.where for each in found] == [
        "templates/exp.html, line 1",
        "templates/instructions.html, line 1",
    ]


def test_a_template_that_is_not_one_is_reported_with_its_line(check) -> None:
    (finding,) = check({"templates/exp.html": "\n{% if %}"})
    assert finding.where == "templates/exp.html, line 2"


def test_a_setting_that_pages_may_not_know_is_reported(check) -> None:
    (finding,) = check({"templates/exp.html": "{{ config.smtp_password }}"})
    assert "smtp_password" in finding.what


def test_a_static_file_with_the_name_of_petris_own_is_reported(check) -> None:
    (finding,) = check({"static/scripts/petri.js": "x"})
    assert "static/scripts/petri.js" in str(finding)


def test_templates_are_looked_at_when_the_code_cannot_be_imported(check) -> None:
    found = check({"experiment.py": "1 / 0", "templates/exp.html": "{{ hit_id }}"})
    assert [each.where for each in found] == ["experiment.py", "templates/exp.html, line 1"]


def test_a_folder_without_the_experiments_page_is_warned(check) -> None:
    (finding,) = check({"templates/exp.html": None})
    assert (finding.level, finding.what) == ("warning", "have no exp.html.")


def test_verifying_leaves_the_folder_as_it_was(check, folder) -> None:
    check()
    before = sorted(path for path in folder.rglob("*") if "__pycache__" not in path.parts)
    check()
    assert sorted(path for path in folder.rglob("*") if "__pycache__" not in path.parts) == before
