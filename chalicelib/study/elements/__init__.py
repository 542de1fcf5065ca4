"""The elements of a timeline, as frozen dataclasses: what is shown, in which order, and to whom."""

from __future__ import annotations

from .book import Book, Chapter, Contents, Practice
from .draws import Draw
from .element import Element, EndlessTimelineError, TimelineError
from .embed import Embed
from .flow import Branch, Choose, Container, For, Part, Rounds, Shuffle
from .hosted import Hosted
from .imported_book import imported_book
from .interaction import Cohort, Gathering, Group, Join, Wait
from .live import Chat, Live
from .page_elements import End, Form, Page
from .peer_grading import GradePeers, PeerAnswers, PeerGrading
from .peers import Discussion, PeerInstruction, Peers
from .sessions import Session
from .timed import Timed
from .trials import Trials

__all__ = [
    "Book",
    "Branch",
    "Chapter",
    "Chat",
    "Choose",
    "Cohort",
    "Container",
    "Contents",
    "Discussion",
    "Draw",
    "Element",
    "Embed",
    "End",
    "EndlessTimelineError",
    "For",
    "Form",
    "Gathering",
    "GradePeers",
    "Group",
    "Hosted",
    "Join",
    "Live",
    "Page",
    "Part",
    "PeerAnswers",
    "PeerGrading",
    "PeerInstruction",
    "Peers",
    "Practice",
    "Rounds",
    "Session",
    "Shuffle",
    "Timed",
    "TimelineError",
    "Trials",
    "Wait",
    "imported_book",
]
