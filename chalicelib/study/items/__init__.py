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
from .sorting_items import CategoriseItem, MatchItem, OrderItem, categorise, match, order
from .table_items import TableItem, table
from .task_items import AreaItem, CodeItem, UploadItem, area, code, upload
from .text_items import BlankRule, EmailItem, FillInItem, TextItem, email, fill_in, otherwise, text, when

__all__ = [
    "AnswerError",
    "AreaItem",
    "AuthorError",
    "BlankRule",
    "CategoriseItem",
    "ChoiceItem",
    "ChoicesItem",
    "CodeItem",
    "ConsentItem",
    "DateItem",
    "DisplayItem",
    "EmailItem",
    "FillInItem",
    "Frame",
    "Grade",
    "Item",
    "LikertItem",
    "MatchItem",
    "NumberItem",
    "Option",
    "OrderItem",
    "OtherAnswer",
    "PollItem",
    "RangeItem",
    "RatingItem",
    "RightRange",
    "SliderItem",
    "TableItem",
    "TextItem",
    "TimeItem",
    "UploadItem",
    "about",
    "area",
    "between",
    "categorise",
    "check_answer",
    "choice",
    "choices",
    "code",
    "consent",
    "counted",
    "date",
    "display",
    "email",
    "fill_in",
    "item_kind",
    "kinds",
    "likert",
    "match",
    "number",
    "order",
    "otherwise",
    "poll",
    "range_",
    "rating",
    "score",
    "slider",
    "table",
    "text",
    "time",
    "upload",
    "when",
]
