"""What learning platforms need of a run: the address for launches, and the key that signs."""

from __future__ import annotations

from chalicelib.model import keys
from chalicelib.operations.shared.access import require_operator
from chalicelib.operations.shared.context import Context


def launch_address(ctx: Context, platform: str) -> str:
    """Return the address to which a platform sends its launches."""
    site = ctx.recruiters.entry_address("link", "class", "join").partition("?")[0]
    return f"{site}/lti/{platform}/launch"


def read_tool_key(ctx: Context) -> dict[str, str] | None:
    """Return the private key of this run for platforms, as a JSON Web Key; None before it is made."""
    require_operator(ctx)
    stored = ctx.uow.item(keys.LTI_KEY)
    return None if stored is None else dict(stored["key"])


def store_tool_key(ctx: Context, key: dict[str, str]) -> dict[str, str]:
    """Store the private key of this run, unless it has one; return the one that is stored."""
    known = read_tool_key(ctx)
    if known is not None:
        return known
    ctx.uow.put_if_unchanged(keys.LTI_KEY, "lti_key", {"key": key})
    return key
