"""Calls an experiment's hooks on a store in memory: its networks are created, and two participants join.

Nothing is written to disk, no participants are recruited, and no background task is started.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar

from chalicelib import bootstrap, services
from chalicelib.errors import ExperimentError, Refused
from chalicelib.experiment.experiment import STOCK_CLASSES
from chalicelib.experiment.loader.experiment_folder import LoadedExperiment
from chalicelib.experiment.loader.importer import author_code
from chalicelib.model.info import Info
from chalicelib.model.network import Network
from chalicelib.operations.network.create_info import create_info
from chalicelib.operations.network.join_network import join_network
from chalicelib.operations.network.read_infos import list_received_infos
from chalicelib.operations.participant.create_participant import create_participant
from chalicelib.operations.participant.entry_verification import EntryRequest
from chalicelib.operations.shared.context import Caller, Context
from chalicelib.operations.shared.settings import SettingsLike
from chalicelib.storage.engine import Engine
from chalicelib.storage.engine_store import EngineStore
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from infra.simulate.counting_engine import CountingEngine

from .findings import Finding, error, told_by, warning
from .study_code import is_study

T = TypeVar("T")

RequestKind = Literal["join", "read", "info"]

#: the author's hooks that each kind of request calls
HOOKS: dict[RequestKind, str] = {
    "join": "get_network_for_participant, create_node, add_node_to_network, node_post_request",
    "read": "info_get_request",
    "info": "info_post_request",
}
#: the maximum number of sequential calls that the built-in networks need
BUDGETS: dict[RequestKind, int] = {"join": 4, "read": 2, "info": 3}

_FAILED: dict[RequestKind, str] = {
    "join": "a participant can't join a network",
    "read": "a participant can't read what was sent",
    "info": "a participant can't answer",
}

_CODE = "experiment.py"
_FIX = "Fix the hook there; --verbose shows the traceback."
_CONTENTS = "A rehearsal of petri verify."


@dataclass(frozen=True)
class HookCalls:
    """The DynamoDB calls of one kind of request."""

    request: RequestKind
    hooks: str
    #: sequential calls, for which a participant waits; the maximum of two participants
    calls: int
    budget: int


@dataclass
class HookTrial:
    """The result of calling the experiment's hooks."""

    findings: list[Finding] = field(default_factory=list)
    calls: list[HookCalls] = field(default_factory=list)


def try_hooks(loaded: LoadedExperiment) -> HookTrial:
    """Create the experiment's networks and let two participants join, read and answer, in memory.

    The working directory must be the experiment's folder, as in a run.
    """
    engine = SQLiteEngine(":memory:")
    try:
        stage = _Stage(loaded, engine)
        stage.play()
    finally:
        services.use(None)
        engine.close()
    return HookTrial(list(dict.fromkeys(stage.findings)), stage.calls())


class WithoutAccounts:
    """An experiment's settings in debug mode, so that no email is sent and no participant recruited."""

    def __init__(self, config: SettingsLike) -> None:
        """Wrap the experiment's settings."""
        self._config = config

    def get(self, key: str, default: Any = None) -> Any:
        """Return a setting; `mode` is always debug."""
        return "debug" if key == "mode" else self._config.get(key, default)


class _Stage:
    def __init__(self, loaded: LoadedExperiment, engine: Engine) -> None:
        self.findings: list[Finding] = []
        self._most: dict[RequestKind, int] = {}
        self._folder = loaded.folder
        # A study forms its groups while people take part.
        self._is_study = is_study(loaded.experiment_class)
        app = bootstrap.local(
            loaded.experiment_class, WithoutAccounts(loaded.config), app_id="verify", engine=engine
        )
        # Only the calls of requests are counted, not those of building the app.
        self._engine = CountingEngine(engine)
        self._app = replace(app, store=EngineStore(self._engine))

    def play(self) -> None:
        networks = self._try("the experiment can't be launched", lambda: self._app.run(_set_up))
        if networks is None:
            return
        self._check(networks)
        for number in (1, 2):
            self._take_part(number)
        for each in self.calls():
            if each.calls > each.budget:
                self._tell_slow(each)

    def calls(self) -> list[HookCalls]:
        return [HookCalls(kind, HOOKS[kind], most, BUDGETS[kind]) for kind, most in self._most.items()]

    def _take_part(self, number: int) -> None:
        entry = EntryRequest(f"verify-{number}", "verify", f"verify-{number}", recruiter="hotair")
        begun = self._try("a participant can't begin", lambda: self._app.run(create_participant, entry))
        if begun is None:
            return
        caller = self._app.tokens.read(begun["token"])
        joined = self._ask("join", join_network, caller, begun["participant"]["id"], {})
        if joined is None:
            return
        node = joined["node"]["id"]
        self._ask("read", list_received_infos, caller, node, None)
        for info_type in self._app.run(_own_classes):
            what = {"info_type": info_type, "failed": False, "fields": {}}
            self._ask("info", create_info, caller, node, _CONTENTS, **what)

    def _ask(
        self,
        kind: RequestKind,
        operation: Callable[..., dict[str, Any]],
        caller: Caller,
        *arguments: Any,
        **fields: Any,
    ) -> dict[str, Any] | None:
        """Run one request and count its calls; None when it was rejected or its hooks failed."""
        self._engine.take_counts()
        answer = self._try(
            _FAILED[kind],
            lambda: self._app.run(operation, *arguments, caller=caller, **fields),
            # The hook may expect contents that only the experiment's own page sends.
            only_warn=kind == "info",
        )
        if answer is not None:
            self._most[kind] = max(self._most.get(kind, 0), self._engine.take_counts()["calls"])
        return answer

    def _try(self, what: str, step: Callable[[], T], *, only_warn: bool = False) -> T | None:
        """Return the result of a step; convert errors of the author's hooks to findings, and return None.

        Refused isn't a failure: the networks may be full, or wait for another participant's answer.
        """
        try:
            with author_code(self._folder, what):
                try:
                    return step()
                except Refused:
                    return None
        except ExperimentError as failure:
            findings = told_by(failure, _CODE, _FIX)
            self.findings += (
                [warning(each.where, each.what, each.fix) for each in findings] if only_warn else findings
            )
            return None

    def _check(self, networks: list[Network]) -> None:
        if not networks and not self._is_study:
            what = "no network is created at the launch, so no participant can join."
            self.findings.append(warning(_CODE, what, "Set self.experiment_repeats = 1 in configure()."))
        for network in networks:
            if network.full:
                what = f"network {network.id} ({network.type}) is full before any participant joins."
                fix = f"Increase its max_size of {network.max_size}; sources count as well."
                self.findings.append(error(_CODE, what, fix))

    def _tell_slow(self, each: HookCalls) -> None:
        what = (
            f"{each.request}: {each.calls} sequential DynamoDB calls, where {each.budget} are usual; "
            "participants wait for them."
        )
        self.findings.append(warning(_CODE, what, f"Read less in {each.hooks}."))


def _own_classes(ctx: Context) -> list[str]:
    """Return the names of the experiment's own info classes; `Info` if it has none."""
    known = ctx.experiment.known_classes
    own = [name for name, cls in known.items() if issubclass(cls, Info) and cls not in STOCK_CLASSES]
    return own or ["Info"]


def _set_up(ctx: Context) -> list[Network]:
    ctx.seed(None, "launch", 0)
    ctx.experiment.setup()
    return ctx.experiment.networks()
