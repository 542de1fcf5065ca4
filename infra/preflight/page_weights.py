"""Measures the size of the pages and files that a participant's browser loads."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path

from chalicelib.experiment.loader.experiment_folder import LoadedExperiment
from infra.simulate.costs import Weight
from infra.site import SiteSource, build

#: Pages that participants don't normally see.
_SELDOM = frozenset({"error", "launch", "withdraw"})
_WAITING = "waiting"
#: File types that CloudFront compresses.
_COMPRESSED = frozenset({".html", ".css", ".js", ".mjs", ".json", ".svg", ".txt", ".md", ".csv", ".xml"})


def weigh(loaded: LoadedExperiment, *, waits: bool) -> Weight:
    """Build the site and measure it; `waits`: whether participants see the waiting room."""
    source = SiteSource.of(loaded, mode=str(loaded.config.get("mode")), app_id="preflight")
    with tempfile.TemporaryDirectory(prefix="petri-preflight-") as folder:
        site = build(source, Path(folder) / "site")
        pages = [page for page in site.pages if page not in _SELDOM and (waits or page != _WAITING)]
        page_files = {site.root / f"{page}.html" for page in site.pages}
        seen = [site.root / f"{page}.html" for page in pages]
        files = [path for path in site.files if path not in page_files and path.name != "robots.txt"]
        size = sum(_transferred_size(path) for path in (*seen, *files))
        return Weight(len(seen), len(files), size, len(site.files))


def _transferred_size(path: Path) -> int:
    content = path.read_bytes()
    return len(gzip.compress(content, mtime=0)) if path.suffix in _COMPRESSED else len(content)
