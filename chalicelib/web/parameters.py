"""Parses a request's parameters, from the query, a form body or JSON, by name and type."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

from chalice.app import Request

from chalicelib.errors import BadRequest
from chalicelib.model.record import PROPERTIES, Failed

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
#: A body of these types is parsed as a form or JSON, since old clients send no type.
LOOSE = ("", "application/octet-stream", "text/plain")
REQUEST_ID_FIELD = "request_id"
MAX_REQUEST_ID_LENGTH = 100
#: JavaScript's integers are exact up to this many digits; ids have fewer.
MAX_DIGITS = 15
#: How deep objects and lists may be nested.
MAX_DEPTH = 32
#: How many fields one request may have.
MAX_FIELDS = 1000
#: How many names one JSON object may have, such as an object in `details`.
MAX_NAMES = 10_000
#: The total of names and values that one JSON text may hold, at all depths.
MAX_VALUES = 200_000
#: The largest body, in bytes, of a request without a token: parsing it delays other requests.
MAX_ANONYMOUS_BODY = 256 * 1024
#: How many characters of an invalid value an error quotes.
MAX_QUOTED = 60


class Parameters:
    """The parameters of one request, read by name; a duplicate is refused."""

    def __init__(self, values: Mapping[str, list[Any]], path: Mapping[str, str]) -> None:
        """`values`: all values sent under each name; `path`: the path's variables, decoded."""
        self._values = values
        self.path = path

    @property
    def values(self) -> Mapping[str, list[Any]]:
        """All values sent under each name."""
        return self._values

    @classmethod
    def of(cls, request: Request) -> Parameters:
        """Parse a request; BadRequest for a body that can't be parsed."""
        values: dict[str, list[Any]] = query_of(request)
        for name, value in _body_pairs(request):
            values.setdefault(name, []).append(value)
        path = path_of(request)
        for text in [*values, *path.values(), *(v for many in values.values() for v in many)]:
            if isinstance(text, str):
                check_text(text)
        return cls(values, path)

    def one(self, *names: str) -> Any | None:
        """Return the value sent under one of several names, or None; BadRequest for different values."""
        found = [value for name in names for value in self._values.get(name, ())]
        if len(found) > 1 and any(value != found[0] for value in found[1:]):
            raise BadRequest(
                f"{names[0]} was sent {len(found)} times; send it once.", code="doubled_parameter"
            )
        return found[0] if found else None

    def lists(self) -> dict[str, list[str]]:
        """Return every value that was sent, as text, under its name."""
        return {name: [str(value) for value in values] for name, values in self._values.items()}

    def text(self, *names: str) -> str | None:
        """Return a text, or None; any other JSON value as its JSON text, such as "true"."""
        value = self.one(*names)
        if value is None or isinstance(value, str):
            return value
        return json.dumps(value, ensure_ascii=False)

    def require(self, *names: str) -> str:
        """Return a text; BadRequest when it is missing."""
        value = self.text(*names)
        if value is None:
            raise BadRequest(f"{names[0]} is missing.", code="missing_parameter")
        return value

    def number(self, *names: str) -> int:
        """Return a whole number; BadRequest when it is missing or isn't a number."""
        return whole_number(names[0], self.require(*names))

    def path_number(self, name: str) -> int:
        """Return a variable of the path as a whole number."""
        return whole_number(name, self.path[name])

    def flag(self, name: str, default: bool = False) -> bool:
        """Return a boolean, sent as True or False in any case."""
        value = self.one(name)
        if value is None:
            return default
        word = str(value).strip().lower()
        if word not in ("true", "false"):
            raise BadRequest(f"{name} must be True or False, not {_short(value)}.")
        return word == "true"

    def failed(self) -> Failed:
        """Return the filter `failed`: False, True or "all"."""
        value = self.one("failed")
        if value is not None and str(value).strip().lower() == "all":
            return "all"
        return self.flag("failed")

    def details(self) -> dict[str, Any]:
        """Return `details`, a JSON object; {} when it is missing."""
        return self.json_object("details") or {}

    def json_object(self, name: str) -> dict[str, Any] | None:
        """Return a JSON object, sent as an object or as text; None when it is missing or empty."""
        value = self.one(name)
        if value is None or value == "":
            return None
        if isinstance(value, str):
            value = read_json(value, name)
        if not isinstance(value, dict):
            raise BadRequest(f'{name} must be a JSON object, such as {{"a": 1}}.')
        return value

    def free_fields(self) -> dict[str, Any]:
        """Return property1..5 and details."""
        fields: dict[str, Any] = {name: self.text(name) for name in PROPERTIES}
        fields["details"] = self.details()
        return fields

    def others(self, used: Iterable[str]) -> dict[str, Any]:
        """Return the parameters besides those with the given names."""
        skip = {*used, REQUEST_ID_FIELD}
        return {name: self.one(name) for name in self._values if name not in skip}

    def fingerprint(self, method: str, path: str) -> str:
        """Return a hash of the request, without its id."""
        parameters = {name: value for name, value in self._values.items() if name != REQUEST_ID_FIELD}
        text = json.dumps([method, path, parameters], sort_keys=True, default=str)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]

    def request_id(self, header: str | None) -> str | None:
        """Return the request id, from the header or the field."""
        value = header or self.text(REQUEST_ID_FIELD)
        if not value:
            return None
        if len(value) > MAX_REQUEST_ID_LENGTH:
            raise BadRequest(f"A request id has at most {MAX_REQUEST_ID_LENGTH} characters.")
        check_text(value)
        return value


