"""Builds the app: the only module that creates clients, opens files and reads secrets."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from chalicelib.experiment.config.run_settings import RunSettings
from chalicelib.recruiters.registry import RecruiterRegistry, WebhookReceiver

from .errors import ConfigError, Conflict, VendorError
from .experiment.config.known_settings import KNOWN_SETTINGS
from .experiment.experiment import Experiment
from .messages import Lane
from .messaging.aws_clients import AwsClients
from .messaging.aws_partitions import partition_of
from .messaging.local_channels import LocalChannels
from .messaging.local_queue import LocalQueue, LocalSchedule
from .messaging.mail import mailers
from .messaging.parameter_store import DEPLOY_AGAIN, read_secrets
from .messaging.system_clock import SystemClock
from .operations.recruitment.quotas import recruiter_names
from .operations.shared.absent_services import NoExports, NoFiles
from .operations.shared.settings import Settings, SettingsLike
from .operations.shared.tokens import LazyTokens, SignedTokens
from .ports import (
    Clock,
    ExportOptions,
    ExportPart,
    ExportWriter,
    FileStore,
    Provenance,
    Queue,
    Recruiter,
    RunLog,
    SealStore,
    TickSchedule,
    VendorReport,
)
from .recruiters import link
from .recruiters.bots import AbsentBots, BotRecruiter
from .recruiters.cli import CLIRecruiter
from .recruiters.hotair import HotAirRecruiter
from .services import App, LabKeyReader, use
from .storage.engine import Engine, Put
from .storage.engine_store import EngineStore

if TYPE_CHECKING:
    from .experiment.loader.experiment_folder import LoadedExperiment
    from .messaging.sqs import SQSQueue
    from .recruiters.mturk.sns import SNSEndpoint

T = TypeVar("T")

#: The run's secrets that aren't settings.
RUN_SECRETS = frozenset({"secret", "operator_token", "token_secrets", "origin_keys"})
#: Secrets for vendors and for mail, stored apart, since most functions don't need them.
VENDOR_SECRETS = frozenset(key.name for key in KNOWN_SETTINGS if key.sensitive and key.effective)
#: The functions of a deployed app besides the one that handles HTTP requests, which has no name of its own.
NAMED_FUNCTIONS = ("on_message", "on_tick", "websocket_connect", "websocket_message", "websocket_disconnect")
#: Recruiters that cost money.
VENDORS = ("mturk", "prolific")
SECRETS = ("experiment", "secrets")
#: The record in which `petri deploy` stores the addresses of the app's pages and APIs.
DEPLOYMENT = ("experiment", "deployment")


def local(
    experiment_class: type[Experiment],
    config: SettingsLike,
    *,
    app_id: str,
    database: Path | None = None,
    engine: Engine | None = None,
    base: Callable[[], str] = lambda: "http://127.0.0.1",
    spawn_bot: Callable[[str], None] | None = None,
    routes: Iterable[Any] = (),
    scheduled: Sequence[Any] = (),
    clock: Clock | None = None,
    queue: Queue | None = None,
    schedule: TickSchedule | None = None,
    operator_token: str | None = None,
    files: FileStore | None = None,
    exports: ExportWriter | None = None,
) -> App:
    """Build the app of a local run, over a SQLite file or an existing engine, and make it current.

    `base` returns the address at which it is served; `spawn_bot` starts a bot at an ad address; `files` keeps
    what participants upload, and without it nothing can be uploaded; `exports` writes export jobs. The run's
    secrets are kept in its own store, so that tokens outlive a restart.
    """
    if engine is None:
        if database is None:
            raise ValueError("local() needs a database file or an engine.")
        # Lazy import: Lambda stores nothing in files.
        from .storage.sqlite.sqlite_engine import SQLiteEngine

        engine = SQLiteEngine(database)
    settings = Settings(config)
    secret, kept_token = _secrets(engine)
    clock = clock or SystemClock()
    bots = BotRecruiter(base, RunSettings.read(settings).mode, spawn_bot or _no_bots)
    recruiters = _recruiters(settings, base, clock, app_id, secret, bots)
    app = App(
        store=EngineStore(engine),
        queue=LocalQueue(clock) if queue is None else queue,
        clock=clock,
        mailer=mailers.build_mailer(settings),
        channels=LocalChannels(),
        schedule=LocalSchedule() if schedule is None else schedule,
        recruiters=RecruiterRegistry(
            recruiters, receivers=_receivers(recruiters, clock), reader=_reports_of_mturk
        ),
        tokens=SignedTokens(secret, operator_token or os.environ.get("PETRI_OPERATOR_TOKEN") or kept_token),
        config=settings,
        experiment_class=experiment_class,
        app_id=app_id,
        run_seed=_run_seed(settings, app_id),
        files=NoFiles() if files is None else files,
        exports=NoExports() if exports is None else exports,
        routes=routes,
        scheduled=scheduled,
    )
    use(app)
    return app


def aws(
    loaded: LoadedExperiment, *, environ: Mapping[str, str] | None = None, clock: Clock | None = None
) -> App:
    """Build the app of a deployed stage, inside Lambda, and make it current.

    Names come from the function's environment; settings come from the folder, secret ones from SSM. Secrets
    are read lazily and once, when a token, a recruiter or a secret setting needs them. ConfigError when the
    deployment isn't complete.
    """
    # Lazy import: a local run needs neither PynamoDB nor the AWS adapters.
    from chalicelib.messaging.gateway_channels import LazyGatewayChannels

    from .messaging.eventbridge_schedule import EventBridgeSchedule
    from .messaging.sqs import SQSQueue
    from .storage.dynamodb.dynamodb_engine import DynamoDBEngine

    place = DeployedApp.of(os.environ if environ is None else environ)
    engine = DynamoDBEngine(place.table, place.region)
    clients = AwsClients(place.region, engine.session)
    run_secrets = cache(partial(_read_secrets, clients, place.secrets))
    _extend_with_secrets(loaded, clients, place, run_secrets)
    settings, info, clock = Settings(loaded.config), _DeploymentInfo(engine), clock or SystemClock()
    queue = SQSQueue(place.queues, clock, clients.maker("sqs"))
    base, topic = partial(info.value, "site_url"), partial(_topic_arn, place, queue)
    bots = AbsentBots(base, place.stage)
    recruiters = LazyMapping(
        lambda: _recruiters(settings, base, clock, place.app, run_secrets()["secret"], bots, topic)
    )
    app = App(
        store=EngineStore(engine),
        queue=queue,
        clock=clock,
        mailer=mailers.LazyMailer(settings),
        channels=LazyGatewayChannels(partial(info.value, "websocket_endpoint"), place.region),
        schedule=EventBridgeSchedule(place.rule, clients.maker("events")),
        recruiters=RecruiterRegistry(
            recruiters,
            receivers=LazyMapping(lambda: _receivers(recruiters, clock, topic)),
            reader=_reports_of_mturk,
        ),
        tokens=LazyTokens(lambda: _token_secrets(run_secrets())),
        config=settings,
        experiment_class=loaded.experiment_class,
        app_id=place.app,
        run_seed=_run_seed(settings, place.app),
        routes=loaded.routes,
        scheduled=loaded.scheduled,
        site_url=base,
        origin_keys=lambda: run_secrets().get("origin_keys", ()),
        dashboard_url=partial(info.value, "dashboard_url"),
        sockets_url=lambda: info.value("websocket_endpoint").replace("https://", "wss://", 1),
        facts=partial(info.facts, loaded.name),
        files=_files(place, queue, clients),
        exports=LazyExports(lambda: _exports(place, queue, clients, engine, clock)),
        log=_log(place, clients, clock),
        seals=_seals(partial(_bucket, place, queue, "seals"), run_secrets, clients),
        lab_keys=_lab_keys(place, clients) if settings.get("is_lab", False) else None,
    )
    use(app)
    return app


def _files(place: DeployedApp, queue: SQSQueue, clients: AwsClients) -> FileStore:
    """Return the store of uploaded files, which copies assets to the bucket of the pages."""
    # Lazy import: a local run keeps its files in a folder.
    from .storage.files.s3_files import S3Files

    bucket, site = (partial(_bucket, place, queue, use) for use in ("files", "site"))
    return S3Files(bucket, clients.maker("s3"), site)


def _lab_keys(place: DeployedApp, clients: AwsClients) -> LabKeyReader:
    """Return what reads the keys with which a lab signs."""
    # Lazy import: few apps are labs.
    from .messaging.lab_key_parameter import LabKeyParameter

    return LabKeyParameter(place.lab_keys, clients.maker("ssm"))


def _log(place: DeployedApp, clients: AwsClients, clock: Clock) -> RunLog:
    """Return the logs of the app's functions."""
    # Lazy import: the log of a local run is a file.
    from .messaging.cloudwatch_log import CloudWatchLog

    return CloudWatchLog(place.log_groups, clients.maker("logs"), clock)


