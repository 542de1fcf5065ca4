"""Defines settings."""

from __future__ import annotations

from typing import Any

from chalicelib.immutable import immutable

from .validation import Validator

#: marks a setting without a default, since None could be one
UNSET: Any = object()


@immutable()
class Setting:
    """A named setting with its type, default, meaning and validators."""

    name: str
    type: type
    #: its description in the documentation, in one line
    meaning: str
    default: Any = UNSET
    synonyms: tuple[str, ...] = ()
    #: never shown, logged, packaged or exported
    sensitive: bool = False
    #: identifies participants or researchers, so it is left out of scrubbed exports
    personal: bool = False
    #: available to pages and templates
    public: bool = False
    validators: tuple[Validator, ...] = ()
    #: False for settings of servers that Petri doesn't have, which are ignored
    effective: bool = True
    #: the section of the documentation that lists it
    group: str = "Your experiment"
