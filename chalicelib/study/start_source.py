"""Defines the source with which a network of a study starts."""

from __future__ import annotations

from chalicelib.experiment import prop
from chalicelib.experiment.nodes import Source


class StartSource(Source):
    """The first node of a network: it sends what `start` says."""

    type = "start_source"
    #: What it sends, as the text of its info.
    contents = prop.text(1)

    def _contents(self) -> str:
        return str(self.contents)
