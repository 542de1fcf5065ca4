from __future__ import annotations

from infra.cli.main import main

main()
