"""What one setting is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .validation import Validator

#: says that a setting has no value of its own; None would be a value
UNSET: Any = object()


@dataclass(frozen=True)
class Setting:
    """One setting: what it is called, what it holds, what it means."""

    name: str
    type: type
    #: one line for the documentation
    meaning: str
    default: Any = UNSET
    synonyms: tuple[str, ...] = ()
    #: never shown, logged, packaged or exported
    sensitive: bool = False
    #: says who takes part or who runs the study: left out of exports that are shared
    personal: bool = False
    #: pages and templates may know it
    public: bool = False
    validators: tuple[Validator, ...] = ()
    #: False for settings of servers that this platform doesn't have
    effective: bool = True
    #: the heading under which the documentation lists it
    group: str = "Your experiment"
