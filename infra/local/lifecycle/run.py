"""Opens a run: loads the author's folder, opens its data, builds its pages, and creates the app."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

from chalice.app import Chalice

from chalicelib.bootstrap import SECRETS, local
from chalicelib.errors import PetriError
from chalicelib.experiment.loader.experiment_folder import LoadedExperiment, load_experiment
from chalicelib.export.jobs.part import PartLimits
from chalicelib.export.jobs.part_writer import PartWriter
from chalicelib.messaging.local_channels import LocalChannels
from chalicelib.messaging.system_clock import SystemClock
from chalicelib.ports import Channels, ExportWriter, Queue, TickSchedule
from chalicelib.services import App
from chalicelib.storage.engine import Engine
from chalicelib.storage.engine_store import EngineStore
from chalicelib.storage.files.folder_exports import FolderExports
from chalicelib.storage.files.folder_files import FolderFiles
from chalicelib.storage.files.folder_seals import FolderSeals
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from chalicelib.web import author_routes
from infra.local.allowed_hosts import AllowedHosts
from infra.local.background_worker import BackgroundWorker
from infra.local.consumer import MessageConsumer
from infra.local.dashboard.local_facts import LocalFacts
from infra.local.dashboard.read_pool import ReadPool
from infra.local.dashboard.run_log_file import RunLogFile
from infra.local.exports.background_exports import BackgroundExports
from infra.local.group_commit import GroupCommit
from infra.local.host import Host
from infra.local.serial_dispatcher import SerialDispatcher
from infra.local.sockets import Sockets
from infra.local.start_page import StartPage
from infra.local.static_pages import Pages
from infra.local.uploads.file_exchange import FileExchange
from infra.site import SiteSource, build, resolve

from . import identity, origin
from .bot_selection import spawn
from .origin import Origin
from .run_paths import RunPaths, private_files
from .site_folders import site_folder

if TYPE_CHECKING:
    from infra.local.moto.sqs_consumer import QueueConsumer

#: Seconds that the event loop blocks on another process's lock; after that it retries asynchronously.
LOCK_WAIT = 0.02
_APP = Path(__file__).parents[3] / "app.py"


@dataclass
class Address:
    """The address of a run; set once it listens."""

    url: str = "http://127.0.0.1"


@dataclass(frozen=True)
class RunOptions:
    """Which experiment to run, and how."""

    folder: Path
    run_id: str
    engine: Literal["sqlite", "moto"] = "sqlite"
    #: settings that take precedence over any file
    settings: Mapping[str, Any] = field(default_factory=dict)
    #: whether to continue a run of another folder, which the operator declares to be the same experiment
    adopt: bool = False


@dataclass
class Run:
    """An open run."""

    id: str
    #: the experiment; `petri debug` replaces it when its files have changed
    loaded: LoadedExperiment
    app: App
    engine: Engine
    host: Host
    drain: BackgroundWorker
    address: Address
    operator_token: str
    #: the folder of the built pages
    site: Path
    #: the page at the root of a debug run; None in any other mode
    start_page: StartPage | None = None

    def quorum(self) -> int:
        """Return how many participants must be there at the same time; 0 when each can take part alone."""
        with self.app.store.begin(self.app.clock.now()) as work:
            return self.app.experiment_class(work).concurrent_participants

    def participants(self) -> int:
        """Count the participants so far."""
        with self.app.store.begin(self.app.clock.now()) as work:
            return sum(work.statuses().values())


@contextmanager
def opened(options: RunOptions, paths: RunPaths) -> Iterator[Run]:
    """Open a run for the with block, with the experiment's folder as the working directory.

    Raises ExperimentError and ConfigError for problems of the folder, and BadRequest when the run belongs
    to another experiment, before anything is written.
    """
    loaded = load_for_run(options)
    if not options.adopt:
        identity.check(loaded, options.run_id, paths)
    with ExitStack() as stack:
        stack.enter_context(private_files())
        paths.close_to_others(options.run_id)
        site = stack.enter_context(site_folder())
        build(site_source(loaded, options.run_id), site)
        engine = stack.enter_context(_engine(options, paths))
        carriers = _carriers(options)
        made_of = Origin(loaded.folder, options.settings, loaded.experiment_class.__qualname__)
        origin.record_origin(made_of, options.run_id, paths)
        stack.enter_context(contextlib.chdir(loaded.folder))
        address = Address()
        clock = SystemClock()
        files = FolderFiles(paths.uploads(options.run_id), clock)
        files.sweep()
        exports = FolderExports(paths.exports(options.run_id), clock)
        exports.sweep()
        app = local(
            loaded.experiment_class,
            loaded.config,
            app_id=options.run_id,
            engine=engine,
            base=lambda: address.url,
            spawn_bot=lambda url: spawn(run.loaded, url),
            routes=loaded.routes,
            scheduled=loaded.scheduled,
            clock=clock,
            queue=carriers.queue,
            schedule=carriers.schedule,
            files=files,
            exports=stack.enter_context(_exports(engine, exports, files, options.run_id, paths)),
        )
        app.seals = FolderSeals(paths.seals(options.run_id))
        app.log = RunLogFile(paths.log(options.run_id))
        app.facts = LocalFacts(lambda: run.loaded, lambda: address.url)
        app.channels = stack.enter_context(_channels(options, sockets := LocalChannels()))
        author_routes.register(chalice_app(), loaded.routes)
        durable = GroupCommit(engine).reached if isinstance(engine, SQLiteEngine) else None
        lane = SerialDispatcher(chalice_app(), durable=durable, changes=lambda: app.network_changes)
        messages = carriers.consumer(app)
        drain = BackgroundWorker(messages.carry_out_one, lane.wake_after_change, messages.next_due, durable)
        names = AllowedHosts(lambda: address.url, str(loaded.config.get("host")))
        pages = Pages(site, resolve, files.published)
        host = Host(lane, pages, Sockets(chalice_app(), sockets), names, FileExchange(files, exports))
        start = (
            StartPage(app, options.run_id, lambda: address.url) if app.config.get("mode") == "debug" else None
        )
        host.start_page = None if start is None else start.html
        host.reads = stack.enter_context(_reads(app, engine))
        token = _operator_token(engine)
        yield (run := Run(options.run_id, loaded, app, engine, host, drain, address, token, site, start))


def load_for_run(options: RunOptions) -> LoadedExperiment:
    """Load a run's folder with the run's settings; routes of an earlier load are unregistered."""
    return load_experiment(
        options.folder, runtime={"mode": "debug", **options.settings}, core_routes=core_routes()
    )


def chalice_app() -> Chalice:
    """Return the Chalice app of app.py, which Lambda calls."""
    found: Chalice = app_module().app
    return found


def app_module() -> ModuleType:
    """Return the module app.py, which holds the handlers that Lambda calls."""
    module = sys.modules.get("app")
    if module is None or Path(module.__file__ or "").resolve() != _APP.resolve():
        # By its path: the working directory may contain another app.py.
        spec = importlib.util.spec_from_file_location("app", _APP)
        if spec is None or spec.loader is None:
            raise PetriError(f"{_APP} can't be imported; reinstall Petri.")
        module = importlib.util.module_from_spec(spec)
        sys.modules["app"] = module
        spec.loader.exec_module(module)
    return module


def core_routes() -> list[str]:
    """Return Petri's own routes, which an author's routes must not use."""
    author_routes.unregister(chalice_app())
    return list(chalice_app().routes)


def _operator_token(engine: Engine) -> str:
    """Return the operator's token from the environment, or the one that bootstrap created for this run."""
    return os.environ.get("PETRI_OPERATOR_TOKEN") or str(engine.get([SECRETS])[SECRETS]["operator_token"])


