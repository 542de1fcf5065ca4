"""Lists that are longer than one answer may be come in pages; short ones come whole, as they always did.

Lambda takes and gives 6 MB at once. A page tells with `next_offset` where the next one begins: ask again with
`?offset=` that number.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from chalicelib.model.errors import BadRequest, TooLarge

from .parameters import Parameters

#: Bytes of a list: what Lambda gives back holds the answer as JSON text, so quotes are written twice.
MOST_BYTES: Final = 4 * 1024 * 1024
OFFSET: Final = "offset"
NEXT: Final = "next_offset"


def page_of(fields: Mapping[str, Any], parameters: Parameters, encode: Any) -> dict[str, Any]:
    """Return the fields, or as much of their list as fits, from `offset` on.

    BadRequest for an offset that isn't a number; TooLarge for what is too long and no list.
    """
    offset = _offset(parameters)
    if not offset and _is_short(encode(fields)):
        return dict(fields)
    name = max(
        (name for name, value in fields.items() if isinstance(value, list)),
        key=lambda name: len(fields[name]),
        default=None,
    )
    if name is None and _is_short(encode(fields)):
        return dict(fields)
    if name is None:
        raise TooLarge(f"This answer is above {MOST_BYTES // 2**20} MB, the most that is sent at once.")
    rest = fields[name][offset:]
    fits = _how_many_fit(rest, encode)
    page = {**fields, name: rest[:fits]}
    return {**page, NEXT: offset + fits} if fits < len(rest) else page


def _offset(parameters: Parameters) -> int:
    given = parameters.text(OFFSET)
    if given is None:
        return 0
    if not given.isascii() or not given.isdigit():
        raise BadRequest(f"offset is a number that an earlier answer gave as {NEXT}, not {given[:40]!r}.")
    return int(given[:12])


def _how_many_fit(items: list[Any], encode: Any) -> int:
    size = 0
    for number, item in enumerate(items):
        size += _size(encode(item))
        # One record is bounded far below; it goes alone if need be.
        if size > MOST_BYTES and number:
            return number
    return len(items)


def _is_short(text: str) -> bool:
    # Most answers are so short that nothing has to be counted.
    return len(text) * 6 <= MOST_BYTES or _size(text) <= MOST_BYTES


def _size(text: str) -> int:
    """Return the bytes of a text once it is written as JSON itself."""
    return len(json.dumps(text, ensure_ascii=False).encode())
