"""`petri uuid`."""

from __future__ import annotations

import uuid

from infra.cli.output import out


def uuid_command() -> None:
    """Print a new unique identifier."""
    out().print(str(uuid.uuid4()))
