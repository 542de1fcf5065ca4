"""Builds the app: the only place that makes clients, opens files and reads secrets."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .experiment.experiment import Experiment
from .messaging import mail
from .messaging.channels import LocalChannels
from .messaging.clock import SystemClock
from .messaging.local import LocalQueue, LocalSchedule
from .model.errors import Conflict
from .operations.quotas import recruiter_names
from .operations.settings import Gettable, Settings
from .operations.tokens import SignedTokens
from .ports import Clock, Queue, Recruiter, Report, Schedule
from .recruiters import link
from .recruiters.bots import BotRecruiter
from .recruiters.cli import CLIRecruiter
from .recruiters.hotair import HotAirRecruiter
from .services import App, Receiver, RecruiterBook, use
from .storage.engine import Engine, Put
from .storage.sqlite import SQLiteEngine
from .storage.store import EngineStore

#: Recruiters that cost money.
VENDORS = ("mturk", "prolific")
SECRETS = ("experiment", "secrets")


def local(
    experiment_class: type[Experiment],
    config: Gettable,
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
    schedule: Schedule | None = None,
    operator_token: str | None = None,
) -> App:
    """Build the app of one machine, over a SQLite file or an engine that is there, and make it current.

    `base` gives the address under which it is served; `spawn_bot` starts a bot at an ad address.
    A run's secrets live in its own store, so that tokens outlive a restart.
    """
    if engine is None:
        if database is None:
            raise ValueError("local() needs a database file or an engine.")
        engine = SQLiteEngine(database)
    settings = Settings(config)
    secret, kept_token = _secrets(engine)
    clock = clock or SystemClock()
    recruiters = _recruiters(settings, base, clock, app_id, secret, spawn_bot or _no_bots)
    seed = settings.get("run_seed")
    app = App(
        store=EngineStore(engine),
        queue=LocalQueue(clock) if queue is None else queue,
        clock=clock,
        mailer=mail.build(settings),
        channels=LocalChannels(),
        schedule=LocalSchedule() if schedule is None else schedule,
        recruiters=RecruiterBook(recruiters, receivers=_receivers(recruiters), reader=_reports_of_mturk),
        tokens=SignedTokens(secret, operator_token or os.environ.get("PETRI_OPERATOR_TOKEN") or kept_token),
        config=settings,
        experiment_class=experiment_class,
        app_id=app_id,
        run_seed=str(seed) if seed is not None else app_id,
        routes=routes,
        scheduled=scheduled,
    )
    use(app)
    return app


def _recruiters(
    settings: Settings,
    base: Callable[[], str],
    clock: Clock,
    app_id: str,
    secret: str,
    spawn_bot: Callable[[str], None],
) -> dict[str, Recruiter]:
    """Return the recruiters of a run by nickname; a vendor's client is made only where it is used.

    In debug mode nobody is recruited for money: hot air stands in for every vendor.
    """
    mode = str(settings.get("mode") or "debug")
    hot_air = HotAirRecruiter(base, mode)
    known: dict[str, Recruiter] = {
        "hotair": hot_air,
        "cli": CLIRecruiter(base, mode),
        "bots": BotRecruiter(base, mode, spawn_bot),
        "link": link.build(settings, base, secret=secret),
    }
    if mode == "debug":
        return {**dict.fromkeys(VENDORS, hot_air), **known}
    named = recruiter_names(settings)
    if "mturk" in named:
        # Put off, like the next: a run at one vendor has no use for another's client.
        from .recruiters import mturk

        known["mturk"] = mturk.build(settings, base, clock, app_id=app_id)
    if "prolific" in named:
        from .recruiters import prolific

        known["prolific"] = prolific.build(settings, base, clock, secret=secret)
    return known


def _receivers(recruiters: Mapping[str, Recruiter]) -> dict[str, Receiver]:
    """Return what verifies and reads messages of the vendors that this run uses."""
    prolific = recruiters.get("prolific")
    receive = getattr(prolific, "receive_webhook", None)
    if receive is None:
        return {}

    def receiver(headers: Mapping[str, str], body: bytes) -> list[tuple[str, str]]:
        report = receive(headers, body)
        return [] if report is None else [(report.event_type, report.assignment_id)]

    return {"prolific": receiver}


def _reports_of_mturk(envelope: Mapping[str, Any]) -> list[Report]:
    from .recruiters.mturk.events import events_in

    return events_in(dict(envelope))


def _no_bots(address: str) -> None:
    """Without somebody to start bots, the address in the log is all there is."""
    del address


def _secrets(engine: Engine) -> tuple[str, str]:
    """Return the run's signing secret and operator token, made when the run is new."""
    stored = engine.get([SECRETS]).get(SECRETS)
    if stored is None:
        made = {"secret": secrets.token_urlsafe(32), "operator_token": secrets.token_urlsafe(18)}
        item = {"pk": SECRETS[0], "sk": SECRETS[1], "kind": "secrets", "v": 1, **made}
        try:
            engine.commit([Put(item, None)])
        except Conflict:
            return _secrets(engine)
        stored = item
    return str(stored["secret"]), str(stored["operator_token"])
