"""What the running app is made of, and how an operation is run: `current()`, `use(app)`."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any, Protocol, TypeVar

from chalicelib.operations.channels import Delivery, forget

from .experiment.experiment import Experiment
from .experiment.hook_times import slowest
from .invocation import seconds_left
from .messages import is_continued
from .model.errors import Busy, Conflict, ExperimentError, Forbidden, PetriError, Unsent, errors_only
from .model.participant import Participant
from .operations import waking
from .operations.confirming import Answers
from .operations.crowds import Crowd
from .operations.settings import Settings
from .operations.tokens import SignedTokens
from .operations.unit import NOBODY, Caller, Request, Unit
from .operations.wishes import dispatch
from .ports import (
    NUDGE,
    Channels,
    Clock,
    Key,
    Mailer,
    Message,
    Offered,
    Queue,
    Recruiter,
    Report,
    Schedule,
    Store,
    Transfer,
    UnitOfWork,
)

T = TypeVar("T")

#: How often an operation is run again when somebody else was faster, before the client is told 503.
#: Of 32 who want one network at once, one wins a round, so that the last may lose many times; all
#: pauses together stay far below the 29 seconds that API Gateway waits.
ATTEMPTS = 30
#: How often an operation that was refused is run again when what it has read has changed meanwhile.
MOST_DOUBTS = 5
#: The longest pause before the second attempt, in seconds; it doubles with each.
FIRST_PAUSE = 0.005
LONGEST_PAUSE = 0.5
#: Seconds that have to be left of an invocation for another attempt: hooks may take long, and what is cut off
#: in the middle leaves its client without an answer.
LEAST_LEFT = 10.0
#: An author's hook that takes longer than this, in seconds, holds everybody up: it is warned about.
SLOW_HOOK = 0.1

logger = logging.getLogger("petri")
_jitter = random.SystemRandom()


#: Takes headers and body of a vendor's message; returns what it reports.
Receiver = Callable[[Mapping[str, str], bytes], list[Report]]


@dataclass
class RecruiterBook:
    """The recruiters of this app, by nickname."""

    recruiters: Mapping[str, Recruiter] = field(default_factory=dict)
    #: What verifies and reads a vendor's own messages over HTTP.
    receivers: Mapping[str, Receiver] = field(default_factory=dict)
    #: What reads a message that SNS delivered into our own queue.
    reader: Callable[[Mapping[str, Any]], list[Report]] | None = None
    #: What vendors answered about entries, remembered in this process.
    confirmed: Answers = field(default_factory=Answers)

    def named(self, nickname: str) -> Recruiter:
        """Return a recruiter by the name that a participant's record carries, `bots:Bot` included."""
        found = self.recruiters.get(nickname.partition(":")[0])
        if found is None:
            known = ", ".join(sorted(self.recruiters))
            raise ExperimentError(f"There is no recruiter {nickname!r}; known are {known}.")
        return found

    def receive(self, vendor: str, headers: Mapping[str, str], body: bytes) -> list[Report]:
        """Verify a vendor's own message and return its reports.

        Forbidden for a message that isn't the vendor's, or of a vendor that this run doesn't use.
        """
        receiver = self.receivers.get(vendor)
        if receiver is None:
            raise Forbidden(f"This run hears nothing from {vendor}.", code="unverified_sender")
        return receiver(headers, body)

    def read_delivered(self, envelope: Mapping[str, Any]) -> list[Report]:
        """Return the reports in a message that SNS delivered into our own queue."""
        if self.reader is None:
            raise ExperimentError("This run has no recruiter that reports through SNS.")
        return self.reader(envelope)

    def look_at_offer(self, nickname: str, hit_id: str) -> Offered | None:
        """Ask a recruiter about an offer of places (a HIT); None when it has none of this run by this id."""
        look = getattr(self.named(nickname), "look_at_offer", None)
        found: Offered | None = None if look is None else look(hit_id)
        return found

    def check_entry(
        self, nickname: str, worker_id: str, hit_id: str, assignment_id: str, signed: str | None
    ) -> None:
        """Refuse somebody who comes without a valid entry link, where the recruiter gives signed ones."""
        check = getattr(self.named(nickname), "check_entry", None)
        if check is not None:
            check(worker_id, hit_id, assignment_id, signed)

    def confirms_entries(self, nickname: str) -> bool:
        """Whether the recruiter is asked about an assignment before anybody is seated by it."""
        return hasattr(self.recruiters.get(nickname.partition(":")[0]), "confirm_entry")

    def confirm_entry(
        self, nickname: str, worker_id: str, hit_id: str, assignment_id: str, facts: Mapping[str, Any]
    ) -> None:
        """Ask a recruiter whether an assignment is one of this run's, and this worker's.

        Forbidden when it isn't, Busy when the recruiter doesn't know it yet, VendorError when it can't be
        asked. Answers are remembered for a while, those that say no for a shorter one.
        """
        recruiter = self.named(nickname)
        ask = partial(recruiter.confirm_entry, worker_id, hit_id, assignment_id, facts)  # type: ignore[attr-defined]
        self.confirmed.ask((nickname, worker_id, hit_id, assignment_id), ask)

    def read_entry(self, link: str) -> tuple[str, str, str]:
        """Return worker, assignment and signed part of an entry link; Forbidden for one that isn't ours."""
        read = getattr(self.named("link"), "read_entry", None)
        if read is None:
            raise ExperimentError("No recruiter of this run reads entry links.")
        ids, signed = read(link)
        return str(ids.worker_id), str(ids.assignment_id), str(signed)

    def stand_in(self, entry: dict[str, str]) -> None:
        """Start a bot that goes on for somebody who is gone."""
        stand_in = getattr(self.named("bots"), "stand_in", None)
        if stand_in is None:
            raise ExperimentError("No recruiter of this run can start a bot that stands in.")
        stand_in(entry)

    def submit_address(self, participant: Participant) -> str:
        """Where the exit page sends a participant; "" for nowhere, or where their recruiter isn't known."""
        found = self.recruiters.get(participant.recruiter.partition(":")[0])
        return "" if found is None else found.submit_address(participant)

    def fee(self, nickname: str, amount: Decimal, places: int) -> Decimal:
        """What the recruiter charges for a payment, in US dollars; an unknown one charges nothing.

        `places`: how many are opened at a time, as Mechanical Turk charges more from ten on.
        """
        found = self.recruiters.get(nickname.partition(":")[0])
        return Decimal(0) if found is None else found.fee(amount, places)

    def in_hot_air(self, nickname: str) -> Recruiter | None:
        """Return a recruiter that pays and recruits in hot air, calling nobody; None for any other."""
        found = self.recruiters.get(nickname.partition(":")[0])
        return found if getattr(found, "pays_in_hot_air", False) else None

    def submits_itself(self, nickname: str) -> bool:
        """Whether completing the experiment is already the submission; an unknown one reports nothing."""
        found = self.recruiters.get(nickname.partition(":")[0])
        return True if found is None else found.submits_itself

    def screens_out_itself(self, nickname: str) -> bool:
        """Whether somebody who is screened out has to hand nothing in to be paid for it."""
        found = self.recruiters.get(nickname.partition(":")[0])
        return self.submits_itself(nickname) or bool(getattr(found, "screens_out_itself", False))

    def hands_in_itself(self, nickname: str) -> bool:
        """Whether who has finished can be handed in for, though they never went back to the recruiter."""
        found = self.recruiters.get(nickname.partition(":")[0])
        return bool(getattr(found, "hands_in_itself", False))

    def pays_any_submission(self, nickname: str) -> bool:
        """Whether who hands in is paid the full reward by the recruiter, fit or not."""
        found = self.recruiters.get(nickname.partition(":")[0])
        return bool(getattr(found, "pays_any_submission", False))


