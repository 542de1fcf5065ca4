"""Creates the temporary folder for a run's built pages."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .run_paths import is_alive

_NAME = re.compile(r"petri-site-(\d+)-\w+")


@contextmanager
def site_folder() -> Iterator[Path]:
    """Yield a new folder for pages and remove it afterwards, with those left behind by killed processes."""
    _remove_left_over()
    with tempfile.TemporaryDirectory(prefix=f"petri-site-{os.getpid()}-") as folder:
        yield Path(folder) / "site"


def _remove_left_over() -> None:
    for folder in Path(tempfile.gettempdir()).glob("petri-site-*"):
        found = _NAME.fullmatch(folder.name)
        if found is not None and not is_alive(int(found[1])):
            # Other users' folders can't be removed.
            shutil.rmtree(folder, ignore_errors=True)