def _run_seed(settings: Settings, app_id: str) -> str:
    """Return the seed of the run's random draws: the setting, or the run's id."""
    seed = settings.get("run_seed")
    return app_id if seed is None else str(seed)


def _extend_with_secrets(
    loaded: LoadedExperiment, clients: AwsClients, place: DeployedApp, kept: Callable[[], Mapping[str, Any]]
) -> None:
    loaded.config.extend_lazily(
        lambda name: name not in VENDOR_SECRETS,
        lambda: {name: value for name, value in kept().items() if name not in RUN_SECRETS},
    )
    loaded.config.extend_lazily(
        VENDOR_SECRETS.__contains__, lambda: read_secrets(clients.maker("ssm")(), place.vendor_secrets)
    )


@dataclass(frozen=True, slots=True)
class DeployedApp:
    """The names of a deployed app's resources, from the environment of its functions."""

    app: str
    stage: str
    table: str
    queue: str
    realtime_queue: str
    topic: str
    region: str
    #: The names of the buckets up to the account.
    bucket_prefix: str = ""

    @property
    def queues(self) -> dict[Lane, str]:
        """The queue of each lane."""
        return {Lane.WORK: self.queue, Lane.REALTIME: self.realtime_queue}

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> DeployedApp:
        """Read the environment; ConfigError names what is missing."""
        required = ("APP", "STAGE", "TABLE", "QUEUE", "REALTIME_QUEUE", "TOPIC")
        names = (*(f"PETRI_{name}" for name in required), "AWS_REGION")
        missing = [name for name in names if not environ.get(name)]
        if missing:
            raise ConfigError(f"The function's environment lacks {', '.join(missing)}. {DEPLOY_AGAIN}")
        default = f"petri-{environ['PETRI_APP']}-{environ['PETRI_STAGE']}"
        prefix = environ.get("PETRI_FILES_PREFIX") or default
        return replace(cls(*(environ[name] for name in names)), bucket_prefix=prefix)

    @property
    def secrets(self) -> str:
        """The SSM parameter with the app's secrets."""
        return f"/petri/{self.app}/{self.stage}/secrets"

    @property
    def vendor_secrets(self) -> str:
        """The SSM parameter with Petri's secret settings: the keys of recruiters and of mail."""
        return f"/petri/{self.app}/{self.stage}/vendor-secrets"

    @property
    def lab_keys(self) -> str:
        """The SSM parameter with the keys with which a lab signs."""
        return f"/petri/{self.app}/{self.stage}/lab-keys"

    @property
    def log_groups(self) -> dict[str, str]:
        """The log groups of the app's functions, by the functions' names for people."""
        group = f"/aws/lambda/petri-{self.app}-{self.stage}"
        return {"api": group, **{name: f"{group}-{name}" for name in NAMED_FUNCTIONS}}

    @property
    def rule(self) -> str:
        """The EventBridge rule that Chalice creates for the tick schedule."""
        return f"petri-{self.app}-{self.stage}-on_tick-event"


