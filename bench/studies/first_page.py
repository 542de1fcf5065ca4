"""Opens the first page of a study in Chromium on a slow line: what it weighs, and when a participant can act.

python -m bench.studies.first_page    # needs Chromium, chromedriver and selenium

The line is that of "Slow 3G" in Chromium's developer tools: 400 ms of latency and 400 kbit/s. The page is
opened with an empty cache, and is ready when the button of the first page can be pressed.
"""

from __future__ import annotations

import gzip
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from bench.clients.host import ROOT, fresh_folder, served
from tests.browser import chromium

TIMES = 5
LATENCY_MS = 400
BYTES_A_SECOND = 400_000 / 8
ENTRY = "http://{address}/exp?recruiter=hotair&assignmentId=A{n}&hitId=H&workerId=W{n}&mode=debug"
IS_READY = "const button = document.getElementById('next'); return Boolean(button && !button.disabled);"
#: The document, then each file; what is fetched by scripts afterwards is the study's data.
FILES = (
    "return [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
    ".filter(({ initiatorType }) => ['navigation', 'link', 'script', 'css'].includes(initiatorType))"
    ".map(({ name }) => name);"
)
PATIENCE = 60


def main() -> None:
    seconds, sizes = [], []
    with (
        fresh_folder(ROOT / "build") as root,
        served(ROOT / "demos/ultimatum", {"num_participants": 2 * TIMES}, root=root) as host,
    ):
        for number in range(TIMES):
            took, found = _open(ENTRY.format(address=f"{host.host}:{host.port}", n=number))
            seconds.append(took)
            sizes.append(found)
    print("| | requests | KB, gzipped | seconds until it can be used, median |\n| --- | --- | --- | --- |")
    weight = sum(sizes[0]) / 1000
    ready = statistics.median(seconds)
    print(f"| the first page of demos/ultimatum | {len(sizes[0])} | {weight:.1f} | {ready:.1f} |")


def _gzipped(address: str) -> int:
    """Return the bytes of a file as CloudFront sends it; the local host sends files as they are."""
    with urlopen(address) as answer:  # noqa: S310 - an address of the host that was just started
        return len(gzip.compress(answer.read()))


def _open(address: str) -> tuple[float, list[int]]:
    """Open a page in a new browser; return the seconds until it is ready, and its files' bytes, gzipped."""
    with tempfile.TemporaryDirectory() as profile:
        browser = chromium.start(Path(profile))
        try:
            line: dict[str, Any] = {
                "offline": False,
                "latency": LATENCY_MS,
                "downloadThroughput": BYTES_A_SECOND,
                "uploadThroughput": BYTES_A_SECOND,
            }
            browser.execute_cdp_cmd("Network.enable", {})
            browser.execute_cdp_cmd("Network.emulateNetworkConditions", line)
            began = time.perf_counter()
            browser.get(address)
            while not browser.execute_script(IS_READY):
                if time.perf_counter() - began > PATIENCE:
                    raise TimeoutError(f"{address} wasn't ready within {PATIENCE} s.")
                time.sleep(0.02)
            took = time.perf_counter() - began
            return took, [_gzipped(each) for each in browser.execute_script(FILES)]
        finally:
            browser.quit()


if __name__ == "__main__":
    main()
