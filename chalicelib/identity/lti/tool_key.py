"""The key with which a run proves to learning platforms who sends scores."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chalicelib.operations.classes.lti_tool import read_tool_key, store_tool_key
from chalicelib.operations.shared.context import OPERATOR_CALLER

from .platform_client import new_tool_key


def tool_key(run: Callable[..., Any]) -> dict[str, str]:
    """Return the private key of this run as a JSON Web Key; the first call makes it.

    `run` runs an operation in a commit.
    """
    known: dict[str, str] | None = run(read_tool_key, caller=OPERATOR_CALLER)
    if known is not None:
        return known
    made: dict[str, str] = run(store_tool_key, new_tool_key(), caller=OPERATOR_CALLER)
    return made
