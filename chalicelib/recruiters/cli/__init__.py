"""CLI: like hot air, for experiments on a server; it logs one entry URL per line."""

from __future__ import annotations

from chalicelib.recruiters.hotair import HotAirRecruiter


class CLIRecruiter(HotAirRecruiter):
    """Logs entry URLs for you to hand out."""

    nickname = "cli"
