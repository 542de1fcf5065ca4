"""How the bots forget: a small model of retelling a story from memory.

Bartlett (1932, chapters V and VII) saw that retellings grow shorter, that details go first, and that strange
things become familiar ones. What was read in the middle is lost sooner than the beginning and the end.
"""

import itertools
import re
from dataclasses import dataclass

#: What a reader finds strange, each with the commoner word that comes back instead.
STRANGE = """
    arrow weapon, arrows weapons, bow front, canoe boat, canoes boats, cave hole, crept went,
    crouched hid, crocodile animal, crown throne, dawn morning, dusk evening, features face, figs
    fruit, fleet group, ganges river, glance look, godfather friend, herb plant, hunters men, icy
    cold, leapt jumped, longing wish, mangoes fruit, middling medium, monkey ape, neighbours people,
    nightfall night, paddles oars, rode went, seals fish, shallows water, sickbed bed, slid came,
    sprang jumped, stranded fallen, stump end, tipped fell, upstream there, weaver man, whispered
    said"""
COMMONER = dict(pair.split() for pair in STRANGE.split(","))
#: Words that a sentence can do without.
FILLERS = """again already alone also even exactly just more now once only quite simply so soon still then too
    very well"""
#: How a part of a sentence begins that only adds to the rest.
ADDS = "although and as because but for if so until where which while with"
SENTENCE_END = re.compile(r"(?<=[.!?])\s+|(?<=[.!?][\"”])\s+")
WORD = re.compile(r"(?:\b(?P<article>[Aa])n? )?\b(?P<word>[^\W\d_]+(?:'[^\W\d_]+)*)")


@dataclass(frozen=True)
class Memory:
    """How likely a sentence, a detail and an unfamiliar word are lost at one retelling; 0 forgets nothing."""

    sentence_loss: float = 0.06
    detail_loss: float = 0.12
    word_change: float = 0.3


def retell(text, memory, draw):
    """Return the text as it is remembered; never empty when the text isn't, and never more words."""
    paragraphs = [SENTENCE_END.split(part.strip()) for part in text.split("\n\n") if part.strip()]
    last = max(sum(map(len, paragraphs)) - 1, 1)
    places = itertools.count()
    told = []
    for sentences in paragraphs:
        kept = [
            _recall(one, memory, draw) for one in sentences if not _is_lost(next(places) / last, memory, draw)
        ]
        if len(kept) < len(sentences):
            # Speech that lost its beginning or end becomes plain sentences.
            kept = [one.replace('"', "") if one.count('"') % 2 else one for one in kept]
        told.append(" ".join(kept))
    return "\n\n".join(filter(None, told))


def _is_lost(along, memory, draw):
    """Draw whether a sentence is lost: the first never, those in the middle most easily."""
    return draw.random() < memory.sentence_loss * (0.3 + 4.8 * along * (1 - along)) and along > 0


def _recall(sentence, memory, draw):
    """Lose parts that only add to the rest, except in speech, and words that the sentence can do without."""
    first, *parts = sentence.split(", ")
    if parts and '"' not in sentence:
        kept = [
            one
            for one in parts
            if one.split(" ", 1)[0].lower() not in ADDS.split() or draw.random() >= memory.detail_loss
        ]
        if len(kept) < len(parts):
            sentence = ", ".join([first, *kept]).rstrip(".!?") + sentence[-1]
    words = [
        one
        for one in sentence.split(" ")
        if one not in FILLERS.split() or draw.random() >= memory.detail_loss
    ]
    return WORD.sub(lambda found: _familiar(found, memory, draw), " ".join(words) or sentence)


def _familiar(found, memory, draw):
    """Return a common word for an unfamiliar one, with the article that fits."""
    article, word = found["article"], found["word"]
    common = COMMONER.get(word.lower())
    if common is None or draw.random() >= memory.word_change:
        return found[0]
    common = common.capitalize() if word[0].isupper() else common
    joint = "n " if common[0].lower() in "aeiou" else " "
    return f"{article}{joint}{common}" if article else common