class LazyMapping(Mapping[str, T]):
    """A mapping that is built lazily, at the first lookup, because building it may take a call."""

    def __init__(self, make: Callable[[], Mapping[str, T]]) -> None:
        """`make` builds the mapping and is called once."""
        self._make = cache(make)

    def __getitem__(self, key: str) -> T:
        return self._make()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._make())

    def __len__(self) -> int:
        return len(self._make())


class _DeploymentInfo:
    """The addresses that `petri deploy` stored, read again until they exist."""

    def __init__(self, engine: Engine) -> None:
        """`engine` holds the run."""
        self._engine = engine
        self._known: Mapping[str, Any] = {}

    def value(self, name: str) -> str:
        """Return a stored value; VendorError until the deployment has stored it."""
        if not self._known.get(name):
            self._known = self._engine.get([DEPLOYMENT]).get(DEPLOYMENT, {})
        if not self._known.get(name):
            raise VendorError(
                f"The app doesn't know its own address ({name}) yet, because its deployment isn't "
                f"finished; what needed it is retried. {DEPLOY_AGAIN}"
            )
        return str(self._known[name]).rstrip("/")

    def facts(self, experiment: str) -> Provenance:
        """Return what was deployed, when and by whom, read each time: a deployment records it at its end."""
        return _facts_of(experiment, self._engine.get([DEPLOYMENT]).get(DEPLOYMENT, {}))


