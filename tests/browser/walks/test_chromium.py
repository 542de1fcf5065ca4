from __future__ import annotations

import pytest

from tests.browser import chromium


def test_a_missing_browser_says_what_installs_one(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(chromium.NoBrowserError, match="make browser"):
        chromium.start(tmp_path)
