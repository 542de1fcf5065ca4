"""Validates that each of an author's record classes has a `type` of its own, by which it is read back."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator

from chalicelib.errors import ExperimentError
from chalicelib.model.record import Record
from chalicelib.model.record_classes import is_petris, subclasses_of


def check_types(package: str) -> None:
    """Check the record classes (nodes, infos, networks ...) that the modules of a package define.

    Raises ExperimentError, with a line for each class that has no `type` of its own or shares one: its
    records would be read back as another class.
    """
    own = list(_record_classes(package))
    refusals = [refusal for cls in own if (refusal := _refusal(cls, own))]
    if refusals:
        raise ExperimentError("\n".join(refusals))


def _record_classes(package: str) -> Iterator[type[Record]]:
    modules = [module for name, module in sys.modules.items() if name.startswith(f"{package}.")]
    found = {
        member: None
        for module in modules
        for member in vars(module).values()
        if inspect.isclass(member)
        and issubclass(member, Record)
        and member.__module__.startswith(f"{package}.")
    }
    yield from found


def _refusal(cls: type[Record], own: list[type[Record]]) -> str:
    word = cls.__dict__.get("type")
    if word is None:
        # A class that only serves as a base class is never stored itself.
        if any(other is not cls and issubclass(other, cls) for other in own):
            return ""
        parent = cls.__mro__[1].__name__
        return (
            f"class {cls.__name__}({parent}) has no type of its own, so its records would be read back as "
            f'{parent}; write in it: type = "{_word(cls.__name__)}"'
        )
    for other in subclasses_of(_family(cls)):
        is_known = other in own or is_petris(other)
        if is_known and other is not cls and other.__dict__.get("type") == word:
            owner = other.__name__
            return f'class {cls.__name__} has type = "{word}", which belongs to {owner}; choose another word.'
    return ""


def _family(cls: type[Record]) -> type[Record]:
    return next(each for each in cls.__mro__ if Record in each.__bases__)


def _word(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
