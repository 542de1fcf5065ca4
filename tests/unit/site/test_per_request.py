from __future__ import annotations

import pytest

from infra.site import per_request_variables


def test_a_finding_has_file_line_name_and_replacement(folder, write):
    path = write("templates/ad.html", "<p>\n{{ hitid }}\n</p>")
    (finding,) = per_request_variables(folder)
    assert (finding.file, finding.line, finding.name) == (path, 2, "hitid")
    assert "dallinger.identity.hitId" in finding.replacement


@pytest.mark.parametrize(
    "name",
    [
        "hitid",
        "assignmentid",
        "workerid",
        "hit_id",
        "assignment_id",
        "worker_id",
        "participant_id",
        "recruiter",
        "experiment_complete",
        "request",
        "session",
    ],
)
def test_a_name_that_only_requests_had_is_found(folder, write, name):
    write("templates/ad.html", f"{{{{ {name} }}}}")
    assert [finding.name for finding in per_request_variables(folder)] == [name]


def test_a_condition_on_such_a_name_is_found(folder, write):
    write("templates/ad.html", "{% if recruiter == 'mturk' %}x{% endif %}")
    assert [finding.name for finding in per_request_variables(folder)] == ["recruiter"]


def test_every_line_with_it_is_found(folder, write):
    write("templates/ad.html", "{{ hit_id }}\n{{ hit_id }}")
    assert [finding.line for finding in per_request_variables(folder)] == [1, 2]


def test_a_name_that_the_template_sets_is_its_own(folder, write):
    write("templates/ad.html", "{% set session = 2 %}{{ session }}")
    assert per_request_variables(folder) == []


def test_settings_are_not_findings(folder, write):
    write("templates/ad.html", "{{ config.recruiter }} {{ mode }} {{ experiment_name }}")
    assert per_request_variables(folder) == []


def test_a_folder_without_templates_has_none(tmp_path):
    assert per_request_variables(tmp_path) == []
