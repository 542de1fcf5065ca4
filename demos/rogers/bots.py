"""Bots that perceive the dots with noise and trust what others chose."""

from petri import get_config
from petri.study import StudyBot

from .models import majority


class Bot(StudyBot):
    def answer(self, name, page):
        if name != "colour" or "<strong>" in page["html"]:
            return self.text_on("judge", "strong") if name == "colour" else super().answer(name, page)
        share = self.seen["dots"].count("#1646a8") / 80
        return majority(share + self.random.gauss(0, get_config().get("bot_blur")))
