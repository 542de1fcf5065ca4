"""The stories that open the chains."""

from __future__ import annotations

from pathlib import Path

STIMULI = Path(__file__).parent / "static" / "stimuli"
#: In the order in which chains get them: the first chain tells the first story.
STORIES = ("ghosts", "crocodile", "godfather")


def read_story(name: str) -> str:
    """Return the text of a story, exactly as participants see it."""
    return (STIMULI / f"{name}.md").read_text(encoding="utf-8").strip()
