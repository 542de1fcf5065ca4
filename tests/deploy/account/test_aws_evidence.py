"""`make aws-evidence` says what is missing, and what differs."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from tests.tools import aws_evidence


def test_a_tool_that_is_missing_is_named_with_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setitem(sys.modules, "parliament", None)
    assert aws_evidence.main() == 3
    told = capsys.readouterr().out
    assert told.count("isn't installed") == 3
    assert "apt-get install njs" in told


@pytest.mark.parametrize("path", sorted(aws_evidence.JAVASCRIPT.glob("*.js")), ids=lambda path: path.stem)
def test_every_function_of_cloudfront_answers_every_request_that_is_compared(path: Path) -> None:
    code = path.read_text(encoding="utf-8")
    for address in aws_evidence.ADDRESSES:
        for event in aws_evidence.events_for(address):
            said = aws_evidence.quickjs(code, event)
            assert "uri" in said or "statusCode" in said


def test_pages_are_written_where_the_functions_read_them() -> None:
    code = (aws_evidence.JAVASCRIPT / "pages.js").read_text(encoding="utf-8")
    assert aws_evidence.NO_PAGES in code
