"""The tutorial, followed from its first line to its last: what it says is what happens."""

from __future__ import annotations

import pytest

from petri.data import Data
from tests.docs.blocks import DOCS, Block, blocks
from tests.docs.shell import Reader

pytestmark = pytest.mark.e2e

PAGE = blocks(DOCS / "tutorial.md")
COMMANDS = {place: block for place, block in enumerate(PAGE) if block.what in {"run", "fails", "serve"}}
OUTPUTS = [place for place, block in enumerate(PAGE) if block.what == "output"]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    followed = Reader(tmp_path_factory.mktemp("reader"))
    followed.follow(PAGE)
    return followed


def _named(block: Block) -> str:
    return block.commands[-1] if block.commands else block.what


@pytest.mark.parametrize("place", COMMANDS, ids=[_named(block) for block in COMMANDS.values()])
def test_a_command_of_the_tutorial_ends_as_it_says(reader: Reader, place: int):
    succeeded = reader.ended[place] == 0
    assert succeeded == (COMMANDS[place].what != "fails"), reader.printed[place]


@pytest.mark.parametrize("place", OUTPUTS)
def test_a_command_of_the_tutorial_prints_what_it_says(reader: Reader, place: int):
    before = max(each for each in reader.printed if each < place)
    assert PAGE[place].text in reader.printed[before]


def test_the_person_who_is_served_leaves_an_export(reader: Reader):
    (served,) = [reader.printed[place] for place, block in COMMANDS.items() if block.what == "serve"]
    assert "Data: " in served


def test_each_participant_of_the_pilot_reads_the_previous_text(reader: Reader):
    sent = Data(reader.folder / "data" / "pilot-data.zip").transmissions.list
    pairs = [(each["origin_id"], each["destination_id"], each["status"]) for each in sent]
    assert pairs == [(100000 + n, 100001 + n, "received") for n in range(1, 6)]
