"""A lexical decision task in lab.js: is it a word?"""

from petri.study import Embed, End, Page, Study

BOT_TRIALS = [{"duration": 520.5, "response": "word", "correct": True, "sender": "Decision"}] * 8


class LexicalDecision(Study):
    timeline = [
        Page("welcome"),
        Embed("words.html", title="Words", trials=True, bot_data=BOT_TRIALS),
        Page("debrief"),
        End(),
    ]
