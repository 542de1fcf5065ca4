from __future__ import annotations

import importlib
import inspect
import sys
from pathlib import Path

import pytest

from chalicelib.errors import ExperimentError
from chalicelib.experiment.loader.importer import import_experiment


def refusal(folder: Path) -> str:
    with pytest.raises(ExperimentError) as refused:
        import_experiment(folder)
    return str(refused.value)


@pytest.mark.parametrize("line", ["from . import models", "import models", "from models import Story"])
def test_the_files_of_an_experiment_import_each_other(write, line: str) -> None:
    folder = write({"experiment.py": line, "models.py": "class Story: pass"})
    assert import_experiment(folder)


def test_both_ways_to_import_give_the_same_module(write) -> None:
    code = "from . import models as one\nimport models as other\nsame = one is other"
    assert import_experiment(write({"experiment.py": code, "models.py": ""})).same


def test_a_module_keeps_its_own_name_whichever_way_it_was_imported(write) -> None:
    module = import_experiment(write({"experiment.py": "import models", "models.py": ""}))
    assert module.models.__spec__.name == module.models.__name__ == f"{module.__package__}.models"


def test_packages_within_the_folder_are_imported_by_their_plain_name_too(write) -> None:
    code = "from helpers.deep import answer\nimport helpers.deep"
    module = import_experiment(
        write({"experiment.py": code, "helpers/__init__.py": "", "helpers/deep.py": "answer = 42"})
    )
    assert (module.answer, module.helpers.deep.answer) == (42, 42)


def test_a_plain_name_can_still_be_imported_later(write) -> None:
    module = import_experiment(
        write(
            {
                "experiment.py": "def later():\n    import helpers\n    return helpers.answer",
                "helpers.py": "answer = 42",
            }
        )
    )
    assert module.later() == 42


def test_a_folder_may_be_a_package_already(write) -> None:
    code = "from . import answer"
    assert import_experiment(write({"__init__.py": "answer = 42", "experiment.py": code})).answer == 42


def test_two_experiments_never_share_a_module(write) -> None:
    one = import_experiment(write({"experiment.py": "import models", "models.py": "answer = 1"}, "one"))
    two = import_experiment(write({"experiment.py": "import models", "models.py": "answer = 2"}, "two"))
    assert (one.models.answer, two.models.answer) == (1, 2)


def test_plain_names_end_with_the_next_experiment(write) -> None:
    import_experiment(write({"experiment.py": "import only_here", "only_here.py": ""}, "one"))
    import_experiment(write({"experiment.py": ""}, "two"))
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("only_here")


#: Names that Petri, Python and installed packages have modules of, imported where Petri itself runs.
TAKEN = [
    "app", "chalicelib", "code", "colorsys", "dateutil", "infra", "json", "numbers", "petri_utils", "random",
    "requests", "rich", "statistics", "tests", "utils",
]  # fmt: skip


@pytest.mark.parametrize("name", TAKEN)
def test_a_file_is_the_authors_whatever_else_has_its_name(write, name: str) -> None:
    code = f"import {name}\nfrom {name} import mine\nfound = {name}.mine"
    assert import_experiment(write({"experiment.py": code, f"{name}.py": "mine = True"})).found


@pytest.mark.parametrize("name", TAKEN)
def test_outside_the_folder_a_name_means_what_it_meant_before(write, name: str) -> None:
    before = sys.modules.get(name)
    files = {"experiment.py": f"import {name}\nimport importlib", f"{name}.py": "mine = True"}
    import_experiment(write(files))
    assert sys.modules.get(name) is before
    try:
        assert not hasattr(importlib.import_module(name), "mine")
    except ModuleNotFoundError:
        assert name in {"petri_utils", "utils"}


def test_a_helper_in_a_package_finds_the_authors_files_too(write) -> None:
    files = {
        "experiment.py": "from helpers import answer",
        "helpers/__init__.py": "from numbers import answer",
        "numbers.py": "answer = 42",
    }
    assert import_experiment(write(files)).answer == 42


def test_code_of_the_author_that_asks_importlib_finds_the_file_beside_it(write) -> None:
    code = "import importlib\nhelpers = importlib.import_module('helpers_beside')"
    module = import_experiment(write({"experiment.py": code, "helpers_beside.py": "answer = 42"}))
    assert module.helpers.answer == 42


def test_a_file_cannot_take_petris_own_name(write) -> None:
    files = {"experiment.py": "from petri import Experiment", "petri.py": "Experiment = None"}
    assert import_experiment(write(files)).Experiment is not None


def test_an_error_in_a_file_with_a_taken_name_is_reported_with_its_line(write) -> None:
    told = refusal(write({"experiment.py": "import numbers", "numbers.py": "\n1 / 0"}))
    assert told.startswith("experiment.py can't be imported: numbers.py, line 2: ZeroDivisionError")


def test_a_file_that_hides_a_package_is_named(write) -> None:
    told = refusal(write({"experiment.py": "import collections.abc", "collections.py": ""}))
    assert "No module named 'collections.abc'" in told
    assert told.endswith("collections.py hides the package collections: rename the file")


def test_the_source_of_an_authors_function_can_be_read(write) -> None:
    files = {"experiment.py": "from code import answer", "code.py": "def answer():\n    return 42"}
    assert "return 42" in inspect.getsource(import_experiment(write(files)).answer)


def test_a_failed_import_leaves_nothing_behind(write) -> None:
    known = set(sys.modules)
    refusal(write({"experiment.py": "import helpers\n1 / 0", "helpers.py": ""}))
    assert set(sys.modules) - known == set()


def test_a_folder_without_experiment_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path) == (
        f"There is no experiment.py and no study.md in {tmp_path}; pass the folder that contains one."
    )


def test_a_syntax_error_is_reported_with_file_and_line(write) -> None:
    told = refusal(write({"experiment.py": "import models", "models.py": "a = 1\nb = (\n"}))
    assert told.startswith("experiment.py can't be imported: models.py, line 2: SyntaxError: ")


def test_an_error_is_reported_with_the_last_line_of_the_authors_code(write) -> None:
    code = "import json\n\ndef read():\n    json.loads('{')\n\nread()\n"
    assert "experiment.py, line 4: JSONDecodeError: " in refusal(write({"experiment.py": code}))


def test_the_authors_traceback_is_kept(write) -> None:
    with pytest.raises(ExperimentError) as refused:
        import_experiment(write({"experiment.py": "1 / 0"}))
    assert isinstance(refused.value.__cause__, ZeroDivisionError)


def test_a_missing_package_is_reported_with_the_command_that_installs_it(write) -> None:
    told = refusal(write({"experiment.py": "import surely_not_installed.part"}))
    assert told.endswith(
        "install it (pip install surely_not_installed) and list it in the experiment's requirements.txt"
    )


def test_code_written_for_dallinger_gets_the_new_imports(write) -> None:
    told = refusal(write({"experiment.py": "from dallinger.experiments import Experiment"}))
    assert told.endswith("from petri import Experiment")


def test_code_that_ends_the_process_is_refused(write) -> None:
    assert "line 2: SystemExit: no" in refusal(write({"experiment.py": "import sys\nsys.exit('no')"}))


def test_a_setting_read_too_early_is_reported_with_its_line(write) -> None:
    code = (
        "from chalicelib.experiment.config.configuration import Configuration\n"
        "n = Configuration().get('title')"
    )
    told = refusal(write({"experiment.py": code}))
    assert told.startswith(
        "experiment.py can't be imported: experiment.py, line 2: The settings aren't loaded yet"
    )
