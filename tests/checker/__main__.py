"""`python -m tests.checker`: random runs for a while, or the run of one seed again and again."""

from __future__ import annotations

import argparse
import logging
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.checker.kinds import KINDS, check


def main() -> int:
    """Play random runs until the time is over or one has a problem; print how to play that one again."""
    parser = argparse.ArgumentParser(prog="python -m tests.checker", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0, help="how long to go on (default: 60)")
    parser.add_argument("--seed", type=int, help="play only this seed, again and again")
    parser.add_argument("--kind", choices=sorted(KINDS), help="play only over this engine")
    chosen = parser.parse_args()
    logging.disable(logging.CRITICAL)
    ends = time.monotonic() + chosen.minutes * 60
    played = 0
    while time.monotonic() < ends:
        seed = chosen.seed if chosen.seed is not None else random.SystemRandom().randrange(1_000_000)
        kind = chosen.kind or random.SystemRandom().choice(sorted(KINDS))
        with tempfile.TemporaryDirectory() as folder:
            found = check(kind, seed, Path(folder))
        played += 1
        if found:
            sys.stdout.write(f"Seed {seed} over {kind}, run {played}:\n  " + "\n  ".join(found) + "\n")
            sys.stdout.write(f"Again: python -m tests.checker --kind {kind} --seed {seed}\n")
            return 1
    sys.stdout.write(f"{played} runs, and nothing was wrong.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
