"""The source of the story."""

import random
from pathlib import Path

from petri import Source

STIMULI = Path(__file__).parent / "static" / "stimuli"


class WarOfTheGhostsSource(Source):
    type = "war_of_the_ghosts_source"

    def _contents(self):
        stories = ["ghosts.md"]
        return (STIMULI / random.choice(stories)).read_text(encoding="utf-8")
