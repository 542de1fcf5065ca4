"""How the bots forget: a small model of retelling a story from memory.

Bartlett (1932, chapters V and VII) saw that retellings grow shorter, that details go first, and that strange
things become familiar ones: canoes turn into boats, hunting seals into fishing. The middle of what was read
is lost sooner than its beginning and end. Each of these is one step here, drawn by chance from a seeded
generator: the same seed retells in the same way.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass

#: What a reader finds strange, and the commoner word that comes back instead.
COMMONER = {
    "arrow": "weapon", "arrows": "weapons", "bow": "front", "canoe": "boat", "canoes": "boats",
    "cave": "hole", "crept": "went", "crocodile": "animal", "crouched": "hid", "crown": "throne",
    "dawn": "morning", "dusk": "evening", "features": "face", "figs": "fruit", "fleet": "group",
    "ganges": "river", "glance": "look", "godfather": "friend", "herb": "plant", "hunters": "men",
    "icy": "cold", "leapt": "jumped", "longing": "wish", "mangoes": "fruit", "middling": "medium",
    "monkey": "ape", "neighbours": "people", "nightfall": "night", "paddles": "oars", "rode": "went",
    "seals": "fish", "shallows": "water", "sickbed": "bed", "slid": "came", "sprang": "jumped",
    "stranded": "fallen", "stump": "end", "tipped": "fell", "upstream": "there", "weaver": "man",
    "whispered": "said",
}  # fmt: skip
#: Words that a sentence can do without.
FILLERS = {
    "again", "already", "alone", "also", "even", "exactly", "just", "more", "now", "once", "only", "quite",
    "simply", "so", "soon", "still", "then", "too", "very", "well",
}  # fmt: skip
#: How a part of a sentence begins that only adds to the rest.
ADDS = {
    "although",
    "and",
    "as",
    "because",
    "but",
    "for",
    "if",
    "so",
    "until",
    "where",
    "which",
    "while",
    "with",
}

SENTENCE_END = re.compile(r"(?<=[.!?])\s+|(?<=[.!?][\"”])\s+")
WORD = re.compile(r"(?:\b(?P<article>[Aa])n? )?\b(?P<word>[^\W\d_]+(?:'[^\W\d_]+)*)")


@dataclass(frozen=True)
class Memory:
    """How likely each kind of loss is, at one retelling; 0 forgets nothing.

    `sentence_loss`: a sentence is lost; `detail_loss`: a part of a sentence is lost, or a word that
    it can do without; `word_change`: an unfamiliar word becomes a common one.
    """

    sentence_loss: float = 0.06
    detail_loss: float = 0.12
    word_change: float = 0.3


def retell(text: str, memory: Memory, draw: random.Random) -> str:
    """Return the text as it is remembered; never empty when the text isn't, and never more words."""
    paragraphs = [SENTENCE_END.split(part.strip()) for part in text.split("\n\n") if part.strip()]
    total = sum(len(sentences) for sentences in paragraphs)
    kept: list[str] = []
    place = 0
    for sentences in paragraphs:
        remembered = []
        for sentence in sentences:
            if not _is_lost(place, total, memory, draw):
                remembered.append(_recall(sentence, memory, draw))
            place += 1
        if remembered:
            kept.append(" ".join(_unquoted(remembered) if len(remembered) < len(sentences) else remembered))
    return "\n\n".join(kept)


def _is_lost(place: int, total: int, memory: Memory, draw: random.Random) -> bool:
    """Draw whether a sentence is lost: the first never, those in the middle most easily."""
    along = place / max(total - 1, 1)
    from_the_edge = 4 * along * (1 - along)
    return draw.random() < memory.sentence_loss * (0.3 + 1.2 * from_the_edge) and place > 0


def _unquoted(sentences: list[str]) -> list[str]:
    """Turn speech that lost its beginning or end into plain sentences."""
    return [sentence.replace('"', "") if sentence.count('"') % 2 else sentence for sentence in sentences]


def _recall(sentence: str, memory: Memory, draw: random.Random) -> str:
    return _with_common_words(
        _without_fillers(_shortened(sentence, memory, draw), memory, draw), memory, draw
    )


def _shortened(sentence: str, memory: Memory, draw: random.Random) -> str:
    """Lose parts of a sentence that only add to the rest; what is quoted stays whole."""
    if '"' in sentence:
        return sentence
    first, *parts = sentence.split(", ")
    kept = [first]
    for part in parts:
        adds = part.split(" ", 1)[0].lower() in ADDS
        if not (adds and draw.random() < memory.detail_loss):
            kept.append(part)
    if len(kept) == len(parts) + 1:
        return sentence
    return ", ".join(kept).rstrip(".!?") + sentence[-1]


def _without_fillers(sentence: str, memory: Memory, draw: random.Random) -> str:
    words = sentence.split(" ")
    kept = [word for word in words if not (word in FILLERS and draw.random() < memory.detail_loss)]
    return " ".join(kept) or sentence


def _with_common_words(sentence: str, memory: Memory, draw: random.Random) -> str:
    return WORD.sub(_familiar(memory, draw), sentence)


def _familiar(memory: Memory, draw: random.Random) -> Callable[[re.Match[str]], str]:
    def replace(found: re.Match[str]) -> str:
        article, word = found["article"], found["word"]
        common = COMMONER.get(word.lower())
        if common is None or draw.random() >= memory.word_change:
            return found[0]
        common = common.capitalize() if word[0].isupper() else common
        if article is None:
            return common
        return f"{article}n {common}" if common[0].lower() in "aeiou" else f"{article} {common}"

    return replace
