"""The registry of message handlers: `@handles(FormRooms)` binds the one handler of a message type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from chalicelib.errors import PetriError
from chalicelib.immutable import immutable
from chalicelib.messages import MessageBody, from_body
from chalicelib.ports import Key, Message

B = TypeVar("B", bound=MessageBody)


@immutable()
class Received(Generic[B]):
    """A message as its handler receives it: its key in the outbox and its body."""

    key: Key
    body: B
    #: Whether the consumer handles it right after the message whose handler posted it.
    is_continued: bool = False


Handler = Callable[[Received[B]], None]

_HANDLERS: dict[type[MessageBody], Handler[Any]] = {}


def handles(message_type: type[B]) -> Callable[[Handler[B]], Handler[B]]:
    """Register a function as the handler of a message type; PetriError when the type has one already.

    A handler may be called again for the same message: it deletes the message from the outbox in the commit
    that does the work, by `App.handle`.
    """

    def bind(handler: Handler[B]) -> Handler[B]:
        if message_type in _HANDLERS:
            raise PetriError(
                f"{message_type.__name__} has a handler already; bind {handler.__name__} to another."
            )
        _HANDLERS[message_type] = handler
        return handler

    return bind


def handlers() -> Mapping[type[MessageBody], Handler[Any]]:
    """Return the handler of each message type."""
    _register_studies()
    return _HANDLERS


def _register_studies() -> None:
    # Lazy import: an experiment that isn't a study starts without the modules of studies.
    from . import study_handlers as _  # noqa: F401


def handle(message: Message, *, is_continued: bool = False) -> None:
    """Call the handler of a message, which does nothing if it is done. After an error it is retried."""
    body = from_body(message.body)
    if type(body) not in _HANDLERS:
        _register_studies()
    _HANDLERS[type(body)](Received(message.key, body, is_continued))
