"""Items, the typed questions of studies: each kind has rules, a grader, a widget and a bot's answer."""

from __future__ import annotations

from .answer_rules import AnswerError, AuthorError
from .choice_items import ChoiceItem, ChoicesItem, Option, OtherAnswer, choice, choices
from .grading import Grade, RightRange, about, between, counted, score
from .item import Frame, Item, check_answer, item_kind, kinds
from .number_items import NumberItem, number
from .scale_items import LikertItem, likert
from .seen_items import ConsentItem, DisplayItem, consent, display
from .text_items import EmailItem, TextItem, email, text

__all__ = [
    "AnswerError",
    "AuthorError",
    "ChoiceItem",
    "ChoicesItem",
    "ConsentItem",
    "DisplayItem",
    "EmailItem",
    "Frame",
    "Grade",
    "Item",
    "LikertItem",
    "NumberItem",
    "Option",
    "OtherAnswer",
    "RightRange",
    "TextItem",
    "about",
    "between",
    "check_answer",
    "choice",
    "choices",
    "consent",
    "counted",
    "display",
    "email",
    "item_kind",
    "kinds",
    "likert",
    "number",
    "score",
    "text",
]
