"""The README: what it says can be done is done here, command by command."""

from __future__ import annotations

import shlex
import tomllib

import pytest

from tests.docs.blocks import ROOT, blocks
from tests.docs.shell import Reader

pytestmark = pytest.mark.e2e

PAGE = blocks(ROOT / "README.md")
COMMANDS = {place: block for place, block in enumerate(PAGE) if block.what in {"run", "serve"}}
OUTPUTS = [place for place, block in enumerate(PAGE) if block.what == "output"]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    followed = Reader(tmp_path_factory.mktemp("reader"))
    (followed.folder / "demos").symlink_to(ROOT / "demos")
    followed.follow(PAGE)
    return followed


def lines_marked(what: str) -> list[str]:
    return [line for block in PAGE if block.what == what for line in block.commands]


@pytest.mark.parametrize("place", COMMANDS, ids=[block.commands[0] for block in COMMANDS.values()])
def test_a_command_of_the_readme_succeeds(reader: Reader, place: int):
    assert reader.ended[place] == 0, reader.printed[place]


@pytest.mark.parametrize("place", OUTPUTS)
def test_a_command_of_the_readme_prints_what_it_says(reader: Reader, place: int):
    before = max(each for each in reader.printed if each < place)
    assert PAGE[place].text in reader.printed[before]


def test_the_first_experiment_has_ten_lines():
    (experiment,) = [block.text for block in PAGE if block.name == "colours/experiment.py"]
    assert len([line for line in experiment.splitlines() if line.strip()]) == 10


@pytest.mark.parametrize("command", lines_marked("make"))
def test_the_make_targets_of_the_readme_exist(command: str):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert f"\n{command.removeprefix('make ')}: " in makefile


def test_the_demo_is_what_make_demo_runs():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = makefile.partition("\ndemo: ")[2].partition("\n\t@")[2].partition("\n")[0]
    for name, value in {"$(BIN)/": "", "$(BOTS)": "10", "$(SEED)": "1932"}.items():
        recipe = recipe.replace(name, value)
    assert sorted(shlex.split(lines_marked("run")[0])) == sorted(shlex.split(recipe))


def test_the_extras_that_the_readme_installs_exist():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "optional-dependencies"
    ]
    assert {"cli", "data", "dev"} <= extras.keys()
