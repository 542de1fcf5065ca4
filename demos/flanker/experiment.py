"""The flanker task as a jsPsych timeline: disagreeing arrows around the middle one slow the answer down."""

from petri.study import Embed, End, Page, Study

BOT_TRIALS = [
    {"rt": 400 + 10 * number, "response": "f", "correct": number % 4 > 0, "agrees": number % 2 == 0}
    for number in range(40)
]


class Flanker(Study):
    timeline = [
        Page("welcome"),
        Embed("flanker.html", trials=True, data={"repeat": 10}, bot_data=BOT_TRIALS),
        Page("debrief"),
        End(),
    ]
