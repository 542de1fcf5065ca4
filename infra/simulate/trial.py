"""Simulates a whole run: launches it, recruits bots, lets them take part, pays them, and counts AWS usage."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import chdir, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from chalicelib import services
from chalicelib.bootstrap import local
from chalicelib.errors import ExperimentError
from chalicelib.experiment.config.run_settings import RunSettings
from chalicelib.experiment.loader.experiment_folder import LoadedExperiment
from chalicelib.messages import Lane
from chalicelib.messaging.local_channels import LocalChannels
from chalicelib.messaging.sqs import SQSQueue
from chalicelib.operations.participant.notifications import record_notification
from chalicelib.operations.recruitment.quotas import recruiter_names
from chalicelib.operations.shared.context import OPERATOR_CALLER
from chalicelib.operations.shared.settings import SettingsLike
from chalicelib.recruiters.registry import RecruiterRegistry
from chalicelib.services import App
from chalicelib.storage.engine import Engine
from chalicelib.storage.files.folder_files import FolderFiles
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from chalicelib.web import author_routes
from infra.local.lifecycle.run import chalice_app

from .bot_threads import BotThread
from .clients import GOING_AWAY, BotResult, Dropout, SimulatedPerson
from .counting_engine import CountingEngine, UncountedEngine
from .log_capture import captured_log
from .pace import Pace, Tempo
from .platform import OK, Platform
from .random_draws import drawn_by
from .simulated_cloud import TrialSchedule, TrialSQS
from .simulated_participants import bot_class, links, made
from .simulated_recruiter import REPORTING, SimulatedRecruiter, fee_of
from .tally import AwsUsage
from .timeline import Event, Timeline

MINUTE = 60.0
HOUR = 3600.0
#: Hours beyond twice the `duration` after which a bot counts as never finishing.
PATIENCE = 1.0
#: Seconds for messages and timers after the last participant, if none is missing.
QUIET = 2 * HOUR
#: Seconds until a recruiter's notification arrives.
REPORT_DELAY = 2.0
#: Dropouts leave before one of their first answers, up to this one.
LATEST_LEAVE = 4
#: Consecutive failed bots after which no more are started.
MOST_FAILURES = 10
OPERATOR = "preflight-operator"
APP_ID = "preflight"
CAPS = frozenset({"hard_cap", "soft_cap"})


@dataclass(frozen=True)
class TrialSpec:
    """The options of a simulation."""

    #: Maximum number of participants.
    most: int
    seed: int = 1
    pace: Pace = field(default_factory=Pace)
    bot: str = ""
    #: Number of participants whom the operator invites, if the experiment doesn't recruit.
    uninvited: int = 0
    #: The simulated time of the launch; None: the start of the current hour.
    began: datetime | None = None
    #: Whether to measure what the run would use on AWS.
    counts_usage: bool = True
    #: How often a waiting bot of a study asks again, in seconds; None: as in a real run.
    poll_seconds: float | None = None
    #: Called when a bot has finished, with the number of those that have.
    on_bot_ended: Callable[[int], object] | None = None


@dataclass
class RunTrace:
    """The results of a simulation that aren't in its store."""

    tally: AwsUsage
    #: Distinct errors of the experiment's code.
    faults: list[str] = field(default_factory=list)
    #: One result per participant, without replacement bots.
    fared: list[BotResult] = field(default_factory=list)
    replacement_bots: int = 0
    #: Places that stayed open because the maximum of participants had come.
    not_invited: int = 0
    #: Expected participants who were cancelled when recruitment closed.
    turned_away: int = 0
    #: The largest number of places opened at once.
    most_places: int = 0
    #: Whether the simulation stopped starting bots after too many consecutive failures.
    gave_up: bool = False
    #: Seconds from the launch until the last participant finished.
    seconds: float = 0.0


