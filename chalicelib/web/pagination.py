"""Lists that are longer than one answer may be come in pages; short ones come whole, as they always did.

Lambda takes and gives 6 MB at once. A page tells with `next_offset` where the next one begins: ask again with
`?offset=` that number.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from chalicelib.errors import BadRequest, TooLarge

from .parameters import Parameters

#: Bytes of a list: what Lambda gives back holds the answer as JSON text, so quotes are written twice.
MAX_RESPONSE_BYTES: Final = 4 * 1024 * 1024
OFFSET: Final = "offset"
NEXT: Final = "next_offset"


def page_of(fields: Mapping[str, Any], parameters: Parameters, encode: Callable[[Any], str]) -> str:
    """Return the JSON text of the fields, or of as much of their list as fits, from `offset` on.

    The text that is measured is the text that is sent, so a short answer is written as JSON once. BadRequest
    for an offset that isn't a number; TooLarge for an answer that is too long and has no list.
    """
    offset = _offset(parameters)
    name = _longest_list(fields) if offset else None
    if name is None:
        text = encode(fields)
        if _is_short(text):
            return text
        name = _longest_list(fields)
    if name is None:
        raise TooLarge(
            f"This answer is above {MAX_RESPONSE_BYTES // 2**20} MB, the most that is sent at once."
        )
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
    given = parameters.text(OFFSET)
    if given is None:
        return 0
    if not given.isascii() or not given.isdigit():
        raise BadRequest(f"offset is a number that an earlier answer gave as {NEXT}, not {given[:40]!r}.")
    return int(given[:12])


def _first_that_fit(items: list[Any], encode: Callable[[Any], str]) -> list[str]:
    """Return the JSON texts of the first items, as many as fit into one answer."""
    texts: list[str] = []
    size = 0
    for item in items:
        text = encode(item)
        size += _size(text)
        # One record is bounded far below; it goes alone if need be.
        if size > MAX_RESPONSE_BYTES and texts:
            break
        texts.append(text)
    return texts


def _is_short(text: str) -> bool:
    # Most answers are so short that nothing has to be counted.
    return len(text) * 6 <= MAX_RESPONSE_BYTES or _size(text) <= MAX_RESPONSE_BYTES


def _size(text: str) -> int:
    """Return the bytes of a text once it is written as JSON itself."""
    return len(json.dumps(text, ensure_ascii=False).encode())
