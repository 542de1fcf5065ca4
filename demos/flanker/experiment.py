"""The flanker task as a jsPsych timeline: disagreeing arrows around the middle one slow the answer down."""

from petri.study import Embed, End, Page, Study

BOT_TRIALS = [{"rt": 400 + 10 * n, "correct": n % 4 > 0, "agrees": n % 2 == 0} for n in range(40)]


class Flanker(Study):
    timeline = [
        Page("welcome"),
        Embed("flanker.html", trials=True, data={"repeat": 10}, bot_data=BOT_TRIALS),
        End(message="Most people are slower when the arrows around the middle one point the other way."),
    ]