class Trial:
    """One simulated run."""

    def __init__(
        self,
        loaded: LoadedExperiment,
        platform: Platform,
        timeline: Timeline,
        course: RunTrace,
        plan: TrialSpec,
    ) -> None:
        """`platform`: built on this timeline; `course`: collects the results. See `rehearsed`."""
        self.course = course
        self.app = platform.app
        self.platform = platform
        self.timeline = timeline
        self._plan = plan
        #: Without bots, the caller sends the requests.
        self._class: type[Any] = bot_class(loaded, plan.bot, plan.poll_seconds) if plan.most else object
        self._limit = HOUR * (2 * RunSettings.read(self.app.config).duration + PATIENCE)
        self._draw = random.Random(f"arrivals:{plan.seed}")
        self._numbers = itertools.count(1)
        #: Participants who are expected, and those who are taking part.
        self._expected: dict[int, Event] = {}
        self._at_work: dict[str, SimulatedPerson] = {}
        self._people: list[SimulatedPerson] = []
        self._failed_in_a_row = 0
        self._last_seen = 0.0
        self._ended_bots = 0

    def play(self) -> RunTrace:
        """Run the simulation to its end; ExperimentError when the experiment can't be launched."""
        try:
            self.launch()
            self.invite(self._plan.uninvited, recruiter_names(self.app.config)[0])
            while not self._is_over():
                self.timeline.step()
        finally:
            for person in self._people:
                person.actor.dismiss()
        for person in self._people:
            for connection in person.connections:
                connection.end(GOING_AWAY)
        return self.course

    def launch(self) -> None:
        """Launch the experiment, as its operator does; ExperimentError when it can't be launched."""
        answer = self.platform.answer("POST", "/launch", "", "", {"Authorization": f"Bearer {OPERATOR}"})
        if answer.status != OK:
            reply = json.loads(answer.body)
            why = "; ".join(self.course.faults) or str(reply.get("error_text"))
            raise ExperimentError(f"The experiment can't be launched: {why}")

    def _is_over(self) -> bool:
        """Whether all participants have finished, long enough ago for everything to have settled."""
        if self._at_work or self._expected:
            self._last_seen = self.timeline.seconds
        quiet = self.timeline.seconds - self._last_seen
        if quiet <= min(self._limit, QUIET):
            return False
        # Dropouts are marked missing at their deadline; otherwise only payments can still be pending.
        is_missed = any(one.left or one.problems or one.never_ended for one in self.course.fared)
        return quiet > self._limit or not is_missed

    # The methods that recruiters call

    def invite(self, n: int, recruiter: str) -> None:
        """Let n participants come, each after a random delay."""
        self.course.most_places = max(self.course.most_places, n)
        for _ in range(n):
            if len(self.course.fared) + len(self._expected) >= self._plan.most:
                self.course.not_invited += 1
                continue
            number = next(self._numbers)
            seconds = self._plan.pace.arrives_after(self._draw)
            self._expected[number] = self.timeline.after(seconds, partial(self._comes, number, recruiter))

    def turn_away(self) -> None:
        """Cancel the participants who haven't arrived yet."""
        self.course.turned_away += len(self._expected)
        for event in self._expected.values():
            event.call_off()
        self._expected.clear()

    def is_at_work(self, assignment_id: str) -> bool:
        """Whether the assignment's participant is still taking part."""
        return assignment_id in self._at_work

    def start_replacement_bot(self, entry: Mapping[str, str]) -> None:
        """Start a bot in a dropout's seat, with the dropout's ids."""
        self.course.replacement_bots += 1
        fared = BotResult(next(self._numbers), is_replacement=True)
        self._begin(fared, dict(entry), replace(self._plan.pace, dropouts=0.0))

    # Participants

    def _comes(self, number: int, recruiter: str) -> None:
        del self._expected[number]
        fared = BotResult(number)
        self.course.fared.append(fared)
        entry = {
            "recruiter": recruiter,
            "hitId": "preflight",
            "mode": "debug",
            **links(self._plan.seed, number),
        }
        self._begin(fared, entry, self._plan.pace)
        self._report("AssignmentAccepted", entry)

    def _begin(self, fared: BotResult, entry: dict[str, str], pace: Pace) -> None:
        draw = random.Random(f"person:{self._plan.seed}:{fared.number}")
        actor = BotThread(self.timeline, f"Bot {fared.number}", lambda: self._act(bot, person, fared, entry))
        leaves = draw.randint(1, LATEST_LEAVE) if draw.random() < pace.dropouts else 0
        person = SimulatedPerson(
            fared, entry["recruiter"].partition(":")[0], actor, Tempo(pace, draw), draw, leaves
        )
        bot = made(self._class, entry, person, self.platform, self.course.tally)
        person.on_session_end = partial(self._submit, fared, entry)
        self._people.append(person)
        self._at_work[entry["assignmentId"]] = person
        person.limit = self.timeline.after(self._limit, partial(self._cut_short, person, entry))
        actor.start()

    def _act(self, bot: Any, person: SimulatedPerson, fared: BotResult, entry: Mapping[str, str]) -> None:
        """Take part, on the bot's own thread."""
        try:
            bot.get("/may-take-part", entry)
            bot.run_experiment()
            if bot.participant_id:
                bot.get(f"/recruiter-exit/{bot.participant_id}")
        except Dropout:
            fared.left = True
        except Exception as error:  # noqa: BLE001 - an error in the author's code is this bot's result
            bot.problems.append(f"{type(error).__name__}: {error}")
        fared.problems = tuple(dict.fromkeys(bot.problems))
        person.actor.ask(lambda: self._ended(person, fared, entry), 0.0)

    def _ended(self, person: SimulatedPerson, fared: BotResult, entry: Mapping[str, str]) -> None:
        self._forget(person, entry)
        if fared.problems:
            self._failed_in_a_row += 1
            if self._failed_in_a_row >= MOST_FAILURES:
                self.course.gave_up = True
                self.turn_away()
                self._plan = replace(self._plan, most=0)
            return
        self._failed_in_a_row = 0
        if not fared.left:
            self._submit(fared, entry)

    def _submit(self, fared: BotResult, entry: Mapping[str, str]) -> None:
        """Report a submission, once: it comes at the end of the first session."""
        if not fared.has_submitted:
            fared.has_submitted = True
            self._report("AssignmentSubmitted", entry)

    def _cut_short(self, person: SimulatedPerson, entry: Mapping[str, str]) -> None:
        """Stop a bot that doesn't finish."""
        person.result.never_ended = True
        person.actor.dismiss()
        self._forget(person, entry)
        for connection in person.connections:
            connection.end(GOING_AWAY)

    def _forget(self, person: SimulatedPerson, entry: Mapping[str, str]) -> None:
        self.course.seconds = self.timeline.seconds
        person.limit.call_off()
        self._at_work.pop(entry["assignmentId"], None)
        self._ended_bots += 1
        if self._plan.on_bot_ended is not None:
            self._plan.on_bot_ended(self._ended_bots)

    def _report(self, event_type: str, entry: Mapping[str, str]) -> None:
        """Send the recruiter's notification, if the recruiter sends such."""
        if entry["recruiter"] in REPORTING:
            arguments = (event_type, entry["assignmentId"], None, entry["recruiter"])
            self.timeline.after(REPORT_DELAY, partial(self._reported, arguments))

    def _reported(self, arguments: tuple[Any, ...]) -> None:
        self.course.tally.report()
        self.platform.run(record_notification, *arguments, caller=OPERATOR_CALLER)


