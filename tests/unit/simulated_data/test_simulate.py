"""`petri simulate`: the data of many bots, in simulated time, the same ones for the same seed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chalicelib.errors import BadRequest
from infra.cli.main import app
from infra.simulated_data.dataset import BEGAN, SimulatedRun, SimulationSpec, simulate
from petri.data import Data

DEMOS = Path(__file__).parents[3] / "demos"


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def simulated(target: Path, seed: int = 1, participants: int = 4) -> SimulatedRun:
    return simulate(SimulationSpec(DEMOS / "ultimatum", participants, target, seed))


def tables(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / "data").iterdir())}


def test_every_bot_plays_to_the_end_and_its_answers_say_that_a_bot_gave_them(tmp_path: Path) -> None:
    ended: list[int] = []
    spec = SimulationSpec(DEMOS / "ultimatum", 4, tmp_path / "data")
    result = simulate(spec, ended.append)
    data = Data(result.folder)
    assert (result.participants, result.failed, ended) == (4, 0, [1, 2, 3, 4])
    assert {row["status"] for row in data.participants.list} == {"approved"}
    assert {row["by"] for row in data.responses.list} == {"bot"}
    # Two groups of two people in three rounds, of whom one offers and one accepts.
    assert len(data.responses) == 12
    assert data.manifest["simulated"] == {"participants": 4, "seed": 1, "bot": "Bot"}
    assert data.participants.list[0]["creation_time"].startswith(str(BEGAN.date()))


DIARY = """
from petri.study import End, Form, Session, Study, days, number

class Diary(Study):
    num_participants = 2
    mood = number("How are you?", minimum=0, maximum=10)
    timeline = [
        Form("start", ask="mood"),
        Session("tomorrow", after=days(1), open_for=days(1), pay=2),
        Form("diary", ask="mood"),
        End(),
    ]
"""


@pytest.mark.parametrize("recruiter", ["hotair", "mturk"])
def test_bots_play_the_later_sessions_which_are_paid(tmp_path: Path, recruiter: str) -> None:
    folder = tmp_path / "diary"
    folder.mkdir()
    (folder / "experiment.py").write_text(DIARY, encoding="utf-8")
    (folder / "config.txt").write_text(f"[Experiment]\nrecruiter = {recruiter}\n", encoding="utf-8")
    result = simulate(SimulationSpec(folder, 2, tmp_path / "data"))
    payments = [row for row in Data(result.folder).payments.list if row["kind"] == "visit-2"]
    assert (result.failed, [row["amount"] for row in payments]) == (0, [2, 2])


def test_the_same_seed_gives_the_same_data_and_another_seed_gives_others(tmp_path: Path) -> None:
    first, again, other = (
        tables(simulated(tmp_path / name, seed).folder) for name, seed in (("a", 7), ("b", 7), ("c", 8))
    )
    assert first == again
    assert first["response.csv"] != other["response.csv"]


def test_an_earlier_simulation_is_replaced(tmp_path: Path) -> None:
    simulated(tmp_path / "data", participants=2)
    (tmp_path / "data" / "left over.txt").write_text("old")
    assert len(Data(simulated(tmp_path / "data").folder).participants) == 4
    assert not (tmp_path / "data" / "left over.txt").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


@pytest.mark.parametrize("manifest", [None, {"rows": {}}, []])
def test_a_folder_without_a_simulation_is_left_alone(tmp_path: Path, manifest: object) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    if manifest is not None:
        (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(BadRequest, match=r"isn't an earlier simulation.*choose another folder with --out"):
        simulated(tmp_path)
    assert (tmp_path / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("participants", [0, -1, 1_000_000])
def test_a_number_out_of_range_is_refused(tmp_path: Path, participants: int) -> None:
    with pytest.raises(BadRequest, match="use 1 to 20,000"):
        simulated(tmp_path / "data", participants=participants)
    assert not (tmp_path / "data").exists()


def test_the_command_names_the_error_of_a_study_that_its_bots_meet(tmp_path: Path) -> None:
    folder = shutil.copytree(DEMOS / "ultimatum", tmp_path / "ultimatum")
    page = folder / "pages" / "debrief.md"
    page.write_text(f"{page.read_text(encoding='utf-8')}\n\n{{{{ player.fairness }}}}\n", encoding="utf-8")
    result = CliRunner().invoke(app, ["simulate", str(folder), "-n", "2", "--out", str(tmp_path / "data")])
    assert result.exit_code == 1
    assert "ERROR: pages/debrief.md, line" in result.output
    assert "of 2 bots failed." in result.output


def test_the_command_says_when_the_experiment_recruits_fewer_than_were_asked_for(tmp_path: Path) -> None:
    (tmp_path / "chain").mkdir()
    (tmp_path / "chain" / "experiment.py").write_text(
        "from petri import Chain\n"
        "from petri.study import End, Join, Page, Study, text\n\n\n"
        "class Tale(Study):\n"
        '    tale = text("Tell it again.", pass_on=True)\n'
        "    network = Chain(max_size=3)\n"
        '    start = ["Once upon a time"]\n'
        '    timeline = [Join(), Page("tell", ask="tale"), End()]\n'
    )
    (tmp_path / "chain" / "pages").mkdir()
    (tmp_path / "chain" / "pages" / "tell.md").write_text("# Tell\n\n{{ received }}\n")
    target = tmp_path / "data"
    result = CliRunner().invoke(app, ["simulate", str(tmp_path / "chain"), "-n", "5", "--out", str(target)])
    assert result.exit_code == 0, result.output
    assert "The experiment recruited 3 of 5" in result.output
    assert len(Data(target).participants) == 3


def test_a_bot_of_the_study_answers_what_it_chooses_and_the_rest_at_random(tmp_path: Path) -> None:
    folder = shutil.copytree(DEMOS / "ultimatum", tmp_path / "ultimatum")
    (folder / "bots.py").write_text(
        'from petri.study import StudyBot\n\n\nclass Bot(StudyBot):\n    answers = {"offer": 3}\n'
    )
    code = folder / "experiment.py"
    code.write_text(f"{code.read_text(encoding='utf-8')}\n\nfrom .bots import Bot\n", encoding="utf-8")
    rows = Data(simulate(SimulationSpec(folder, 2, tmp_path / "data")).folder).responses.list
    assert [row["answer"] for row in rows if row["item"] == "offer"] == ["3", "3", "3"]
    assert {row["answer"] for row in rows if row["item"] == "accept"} <= {"yes", "no"}
    assert len(rows) == 6
