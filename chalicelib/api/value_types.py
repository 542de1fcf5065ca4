"""Describes the types of parameters and answers: requests are read, and schemas made, by the same ones."""

from __future__ import annotations

import dataclasses
import re
import types
import typing
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final, Literal, get_args, get_origin

from chalicelib.errors import ConfigError, InvalidField

Schema = dict[str, Any]

#: The longest text of a parameter, unless its metadata says otherwise.
MAX_TEXT: Final = 1_000
#: The most entries of a list that is sent.
MAX_ENTRIES: Final = 200
#: JavaScript's integers are exact up to this number.
MAX_NUMBER: Final = 10**15 - 1
AMOUNT: Final = r"^[0-9]{1,6}(\.[0-9]{1,2})?$"
_ANY_TEXT: Final = r"^[^\x00]*$"
_WHOLE: Final = re.compile(r"-?[0-9]{1,15}")
_FLAGS: Final = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class ValueType:
    """The type of a value: its JSON schema, and how a value that was sent is read."""

    def schema(self) -> Schema:
        """Return the JSON schema."""
        return {}

    def read(self, value: Any, name: str) -> Any:
        """Return a value of a JSON body as its Python type; InvalidField names the field."""
        del name
        return value

    def from_text(self, text: str, name: str) -> Any:
        """Return a value that came as text, in the query or in the path."""
        return self.read(text, name)


@dataclass(frozen=True, slots=True)
class TextType(ValueType):
    """A text, perhaps one of a few."""

    max_length: int = MAX_TEXT
    min_length: int = 0
    pattern: str | None = None
    choices: tuple[str, ...] = ()

    def schema(self) -> Schema:
        if self.choices:
            return {"type": "string", "enum": list(self.choices)}
        lengths = {"minLength": self.min_length} if self.min_length else {}
        return {
            "type": "string",
            **lengths,
            "maxLength": self.max_length,
            "pattern": self.pattern or _ANY_TEXT,
        }

    def read(self, value: Any, name: str) -> str:
        if not isinstance(value, str):
            raise InvalidField(name, "must be a text")
        if self.choices:
            if value not in self.choices:
                raise InvalidField(name, f"must be one of {', '.join(self.choices)}")
            return value
        if not self.min_length <= len(value) <= self.max_length:
            raise InvalidField(name, f"must have from {self.min_length} to {self.max_length:,} characters")
        if "\x00" in value:
            raise InvalidField(name, "contains a NUL character, which can't be stored")
        if self.pattern is not None and re.search(self.pattern, value) is None:
            raise InvalidField(name, f"must match {self.pattern}")
        return value


@dataclass(frozen=True, slots=True)
class NumberType(ValueType):
    """A whole number within bounds."""

    least: int = -MAX_NUMBER
    most: int = MAX_NUMBER

    def schema(self) -> Schema:
        return {"type": "integer", "minimum": self.least, "maximum": self.most}

    def read(self, value: Any, name: str) -> int:
        is_whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        if isinstance(value, bool) or not is_whole or not self.least <= value <= self.most:
            raise InvalidField(name, f"must be a whole number from {self.least} to {self.most}")
        return int(value)

    def from_text(self, text: str, name: str) -> int:
        if _WHOLE.fullmatch(text) is None or not text.isascii():
            raise InvalidField(name, f"must be a whole number from {self.least} to {self.most}")
        return self.read(int(text), name)


@dataclass(frozen=True, slots=True)
class FloatType(ValueType):
    """A number; only answers have it."""

    def schema(self) -> Schema:
        return {"type": "number"}


@dataclass(frozen=True, slots=True)
class AmountType(ValueType):
    """An amount of money, as a text with two decimals at most, so that no digit is lost."""

    most: Decimal | None = None

    def schema(self) -> Schema:
        return {"type": "string", "pattern": AMOUNT, "examples": ["1.50"]}

    def read(self, value: Any, name: str) -> Decimal:
        if not isinstance(value, str) or re.fullmatch(AMOUNT[1:-1], value) is None or not value.isascii():
            raise InvalidField(name, 'must be an amount as a text with two decimals at most, such as "1.50"')
        return Decimal(value)


@dataclass(frozen=True, slots=True)
class DecimalType(ValueType):
    """Any decimal number, as a text; only answers have it."""

    def schema(self) -> Schema:
        return {"type": "string", "examples": ["1.50"]}


@dataclass(frozen=True, slots=True)
class FlagType(ValueType):
    """True or false."""

    def schema(self) -> Schema:
        return {"type": "boolean"}

    def read(self, value: Any, name: str) -> bool:
        if not isinstance(value, bool):
            raise InvalidField(name, "must be true or false")
        return value

    def from_text(self, text: str, name: str) -> bool:
        if text not in _FLAGS:
            raise InvalidField(name, "must be true or false")
        return _FLAGS[text]


@dataclass(frozen=True, slots=True)
class MomentType(ValueType):
    """A moment in ISO 8601; only answers have it."""

    def schema(self) -> Schema:
        return {"type": "string", "format": "date-time"}


