"""The running app and its services, and how it runs an operation: `current()`, `use(app)`."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Protocol, TypeVar

from chalicelib.operations.realtime import dashboard_rings
from chalicelib.operations.realtime.channels import Delivery, forget_connections
from chalicelib.recruiters.registry import RecruiterRegistry

from .access.origin_header import OriginKeys
from .errors import Busy, Conflict, ExperimentError, PetriError, Unsent, errors_only
from .experiment.experiment import Experiment
from .experiment.hook_timing import name_of, slowest_hook
from .invocation import seconds_left
from .messages import RingDashboards, is_continued, to_body
from .operations.audit.no_seals import NoSeals
from .operations.recruitment.effect_dispatch import dispatch_effects
from .operations.schedule import schedule_state
from .operations.shared.absent_services import NoExports, NoFiles, NoLog
from .operations.shared.context import ANONYMOUS, Caller, Context, Request
from .operations.shared.poll_intervals import WaitingEstimate
from .operations.shared.settings import Settings
from .operations.shared.tokens import SignedTokens
from .ports import (
    TRANSIENT,
    Channels,
    Clock,
    ExportWriter,
    FileStore,
    Key,
    Mailer,
    Message,
    Provenance,
    Queue,
    SealStore,
    Store,
    TickSchedule,
    Transfer,
    UnitOfWork,
)
from .ports.run_log import RunLog

T = TypeVar("T")

#: Returns the private keys of a deployed lab, the newest first; it takes the thumbprint of the one needed.
LabKeyReader = Callable[[str], Sequence[Mapping[str, Any]]]

#: How often an operation that loses its race is retried before the client gets 503. When 32 requests change
#: one network at once, one wins each round, so the last may lose many times; the total backoff stays far
#: below the 29 seconds that API Gateway waits.
MAX_ATTEMPTS = 30
#: How often a refused operation is retried when what it has read has changed meanwhile.
MAX_STALE_RETRIES = 5
#: The longest backoff before the second attempt, in seconds; it doubles with each attempt.
BACKOFF_BASE = 0.005
BACKOFF_MAX = 0.5
#: Seconds that an invocation needs for another attempt: hooks may be slow, and a request that is cut off
#: leaves its client without a response.
MIN_SECONDS_LEFT = 10.0
#: How often a process looks for open dashboards, and how long it collects changes before it rings them.
DASHBOARDS_CHECKED_EVERY: Final = timedelta(seconds=5)
RING_DELAY: Final = timedelta(seconds=1)
#: An author's hook that takes longer than this, in seconds, delays all participants: the app logs a warning.
SLOW_HOOK_SECONDS = 0.1
#: The warning about a slow hook; commands that work on a deployed run from afar suppress it.
SLOW_HOOK_WARNING: Final = (
    "%s took %.0f ms; every participant waits meanwhile. Read fewer records in it, or run the slow "
    "part later: self.after(0, ...) or @scheduled."
)

logger = logging.getLogger("petri")
_jitter = random.SystemRandom()


class Keyed(Protocol):
    """A message, as far as the outbox knows it."""

    @property
    def key(self) -> Key:
        """The key of its record; a transient message has none."""


@dataclass(eq=False, repr=False)
class App:
    """The services that every entry point uses. Built by bootstrap, never at import time."""

    store: Store
    queue: Queue
    clock: Clock
    mailer: Mailer
    channels: Channels
    recruiters: RecruiterRegistry
    tokens: SignedTokens
    config: Settings
    experiment_class: type[Experiment]
    app_id: str
    run_seed: str
    #: The tick schedule, enabled while anything is open.
    schedule: TickSchedule
    #: Keeps what participants upload.
    files: FileStore = field(default_factory=NoFiles)
    #: Writes export jobs.
    exports: ExportWriter = field(default_factory=NoExports)
    #: Keeps the seals of the audit log.
    seals: SealStore = field(default_factory=NoSeals)
    #: The log of the run.
    log: RunLog = field(default_factory=NoLog)
    #: Returns what the run is made of and where it is.
    facts: Callable[[], Provenance] = Provenance
    #: The author's own routes: (rule, methods, function, is_method).
    routes: Iterable[Any] = ()
    #: The experiment's scheduled functions: (minutes, name, function, is_method).
    scheduled: Sequence[Any] = ()
    #: How often commits lost a race since the app began; for benches.
    conflicts: int = 0
    #: How many commits changed a network: where one grew, a place may have opened.
    network_changes: int = 0
    #: Returns the address at which participants find the run, where requests don't show it.
    site_url: Callable[[], str] | None = None
    #: In a deployed app, the keys with which the dashboard's distribution identifies its requests.
    origin_keys: OriginKeys | None = None
    #: Returns the address of a deployed app's dashboard.
    dashboard_url: Callable[[], str] | None = None
    #: Returns the address at which a deployed app takes sockets, which isn't the dashboard's host.
    sockets_url: Callable[[], str] | None = None
    #: In a deployed lab, reads the keys with which it signs; a local one keeps them in its own file.
    lab_keys: LabKeyReader | None = None
    #: Until when the schedule is enabled for certain, as far as this process knows.
    schedule_enabled_until: datetime | None = None
    #: The decayed duration of the longest message that this process has handled, in seconds.
    longest_message: float = 0.0
    #: How many participants wait for a place, as far as this process knows.
    waiting_estimate: WaitingEstimate = field(default_factory=WaitingEstimate)
    #: When this process last looked for open dashboards, and whether there were any.
    dashboards_checked: datetime | None = None
    has_dashboards: bool = False
    #: What expensive reads of this process returned a moment ago.
    recent_reads: dict[str, tuple[float, Any]] = field(default_factory=dict)
    #: When this process last began each transient message, by its name.
    last_transient: dict[str, datetime] = field(default_factory=dict)

    @property
    def operator_token(self) -> str:
        """The token that grants the operator every permission."""
        return self.tokens.operator_token

    @property
    def tokens_are_off(self) -> bool:
        """Whether participants need no tokens; in debug mode only."""
        return self.config.get("mode") == "debug" and self.config.get("require_participant_token") is False

    def run(
        self,
        operation: Callable[..., T],
        *args: Any,
        caller: Caller = ANONYMOUS,
        request: Request | None = None,
        **kwargs: Any,
    ) -> T:
        """Run an operation in a unit of work and commit it; retry it from the start after a conflict.

        Each attempt has a new Experiment, the same time and, by its seed, the same draws. Busy after too many
        conflicts.
        """
        return self._run(operation, caller, request, None, args, kwargs)

    def handle(self, message: Keyed, operation: Callable[..., T], *args: Any, **kwargs: Any) -> T | None:
        """Run an operation for a message, and delete the message from the outbox in the same commit.

        Returns None when the message was handled before.
        """
        return self._run(operation, ANONYMOUS, None, message, args, kwargs)

    def _run(
        self,
        operation: Callable[..., T],
        caller: Caller,
        request: Request | None,
        message: Keyed | None,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> T:
        now = self.clock.now()
        continuation = _continuation.get()
        for attempt in range(MAX_ATTEMPTS):
            with self.store.begin(now) as uow, errors_only():
                ctx = Context(
                    uow=uow,
                    experiment=self.experiment_class(uow),
                    config=self.config,
                    tokens=self.tokens,
                    recruiters=self.recruiters,
                    run_seed=self.run_seed,
                    app_id=self.app_id,
                    caller=caller,
                    request=request or Request(),
                    files=self.files,
                    facts=self.facts,
                    waiting_estimate=self.waiting_estimate,
                    recent_reads=self.recent_reads,
                    sends_payments=continuation is not None and continuation.has_time(),
                )
                try:
                    if (
                        message is not None
                        and message.key[0] != TRANSIENT
                        and not self._delete_from_outbox(ctx, message)
                    ):
                        return None  # type: ignore[return-value]  # handled before
                    began = time.perf_counter()
                    result = operation(ctx, *args, **kwargs)
                    self._warn_if_slow(operation, ctx.experiment, time.perf_counter() - began)
                    dispatch_effects(ctx, ctx.experiment.pending_effects)
                    uow.commit()
                except Exception as error:
                    # Any error, of Petri or of a hook, may come from stale reads; others are raised.
                    if not _should_retry(error, uow, attempt):
                        raise
                    if seconds_left() < MIN_SECONDS_LEFT:
                        break
                    self.conflicts += 1
                    time.sleep(_jitter.uniform(0, min(BACKOFF_MAX, BACKOFF_BASE * 2**attempt)))
                    continue
                posted = [*uow.posted, *self._rings(uow.written_kinds)]
                self.network_changes += uow.network_changed
            if continuation is not None:
                continuation.begun_payments |= ctx.begun_payments
            self._send(posted)
            if ctx.refusal is not None:
                raise ctx.refusal
            return result
        raise Busy("Too many participants are changing the same network right now; retry in a second.")

    def _rings(self, written_kinds: frozenset[str]) -> list[Message]:
        """Return the nudge that rings dashboards, if any listens and pages may show what was written.

        A process looks only every few seconds whether any does, so hardly a commit costs a query, and none a
        write. Nudges that are sent within a second are one.
        """
        now = self.clock.now()
        if not written_kinds or not dashboard_rings.is_shown(written_kinds):
            return []
        if self.dashboards_checked is None or now - self.dashboards_checked >= DASHBOARDS_CHECKED_EVERY:
            is_first = self.dashboards_checked is None
            self.dashboards_checked = now
            self.has_dashboards = not is_first and self._look_for_dashboards(now)
        body = to_body(RingDashboards())
        return [Message((TRANSIENT, body["kind"]), body, now + RING_DELAY)] if self.has_dashboards else []

    def _look_for_dashboards(self, now: datetime) -> bool:
        try:
            with self.store.begin(now) as uow:
                return dashboard_rings.has_dashboards(uow)
        except PetriError:
            logger.exception("open dashboards couldn't be looked for; they are rung without looking")
            return True

    def deliver(self, delivery: Delivery) -> None:
        """Send a text to its connections, and forget closed ones (410), so that none is sent to again."""
        if delivery.connection_ids:
            for connection_id in self.channels.send(delivery.connection_ids, delivery.text):
                self.run(forget_connections, [connection_id])

    def _delete_from_outbox(self, ctx: Context, message: Keyed) -> bool:
        stored = ctx.uow.item(message.key)
        if stored is None:
            return False
        ctx.uow.delete_item(message.key, expect=stored["v"])
        return True

    def acknowledge(self, message: Keyed) -> None:
        """Delete a done message from the outbox; a transient one needs no commit."""
        if message.key[0] != TRANSIENT:
            self.handle(message, _nothing)

    def send_posted(self, posted: Sequence[Message]) -> None:
        """Send committed messages; a failure loses none of them, so the caller needn't know."""
        try:
            if posted:
                self.queue.send(*posted)
        except Unsent:
            logger.exception("messages of a commit couldn't be sent; the next sweep sends them")

    def _send(self, posted: list[Message]) -> None:
        if not posted:
            return
        continuation = _continuation.get()
        continued = (
            []
            if continuation is None
            else [one for one in posted if one.due is None and is_continued(one.body)]
        )
        if continuation is not None:
            continuation.posted += continued
        self.send_posted([one for one in posted if one not in continued])
        if any(message.key[0] != TRANSIENT for message in posted):
            self.ensure_schedule_enabled()

    def ensure_schedule_enabled(self) -> None:
        """Enable the tick schedule, since a recorded message may need it.

        The time until which the run's record guarantees it is cached, so that most requests read nothing.
        """
        if (
            self.schedule_enabled_until is not None
            and self.clock.now() + schedule_state.SKEW < self.schedule_enabled_until
        ):
            return
        try:
            self.schedule_enabled_until = self.enable_schedule()
        except PetriError:
            logger.exception(
                "the schedule may be disabled and couldn't be enabled; the next message retries it"
            )

    def enable_schedule(self, *, force: bool = False) -> datetime:
        """Enable the schedule, unless the record guarantees it; return until when it is enabled for certain.

        `force`: it was disabled, whatever the record says. The order matters: a tick that disables the
        schedule at the same time sees that it is being enabled.
        """
        guaranteed = self.run(schedule_state.begin_enabling, force=force)
        if guaranteed is not None:
            return guaranteed
        self.schedule.enable()
        return self.run(schedule_state.extend_until)

    def _warn_if_slow(self, operation: Callable[..., Any], experiment: Experiment, seconds: float) -> None:
        """Log which of the author's functions made a request slow, and what to do about it."""
        if seconds <= SLOW_HOOK_SECONDS:
            return
        hook, own = slowest_hook(experiment)
        if own <= seconds / 2:
            logger.info("%s took %.0f ms, most of it in Petri itself.", name_of(operation), seconds * 1000)
            return
        logger.warning(SLOW_HOOK_WARNING, hook, own * 1000)


