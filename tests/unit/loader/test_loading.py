from __future__ import annotations

from pathlib import Path

import pytest

from chalicelib.errors import ConfigError, ExperimentError
from chalicelib.experiment.config.problems import SettingsError
from chalicelib.experiment.loader.experiment_folder import load_experiment

PARAMETERS = """
def extra_parameters():
    config.register("n", int, [], False)
"""


def test_the_experiment_of_a_folder_is_found(load) -> None:
    assert load().experiment_class.__name__ == "Study"


def test_an_experiment_is_called_like_its_folder(load) -> None:
    assert load().name == "study"


def test_settings_of_the_author_are_known_when_the_file_is_read(load) -> None:
    assert load(PARAMETERS, {"config.txt": "[A]\nn = 3\n"}).config.get("n") == 3


def test_settings_may_be_registered_on_the_class(load) -> None:
    code = """
class Other(Study):
    @classmethod
    def extra_parameters(cls):
        config.register("n", int)
del Study
"""
    assert load(code, {"config.txt": "[A]\nn = 3\n"}).config.get("n") == 3


def test_the_same_setting_may_be_registered_on_both(load) -> None:
    code = PARAMETERS + "Study.extra_parameters = staticmethod(extra_parameters)\n"
    assert load(code, {"config.txt": "[A]\nn = 3\n"}).config.get("n") == 3


def test_the_classs_defaults_count_more_than_the_modules(load) -> None:
    code = PARAMETERS + (
        "def config_defaults():\n    return {'n': 1, 'title': 'module'}\n"
        "Study.config_defaults = classmethod(lambda cls: {'n': 2})\n"
    )
    config = load(code).config
    assert (config.get("n"), config.get("title")) == (2, "module")


def test_the_file_counts_more_than_the_authors_defaults(load) -> None:
    code = "def config_defaults():\n    return {'title': 'from the code'}\n"
    assert load(code, {"config.txt": "[A]\ntitle = from the file\n"}).config.get("title") == "from the file"


def test_the_runs_own_values_win(load) -> None:
    loaded = load(
        files={"config.txt": "[A]\ntitle = file\n"}, environ={"title": "env"}, runtime={"title": "run"}
    )
    assert loaded.config.get("title") == "run"


def test_the_settings_of_one_experiment_are_unknown_to_the_next(load) -> None:
    load(PARAMETERS)
    with pytest.raises(ConfigError):
        load().config.get("n")


def test_an_author_reads_settings_in_configure(load) -> None:
    code = "class Other(Study):\n    def ask(self):\n        return config.get('title')\ndel Study\n"
    cls = load(code, {"config.txt": "[A]\ntitle = Hello\n"}).experiment_class
    assert cls.ask(None) == "Hello"


def test_a_setting_read_while_the_code_is_imported_is_refused_with_its_line(load) -> None:
    with pytest.raises(ExperimentError, match=r"experiment\.py, line 8: The settings aren't loaded yet"):
        load("title = config.get('title')\n")


def test_wrong_settings_are_refused_with_all_that_is_wrong(load) -> None:
    with pytest.raises(SettingsError) as refusal:
        load(files={"config.txt": "[A]\nn = 3\nlifetime = x\n"})
    assert len(refusal.value.problems) == 2


def test_a_failing_hook_is_reported_with_its_line(load) -> None:
    with pytest.raises(
        ExperimentError, match=r"extra_parameters\(\) failed: experiment\.py, line 9: NameError"
    ):
        load("def extra_parameters():\n    nonsense\n")


def test_a_folder_without_an_experiment_class_is_refused(write, tmp_path: Path) -> None:
    with pytest.raises(ExperimentError, match=r"write: class MyStudy\(Experiment\)"):
        load_experiment(write({"experiment.py": "from petri import Experiment"}), environ={}, home=tmp_path)


def test_several_experiments_in_one_file_are_refused(load) -> None:
    with pytest.raises(
        ExperimentError, match=r"several experiments \(Other, Study\).*EXPERIMENT_CLASS_NAME=Other"
    ):
        load("class Other(Experiment):\n    pass\n")


def test_the_environment_chooses_among_several_experiments(load) -> None:
    loaded = load("class Other(Experiment):\n    pass\n", environ={"EXPERIMENT_CLASS_NAME": "Other"})
    assert loaded.experiment_class.__name__ == "Other"


