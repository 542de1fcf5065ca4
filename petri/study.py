"""The public names for writing studies: `from petri.study import Study, Page, choice`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chalicelib.study import items as _items
from chalicelib.study.design.conditions import Conditions
from chalicelib.study.design.orders import all_orders, latin_square
from chalicelib.study.elements import (
    Book,
    Branch,
    Chapter,
    Chat,
    Choose,
    Cohort,
    Draw,
    Element,
    Embed,
    End,
    For,
    Form,
    GradePeers,
    Group,
    Hosted,
    Join,
    Live,
    Page,
    Part,
    PeerInstruction,
    Practice,
    Rounds,
    Session,
    Shuffle,
    Timed,
    TimelineError,
    Trials,
    Wait,
    imported_book,
)
from chalicelib.study.elements.sessions import days, hours
from chalicelib.study.items import *  # noqa: F403 - the kinds are listed in one place, by items
from chalicelib.study.markdown_study import study_from_file
from chalicelib.study.player import NoAnswer, Player, StudyGroup
from chalicelib.study.study import Study
from petri._public import present_as

if TYPE_CHECKING:
    from chalicelib.study.bots import StudyBot, StudyBrowserBot

__all__ = [  # noqa: PLE0604 - the names of items are texts
    "Book",
    "Branch",
    "Chapter",
    "Chat",
    "Choose",
    "Cohort",
    "Conditions",
    "Draw",
    "Element",
    "Embed",
    "End",
    "For",
    "Form",
    "GradePeers",
    "Group",
    "Hosted",
    "Join",
    "Live",
    "NoAnswer",
    "Page",
    "Part",
    "PeerInstruction",
    "Practice",
    "Player",
    "Rounds",
    "Session",
    "Shuffle",
    "Study",
    "StudyBot",
    "StudyBrowserBot",
    "StudyGroup",
    "Timed",
    "TimelineError",
    "Trials",
    "Wait",
    "all_orders",
    "days",
    "hours",
    "imported_book",
    "latin_square",
    "study_from_file",
    *_items.__all__,
]


present_as(__name__, globals(), __all__)


def __getattr__(name: str) -> Any:
    if name in ("StudyBot", "StudyBrowserBot"):
        # Lazy import: bots need an HTTP client, which Lambda functions don't use.
        from chalicelib.study import bots

        present_as(__name__, vars(bots), [name])
        return getattr(bots, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
