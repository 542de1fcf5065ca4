"""Pages for scripted studies, with real items: their own HTML, rules and validation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.study.items import AnswerError, Frame, Item, check_answer, choice, likert, number, text

from .scripted_study import Check, Due

OFFER = number(
    "How much do you offer?", minimum=0, maximum=10, unit="points", help="From 0 to 10. The rest is yours."
)
ACCEPT = choice("Do you accept?", {"yes": "Yes, I accept", "no": "No, I reject"}, style="buttons")
FAIR = likert("The rules are fair.")
WHY = text("Why did you choose that?", long=True)
FRAME = Frame(media=lambda path: f"/static/{path}")


def asking(
    heading: str,
    *,
    words: str = "",
    seconds: float | None = None,
    check: Check | None = None,
    more: Mapping[str, Any] | None = None,
    **items: Item,
) -> Due:
    """Return a page with a heading, perhaps other HTML, and items by name; `check` comes after those."""
    named = {name: item.named(name) for name, item in items.items()}
    html = f"<h1>{heading}</h1>{words}" + "".join(item.render(FRAME) for item in named.values())
    rules = {name: item.public() for name, item in named.items()}

    def check_all(answers: dict[str, Any]) -> dict[str, str]:
        wrong = {name: problem(item, answers.get(name)) for name, item in named.items()}
        found = {name: what for name, what in wrong.items() if what}
        return found or (check(answers) if check else {})

    return Due(heading, html, rules, seconds, check_all, more or {})


def problem(item: Item, raw: Any) -> str | None:
    """Return why the server refuses an answer, or None."""
    try:
        check_answer(item, raw)
    except AnswerError as error:
        return str(error)
    return None
