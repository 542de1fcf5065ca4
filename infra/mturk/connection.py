"""The operator's connection to Mechanical Turk, with the keys of their own settings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chalicelib.experiment.config.configuration import Configuration
from chalicelib.recruiters.mturk.hits import HitClient
from chalicelib.recruiters.mturk.qualifications import QualificationTypes
from chalicelib.recruiters.mturk.requester import Requester, connect

#: An empty folder without config.txt: settings come from the environment and from home, since no experiment
#: is needed.
_NO_EXPERIMENT = Path(__file__).parent


class MTurkConnection:
    """A client of Mechanical Turk, and the operator's settings."""

    def __init__(self, requester: Requester, config: Configuration) -> None:
        """`client`: of Mechanical Turk."""
        self.requester = requester
        self.config = config
        self.hits = HitClient(requester)
        self.qualifications = QualificationTypes(requester)

    @property
    def market(self) -> str:
        """The marketplace in words."""
        return "the sandbox of Mechanical Turk" if self.requester.market == "sandbox" else "Mechanical Turk"


@contextmanager
def opened(*, sandbox: bool) -> Iterator[MTurkConnection]:
    """Connect to Mechanical Turk for the block."""
    config = Configuration()
    config.load_for(_NO_EXPERIMENT)
    requester = connect(config, "sandbox" if sandbox else "live")
    try:
        yield MTurkConnection(requester, config)
    finally:
        requester.close()
