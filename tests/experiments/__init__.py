"""Experiments in full control, with their own HTML and JavaScript, which tests take part in.

They use what studies don't: templates, `dallinger2.js`, browser bots on stock pages, rooms, and routes of
their own.
"""

from __future__ import annotations

from pathlib import Path

#: The folder of the experiments: `EXPERIMENTS / "bartlett1932"` is one.
EXPERIMENTS = Path(__file__).parent
