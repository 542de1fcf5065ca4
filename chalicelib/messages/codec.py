"""The registry of message types, and the codec between them and the JSON that is stored and queued.

A body on the wire is a JSON object with the message's `kind` and one value for each field; fields that have
their default are left out. Kinds and fields that were renamed are read under their former names too, since
messages outlive the version that posted them: in the outbox, in SQS and among the dead letters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, fields
from types import NoneType, UnionType
from typing import Any, ClassVar, TypeVar, get_args, get_origin, get_type_hints

from chalicelib.errors import PetriError
from chalicelib.immutable import immutable

from .lanes import Lane

#: The key of a field's metadata that holds the name the field had in an earlier version.
FORMERLY = "formerly"

_NAMES = {int: "a whole number", float: "a number", str: "a string", bool: "true or false", NoneType: "null"}


class MalformedMessage(PetriError):
    """A message can't be read."""

    code = "malformed_message"


@immutable()
class MessageBody:
    """The body of a message. Each kind of message is a subclass, bound to one handler in `workers`."""

    #: The name of this kind of message where it is stored and queued.
    kind: ClassVar[str]
    #: The queue that carries it.
    lane: ClassVar[Lane]
    #: Whether the consumer that posts it also handles it, right after the current message. This is only for
    #: messages that call no code of the author.
    is_continued: ClassVar[bool] = False


B = TypeVar("B", bound=MessageBody)

_TYPES: dict[str, type[MessageBody]] = {}
_FORMER_KINDS: dict[str, str] = {}
_FIELDS: dict[type[MessageBody], tuple[tuple[Field[Any], Any], ...]] = {}


def message_type(*, formerly: str | Sequence[str] = ()) -> Callable[[type[B]], type[B]]:
    """Register a message type under its kind; `formerly`: kinds that earlier versions recorded."""
    former = (formerly,) if isinstance(formerly, str) else tuple(formerly)

    def register(cls: type[B]) -> type[B]:
        for kind in (cls.kind, *former):
            if kind in _TYPES or kind in _FORMER_KINDS:
                raise PetriError(f"Two message types have the kind {kind!r}; rename {cls.__name__}'s.")
        _TYPES[cls.kind] = cls
        _FORMER_KINDS.update(dict.fromkeys(former, cls.kind))
        return cls

    return register


def message_types() -> Mapping[str, type[MessageBody]]:
    """Return every message type by its kind."""
    return _TYPES


def former_kinds() -> Mapping[str, str]:
    """Return the current kind for each kind that an earlier version recorded."""
    return _FORMER_KINDS


def kind_of(body: Mapping[str, Any]) -> str:
    """Return the kind of a body under its current name; an unknown kind is returned unchanged."""
    kind = str(body.get("kind", "unknown"))
    return kind if kind in _TYPES else _FORMER_KINDS.get(kind, kind)


def lane_of(body: Mapping[str, Any]) -> Lane:
    """Return the lane of a body; an unknown kind (of another version) takes the work lane."""
    cls = _TYPES.get(kind_of(body))
    return Lane.WORK if cls is None else cls.lane


def is_continued(body: Mapping[str, Any]) -> bool:
    """Whether the consumer that posts a body also handles it."""
    cls = _TYPES.get(kind_of(body))
    return cls is not None and cls.is_continued


def to_body(message: MessageBody) -> dict[str, Any]:
    """Serialize a message as a JSON object."""
    body: dict[str, Any] = {"kind": message.kind}
    for field in fields(message):
        value = getattr(message, field.name)
        if field.default is MISSING or value != field.default:
            body[field.name] = _plain(value)
    return body


def _plain(value: Any) -> Any:
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


def from_body(body: Mapping[str, Any]) -> MessageBody:
    """Deserialize a message; MalformedMessage says what is wrong with it."""
    kind = kind_of(body)
    cls = _TYPES.get(kind)
    if cls is None:
        raise MalformedMessage(
            f"This version doesn't know messages of the kind {kind!r}. Deploy the version that posted it, "
            "then run: petri dead-letters replay"
        )
    rest = {name: value for name, value in body.items() if name != "kind"}
    values = {}
    for field, hint in _fields_of(cls):
        name = field.name if field.name in rest else field.metadata.get(FORMERLY, field.name)
        if name in rest:
            values[field.name] = _validated(rest.pop(name), hint, f"{kind}.{field.name}")
        elif field.default is MISSING:
            raise MalformedMessage(f"A message of the kind {kind!r} has no {field.name}.")
    if rest:
        unknown = ", ".join(sorted(rest))
        raise MalformedMessage(f"A message of the kind {kind!r} has unknown fields: {unknown}.")
    return cls(**values)


def _fields_of(cls: type[MessageBody]) -> tuple[tuple[Field[Any], Any], ...]:
    """Return the fields of a message type and their types, cached."""
    if cls not in _FIELDS:
        hints = get_type_hints(cls)
        _FIELDS[cls] = tuple((field, hints[field.name]) for field in fields(cls))
    return _FIELDS[cls]


def _validated(value: Any, hint: Any, where: str) -> Any:
    """Validate a value against its field's type; MalformedMessage when it has another type."""
    if hint is Any:
        return value
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is UnionType:
        inner = next(each for each in arguments if each is not NoneType)
        return None if value is None else _validated(value, inner, where)
    if origin is tuple:
        return _validated_list(value, arguments, where)
    if origin is dict:
        if not isinstance(value, dict):
            raise MalformedMessage(f"{where} must be an object, not {value!r}.")
        return value
    if not _is_a(value, hint):
        raise MalformedMessage(f"{where} must be {_NAMES[hint]}, not {value!r}.")
    return value


def _validated_list(value: Any, arguments: tuple[Any, ...], where: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise MalformedMessage(f"{where} must be a list, not {value!r}.")
    hints = [arguments[0]] * len(value) if arguments[-1] is Ellipsis else list(arguments)
    if len(hints) != len(value):
        raise MalformedMessage(f"{where} must have {len(hints)} values, not {len(value)}.")
    return tuple(
        _validated(each, hint, f"{where}[{number}]")
        for number, (each, hint) in enumerate(zip(value, hints, strict=True))
    )


def _is_a(value: Any, hint: type) -> bool:
    if isinstance(value, bool):
        return hint is bool
    return isinstance(value, (int, float) if hint is float else hint)
