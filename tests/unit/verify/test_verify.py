from __future__ import annotations

from pathlib import Path

import pytest

from infra.verify import verify

TWO = """
from petri import Experiment

class A(Experiment):
    experiment_repeats = 1

class B(Experiment):
    experiment_repeats = 1
"""
MODELS = """
from petri import Experiment, get_config
from . import models

def extra_parameters():
    get_config().register("n", int)

class Study(Experiment):
    experiment_repeats = 1
"""


def test_a_good_folder_has_no_findings(check) -> None:
    assert check() == []


def test_a_missing_folder_is_reported(tmp_path: Path) -> None:
    (finding,) = verify(tmp_path / "nowhere", environ={}, home=tmp_path)
    assert "is not a folder" in str(finding)


@pytest.mark.parametrize("name", ["config.txt", "experiment.py", "README.md"])
def test_a_missing_file_is_named(check, name: str) -> None:
    found = check({name: None})
    assert [(each.level, each.where, each.what) for each in found] == [("error", name, "is missing.")]


def test_a_readme_may_be_plain_text(check) -> None:
    assert check({"README.md": None, "README.txt": "A study"}) == []


@pytest.mark.parametrize(
    "name",
    [
        "templates/waiting.html",
        "templates/launch.html",
        "templates/base/ad.html",
        "complete.html",
        "error_dallinger.html",
        "static/robots.txt",
        "static/scripts/dallinger2.js",
        "static/scripts/lib/reqwest.min.js",
        "static/css/dallinger.css",
    ],
)
def test_a_file_that_petri_brings_is_forbidden(check, name: str) -> None:
    assert name in [each.where for each in check({name: "x"}) if each.level == "error"]


def test_the_same_name_elsewhere_does_no_harm(check) -> None:
    assert check({"notes/waiting.html": "x"}) == []


def test_everything_is_reported_at_once(check) -> None:
    found = check(
        {
            "README.md": None,
            "config.txt": "[A]\nlifetime = x\nnonsense = 1\n",
            "static/robots.txt": "x",
            "templates/exp.html": "{{ hit_id }}",
        }
    )
    assert len([each for each in found if each.level == "error"]) >= 5


def test_every_finding_has_a_fix(check) -> None:
    found = check(
        {"README.md": None, "config.txt": "[A]\nnonsense = 1\n", "templates/exp.html": "{{ hit_id }}{% if %}"}
    )
    assert [each for each in found if not each.fix] == []


def test_errors_come_before_warnings(check) -> None:
    levels = [each.level for each in check({"config.txt": "[A]\nthreads = 1\nlifetime = x\n"})]
    assert levels == sorted(levels)


def test_a_wrong_setting_is_reported_with_its_line(check) -> None:
    (finding,) = check({"config.txt": "[A]\nbase_payment = -1\n"})
    assert (finding.where, finding.what) == (
        "config.txt, line 2",
        "base_payment must be between 0 and 10000; it is an amount of US dollars.",
    )


def test_the_global_registry_is_refused(check) -> None:
    (finding,) = check({"config.txt": "[A]\nenable_global_experiment_registry = yes\n"})
    assert "no global experiment registry" in finding.what


def test_settings_without_meaning_are_a_warning(check) -> None:
    (finding,) = check({"config.txt": "[A]\ndyno_type = free\n"})
    assert finding.level == "warning"


def test_the_settings_are_checked_even_when_the_code_cannot_be_imported(check) -> None:
    found = check({"experiment.py": "1 / 0", "config.txt": "[A]\nlifetime = x\n"})
    assert [each.where for each in found] == ["experiment.py", "config.txt, line 2"]


def test_settings_of_an_author_whose_code_cannot_be_imported_are_let_pass(check) -> None:
    found = check({"experiment.py": "1 / 0"})
    assert [each.where for each in found] == ["experiment.py"]


def test_code_that_cannot_be_imported_is_reported_with_its_line(check) -> None:
    (finding,) = check({"experiment.py": "from petri import Experiment\n1 / 0\n"})
    assert "experiment.py, line 2: ZeroDivisionError" in finding.what


def test_a_folder_needs_an_experiment_class(check) -> None:
    (finding,) = check({"experiment.py": "", "config.txt": "[A]\n"})
    assert finding.fix.startswith("Write: class MyStudy(Experiment)")


def test_a_folder_has_one_experiment_class(check) -> None:
    (finding,) = check({"experiment.py": TWO, "config.txt": "[A]\n"})
    assert "several experiments (A, B)" in finding.what


def test_the_environment_may_choose_the_class(check) -> None:
    changes = {"experiment.py": TWO, "config.txt": "[A]\n"}
    assert check(changes, environ={"EXPERIMENT_CLASS_NAME": "B"}) == []


def test_each_address_that_is_taken_is_reported(check) -> None:
    code = """
from petri import Experiment, experiment_route

class Study(Experiment):
    experiment_repeats = 1

    @experiment_route("/info/<node_id>")
    def one(self, node_id): pass

    @experiment_route("/summary")
    def two(self): pass
"""
    found = check({"experiment.py": code, "config.txt": "[A]\n"})
    assert [each.fix for each in found] == ["Choose another path."] * 2


def test_an_address_that_is_a_page_is_reported(check) -> None:
    code = """
from petri import Experiment, experiment_route

class Study(Experiment):
    experiment_repeats = 1

    @experiment_route("/exp")
    def one(self): pass
"""
    (finding,) = check({"experiment.py": code, "config.txt": "[A]\n"})
    assert "which is the address of a page" in finding.what


def test_a_record_class_without_its_own_type_is_reported(check) -> None:
    (finding,) = check(
        {"models.py": "from petri import Source\nclass Story(Source): pass\n", "experiment.py": MODELS}
    )
    assert finding.fix == 'Write in it: type = "story"'


def test_an_unknown_setting_is_also_reported(check) -> None:
    changes = {"models.py": "from petri import Source\nclass Story(Source): pass\n", "experiment.py": MODELS}
    found = check({**changes, "config.txt": "[A]\nnonsense = 1\n"})
    assert [each.where for each in found] == ["experiment.py", "config.txt, line 2"]
