"""Bartlett (1932): a story is passed down a chain of people, each retelling it from memory."""

from pathlib import Path

from petri import Chain, get_config
from petri.study import End, Form, Join, Page, Rounds, Study, likert, text

from .bots import Bot, BrowserBot

__all__ = ["Bartlett1932", "Bot", "BrowserBot", "extra_parameters"]

#: In the order in which chains get them: the first chain tells the first story.
TITLES = {
    "ghosts": "The War of the Ghosts",
    "crocodile": "The Monkey and the Crocodile",
    "godfather": "Godfather Death",
}
STIMULI = Path(__file__).parent / "static" / "stimuli"
STORIES = {name: (STIMULI / f"{name}.md").read_text(encoding="utf-8").strip() for name in TITLES}


def extra_parameters():
    for name in ("experiment_repeats", "minimum_words"):
        get_config().register(name, int, minimum=1)
    for name in ("bot_sentence_loss", "bot_detail_loss", "bot_word_change"):
        get_config().register(name, float, minimum=0, maximum=1)


class Bartlett1932(Study):
    """A chain for each story; each participant retells what the previous one wrote."""

    retelling = text("The story, as you remember it", long=True, pass_on=True, check="is_long_enough")
    engagement = likert("How engaging did you find it?", 7, low="not engaging at all", high="very engaging")
    difficulty = likert("How difficult did you find it?", 7, low="very easy", high="very difficult")
    start = list(STORIES.values())

    @classmethod
    def timeline(cls, config):
        retell = [Join(), Page("read"), Page("write", ask="retelling", script="words.js")]
        return [
            Page("instructions"),
            Rounds(config.get("experiment_repeats", 1), retell),
            Form("questionnaire", title="Almost done", ask=["engagement", "difficulty"]),
            End(),
        ]

    @classmethod
    def network(cls, config):
        return Chain(max_size=config.get("num_participants", 10))

    @classmethod
    def copies(cls, config):
        return config.get("experiment_repeats", 1)

    def configure(self):
        self.initial_recruitment_size = 1

    def is_long_enough(self, player, story):
        del player
        is_short = len(story.split()) < get_config().get("minimum_words", 5)
        return (
            "That is very short. Please write down everything you remember, even if it is not much."
            if is_short
            else None
        )

    def analyze(self, data):
        """Report how far each story drifted from the original."""
        from petri.drift import drift_report  # Lazy import: reports are made on your machine only.

        after = "Each person read what the person before had written, after Bartlett, Remembering (1932)."
        return drift_report(data, {story: TITLES[name] for name, story in STORIES.items()}, after)
