"""What the pages of uploaded files share: answers to their scripts, and numbers of their forms."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from chalicelib.api.answer_encoding import to_json
from chalicelib.dashboard.page_call import PageCall, Rendered
from chalicelib.errors import BadRequest, NotFound, Refused

#: The most digits of a number.
_DIGITS: Final = 15
#: What scripts of the pages ask for, in place of a page.
_JSON: Final = "application/json; charset=utf-8"


def answer_script(call: PageCall, actions: Mapping[str, Callable[[], Any]]) -> Rendered:
    """Carry out the action that the field `do` names, and answer a script with its result as JSON.

    A refusal is answered as the API answers it: with its status, its code and its text. NotFound for any
    other action.
    """
    action = actions.get(call.one("do"))
    if action is None:
        raise NotFound("There is no such action.")
    try:
        body, status = to_json(action()), 200
    except Refused as refused:
        body, status = {"error_code": refused.code, "error_text": str(refused)}, refused.status
    return Rendered(json.dumps(body), status, {"Content-Type": _JSON})


def whole_number(call: PageCall, name: str) -> int:
    """Return a field of a form as a number, 0 if it is empty; BadRequest for another text."""
    text = call.one(name) or "0"
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS):
        raise BadRequest(f"{name} must be a whole number.")
    return int(text)
