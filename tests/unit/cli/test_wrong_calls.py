"""Commands called wrongly: each error says where, what is wrong and what to do, and no traceback is shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from infra.cli.main import app


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))


def refused(*words: str) -> str:
    """Run a command that must fail with the three lines, and return them."""
    result = CliRunner().invoke(app, list(words))
    assert result.exit_code == 1, result.output
    where, what, now = result.stderr.splitlines()
    assert [line[:7] for line in (where, what, now)] == ["where: ", "what:  ", "now:   "]
    assert "--verbose" not in now
    return result.stderr


@pytest.mark.parametrize("contents", [b"no database", b"SQLite format 3\0" + b"\xff" * 4096])
def test_summary_of_a_damaged_file_names_the_file_and_the_way_to_save_its_records(
    tmp_path: Path, contents: bytes
) -> None:
    file = tmp_path / "runs" / "first.sqlite"
    file.parent.mkdir()
    file.write_bytes(contents)
    said = refused("summary", "--app", "first")
    assert f"what:  {file} is damaged" in said
    assert "petri export --salvage" in said
