"""Items that are seen or agreed to: consent, display."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Unpack

from markupsafe import Markup

from .answer_rules import AnswerError
from .grading import Grade
from .item import CommonFields, Frame, Item, item_kind
from .markup import id_of, lines, tag


@item_kind
@dataclass(frozen=True, kw_only=True)
class ConsentItem(Item):
    """A box that must be ticked. A hash of its text is stored, so that it is known what was agreed to."""

    kind: ClassVar[str] = "consent"

    text: str = field(default="", kw_only=False)

    def is_blank(self, raw: Any) -> bool:
        return raw is False or super().is_blank(raw)

    def validate(self, raw: Any) -> dict[str, Any]:
        agreed = raw.get("agreed") if isinstance(raw, Mapping) and set(raw) <= {"agreed", "sha256"} else raw
        if agreed is not True:
            raise AnswerError("Tick the box to agree.")
        return {"agreed": True, "sha256": self.sha256}

    @property
    def sha256(self) -> str:
        """The SHA-256 of the text and the prompt, in the author's language."""
        return hashlib.sha256(f"{self.text}\n{self.prompt}".encode()).hexdigest()

    def value(self, stored: Any) -> bool:
        return bool(stored["agreed"])

    def grade(self, stored: Any) -> Grade:
        return self.ungraded(stored) or Grade()

    def bot_answer(self, random: random.Random) -> bool:  # noqa: ARG002 - there is one valid answer
        return True

    def codebook(self) -> dict[str, Any]:
        return {**super().codebook(), "type": "agreed, and the SHA-256 of the text", "sha256": self.sha256}

    def own_problems(self) -> list[str]:
        return ["a consent can't have a right answer; remove `right`"] if self.right is not None else []

    def render(self, frame: Frame) -> Markup:
        shown = None
        text_id = id_of(self.name, "text")
        if self.text:
            body = lines(self.text_in(frame.language, "text", self.text))
            shown = tag("div", body, id=text_id, class_="item-consent-text")
        is_ticked = frame.value is True or (
            isinstance(frame.value, Mapping) and frame.value.get("agreed") is True
        )
        described = self.described_by(*([text_id] if self.text else []))
        attributes = {**self.control_attributes(), "aria_describedby": described}
        box = tag("input", type="checkbox", value="true", checked=is_ticked, **attributes)
        label = tag("label", *self._heading(frame), for_=id_of(self.name), class_="item-prompt")
        return self._framed(
            "div", Markup(""), tag("div", shown, box, " ", label, class_="item-consent"), frame
        )


def consent(prompt: str, text: str = "", **common: Unpack[CommonFields]) -> ConsentItem:
    """Ask a participant to agree.

    Args:
        prompt: What is written beside the box.
        text: What is agreed to, shown above the box; none if the page says it.
        common: What every item takes, such as `help`.

    Returns:
        The item. Its answer is True; the SHA-256 of text and prompt is stored with it.

    """
    return ConsentItem(prompt, text, **common)


@item_kind
@dataclass(frozen=True, kw_only=True)
class DisplayItem(Item):
    """A text, picture, sound or video without a question; what is stored is that it was seen."""

    kind: ClassVar[str] = "display"

    required: bool = False

    def validate(self, raw: Any) -> bool:
        if raw is not True:
            raise AnswerError("This answer does not have the expected form.")
        return True

    def value(self, stored: Any) -> bool:
        return bool(stored)

    def grade(self, stored: Any) -> Grade:
        return self.ungraded(stored) or Grade()

    def bot_answer(self, random: random.Random) -> bool:  # noqa: ARG002 - there is one valid answer
        return True

    def codebook(self) -> dict[str, Any]:
        return {**super().codebook(), "type": "seen"}

    def own_problems(self) -> list[str]:
        problems = ["a display can't have a right answer; remove `right`"] if self.right is not None else []
        return [*problems, "a display can't be required; remove `required`"] if self.required else problems

    def render(self, frame: Frame) -> Markup:
        shown = lines(self.text_in(frame.language, "prompt", self.prompt))
        return self._framed("div", tag("p", shown, class_="item-display"), None, frame)


def display(prompt: str, **common: Unpack[CommonFields]) -> DisplayItem:
    """Show a text, and perhaps media, without a question.

    Args:
        prompt: The text.
        common: What every item takes, such as `media`.

    Returns:
        The item. Its answer is True once it was seen.

    """
    return DisplayItem(prompt, **common)