def test_a_choice_that_is_not_there_is_refused_with_the_nearest(load) -> None:
    with pytest.raises(ExperimentError, match="did you mean Study"):
        load(environ={"EXPERIMENT_CLASS_NAME": "Studdy"})


def test_one_experiment_under_two_names_is_one(load) -> None:
    assert load("Alias = Study\n").experiment_class.__name__ == "Study"


def test_extra_files_are_found_beside_the_folder(load, tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("x")
    code = "def extra_files():\n    return [('../words.txt', '/static/words.txt')]\n"
    assert load(code).extra_files == [(tmp_path / "words.txt", "static/words.txt")]


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        ("('nowhere.txt', '/static/x')", "the source nowhere.txt doesn't exist"),
        ("('experiment.py', '../x')", "must lie inside the experiment's folder"),
        ("('experiment.py', '/')", "must lie inside the experiment's folder"),
        ("'experiment.py'", "each entry must be a pair"),
        ("(1, 2)", "each entry must be a pair"),
    ],
)
def test_extra_files_that_can_not_be_brought_are_refused(load, pair: str, words: str) -> None:
    with pytest.raises(ExperimentError, match=words):
        load(f"def extra_files():\n    return [{pair}]\n")


def test_addresses_and_clocks_of_the_author_are_found(load) -> None:
    code = """
from petri import experiment_route, scheduled

@experiment_route("/double/<int:x>")
def double(x):
    return 2 * x

@scheduled(minutes=5)
def tidy():
    pass
"""
    loaded = load(code)
    assert ([route.name for route in loaded.routes], [each.name for each in loaded.scheduled]) == (
        ["double"],
        ["tidy"],
    )


def test_a_route_of_petri_is_refused(load) -> None:
    code = "from petri import experiment_route\n@experiment_route('/info/<x>')\ndef mine(x):\n    pass\n"
    with pytest.raises(ExperimentError, match="choose another path"):
        load(code, core_routes=["/info/{node_id}"])


def test_bots_of_the_folder_are_found_by_name(load) -> None:
    files = {
        "bots.py": "from petri import HighPerformanceBotBase\nclass Bot(HighPerformanceBotBase):\n    pass\n"
    }
    assert list(load("from bots import Bot\n", files).bots()) == ["Bot"]


def test_the_code_of_the_tutorial_loads_as_printed(load) -> None:
    code = (
        "from . import models\ntry:\n    from bots import Bot\n    Bot = Bot\nexcept ImportError:\n    pass\n"
    )
    assert load(code, {"models.py": ""}).module.models


def test_a_record_class_without_its_own_type_is_refused(load) -> None:
    code = "from petri import Source\nclass WarStory(Source):\n    pass\n"
    with pytest.raises(ExperimentError, match=r'class WarStory\(Source\) has no type.*type = "war_story"'):
        load(code)


def test_a_record_class_that_only_others_build_on_needs_no_type(load) -> None:
    code = "from petri import Source\nclass Story(Source):\n    pass\nclass War(Story):\n    type = 'war'\n"
    assert load(code)


@pytest.mark.parametrize("word", ["generic_source", "agent", "war"])
def test_a_type_that_another_class_has_is_refused(load, word: str) -> None:
    code = f"from petri import Source\nclass Peace(Source):\n    type = {word!r}\n"
    with pytest.raises(ExperimentError, match=f'class Peace has type = "{word}", which belongs to'):
        load(code + "class War(Source):\n    type = 'war'\n")


def test_classes_of_different_families_may_share_a_type(load) -> None:
    code = "from petri import Chain, Source\nclass A(Source):\n    type = 'war'\n"
    code += "class B(Chain):\n    type = 'war'\n"
    assert load(code)


def test_classes_in_other_files_of_the_folder_are_looked_at_too(load) -> None:
    with pytest.raises(ExperimentError, match="class War"):
        load(
            "from . import models\n",
            {"models.py": "from petri import Source\nclass War(Source):\n    pass\n"},
        )


def test_the_same_experiment_loaded_again_does_not_clash_with_itself(load) -> None:
    code = "from petri import Source\nclass War(Source):\n    type = 'war'\n"
    load(code)
    assert load(code)