def _facts_of(experiment: str, item: Mapping[str, Any]) -> Provenance:
    """Return the facts that a deployment has recorded."""
    version = item.get("version", {})
    return Provenance(
        experiment=str(version.get("name") or experiment),
        experiment_hash=str(version.get("experiment", "")),
        petri_hash=str(version.get("code", "")),
        package_hash=str(version.get("package", "")),
        deployed_at=str(item.get("deployed_at", "")),
        deployed_by=str(item.get("deployed_by", "")),
        site_url=str(item.get("site_url", "")),
        dashboard_url=str(item.get("dashboard_url", "")),
    )


def _read_secrets(clients: AwsClients, name: str) -> dict[str, Any]:
    """Read the app's secrets; ConfigError, which quotes none of them, when they aren't complete."""
    stored = read_secrets(clients.maker("ssm")(), name)
    if not stored.get("secret") or not stored.get("operator_token"):
        raise ConfigError(f"The app's secrets in {name} aren't complete. {DEPLOY_AGAIN}")
    return stored


def _token_secrets(run_secrets: Mapping[str, Any]) -> tuple[Any, str]:
    """Return the secrets that sign tokens, and the operator's token."""
    return run_secrets.get("token_secrets") or run_secrets["secret"], run_secrets["operator_token"]


def _topic_arn(place: DeployedApp, queue: SQSQueue) -> str:
    """Return the ARN of the topic that Mechanical Turk reports to, in the queue's account."""
    return f"arn:{partition_of(place.region)}:sns:{place.region}:{queue.account}:{place.topic}"


def _seals(
    bucket: Callable[[], str], run_secrets: Callable[[], Mapping[str, Any]], clients: AwsClients
) -> SealStore:
    """Return the store of the seals of the audit log, in the bucket that outlives the app."""
    # Lazy import: a local run keeps its seals in a folder.
    from .storage.files.s3_seals import S3Seals, run_of

    return S3Seals(bucket, lambda: run_of(run_secrets()["secret"]), clients.maker("s3"))


class LazyExports:
    """The writer of export jobs, which is built when the first one is written or downloaded."""

    def __init__(self, make: Callable[[], ExportWriter]) -> None:
        """`make` builds the writer and is called once."""
        self._make = cache(make)

    def write_part(
        self, export_id: str, options: ExportOptions, state: Mapping[str, Any] | None
    ) -> ExportPart | None:
        """Write the next part."""
        return self._make().write_part(export_id, options, state)

    def link(self, export_id: str, name: str, download_name: str) -> str:
        """Return the address of a finished export."""
        return self._make().link(export_id, name, download_name)

    def remove(self, export_id: str, keep: str | None = None) -> None:
        """Remove the files of an export."""
        self._make().remove(export_id, keep)


