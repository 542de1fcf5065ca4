"""Emulates Lambda's detection of recursive loops: each chain of invocations carries its length.

AWS's clients inside Lambda send the header X-Amzn-Trace-Id with every call, and a queue stores it with the
message. After about 16 invocations in one chain Lambda stops the next one, unless the function allows loops
("Use Lambda recursive loop detection to prevent infinite loops").
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

#: The number of invocations after which Lambda stops a chain.
LONGEST = 16
_LINEAGE = re.compile(r"Root=([^;]+);.*Lineage=1:[0-9a-f]+:(\d+)")


def _root() -> str:
    return f"1-{uuid.uuid4().hex[:8]}-{uuid.uuid4().hex[:24]}"


@dataclass(frozen=True)
class InvocationChain:
    """A chain of invocations, each of which caused the next."""

    root: str = field(default_factory=_root)
    #: The number of invocations before this one.
    length: int = 0

    @classmethod
    def behind(cls, message: Mapping[str, Any]) -> InvocationChain:
        """Return the chain of the invocation that a message causes."""
        found = _LINEAGE.match(message.get("Attributes", {}).get("AWSTraceHeader", ""))
        return cls() if found is None else cls(found[1], int(found[2]) + 1)

    @property
    def is_too_long(self) -> bool:
        """Whether Lambda treats it as a loop."""
        return self.length >= LONGEST

    @property
    def header(self) -> str:
        """The header in the invocation's environment, which its clients send."""
        return f"Root={self.root};Parent={uuid.uuid4().hex[:16]};Sampled=0;Lineage=1:fc3b4ff1:{self.length}"
