"""Items, the typed questions of studies: each kind has rules, a grader, a widget and a bot's answer."""

from __future__ import annotations

from .answer_rules import AnswerError, AuthorError
from .choice_items import ChoiceItem, ChoicesItem, Option, OtherAnswer, PollItem, choice, choices, poll
from .date_items import DateItem, TimeItem, date, time
from .grading import Grade, RightRange, about, between, counted, score
from .item import Frame, Item, check_answer, item_kind, kinds
from .number_items import NumberItem, RangeItem, SliderItem, number, range_, slider
from .scale_items import LikertItem, RatingItem, likert, rating
from .seen_items import ConsentItem, DisplayItem, consent, display
from .table_items import TableItem, table
from .text_items import EmailItem, TextItem, email, text

__all__ = [
    "AnswerError",
    "AuthorError",
    "ChoiceItem",
    "ChoicesItem",
    "ConsentItem",
    "DateItem",
    "DisplayItem",
    "EmailItem",
    "Frame",
    "Grade",
    "Item",
    "LikertItem",
    "NumberItem",
    "Option",
    "OtherAnswer",
    "PollItem",
    "RangeItem",
    "RatingItem",
    "RightRange",
    "SliderItem",
    "TableItem",
    "TextItem",
    "TimeItem",
    "about",
    "between",
    "check_answer",
    "choice",
    "choices",
    "consent",
    "counted",
    "date",
    "display",
    "email",
    "item_kind",
    "kinds",
    "likert",
    "number",
    "poll",
    "range_",
    "rating",
    "score",
    "slider",
    "table",
    "text",
    "time",
]
