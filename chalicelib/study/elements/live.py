"""Defines the elements of real-time interaction: Live, whose messages the study handles, and Chat."""

from __future__ import annotations

from dataclasses import dataclass

from .element import check_name
from .page_elements import Page

#: The members with whom a participant chats.
GROUP = "group"


@dataclass(frozen=True)
class Live(Page):
    """Show a page whose script exchanges messages with the study, such as a market.

    `petri.live.send({...})` in the page's script calls the method `on` of the study with the group, the
    player and the message. It answers with `group.tell(data)` and `player.tell(data)`, and stores rows with
    `group.record("trade", price=5)`. Messages of one group are handled one after the other.

    Takes the arguments of Page, besides those here.

    Args:
        on: The method of the study that handles a message: `order(self, group, player, message)`.
        snapshot: The method that returns what the page begins with, `snapshot(self, group, player)`; it is
            called again after a reload and after a lost connection. None for a page that needs no data.

    """

    on: str = "order"
    snapshot: str | None = "snapshot"

    @property
    def can_leave(self) -> bool:
        """Whether a participant may end it before the time limit: without one, or when it has a button."""
        return self.seconds is None or bool(self.button)

    def problems(self) -> list[str]:
        problems = super().problems()
        if self.script is None:
            problems.append(
                f"Live({self.name!r}) has no script; write static/{self.name}.js, and give "
                f'script="{self.name}.js".'
            )
        return problems


@dataclass(frozen=True)
class Chat(Page):
    """Let the members of a group write to each other; the messages are stored in `live.csv`.

    Takes the arguments of Page, besides those here; `pages/<name>.md` may hold a text above the chat.

    Args:
        with_: With whom: `group`, the participant's group.
        can_leave: Whether a participant may end it before the time limit, with a button.

    """

    name: str = "chat"
    with_: str = GROUP
    can_leave: bool = False

    def problems(self) -> list[str]:
        what = f"Chat({self.name!r})"
        problems = super().problems() + check_name(self.name, what)
        if self.with_ != GROUP:
            problems.append(f'{what} is with {self.with_!r}; use with_="{GROUP}".')
        if self.seconds is None and not self.can_leave:
            problems.append(f"{what} never ends; give seconds=..., or can_leave=True.")
        return list(dict.fromkeys(problems))
