"""The Stroop task: naming the colour of a word is slower when the word names another colour."""

from petri.study import End, Page, Study, Trials


class Stroop(Study):
    timeline = [
        Page("welcome"),
        Trials(
            "stroop",
            stimuli="static/stroop.csv",
            repeat=8,
            keys={"d": "red", "f": "green", "j": "blue", "k": "orange"},
            correct="colour",
            fixation_ms=500,
            deadline_ms=2000,
            gap_ms=(400, 800),
        ),
        Page("debrief"),
        End(),
    ]
