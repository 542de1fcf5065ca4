"""The first study, followed from its first line to its last: what it says is what happens."""

from __future__ import annotations

import pytest

from petri.data import Data
from tests.docs.blocks import DOCS, blocks
from tests.docs.shell import Reader

pytestmark = pytest.mark.e2e

PAGE = blocks(DOCS / "first-study.md")
COMMANDS = {place: block for place, block in enumerate(PAGE) if block.what in {"run", "fails", "serve"}}
OUTPUTS = [place for place, block in enumerate(PAGE) if block.what == "output"]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    followed = Reader(tmp_path_factory.mktemp("reader"))
    followed.follow(PAGE)
    return followed


@pytest.mark.parametrize("place", COMMANDS, ids=[block.commands[-1] for block in COMMANDS.values()])
def test_a_command_of_the_first_study_ends_as_it_says(reader: Reader, place: int):
    succeeded = reader.ended[place] == 0
    assert succeeded == (COMMANDS[place].what != "fails"), reader.printed[place]


@pytest.mark.parametrize("place", OUTPUTS)
def test_a_command_of_the_first_study_prints_what_it_says(reader: Reader, place: int):
    before = max(each for each in reader.printed if each < place)
    assert PAGE[place].text in reader.printed[before]


def test_the_other_person_of_the_pilot_gets_what_the_giver_gives(reader: Reader):
    people = Data(reader.folder / "data" / "pilot-data.zip").wide().df
    given = people[people.role == "giver"].set_index("network_id").give
    received = people[people.role == "receiver"].set_index("network_id").points
    assert len(given) == 2
    assert given.astype(int).to_dict() == received.astype(int).to_dict()
