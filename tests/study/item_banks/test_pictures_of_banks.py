"""Pictures of a shared bank's items belong to the study, and verify names those that are missing."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from infra.cli.main import app

from .test_shared_banks import BANK, written

ITEM = ':::{choice} capital\nprompt: Which?\noptions: {a: A, b: B}\nmedia: "asset:map.png"\n:::\n'


def test_a_picture_that_the_study_lacks_is_named_with_the_file_of_the_bank(tmp_path: Path):
    study = written(tmp_path, **{BANK: ITEM})
    told = " ".join(CliRunner().invoke(app, ["verify", str(study)]).output.split())
    assert f"{BANK}: shows the asset 'map.png', which isn't in assets/." in told
