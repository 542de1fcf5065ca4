"""How a user prefers to see the dashboard; stored with the user, and applied by every page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Self

from chalicelib.immutable import immutable

#: As many rows as a list of the API returns at most.
MOST_ROWS: Final = 200
#: A name of the IANA time zone database; a browser that doesn't know it shows its own time.
TIME_ZONE_PATTERN: Final = r"^([A-Za-z0-9_+\-]{1,20}(/[A-Za-z0-9_+\-]{1,20}){0,2})?$"
_TIME_ZONE: Final = re.compile(TIME_ZONE_PATTERN.strip("^$"))


class Theme(StrEnum):
    """The colours of the dashboard; `system`: those of the device."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


@immutable()
class Preferences:
    """The preferences of a user."""

    theme: Theme = Theme.SYSTEM
    #: How many rows a page of a table has; 0: as many as the page has by default.
    rows_per_page: int = 0
    #: In which time zone moments are shown; "": in the browser's.
    time_zone: str = ""

    @classmethod
    def of(cls, stored: Mapping[str, str]) -> Self:
        """Read the stored preferences of a user; a value that makes no sense counts as not chosen."""
        theme, rows, zone = (stored.get(name, "") for name in ("theme", "rows_per_page", "time_zone"))
        is_number = rows.isascii() and rows.isdigit() and int(rows) <= MOST_ROWS
        return cls(
            Theme(theme) if theme in set(Theme) else Theme.SYSTEM,
            int(rows) if is_number else 0,
            zone if _TIME_ZONE.fullmatch(zone) else "",
        )