class Keyed(Protocol):
    """A message, as far as it is struck out."""

    @property
    def key(self) -> Key:
        """Where it is recorded; a nudge is recorded nowhere."""


@dataclass
class App:
    """Everything a door needs. Built by bootstrap, never at import time."""

    store: Store
    queue: Queue
    clock: Clock
    mailer: Mailer
    channels: Channels
    recruiters: RecruiterBook
    tokens: SignedTokens
    config: Settings
    experiment_class: type[Experiment]
    app_id: str
    run_seed: str
    #: What rings the clock, while anything is open.
    schedule: Schedule
    #: What an author's own routes are: (rule, methods, function, is_method).
    routes: Iterable[Any] = ()
    #: What the clock calls of the experiment: (minutes, name, function, is_method).
    scheduled: Sequence[Any] = ()
    #: How often commits lost a race since the app began; for benches.
    conflicts: int = 0
    #: How many commits changed a network: where it grew, a place may have opened.
    network_changes: int = 0
    #: Gives the address under which participants find the run, where requests don't tell it.
    site_url: Callable[[], str] | None = None
    #: Until when the clock rings for certain, as far as this process knows.
    awake_until: datetime | None = None
    #: How long the longest message took that this process has handled, in seconds.
    longest_message: float = 0.0
    #: How many wait for a place, as far as this process knows.
    crowd: Crowd = field(default_factory=Crowd)
    #: When this process last began to do what a nudge asks for, by its name.
    nudged: dict[str, datetime] = field(default_factory=dict)

    @property
    def operator_token(self) -> str:
        """The token with which the operator may do everything."""
        return self.tokens.operator_token

    @property
    def tokens_are_off(self) -> bool:
        """Whether participants' tokens are not asked for; in debug mode only."""
        return self.config.get("mode") == "debug" and self.config.get("require_participant_token") is False

    def run(
        self,
        operation: Callable[..., T],
        *args: Any,
        caller: Caller = NOBODY,
        request: Request | None = None,
        **kwargs: Any,
    ) -> T:
        """Run an operation in a unit of work and commit it; again from the start when a race is lost.

        Each attempt has a new Experiment, the same moment and, by its seed, the same draws. Busy when
        the race was lost too often.
        """
        return self._run(operation, caller, request, None, args, kwargs)

    def handle(self, message: Keyed, operation: Callable[..., T], *args: Any, **kwargs: Any) -> T | None:
        """Run an operation for a message, and strike the message out in the same commit.

        Returns None when the message was handled before.
        """
        return self._run(operation, NOBODY, None, message, args, kwargs)

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
        for attempt in range(ATTEMPTS):
            with self.store.begin(now) as work, errors_only():
                unit = Unit(
                    work=work,
                    experiment=self.experiment_class(work),
                    config=self.config,
                    tokens=self.tokens,
                    recruiters=self.recruiters,
                    run_seed=self.run_seed,
                    app_id=self.app_id,
                    caller=caller,
                    request=request or Request(),
                    crowd=self.crowd,
                    sends_payments=continuation is not None and continuation.has_time(),
                )
                try:
                    if (
                        message is not None
                        and message.key[0] != NUDGE
                        and not self._strike_out(unit, message)
                    ):
                        return None  # type: ignore[return-value]  # handled before
                    began = time.perf_counter()
                    answer = operation(unit, *args, **kwargs)
                    self._warn_if_slow(operation, unit.experiment, time.perf_counter() - began)
                    dispatch(unit, unit.experiment.pending_effects)
                    work.commit()
                except Exception as error:
                    if not _is_to_be_run_again(error, work, attempt):
                        raise
                    if seconds_left() < LEAST_LEFT:
                        break
                    self.conflicts += 1
                    time.sleep(_jitter.uniform(0, min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt)))
                    continue
                posted = list(work.posted)
                self.network_changes += work.network_changed
            if continuation is not None:
                continuation.begun_payments |= unit.begun_payments
            self._send(posted)
            if unit.refusal is not None:
                raise unit.refusal
            return answer
        raise Busy("Too many people act on the same network at this moment; ask again in a second.")

    def deliver(self, delivery: Delivery) -> None:
        """Send a text to its connections; dead ones (410) are forgotten, so nobody posts to them again."""
        if delivery.connection_ids:
            for connection_id in self.channels.send(delivery.connection_ids, delivery.text):
                self.run(forget, [connection_id])

    def _strike_out(self, unit: Unit, message: Keyed) -> bool:
        stored = unit.work.item(message.key)
        if stored is None:
            return False
        unit.work.delete_item(message.key, expect=stored["v"])
        return True

    def acknowledge(self, message: Keyed) -> None:
        """Delete a message from the outbox that is done; one that is recorded nowhere needs no commit."""
        if message.key[0] != NUDGE:
            self.handle(message, _nothing)

    def send_posted(self, posted: Sequence[Message]) -> None:
        """Send what was committed; nothing of it is lost when that fails, so the caller isn't told."""
        try:
            if posted:
                self.queue.send(*posted)
        except Unsent:
            logger.exception("messages of a commit couldn't be sent; the clock does it")

    def _send(self, posted: list[Message]) -> None:
        if not posted:
            return
        continuation = _continuation.get()
        kept = (
            []
            if continuation is None
            else [one for one in posted if one.due is None and is_continued(one.body)]
        )
        if continuation is not None:
            continuation.posted += kept
        self.send_posted([one for one in posted if one not in kept])
        if any(message.key[0] != NUDGE for message in posted):
            self.keep_awake()

    def keep_awake(self) -> None:
        """See that the clock rings: something was recorded that may need it.

        What the run's record promised is remembered, so that most requests ask nobody.
        """
        if self.awake_until is not None and self.clock.now() + waking.SKEW < self.awake_until:
            return
        try:
            self.awake_until = self.wake()
        except PetriError:
            logger.exception("the clock may be asleep and couldn't be woken; the next message tries again")

    def wake(self, *, anyway: bool = False) -> datetime:
        """Let the clock ring, unless it is promised to; return until when it surely does.

        `anyway`: it was switched off, whatever was promised. In this order: a tick that switches the clock
        off at the same moment sees that it is being woken.
        """
        promised = self.run(waking.begin, anyway=anyway)
        if promised is not None:
            return promised
        self.schedule.enable()
        return self.run(waking.promise)

    def _warn_if_slow(self, operation: Callable[..., Any], experiment: Experiment, seconds: float) -> None:
        """Name the author's function that made a request slow, and say what to do about it."""
        if seconds <= SLOW_HOOK:
            return
        hook, own = slowest(experiment)
        if own <= seconds / 2:
            logger.info("%s took %.0f ms, most of it in Petri itself.", operation.__name__, seconds * 1000)
            return
        logger.warning(
            "%s took %.0f ms; every participant waits meanwhile. Read fewer records in it, or do the slow "
            "part later: self.after(0, ...) or @scheduled.",
            hook,
            own * 1000,
        )