def query_of(request: Request) -> dict[str, list[str]]:
    """Return the query: all values sent under each name."""
    if request.query_params is None:
        return {}
    if len(request.query_params) > MAX_FIELDS:
        raise BadRequest(f"The query has more than {MAX_FIELDS:,} parameters; send fewer.")
    return {name: list(request.query_params.getlist(name)) for name in request.query_params}


def path_of(request: Request) -> dict[str, str]:
    """Return the variables of the path, decoded."""
    return {name: _unquoted(part) for name, part in (request.uri_params or {}).items()}


def _body_pairs(request: Request) -> Iterable[tuple[str, Any]]:
    raw = request.raw_body
    if not raw:
        return []
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = _decoded(raw)
    if content_type == JSON or (content_type in LOOSE and body.lstrip()[:1] == "{"):
        value = read_json(body, "The body")
        if not isinstance(value, dict):
            raise BadRequest("The body must be a JSON object.", code="bad_json")
        if len(value) > MAX_FIELDS:
            raise BadRequest(f"The body has more than {MAX_FIELDS:,} fields; send fewer.", code="bad_json")
        return list(value.items())
    if content_type == FORM or content_type in LOOSE:
        return _form_pairs(body)
    raise BadRequest(
        f"A body of type {_short(content_type)} can't be parsed: send a form ({FORM}) or JSON ({JSON}).",
        code="unsupported_body",
    )


def _form_pairs(body: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(body, keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except (ValueError, UnicodeDecodeError) as error:
        raise BadRequest(
            f"The form can't be parsed: it isn't UTF-8, or has more than {MAX_FIELDS:,} fields."
        ) from error


def _decoded(raw: str | bytes) -> str:
    if isinstance(raw, str):
        return raw
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadRequest("The body isn't UTF-8 text.", code="bad_encoding") from error


def read_json(text: str, what: str) -> Any:
    """Parse a JSON text; BadRequest names it and the position of the error."""
    try:
        value = json.loads(text, parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"{what} isn't JSON: {error}.", code="bad_json") from error
    _require_valid_content(value, what)
    return value


def _no_constant(word: str) -> None:
    raise ValueError(f"{word} is not a valid JSON number")


def _finite(word: str) -> float:
    number = float(word)
    if math.isinf(number):
        raise ValueError(f"{_short(word)} is too large for a number")
    return number


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MAX_NAMES:
        raise ValueError(f"one object has {len(pairs):,} names; the maximum is {MAX_NAMES:,}")
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"duplicate key {_short(name)}")
        found[name] = value
    return found


def _require_valid_content(value: Any, what: str) -> None:
    """Refuse JSON that is nested too deep, holds too many values, or has characters that can't be stored."""
    level, depth, seen = [value], 0, 0
    while level:
        if depth > MAX_DEPTH:
            raise BadRequest(f"{what} is nested more than {MAX_DEPTH} levels deep.", code="bad_json")
        seen += len(level)
        if seen > MAX_VALUES:
            raise BadRequest(f"{what} holds more than {MAX_VALUES:,} names and values.", code="bad_json")
        below: list[Any] = []
        for one in level:
            if isinstance(one, str):
                check_text(one)
            elif isinstance(one, dict):
                seen += len(one)
                for name in one:
                    check_text(name)
                below.extend(one.values())
            elif isinstance(one, list):
                below.extend(one)
        level, depth = below, depth + 1


def _unquoted(part: str) -> str:
    try:
        return unquote(part, errors="strict")
    except UnicodeDecodeError as error:
        raise BadRequest("The path isn't UTF-8 text.", code="bad_encoding") from error


def check_text(text: str) -> None:
    """Refuse NUL characters and unpaired surrogates, which CSV and SQLite tools can't represent."""
    if "\x00" in text:
        raise BadRequest("NUL characters can't be stored; remove them.", code="bad_characters")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise BadRequest(
            "The text contains an unpaired surrogate; send valid UTF-8.", code="bad_characters"
        ) from error


def whole_number(name: str, text: str) -> int:
    """Parse an id or number; BadRequest for anything but digits."""
    word = text.strip()
    digits = word.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= MAX_DIGITS):
        raise BadRequest(f"{name} must be a whole number, not {_short(text)}.", code="not_a_number")
    return int(word)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= MAX_QUOTED else text[: MAX_QUOTED - 3] + "..."
