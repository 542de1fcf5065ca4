"""What experiments import: `from petri import Experiment, Chain, Info`."""

from __future__ import annotations

from typing import Any

from chalicelib.experiment import prop
from chalicelib.experiment.config import get_config
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
from chalicelib.model.errors import NetworkBusy, PetriError
from chalicelib.model.network import Network
from chalicelib.model.participant import Participant
from chalicelib.model.question import Question
from chalicelib.model.transmission import Transmission
from chalicelib.model.vector import Vector
from chalicelib.version import VERSION

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


def __getattr__(name: str) -> Any:
    """Bring bots in when they are asked for: a Lambda function has no use for their HTTP client."""
    if name in ("BotBase", "HighPerformanceBotBase"):
        from chalicelib.experiment import bots

        return getattr(bots, name)
    raise AttributeError(f"module 'petri' has no attribute {name!r}")
