"""Bots that choose A in three of five rounds."""

from petri.study import StudyBot


class Bot(StudyBot):
    answers = {"act": lambda bot, _page: bot.random.choice("aaabb")}
