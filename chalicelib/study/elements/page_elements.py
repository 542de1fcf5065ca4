"""Defines the elements that show a page: Page, Form, and the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .draws import Draw
from .element import Element, Only, When, check_name, check_seconds

ENDINGS = ("complete", "screen_out")


@dataclass(frozen=True)
class Page(Element):
    """Show a page, `pages/<name>.md` or `.html`, and ask for the answers to its items.

    Args:
        name: The page's file, and its name in paths.
        ask: The items asked on it, in addition to those that the file defines.
        role: Show it to members with this role only.
        show_if: Show it if this holds: a Jinja expression, a method's name or a function of the player.
        only: Show it in these conditions only, such as `{"colour": "red"}`.
        seconds: The time limit in seconds; the server enforces it.
        on_timeout: Answers that are stored when the time is up, by item. Each required item of a page with a
            time limit needs one, or a default.
        min_seconds: For how many seconds the button is held back.
        button: The text of the button; the translated "Next" by default.
        title: The page's title; by default its first heading.
        script: A script in `static/` for this page.
        keep_draft: Whether typed text is also kept on the server: another device shows it, and what is valid
            of it is taken when the time is up.
        then: A method of the study, called with the player after the page's answers were stored.
        draw: How many of the items in `ask` each participant gets, or a `Draw` by their tags; without `ask`,
            of all items of the study that have these tags.

    """

    name: str
    ask: str | Sequence[str] = ()
    role: str | Sequence[str] | None = None
    show_if: When = None
    only: Only = None
    seconds: float | None = None
    on_timeout: Mapping[str, Any] = field(default_factory=dict)
    min_seconds: float = 0
    button: str = ""
    title: str = ""
    script: str | None = None
    keep_draft: bool = False
    then: str | None = None
    draw: int | Mapping[str, Any] | Draw | None = None

    @property
    def drawing(self) -> Draw | None:
        """How many of its items are drawn, and by which tags; None when all are asked."""
        return Draw.of(self.draw)

    @property
    def asked(self) -> tuple[str, ...]:
        """The names of the items in `ask`."""
        return (self.ask,) if isinstance(self.ask, str) else tuple(self.ask)

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles that see the page; empty for all."""
        if self.role is None:
            return ()
        return (self.role,) if isinstance(self.role, str) else tuple(self.role)

    def problems(self) -> list[str]:
        what = f"Page({self.name!r})"
        problems = check_name(self.name, what) + check_seconds(self.seconds, what)
        if self.min_seconds < 0 or (self.seconds is not None and self.min_seconds >= self.seconds):
            problems.append(f"{what} has min_seconds={self.min_seconds!r}; it must be less than seconds.")
        if len(set(self.asked)) != len(self.asked):
            problems.append(f"{what} asks for an item twice; remove one.")
        if self.drawing is not None:
            problems += self.drawing.problems(what)
        elif self.draw is not None:
            problems.append(f"{what} has draw={self.draw!r}; give a number, or Draw(1, by=...).")
        return problems


@dataclass(frozen=True)
class Form(Page):
    """Show a page that is made of items alone, without a file.

    Takes the arguments of Page; `title` is its heading, and `text` a sentence below it.
    """

    text: str = ""


@dataclass(frozen=True)
class End(Element):
    """End the participant's part: they go to the recruiter's exit page.

    Args:
        kind: `complete`, or `screen_out` for a participant who isn't eligible and gets the screen-out fee.
        show_if: End here if this holds; otherwise the timeline goes on.
        only: End here in these conditions only.
        role: End here for members with this role only.
        message: A sentence for the participant, shown on the last page.

    """

    kind: str = "complete"
    show_if: When = None
    only: Only = None
    role: str | Sequence[str] | None = None
    message: str = ""
    name: str = "end"

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles for which it applies; empty for all."""
        if self.role is None:
            return ()
        return (self.role,) if isinstance(self.role, str) else tuple(self.role)

    def problems(self) -> list[str]:
        if self.kind in ENDINGS:
            return []
        return [f"End({self.kind!r}) isn't a way to end; use one of {', '.join(ENDINGS)}."]
