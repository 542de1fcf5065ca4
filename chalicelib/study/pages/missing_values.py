"""What a page reads where a name has no value: every use is an error, whose message is about studies."""

from __future__ import annotations

from typing import Final

from jinja2 import StrictUndefined

#: What pages read from the group. A player without a group has None there.
OF_GROUPS: Final = frozenset(
    {"id", "living", "network", "players", "role", "round", "size", "state", "with_role"}
)


class MissingValue(StrictUndefined):
    """A name or an attribute without a value; `no_attribute(name)` of its owner gives the message."""

    @property
    def _undefined_message(self) -> str:
        owner, name = self._undefined_obj, str(self._undefined_name)
        if hasattr(type(owner), "no_attribute"):
            return str(owner.no_attribute(name))
        if owner is None and name in OF_GROUPS:
            return (
                f"there is no group on this page yet, whose `{name}` could be used. Show the page after "
                "a Group, or put this inside {% if group %}"
            )
        return str(super()._undefined_message)