def site_source(loaded: LoadedExperiment, run_id: str) -> SiteSource:
    """Return what the pages of a run are built from."""
    return SiteSource.of(loaded, mode=str(loaded.config.get("mode")), app_id=run_id)


@contextmanager
def _engine(options: RunOptions, paths: RunPaths) -> Iterator[Engine]:
    if options.engine == "sqlite":
        with contextlib.closing(
            SQLiteEngine(paths.database(options.run_id), sync_later=True, busy_timeout=LOCK_WAIT)
        ) as engine:
            yield engine
        return
    # Lazy import: moto takes a second to import, and is an optional dependency.
    from infra.local.moto.moto_engine import started

    with started() as new_engine, contextlib.closing(new_engine(options.run_id)) as engine:
        yield engine


@contextmanager
def _reads(app: App, engine: Engine) -> Iterator[ReadPool | None]:
    """Yield the pool that reads a run's file beside the lane; None for moto, which is slow anyway."""
    if not isinstance(engine, SQLiteEngine):
        yield None
        return
    with contextlib.closing(SQLiteEngine(engine.path, read_only=True)) as reader:
        store = EngineStore(reader)
        # Made for each read: `petri debug` changes the app when the experiment's files change.
        pool = ReadPool(lambda: replace(app, store=store), reader.took_refusal)
        with contextlib.closing(pool):
            yield pool


@contextmanager
def _exports(
    engine: Engine, exports: FolderExports, uploads: FolderFiles, run_id: str, paths: RunPaths
) -> Iterator[ExportWriter]:
    """Yield the writer of export jobs; with moto, parts are short, since they are written on the lane."""
    # Lazy import: few runs are exported while they are served.
    from .run_outcome import facts_of

    facts, clock = facts_of(run_id, paths), SystemClock()
    if not isinstance(engine, SQLiteEngine):
        yield PartWriter(engine, exports, facts, clock, PartLimits(seconds=0.1), uploads=uploads)
        return
    with contextlib.closing(SQLiteEngine(engine.path, read_only=True)) as reader:
        yield BackgroundExports(PartWriter(reader, exports, facts, clock, uploads=uploads))


@dataclass(frozen=True)
class _Carriers:
    """The queue and schedule of a run, and their consumer; None: the local twin."""

    consumer: Callable[[App], MessageConsumer | QueueConsumer]
    queue: Queue | None = None
    schedule: TickSchedule | None = None


def _carriers(options: RunOptions) -> _Carriers:
    if options.engine == "sqlite":
        return _Carriers(MessageConsumer)
    # Lazy import, as for the engine.
    from infra.local.moto.moto_cloud import MotoCloud
    from infra.local.moto.sqs_consumer import QueueConsumer

    cloud, handlers = MotoCloud(), app_module()

    def consumer(app: App) -> QueueConsumer:
        return QueueConsumer(app, cloud, handlers.on_message, handlers.on_tick)

    cloud.make()
    return _Carriers(consumer, cloud.queue(SystemClock()), cloud.schedule())


@contextmanager
def _channels(options: RunOptions, sockets: LocalChannels) -> Iterator[Channels]:
    """Yield the channels adapter for this process's sockets: direct, or through an emulated API Gateway."""
    if options.engine == "sqlite":
        yield sockets
        return
    # Lazy import: boto3 takes a while to import.
    from chalicelib.messaging.gateway_channels import GatewayChannels
    from infra.local.moto.management_api import ManagementAPI
    from infra.local.moto.moto_engine import REGION

    with ManagementAPI(sockets) as api, contextlib.closing(GatewayChannels(api.url, REGION)) as channels:
        yield channels
