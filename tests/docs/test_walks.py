"""What ARCHITECTURE.md tells of a submission on Mechanical Turk names what the code has."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

import pytest

from chalicelib.messages import MessageBody
from chalicelib.workers import handler_registry, message_handlers

from .blocks import DOCS, section

PAGE = DOCS.parent / "ARCHITECTURE.md"
WALK = section(PAGE, "One walk: a worker submits on Mechanical Turk")
NAMES = sorted(set(re.findall(r"`((?:chalicelib|app)(?:\.\w+)+)`", WALK)))
#: About one screen.
MOST_LINES = 40


def named(name: str) -> Any:
    """Import what a dotted name stands for."""
    module, attributes = name, list[str]()
    while True:
        try:
            found: Any = import_module(module)
            break
        except ModuleNotFoundError:
            module, _, last = module.rpartition(".")
            attributes.insert(0, last)
    for attribute in attributes:
        found = getattr(found, attribute)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_the_walk_exists(name: str) -> None:
    assert named(name) is not None


def test_the_walk_names_each_message_with_its_handler() -> None:
    told = {one for name in NAMES if isinstance(one := named(name), type) and issubclass(one, MessageBody)}
    assert len(told) == 5
    handlers = {handler_registry.handlers()[cls].__name__ for cls in told}
    assert {f"{message_handlers.__name__}.{name}" for name in handlers} <= set(NAMES)


def test_the_walk_fits_on_a_screen() -> None:
    assert 10 < len(WALK.splitlines()) <= MOST_LINES
