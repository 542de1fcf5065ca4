"""The fenced blocks of a page, with what the word behind the language says about them.

```python file=NAME     is written to that file
```python append=NAME   is written behind what is in that file
```sh run              is run, line by line
```sh fails            the same, and its last line must fail
```sh serve            starts a server that goes on until it is stopped
```text output         is what the commands above it print, among other things
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
_FENCE = re.compile(r"^```(?P<language>\w*) ?(?P<said>[^\n]*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """One fenced block."""

    language: str
    #: run, fails, serve, output, file or append; empty for a block that is only read
    what: str
    #: the file of a block that is written
    name: str
    text: str

    @property
    def commands(self) -> list[str]:
        """The lines of a shell's block, without comments."""
        return [line for line in self.text.splitlines() if line and not line.startswith("#")]


def blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of a Markdown page, in order."""
    found = _FENCE.finditer(page.read_text(encoding="utf-8"))
    return [
        Block(block["language"], *block["said"].strip().partition("=")[::2], text=block["text"])
        for block in found
    ]


def prose(page: Path) -> str:
    """Return a page without its fenced blocks."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def words_in_code(page: Path) -> set[str]:
    """Return what stands between backticks, in running text and tables."""
    return set(re.findall(r"`([^`\n]+)`", prose(page)))


def section(page: Path, heading: str) -> str:
    """Return what stands below a heading of the second level, up to the next one."""
    after = page.read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2]
    return after.partition("\n## ")[0]