def _nothing(unit: Unit) -> None:
    del unit


@dataclass
class Continuation:
    """What a consumer carries out right after the message in hand."""

    has_time: Callable[[], bool]
    posted: list[Message] = field(default_factory=list)
    begun_payments: dict[tuple[int, str], Transfer] = field(default_factory=dict)


@contextmanager
def continuing(has_time: Callable[[], bool]) -> Iterator[Continuation]:
    """Collect, and don't send, what commits in this block post and the consumer carries out itself."""
    continuation = Continuation(has_time)
    before = _continuation.set(continuation)
    try:
        yield continuation
    finally:
        _continuation.reset(before)


def begun_payment(participant_id: int, kind: str) -> Transfer | None:
    """Return, once, a payment that a commit of this consumer has begun and that is still to be sent."""
    continuation = _continuation.get()
    return None if continuation is None else continuation.begun_payments.pop((participant_id, kind), None)


def _is_to_be_run_again(error: Exception, work: UnitOfWork, attempt: int) -> bool:
    """Whether an attempt lost a race, or what it was refused with may come of what it read too early.

    A refusal or an error, of Petri or of an author's hook, is reported when all that was read is still
    stored as it was read; else the operation is run again first. Busy asks the client to come again anyway.
    """
    if isinstance(error, Conflict):
        return True
    if isinstance(error, Busy) or attempt >= MOST_DOUBTS:
        return False
    try:
        return not work.is_still_true()
    except PetriError:
        logger.exception("what was read couldn't be read again; the first error is reported")
        return False


_app: App | None = None
_continuation: ContextVar[Continuation | None] = ContextVar("continuation", default=None)


def use(app: App | None) -> None:
    """Make this the running app."""
    global _app  # noqa: PLW0603 - one app for each process, set by bootstrap
    _app = app


def current() -> App:
    """Return the running app; bootstrap has to come first."""
    if _app is None:
        raise ExperimentError("No app is running in this process; start one with `petri debug`.")
    return _app
