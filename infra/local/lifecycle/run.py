"""A run, opened: the author's folder, its data, its built pages, and the app that joins them."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

from chalice.app import Chalice

from chalicelib.bootstrap import SECRETS, local
from chalicelib.errors import PetriError
from chalicelib.experiment.loader.experiment_folder import LoadedExperiment, load_experiment
from chalicelib.messaging.local_channels import LocalChannels
from chalicelib.messaging.system_clock import SystemClock
from chalicelib.ports import Channels, Queue, TickSchedule
from chalicelib.services import App
from chalicelib.storage.engine import Engine
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from chalicelib.web import author_routes
from infra.local.allowed_hosts import AllowedHosts
from infra.local.background_worker import BackgroundWorker
from infra.local.consumer import MessageConsumer
from infra.local.group_commit import GroupCommit
from infra.local.host import Host
from infra.local.serial_dispatcher import SerialDispatcher
from infra.local.sockets import Sockets
from infra.local.start_page import StartPage
from infra.local.static_pages import Pages
from infra.site import SiteSource, build, resolve

from . import identity, origin
from .bot_selection import spawn
from .origin import Origin
from .run_paths import RunPaths, private_files
from .site_folders import site_folder

if TYPE_CHECKING:
    from infra.local.moto.sqs_consumer import QueueConsumer

#: Seconds that the event loop waits for another process's lock; longer ones are waited for beside it.
LOCK_WAIT = 0.02
_APP = Path(__file__).parents[3] / "app.py"


@dataclass
class Address:
    """Where a run is served; known once it listens."""

    url: str = "http://127.0.0.1"


@dataclass(frozen=True)
class RunOptions:
    """Which experiment is to be run, and how."""

    folder: Path
    run_id: str
    engine: Literal["sqlite", "moto"] = "sqlite"
    #: settings that count more than any file
    settings: Mapping[str, Any] = field(default_factory=dict)
    #: whether a run of another folder is continued: the operator says that it is the same experiment
    adopt: bool = False


@dataclass(frozen=True)
class Run:
    """Everything that a session needs."""

    id: str
    loaded: LoadedExperiment
    app: App
    engine: Engine
    host: Host
    drain: BackgroundWorker
    address: Address
    operator_token: str
    #: what the root of a debug run shows; None in any other mode
    start_page: StartPage | None = None

    def quorum(self) -> int:
        """Give how many must wait together before anybody begins; 0: nobody waits."""
        with self.app.store.begin(self.app.clock.now()) as work:
            experiment = self.app.experiment_class(work)
            return int(experiment.room_size or experiment.quorum)

    def participants(self) -> int:
        """Count who came so far."""
        with self.app.store.begin(self.app.clock.now()) as work:
            return sum(work.statuses().values())


@contextmanager
def opened(wish: RunOptions, places: RunPaths) -> Iterator[Run]:
    """Open a run while the block lasts; the working directory is the experiment's folder meanwhile.

    Raises ExperimentError and ConfigError for what is wrong with the folder, and BadRequest when the run
    belongs to another experiment, before anything is written.
    """
    loaded = load_experiment(
        wish.folder, runtime={"mode": "debug", **wish.settings}, core_routes=core_routes()
    )
    if not wish.adopt:
        identity.check(loaded, wish.run_id, places)
    with ExitStack() as stack:
        stack.enter_context(private_files())
        places.close_to_others(wish.run_id)
        site = stack.enter_context(site_folder())
        build(_source(loaded, wish.run_id), site)
        engine = stack.enter_context(_engine(wish, places))
        carriers = _carriers(wish)
        made_of = Origin(loaded.folder, wish.settings, loaded.experiment_class.__qualname__)
        origin.record_origin(made_of, wish.run_id, places)
        stack.enter_context(contextlib.chdir(loaded.folder))
        address = Address()
        app = local(
            loaded.experiment_class,
            loaded.config,
            app_id=wish.run_id,
            engine=engine,
            base=lambda: address.url,
            spawn_bot=partial(spawn, loaded),
            routes=loaded.routes,
            scheduled=loaded.scheduled,
            queue=carriers.queue,
            schedule=carriers.schedule,
        )
        sockets = LocalChannels()
        app.channels = stack.enter_context(_channels(wish, sockets))
        author_routes.register(chalice_app(), loaded.routes)
        durable = GroupCommit(engine).reached if isinstance(engine, SQLiteEngine) else None
        lane = SerialDispatcher(chalice_app(), durable=durable, changes=lambda: app.network_changes)
        messages = carriers.consumer(app)
        drain = BackgroundWorker(messages.carry_out_one, lane.wake_after_change, messages.next_due, durable)
        names = AllowedHosts(lambda: address.url, str(loaded.config.get("host")))
        host = Host(lane, Pages(site, resolve), Sockets(chalice_app(), sockets), names)
        start = (
            StartPage(app, wish.run_id, lambda: address.url) if app.config.get("mode") == "debug" else None
        )
        host.start_page = None if start is None else start.html
        token = _operator_token(engine)
        yield Run(wish.run_id, loaded, app, engine, host, drain, address, token, start)


def chalice_app() -> Chalice:
    """Give the object of app.py, the one that Lambda calls."""
    found: Chalice = app_module().app
    return found


def app_module() -> ModuleType:
    """Give app.py, which holds the handlers that Lambda calls."""
    module = sys.modules.get("app")
    if module is None or Path(module.__file__ or "").resolve() != _APP.resolve():
        # By its path: a folder that petri is started in may hold an app.py of its own.
        spec = importlib.util.spec_from_file_location("app", _APP)
        if spec is None or spec.loader is None:
            raise PetriError(f"{_APP} can't be imported; install Petri again.")
        module = importlib.util.module_from_spec(spec)
        sys.modules["app"] = module
        spec.loader.exec_module(module)
    return module


def core_routes() -> list[str]:
    """Give Petri's own addresses, which an author's must leave alone."""
    author_routes.unregister(chalice_app())
    return list(chalice_app().routes)


def _operator_token(engine: Engine) -> str:
    """Give the token that bootstrap made for this run, or was given in the environment."""
    return os.environ.get("PETRI_OPERATOR_TOKEN") or str(engine.get([SECRETS])[SECRETS]["operator_token"])


def _source(loaded: LoadedExperiment, run_id: str) -> SiteSource:
    return SiteSource(
        folder=loaded.folder,
        name=loaded.name,
        mode=str(loaded.config.get("mode")),
        config=loaded.config.public(),
        extra_files=loaded.extra_files,
        app_id=run_id,
    )


@contextmanager
def _engine(wish: RunOptions, places: RunPaths) -> Iterator[Engine]:
    if wish.engine == "sqlite":
        with contextlib.closing(
            SQLiteEngine(places.database(wish.run_id), sync_later=True, busy_timeout=LOCK_WAIT)
        ) as engine:
            yield engine
        return
    # Lazy import: moto takes a second to import, and only its users have it installed.
    from infra.local.moto.moto_engine import started

    with started() as new_engine, contextlib.closing(new_engine(wish.run_id)) as engine:
        yield engine


@dataclass(frozen=True)
class _Carriers:
    """What messages travel by, and what consumes them; None: the local twin."""

    consumer: Callable[[App], MessageConsumer | QueueConsumer]
    queue: Queue | None = None
    schedule: TickSchedule | None = None


def _carriers(wish: RunOptions) -> _Carriers:
    if wish.engine == "sqlite":
        return _Carriers(MessageConsumer)
    # Put off, like the engine's own.
    from infra.local.moto.moto_cloud import MotoCloud
    from infra.local.moto.sqs_consumer import QueueConsumer

    cloud, handlers = MotoCloud(), app_module()

    def consumer(app: App) -> QueueConsumer:
        return QueueConsumer(app, cloud, handlers.on_message, handlers.on_tick)

    cloud.make()
    return _Carriers(consumer, cloud.queue(SystemClock()), cloud.schedule())


@contextmanager
def _channels(wish: RunOptions, sockets: LocalChannels) -> Iterator[Channels]:
    """Give what sends to the sockets of this process: directly, or as in the cloud."""
    if wish.engine == "sqlite":
        yield sockets
        return
    # Lazy import: boto3 takes a while to import.
    from chalicelib.messaging.gateway_channels import GatewayChannels
    from infra.local.moto.management_api import ManagementAPI
    from infra.local.moto.moto_engine import REGION

    with ManagementAPI(sockets) as api, contextlib.closing(GatewayChannels(api.url, REGION)) as channels:
        yield channels
