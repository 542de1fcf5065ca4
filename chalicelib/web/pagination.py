"""Paginates lists that are longer than one response may be; shorter ones are returned whole.

A Lambda response holds 6 MB. A page's `next_offset` says where the next one begins: request it with
`?offset=` and that number.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from chalicelib.errors import BadRequest, TooLarge

from .parameters import Parameters

#: The largest list, in bytes: a Lambda response contains the body as a JSON string, which escapes quotes.
MAX_RESPONSE_BYTES: Final = 4 * 1024 * 1024
OFFSET: Final = "offset"
NEXT: Final = "next_offset"


def page_of(fields: Mapping[str, Any], parameters: Parameters, encode: Callable[[Any], str]) -> str:
    """Serialize the fields, or as much of their list as fits, from `offset` on.

    The measured text is the one that is sent, so a short response is serialized once. BadRequest for an
    offset that isn't a number; TooLarge for a response that is too long and has no list.
    """
    offset = _offset(parameters)
    name = _longest_list(fields) if offset else None
    if name is None:
        text = encode(fields)
        if _is_short(text):
            return text
        name = _longest_list(fields)
    if name is None:
        raise TooLarge(f"This response exceeds the limit of {MAX_RESPONSE_BYTES // 2**20} MB.")
    rest = fields[name][offset:]
    page = _first_that_fit(rest, encode)
    others = {one: value for one, value in fields.items() if one != name}
    if len(page) < len(rest):
        others[NEXT] = offset + len(page)
    listed = f"{encode(name)}:[{','.join(page)}]"
    return f"{{{','.join([*_members(others, encode), listed])}}}"


def _members(fields: Mapping[str, Any], encode: Callable[[Any], str]) -> list[str]:
    return [f"{encode(name)}:{encode(value)}" for name, value in fields.items()]


def _longest_list(fields: Mapping[str, Any]) -> str | None:
    lists = [name for name, value in fields.items() if isinstance(value, list)]
    return max(lists, key=lambda name: len(fields[name]), default=None)


def _offset(parameters: Parameters) -> int:
    text = parameters.text(OFFSET)
    if text is None:
        return 0
    if not text.isascii() or not text.isdigit():
        raise BadRequest(f"offset must be a number, the {NEXT} of an earlier response, not {text[:40]!r}.")
    return int(text[:12])


def _first_that_fit(items: list[Any], encode: Callable[[Any], str]) -> list[str]:
    """Serialize the first items, as many as fit into one response."""
    texts: list[str] = []
    size = 0
    for item in items:
        text = encode(item)
        size += _size(text)
        # A single record is far below the limit; it is sent alone if need be.
        if size > MAX_RESPONSE_BYTES and texts:
            break
        texts.append(text)
    return texts


def _is_short(text: str) -> bool:
    # Most responses are so short that their bytes needn't be counted.
    return len(text) * 6 <= MAX_RESPONSE_BYTES or _size(text) <= MAX_RESPONSE_BYTES


def _size(text: str) -> int:
    """Return the size of a text, in bytes, when it is serialized as a JSON string."""
    return len(json.dumps(text, ensure_ascii=False).encode())