def _exports(
    place: DeployedApp, queue: SQSQueue, clients: AwsClients, engine: Engine, clock: Clock
) -> ExportWriter:
    """Return the writer of export jobs, whose files are in the bucket of uploads."""
    # Lazy import, like the next: few processes export anything.
    from .export.archive import CODE
    from .export.jobs.part_writer import PartWriter
    from .export.jobs.run_facts import RunFacts
    from .export.personal_data import manifest_of
    from .storage.files.s3_exports import S3Exports, read_object

    def manifest() -> Mapping[str, Any]:
        deployed = engine.get([DEPLOYMENT]).get(DEPLOYMENT, {})
        described = manifest_of(deployed["version"]) if deployed.get("version") else {}
        return {"stage": place.stage, "deployed_at": deployed.get("deployed_at", ""), **described}

    def code() -> bytes | None:
        return read_object(clients.maker("s3")(), _bucket(place, queue, "keep"), CODE)

    bucket, client = partial(_bucket, place, queue, "files"), clients.maker("s3")
    uploads = _files(place, queue, clients)
    facts = RunFacts(place.app, cache(manifest), cache(code))
    return PartWriter(engine, S3Exports(bucket, client), facts, clock, uploads=uploads)


def _bucket(place: DeployedApp, queue: SQSQueue, use: str) -> str:
    """Return the name of one of the app's buckets, such as `files` or `site`: it contains the account."""
    return f"{place.bucket_prefix}-{queue.account}-{use}"


def _recruiters(
    settings: Settings,
    base: Callable[[], str],
    clock: Clock,
    app_id: str,
    secret: str,
    bots: BotRecruiter,
    topic: Callable[[], str] | None = None,
) -> dict[str, Recruiter]:
    """Return the recruiters of a run by nickname; a vendor's client is created only where it is used.

    In debug mode the simulated recruiter stands in for every vendor, so no one is recruited for money.
    """
    mode = RunSettings.read(settings).mode
    simulated = HotAirRecruiter(base, mode)
    known: dict[str, Recruiter] = {
        "hotair": simulated,
        "cli": CLIRecruiter(base, mode),
        "bots": bots,
        "link": link.build(settings, base, secret=secret),
    }
    if mode == "debug":
        return {**dict.fromkeys(VENDORS, simulated), **known}
    named = recruiter_names(settings)
    if "mturk" in named:
        # Lazy import, like the next: a run at one vendor doesn't need another's client.
        from .recruiters import mturk

        known["mturk"] = mturk.build(settings, base, clock, app_id=app_id, topic=topic)
    if "prolific" in named:
        from .recruiters import prolific

        known["prolific"] = prolific.build(settings, base, clock, secret=secret)
    return known


def _receivers(
    recruiters: Mapping[str, Recruiter], clock: Clock, topic: Callable[[], str] | None = None
) -> dict[str, WebhookReceiver]:
    """Return the webhook receivers of the vendors that this run uses."""
    known: dict[str, WebhookReceiver] = {}
    for vendor in VENDORS:
        recruiter = recruiters.get(vendor)
        if recruiter is not None and recruiter.capabilities.receives_webhooks:
            known[vendor] = recruiter.receive_webhook
    # SNS delivers into our queue; messages over HTTP are accepted only if their signature can be verified.
    if topic is not None and "mturk" in recruiters and find_spec("cryptography") is not None:
        known["mturk"] = _from_sns(clock, topic)
    return known


def _from_sns(clock: Clock, topic: Callable[[], str]) -> WebhookReceiver:
    @cache
    def endpoint() -> SNSEndpoint:
        from .recruiters.mturk.sns import amazon_endpoint

        return amazon_endpoint(topic(), clock)

    return lambda headers, body: endpoint().receive(body.decode("utf-8", "replace"))  # noqa: ARG005 - the signature is in the body


def _reports_of_mturk(envelope: Mapping[str, Any]) -> list[VendorReport]:
    from .recruiters.mturk.sns_events import events_in

    return events_in(dict(envelope))


def _no_bots(address: str) -> None:
    """Start no bot: the address in the log is all that this run provides."""
    del address


def _secrets(engine: Engine) -> tuple[str, str]:
    """Return the run's signing secret and operator token, created for a new run."""
    stored = engine.get([SECRETS]).get(SECRETS)
    if stored is None:
        values = {"secret": secrets.token_urlsafe(32), "operator_token": secrets.token_urlsafe(18)}
        item = {"pk": SECRETS[0], "sk": SECRETS[1], "kind": "secrets", "v": 1, **values}
        try:
            engine.commit([Put(item, None)])
        except Conflict:
            return _secrets(engine)
        stored = item
    return str(stored["secret"]), str(stored["operator_token"])