def _nothing(ctx: Context) -> None:
    del ctx


@dataclass(eq=False, repr=False)
class Continuation:
    """What a consumer carries out right after the current message."""

    has_time: Callable[[], bool]
    posted: list[Message] = field(default_factory=list)
    begun_payments: dict[tuple[int, str], Transfer] = field(default_factory=dict)


@contextmanager
def continuing(has_time: Callable[[], bool]) -> Iterator[Continuation]:
    """Collect, instead of sending, the messages of commits in this block that the consumer continues with."""
    continuation = Continuation(has_time)
    before = _continuation.set(continuation)
    try:
        yield continuation
    finally:
        _continuation.reset(before)


def begun_payment(participant_id: int, kind: str) -> Transfer | None:
    """Return, once, a payment that a commit of this consumer has begun and not yet sent."""
    continuation = _continuation.get()
    return None if continuation is None else continuation.begun_payments.pop((participant_id, kind), None)


def _should_retry(error: Exception, uow: UnitOfWork, attempt: int) -> bool:
    """Whether an attempt had a conflict, or its error may come from stale reads.

    A refusal or an error, of Petri or of an author's hook, is reported if everything that was read is
    unchanged in the store; otherwise the operation is retried first. Busy makes the client retry anyway.
    """
    if isinstance(error, Conflict):
        return True
    if isinstance(error, Busy) or attempt >= MAX_STALE_RETRIES:
        return False
    try:
        return not uow.is_unchanged()
    except PetriError:
        logger.exception("stale reads couldn't be checked for; the first error is reported")
        return False


_app: App | None = None
#: The app of this thread or task, where it isn't the process's.
_own_app: ContextVar[App | None] = ContextVar("own_app", default=None)
_continuation: ContextVar[Continuation | None] = ContextVar("continuation", default=None)


def use(app: App | None) -> None:
    """Make this the running app."""
    global _app  # noqa: PLW0603 - one app for each process, set by bootstrap
    _app = app


@contextmanager
def using(app: App) -> Iterator[None]:
    """Make this the running app for the calls inside the block, in this thread alone."""
    token = _own_app.set(app)
    try:
        yield
    finally:
        _own_app.reset(token)


def current() -> App:
    """Return the running app, which bootstrap has to build first."""
    own = _own_app.get()
    if own is not None:
        return own
    if _app is None:
        raise ExperimentError("No app is running in this process; start one with `petri debug`.")
    return _app
