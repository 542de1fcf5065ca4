"""Exports what experiments import: `from petri import Experiment, Chain, Info`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chalicelib.experiment.config.configuration import get_config
from chalicelib.experiment.experiment import Experiment
from chalicelib.experiment.infos import Gene, Info, Meme, State, TrackingEvent
from chalicelib.experiment.networks import (
    Burst,
    Chain,
    DelayedChain,
    DiscreteGenerational,
    Empty,
    FullyConnected,
    ScaleFree,
    SequentialMicrosociety,
    SplitSampleNetwork,
    Star,
)
from chalicelib.experiment.nodes import (
    Agent,
    Environment,
    GeneticAgent,
    Node,
    RandomBinaryStringSource,
    ReplicatorAgent,
    Source,
)
from chalicelib.experiment.routes import experiment_route, scheduled
from chalicelib.experiment.transformations import (
    Compression,
    Mutation,
    Replication,
    Response,
    Transformation,
)
from chalicelib.model.network import Network
from chalicelib.model.participant import Participant
from chalicelib.model.question import Question
from chalicelib.model.transmission import Transmission
from chalicelib.model.vector import Vector
from chalicelib.version import VERSION
from petri._public import present_as
from petri.errors import NetworkBusy, PetriError

from . import prop

if TYPE_CHECKING:
    from chalicelib.experiment.bots.high_performance_bot import BotBase, HighPerformanceBotBase

__version__ = VERSION

__all__ = [
    "Agent",
    "BotBase",
    "Burst",
    "Chain",
    "Compression",
    "DelayedChain",
    "DiscreteGenerational",
    "Empty",
    "Environment",
    "Experiment",
    "FullyConnected",
    "Gene",
    "GeneticAgent",
    "HighPerformanceBotBase",
    "Info",
    "Meme",
    "Mutation",
    "Network",
    "NetworkBusy",
    "Node",
    "Participant",
    "PetriError",
    "Question",
    "RandomBinaryStringSource",
    "Replication",
    "ReplicatorAgent",
    "Response",
    "ScaleFree",
    "SequentialMicrosociety",
    "Source",
    "SplitSampleNetwork",
    "Star",
    "State",
    "TrackingEvent",
    "Transformation",
    "Transmission",
    "Vector",
    "__version__",
    "experiment_route",
    "get_config",
    "prop",
    "scheduled",
]


present_as(__name__, globals(), __all__)


def __getattr__(name: str) -> Any:
    # Lazy import: bots need an HTTP client, which Lambda functions don't use.
    if name in ("BotBase", "HighPerformanceBotBase"):
        from chalicelib.experiment.bots import high_performance_bot

        present_as(__name__, vars(high_performance_bot), [name])
        return getattr(high_performance_bot, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
