"""CLI: like hot air, for experiments on a server: each address goes to the log, one a line."""

from __future__ import annotations

from chalicelib.recruiters.hotair import HotAirRecruiter


class CLIRecruiter(HotAirRecruiter):
    """Writes addresses to the log, for somebody to hand out."""

    nickname = "cli"
