from __future__ import annotations

import pytest

from infra.verify import examine

USUAL = """
from petri import Chain, Experiment, Source

class Story(Source):
    type = "story"

    def _contents(self):
        return "Once upon a time"

class Study(Experiment):
    def configure(self):
        self.experiment_repeats = 1

    def setup(self):
        super().setup()
        for network in self.networks():
            Story(network=network)

    def create_network(self):
        return Chain(max_size=5)

    def add_node_to_network(self, node, network):
        network.add_node(node)
        for parent in node.neighbors(direction="from"):
            parent.transmit(to_whom=node)
        node.receive()
"""
#: the line number of the second line of the first added hook
LINE = f"experiment.py, line {len(USUAL.splitlines()) + 2}"


@pytest.fixture
def rehearse(check):
    """Verify a folder with this experiment: rehearse("..hooks..") adds them to a typical one."""

    def rehearse(hooks: str = "", code: str = USUAL, config: str = "[A]\n") -> list:
        return check({"experiment.py": code + hooks, "config.txt": config})

    return rehearse


def test_a_typical_experiment_passes(rehearse) -> None:
    assert rehearse() == []


def test_an_error_in_setup_is_reported_with_its_line(rehearse) -> None:
    (finding,) = rehearse("    def create_network(self):\n        return Chian(max_size=5)\n")
    assert (finding.level, f"{LINE}: NameError" in finding.what) == ("error", True)


def test_an_error_in_a_hook_of_joining_is_reported_with_its_line(rehearse) -> None:
    (finding,) = rehearse("    def node_post_request(self, participant, node):\n        1 / 0\n")
    assert (finding.level, f"{LINE}: ZeroDivisionError" in finding.what) == ("error", True)


def test_an_error_in_a_hook_that_got_strange_contents_is_a_warning(rehearse) -> None:
    hook = """
    def info_post_request(self, node, info):
        import json
        json.loads(info.contents)
"""
    (finding,) = rehearse(hook)
    assert (finding.level, "JSONDecodeError" in finding.what) == ("warning", True)


def test_an_error_in_configure_is_reported(rehearse) -> None:
    (finding,) = rehearse("    def configure(self):\n        self.n = 1 / 0\n")
    assert f"{LINE}: ZeroDivisionError" in finding.what


def test_an_unregistered_setting_is_reported(rehearse) -> None:
    hook = """
    def configure(self):
        from petri import get_config
        get_config().get("n_people")
"""
    (finding,) = rehearse(hook)
    assert "'n_people' is not a registered setting" in finding.what


def test_a_network_that_is_full_of_sources_is_reported(rehearse) -> None:
    (finding,) = rehearse("    def create_network(self):\n        return Chain(max_size=1)\n")
    assert "is full before any participant joins" in finding.what


def test_an_experiment_without_networks_is_warned(rehearse) -> None:
    (finding,) = rehearse(code="from petri import Experiment\nclass Study(Experiment):\n    pass\n")
    assert (finding.level, finding.fix) == ("warning", "Set self.experiment_repeats = 1 in configure().")


def test_background_tasks_are_not_started(rehearse) -> None:
    assert rehearse("    @property\n    def background_tasks(self):\n        raise SystemExit\n") == []


def test_stimuli_are_found_relative_to_the_folder(check) -> None:
    hooks = """
    def create_network(self):
        with open("static/size.txt") as file:
            return Chain(max_size=int(file.read()))
"""
    assert check({"experiment.py": USUAL + hooks, "config.txt": "[A]\n", "static/size.txt": "5"}) == []


def test_a_typical_experiment_is_within_the_budget_of_calls(check, folder) -> None:
    check({"experiment.py": USUAL, "config.txt": "[A]\n"})
    calls = examine(folder, environ={}, home=folder).calls
    assert [(each.request, each.calls <= each.budget) for each in calls] == [
        ("join", True),
        ("read", True),
        ("info", True),
    ]


def test_hooks_that_read_much_are_warned(rehearse) -> None:
    hook = """
    def node_post_request(self, participant, node):
        for network in self.networks():
            network.infos()
            for other in network.nodes():
                other.infos(), other.received_infos(), other.transmissions()
"""
    (finding,) = rehearse(hook)
    assert (finding.level, finding.what.startswith("join: ")) == ("warning", True)


def test_a_failure_in_two_threads_is_reported_once(rehearse) -> None:
    assert len(rehearse("    def node_post_request(self, participant, node):\n        1 / 0\n")) == 1


OWN_CLASSES = """
from petri import Info, Transformation

class Drawing(Info):
    type = "drawing_of_a_rehearsal"

class Sketch(Info):
    type = "sketch_of_a_rehearsal"

class Study(Study):
    def configure(self):
        super().configure()
        self.known_classes["Drawing"] = Drawing
        self.known_classes["Sketch"] = Sketch

    def info_post_request(self, node, info):
        if type(info).__name__ not in ("Drawing", "Sketch"):
            raise LookupError("the page posts drawings and sketches only")
"""


def test_the_experiments_own_classes_are_posted(rehearse) -> None:
    assert rehearse(code=USUAL + OWN_CLASSES) == []


def test_an_own_class_that_can_not_be_made_is_a_warning(rehearse) -> None:
    broken = """
class Sketch(Sketch):
    type = "broken_sketch_of_a_rehearsal"

    def __init__(self, origin, contents=None, details=None, failed=False):
        raise LookupError("no paper")

class Study(Study):
    def configure(self):
        super().configure()
        self.known_classes["Sketch"] = Sketch
"""
    findings = rehearse(code=USUAL + OWN_CLASSES + broken)
    assert [(finding.level, "no paper" in finding.what) for finding in findings] == [("warning", True)]