@dataclass(frozen=True, slots=True)
class ListType(ValueType):
    """Several values of one type."""

    entry: ValueType = field(default_factory=ValueType)
    most: int | None = None

    def schema(self) -> Schema:
        bound = {} if self.most is None else {"maxItems": self.most}
        return {"type": "array", "items": self.entry.schema(), **bound}

    def read(self, value: Any, name: str) -> tuple[Any, ...]:
        most = MAX_ENTRIES if self.most is None else self.most
        if not isinstance(value, list) or len(value) > most:
            raise InvalidField(name, f"must be a list of at most {most} entries")
        return tuple(self.entry.read(each, name) for each in value)


@dataclass(frozen=True, slots=True)
class ObjectType(ValueType):
    """An object with any names."""

    value: ValueType = field(default_factory=ValueType)

    def schema(self) -> Schema:
        return {"type": "object", "additionalProperties": self.value.schema() or True}


@dataclass(frozen=True, slots=True)
class OptionalType(ValueType):
    """A value or null."""

    value: ValueType = field(default_factory=ValueType)

    def schema(self) -> Schema:
        inner = self.value.schema()
        return {"anyOf": [inner, {"type": "null"}]} if inner else {}

    def read(self, value: Any, name: str) -> Any:
        return None if value is None else self.value.read(value, name)

    def from_text(self, text: str, name: str) -> Any:
        return self.value.from_text(text, name)


@dataclass(frozen=True, slots=True)
class DataclassType(ValueType):
    """A dataclass of an answer, by reference to its schema."""

    cls: Any = None

    def schema(self) -> Schema:
        return {"$ref": f"#/components/schemas/{schema_name(self.cls)}"}


@dataclass(frozen=True, slots=True)
class NamedField:
    """A field of a dataclass: its name, its type, whether it has to be sent, and its description."""

    name: str
    type: ValueType
    is_required: bool
    default: Any
    help: str
    is_personal: bool


def schema_name(annotation: Any) -> str:
    """Return the name of a dataclass's schema: `PaymentRow`, `ListingOfPaymentRow`."""
    origin = get_origin(annotation)
    if origin is None:
        return str(annotation.__name__)
    return f"{origin.__name__}Of{''.join(schema_name(each) for each in get_args(annotation))}"


def fields_of(annotation: Any) -> tuple[NamedField, ...]:
    """Return the fields of a dataclass, or of a generic one such as `Listing[PaymentRow]`."""
    return _fields_of(annotation)


@lru_cache(maxsize=512)
def _fields_of(annotation: Hashable) -> tuple[NamedField, ...]:
    cls: Any = get_origin(annotation) or annotation
    hints = typing.get_type_hints(cls)
    bound = dict(zip(getattr(cls, "__parameters__", ()), get_args(annotation), strict=True))
    return tuple(_named(each, _substituted(hints[each.name], bound)) for each in dataclasses.fields(cls))


def _substituted(hint: Any, bound: Mapping[Any, Any]) -> Any:
    if hint in bound:
        return bound[hint]
    if any(each in bound for each in getattr(hint, "__parameters__", ())):
        return hint[tuple(bound[each] for each in hint.__parameters__)]
    return hint


def _named(declared: dataclasses.Field[Any], hint: Any) -> NamedField:
    metadata = declared.metadata
    default = declared.default
    if default is MISSING and declared.default_factory is not MISSING:
        default = declared.default_factory()
    return NamedField(
        name=declared.name,
        type=value_type(hint, metadata),
        is_required=default is MISSING,
        default=default,
        help=str(metadata.get("help", "")),
        is_personal=bool(metadata.get("personal")),
    )


def value_type(hint: Any, metadata: Mapping[str, Any]) -> ValueType:
    """Return the type of a value by its annotation; ConfigError for one that the API doesn't know."""
    origin = get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        inner = [each for each in get_args(hint) if each is not type(None)]
        if len(inner) == 1:
            return OptionalType(value_type(inner[0], metadata))
    if origin is Literal:
        return TextType(choices=tuple(get_args(hint)))
    if origin in (list, tuple, Sequence, frozenset):
        return ListType(value_type(get_args(hint)[0], metadata), metadata.get("max_items"))
    if origin in (dict, Mapping) or hint in (dict, Mapping):
        arguments = get_args(hint)
        return ObjectType(value_type(arguments[1], {})) if arguments else ObjectType()
    if dataclasses.is_dataclass(origin or hint):
        return DataclassType(hint)
    return _plain(hint, metadata)


def _plain(hint: Any, metadata: Mapping[str, Any]) -> ValueType:
    if hint is Any:
        return ValueType()
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return TextType(choices=tuple(hint))
    if hint is str:
        lengths = (metadata.get("max", MAX_TEXT), metadata.get("min", 0))
        return TextType(*lengths, metadata.get("pattern"), tuple(metadata.get("choices", ())))
    if hint is int:
        return NumberType(metadata.get("min", -MAX_NUMBER), metadata.get("max", MAX_NUMBER))
    known: Mapping[Any, ValueType] = {
        bool: FlagType(),
        float: FloatType(),
        datetime: MomentType(),
        Decimal: DecimalType() if metadata.get("any_decimal") else AmountType(),
    }
    if hint not in known:
        raise ConfigError(f"The API has no type for {hint!r}; use a plain type or a dataclass.")
    return known[hint]