class WithoutCaps:
    """An experiment's settings without caps, so that recruitment doesn't stop before the costs are known."""

    def __init__(self, config: SettingsLike) -> None:
        """Wrap the experiment's settings."""
        self._config = config

    def get(self, key: str, default: Any = None, /) -> Any:
        """Return a setting, or the default."""
        return default if key in CAPS else self._config.get(key, default)


@contextmanager
def rehearsed(loaded: LoadedExperiment, plan: TrialSpec, engine: Engine | None = None) -> Iterator[Trial]:
    """Open a simulation of an experiment, with a store in memory (or `engine`), for the with block.

    Meanwhile, the working directory is the experiment's folder.
    """
    timeline, course = Timeline(plan.began), RunTrace(AwsUsage())
    queue, schedule, channels = TrialSQS(timeline, course.tally), TrialSchedule(timeline), LocalChannels()
    with (
        closing(engine or SQLiteEngine(":memory:")) as store,
        TemporaryDirectory(prefix="petri-uploads-") as uploads,
        chdir(loaded.folder),
        captured_log(loaded.folder, course.faults) as log,
    ):
        counting = CountingEngine(store) if plan.counts_usage else UncountedEngine(store)
        app = _app(loaded, counting, timeline, queue, schedule)
        app.channels = channels
        app.files = FolderFiles(Path(uploads), timeline)
        services.use(app)
        author_routes.register(chalice_app(), loaded.routes)
        platform = Platform(app, counting, channels, timeline, course.tally)
        queue.consume, schedule.on_tick = platform.consume, platform.tick
        trial = Trial(loaded, platform, timeline, course, plan)
        app.recruiters = RecruiterRegistry(
            {
                name: SimulatedRecruiter(name, fee_of(name, app.config), trial)
                for name in ("hotair", "bots", *recruiter_names(app.config))
            }
        )
        # Don't count the calls of building the app.
        counting.take_counts()
        try:
            with drawn_by(plan.seed):
                yield trial
        finally:
            course.tally.log_bytes = log.bytes
            author_routes.unregister(chalice_app())
            services.use(None)


def _app(
    loaded: LoadedExperiment, engine: Engine, timeline: Timeline, queue: TrialSQS, schedule: TrialSchedule
) -> App:
    return local(
        loaded.experiment_class,
        WithoutCaps(loaded.config),
        app_id=APP_ID,
        engine=engine,
        routes=loaded.routes,
        scheduled=loaded.scheduled,
        clock=timeline,
        queue=SQSQueue(dict.fromkeys(Lane, APP_ID), timeline, lambda: queue),
        schedule=schedule,
        operator_token=OPERATOR,
    )
