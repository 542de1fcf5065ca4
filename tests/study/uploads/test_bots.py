"""Bots upload a small valid file for each kind of source."""

from __future__ import annotations

from pathlib import Path

import pytest

from chalicelib.experiment.loader.experiment_folder import load_experiment
from chalicelib.study.uploads.file_types import agrees, ending_for
from chalicelib.study.uploads.sample_files import sample_file
from infra.simulate.trial import TrialSpec, rehearsed

CODE = """
from petri.study import End, Page, Study, upload


class Files(Study):
    num_participants = 2
    picture = upload("A picture", source="picture")
    drawing = upload("A drawing", source="drawing")
    sound = upload("A sound", source="sound")
    video = upload("A video", source="video")
    thesis = upload("A thesis", accept=["application/pdf", ".tex"])
    data = upload("Data", accept=".sav")
    timeline = [Page("send", ask=["picture", "drawing", "sound", "video", "thesis", "data"]), End()]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "send.md").write_text("# Send\n", encoding="utf-8")
    (tmp_path / "experiment.py").write_text(CODE, encoding="utf-8")
    (tmp_path / "config.txt").write_text("[Experiment]\nbase_payment = 1.00\n", encoding="utf-8")
    return tmp_path


def test_bots_go_through_a_study_that_asks_for_files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    loaded = load_experiment(folder, runtime={"mode": "debug", "mailer": "log"}, core_routes=[])
    with rehearsed(loaded, TrialSpec(2)) as trial:
        fared = trial.play().fared
        with trial.app.store.begin(trial.app.clock.now()) as work:
            stored = [item for number in (1, 2) for item in work.items(f"part#{number}", "upload#")]
        assert [one.problems for one in fared] == [(), ()]
        assert len(stored) == 12
        assert all(item["stored_at"] for item in stored)
        assert all(b"".join(trial.app.files.read(item["reference"])) for item in stored)


@pytest.mark.parametrize(
    "accepted", [[], ["image/*"], ["image/jpeg"], ["audio/*"], [".tex"], [".pdf"], ["model/stl"]]
)
def test_a_sample_is_of_the_accepted_type(accepted: list[str]) -> None:
    media_type, ending, content = sample_file(accepted)
    assert agrees(media_type, content, ending)
    assert ending_for(media_type, ending)
