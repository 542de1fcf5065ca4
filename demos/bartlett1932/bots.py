"""Bots that read a story and write down what they remember."""

from petri import get_config
from petri.study import StudyBot, StudyBrowserBot

from .forgetting import Memory, retell


def remembered(bot, page):
    del page
    losses = [get_config().get(f"bot_{name}") for name in ("sentence_loss", "detail_loss", "word_change")]
    return retell(bot.text_on("read", "blockquote"), Memory(*losses), bot.random)


class Bot(StudyBot):
    """Takes part over HTTP: one retelling in each chain."""

    answers = {"retelling": remembered}


class BrowserBot(StudyBrowserBot):
    """Takes part in a browser, through the same pages as people."""

    answers = {"retelling": remembered}
