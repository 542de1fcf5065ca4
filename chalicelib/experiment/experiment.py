"""Defines Experiment, the class that authors subclass to override its hooks."""

from __future__ import annotations

import logging
import random
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import cache, cached_property
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any, ClassVar

from chalicelib.errors import NetworkBusy, RuleBroken
from chalicelib.model import keys
from chalicelib.model.info import Info
from chalicelib.model.network import Network
from chalicelib.model.node import Node
from chalicelib.model.participant import Participant
from chalicelib.model.record import Failed, Record
from chalicelib.model.statuses import ParticipantStatus
from chalicelib.model.transformation import Transformation
from chalicelib.model.transmission import Transmission
from chalicelib.model.vector import Vector
from chalicelib.serializable import require_serializable

from .config.configuration import get_config
from .config.run_settings import ReadableSettings
from .dashboard_hooks import DashboardHooks
from .effects import CallLater, DismissGroup, Effect, PublishData, ReplaceWithBot, ScreenOut
from .hook_timing import time_hooks
from .infos import Gene, Meme, State, TrackingEvent
from .networks import Empty
from .nodes import Agent, Environment, GeneticAgent, RandomBinaryStringSource, ReplicatorAgent, Source
from .recruiter_proxy import RecruiterProxy
from .transformations import Compression, Mutation, Replication, Response

if TYPE_CHECKING:
    from chalicelib.ports import Runner, UnitOfWork

logger = logging.getLogger("petri.experiment")

STOCK_CLASSES: tuple[type[Record], ...] = (
    Agent,
    Compression,
    Environment,
    Gene,
    GeneticAgent,
    Info,
    Meme,
    Mutation,
    Node,
    RandomBinaryStringSource,
    Replication,
    ReplicatorAgent,
    Response,
    Source,
    State,
    TrackingEvent,
    Transformation,
)
_STOCK_BY_NAME = {cls.__name__: cls for cls in STOCK_CLASSES}


class Experiment(DashboardHooks):
    """The base class of experiments. Each request makes one object of it, with the request's unit of work.

    Set attributes in `configure()`. Values on `self` don't survive the request; `self.state` (a small dict)
    and the records do. Effects of a hook (recruit, close) happen after the commit, once, however often the
    hook was retried.
    """

    verbose: bool = True
    task: str = "Experiment title"
    practice_repeats: int = 0
    experiment_repeats: int = 0
    #: How many participants must wait before the room opens; 0: no waiting room.
    quorum: int = 0
    initial_recruitment_size: int = 1
    #: Whether a place opens only when the node before it has answered.
    gating: bool = True
    #: How many more places can be opened than participants can join now.
    over_recruitment: int = 0
    #: The experiment's channel, which all participants can subscribe to and publish on.
    channel: str | None = None
    #: More channels that all participants can subscribe to and publish on.
    public_channels: Sequence[str] = ()
    #: Channels whose messages are handled in the request itself instead of through the queue; True for all.
    immediate: bool | Collection[str] = False
    #: The number of members of each room, when there are many rooms (for one room, set `quorum`).
    room_size: int = 0
    #: The maximum number of rooms; 0: no limit.
    rooms: int = 0
    #: The smallest room that starts after `waiting_timeout`; 0: none does, and members are released with pay.
    min_size: int = 0
    #: The maximum number of minutes that participants wait; None: no limit.
    waiting_timeout: float | None = None
    #: Override as a method `group_by(self, waiting)`, which gets participants by arrival and returns groups.
    group_by: Callable[..., Any] | None = None
    #: Seconds that a socket may be gone before a participant counts as disconnected.
    dropout_grace: float = 15.0
    #: What happens in a running group when a member is disconnected: "wait", "go_on", "bot" or "end".
    dropout_policy: str = "wait"
    #: Whether pages can take places, and create infos, vectors and transmissions, by themselves.
    participants_change_networks: bool = True
    app_id: str | None = None
    models: Any = None
    #: The runner on the researcher's machine, which the command line sets.
    runner: ClassVar[Runner | None] = None

    participant_constructor: Callable[..., Participant] = Participant

    def __init_subclass__(cls, **options: Any) -> None:
        """Measure the author's hooks, so that the log can name a slow one."""
        super().__init_subclass__(**options)
        time_hooks(cls, _hook_names())

    def __init__(self, session: UnitOfWork | None = None) -> None:
        """Make the object for one request, and call `configure()`.

        Args:
            session: The request's unit of work; None on the researcher's machine.

        """
        self._work = session
        self.known_classes: dict[str, type[Record]] = dict(_STOCK_BY_NAME)
        self.public_properties: dict[str, Any] = {}
        #: The effects of this request's hooks, for which messages are posted with the commit.
        self.pending_effects: list[Effect] = []
        self.random_seed: str | None = None
        #: The settings of the run; the platform sets them for each request.
        self.run_config: ReadableSettings = get_config()
        #: Checks a submission and pays its bonus; the platform sets it while a submission is reviewed.
        self.review_submission: Callable[[Participant], None] | None = None
        #: In an `@experiment_route`: the parameters of the request, and the participant whose token was sent.
        self.parameters: dict[str, Any] = {}
        self.calling_participant: Participant | None = None
        # On the researcher's machine, settings aren't loaded before `run()`.
        if session is not None or get_config().ready:
            self.configure()

    # -- called by the loader -----------------------------------------------------------------

    @classmethod
    def prepare_class(cls, folder: Path) -> None:
        """Prepare the class once its folder and settings are loaded; the loader calls this.

        Args:
            folder: The experiment's folder.

        """

    @classmethod
    def shared_files(cls, folder: Path) -> list[tuple[Path, str]]:
        """Return the files from outside of the folder that belong to it, besides those of `extra_files()`.

        Args:
            folder: The experiment's folder.

        Returns:
            Pairs of a file and its path in the folder.

        """
        del folder
        return []

    @classmethod
    def default_bots(cls) -> dict[str, type]:
        """Return the bots of an experiment that doesn't define its own.

        Returns:
            Bot classes by name; the one called "Bot" is the default.

        """
        return {}

    @classmethod
    def prepare_bots(cls, bots: Mapping[str, type]) -> None:
        """Prepare the experiment's bot classes before they are used; the loader calls this.

        Args:
            bots: Bot classes by name.

        """

    # -- helpers for hooks --------------------------------------------------------------------

    @property
    def work(self) -> UnitOfWork:
        """The request's unit of work; RuleBroken when there is none."""
        if self._work is None:
            raise RuleBroken("This Experiment doesn't belong to a run: only the platform can call hooks.")
        return self._work

    @property
    def state(self) -> dict[str, Any]:
        """A small dict that is stored, in the same commit as the request's other changes."""
        kept: dict[str, Any] = self.work.state.setdefault("state", {})
        return kept

    @property
    def recruiter(self) -> RecruiterProxy:
        """Requests participants: `self.recruiter.recruit(n=1)`, `self.recruiter.close_recruitment()`."""
        return RecruiterProxy(self.pending_effects.append)

    @cached_property
    def random(self) -> random.Random:
        """A random generator, seeded for each operation as the module `random` is."""
        return random.Random(self.random_seed)

    @property
    def concurrent_participants(self) -> int:
        """How many participants must be there at the same time; 0 when each can take part alone."""
        return int(self.room_size or self.quorum)

    def save(self, *objects: Record) -> None:
        """Add records to this request's unit of work, which writes them with its commit.

        Args:
            *objects: New or changed records.

        """
        self.work.save(*objects)

    def networks(self, role: str = "all", full: Failed = "all") -> list[Network]:
        """Return living networks in order of id.

        Args:
            role: The role to look for, or `"all"`.
            full: True, False or `"all"`.

        Returns:
            The networks that haven't failed.

        """
        return [
            network
            for network in self.work.networks()
            if not network.failed and role in ("all", network.role) and full in ("all", network.full)
        ]

    def log(self, text: str, key: str = "?????", force: bool = False) -> None:
        """Write a line to the run's log, when `verbose` or forced.

        Args:
            text: What to write.
            key: A word at the beginning of the line.
            force: Write the line even when `verbose` is off.

        """
        if force or self.verbose:
            logger.info("%s %s", key, text)

    def log_summary(self) -> None:
        """Log how many participants have each status."""
        for status, count in sorted(self.work.statuses().items()):
            logger.info("%s participants: %s", count, status)

    @classmethod
    def make_uuid(cls, app_id: Any = None) -> str:
        """Return a new unique id, or `app_id` itself when it is a valid UUID of any version.

        Args:
            app_id: An id that may be a UUID already.

        Returns:
            A UUID as text.

        Example:
            >>> Experiment.make_uuid("3f2c8a4e-0b1d-4c55-9d2e-6a7b8c9d0e1f")
            '3f2c8a4e-0b1d-4c55-9d2e-6a7b8c9d0e1f'

        """
        text = str(app_id)
        try:
            known = str(uuid.UUID(text))
        except ValueError:
            return str(uuid.UUID(int=random.SystemRandom().getrandbits(128), version=4))
        return text if text.lower() == known else known

    # -- setting up -----------------------------------------------------------------------------

    def configure(self) -> None:
        """Override to read the configuration and set attributes. Called when the object is made."""

    def setup(self) -> None:
        """Make `practice_repeats` and `experiment_repeats` networks. Called once, at launch."""
        for role, repeats in (("practice", self.practice_repeats), ("experiment", self.experiment_repeats)):
            for _ in range(repeats):
                network = self.create_network()
                network.role = role
                self.save(network)

    def create_network(self) -> Network:
        """Override to return a new network; Empty by default.

        Returns:
            A network that hasn't been saved yet; its role is set by `setup`.

        """
        return Empty()

    @property
    def background_tasks(self) -> Sequence[Callable[[], Any]]:
        """Functions called at launch and at each tick of the clock."""
        return []

    # -- taking part ----------------------------------------------------------------------------

    def create_participant(
        self,
        worker_id: str,
        hit_id: str,
        assignment_id: str,
        mode: str,
        recruiter_name: str | None = None,
        fingerprint_hash: str | None = None,
        entry_information: dict[str, Any] | None = None,
    ) -> Participant:
        """Make a participant with `participant_constructor`.

        Args:
            worker_id: The recruiter's id of the person.
            hit_id: The recruiter's id of the listing.
            assignment_id: The recruiter's id of this person's acceptance.
            mode: `debug`, `sandbox` or `live`.
            recruiter_name: The nickname of the recruiter.
            fingerprint_hash: A hash of the browser's traits.
            entry_information: The other parameters of the entry link.

        Returns:
            The participant, saved with the request.

        """
        make = vars(self).get("participant_constructor") or type(self).participant_constructor
        participant = make(
            recruiter_id=recruiter_name or "",
            worker_id=worker_id,
            hit_id=hit_id,
            assignment_id=assignment_id,
            mode=mode,
            fingerprint_hash=fingerprint_hash,
            entry_information=entry_information,
        )
        self.save(participant)
        return participant

    def load_participant(self, assignment_id: str) -> Participant | None:
        """Return the participant with an assignment.

        Args:
            assignment_id: The recruiter's id of the assignment.

        Returns:
            The participant, or None when no participant has the assignment.

        """
        claimed = self.work.item(keys.assignment(assignment_id))
        return None if claimed is None else self.work.participant(claimed["participant_id"])

    def is_overrecruited(self, waiting_count: int) -> bool:
        """Return whether a new participant exceeds the quorum, or the seats of all rooms.

        Args:
            waiting_count: How many participants wait or have a seat, the new one included.

        Returns:
            True when there is no seat for the new participant.

        """
        seats = self.room_size * self.rooms if self.room_size else self.quorum
        return bool(seats) and waiting_count > seats

    def get_network_for_participant(self, participant: Participant) -> Network | None:
        """Return a network that isn't full, is open for the participant and that they haven't visited yet.

        Practice networks come first.

        Args:
            participant: The participant who requests a place.

        Returns:
            The network to join, or None when no network is left for the participant.

        Raises:
            NetworkBusy: Places are left, but each waits for another participant's answer.

        """
        visited = set(map(keys.network_of, participant.node_ids))
        left = [n for n in self.networks(full=False) if n.id not in visited]
        is_open = [n for n in left if not self.gating or n.open_for(participant) is True]
        if not is_open:
            if left:
                raise NetworkBusy
            return None
        practice = [network for network in is_open if network.role == "practice"]
        return practice[0] if practice else self.choose_network(is_open, participant)

    def choose_network(self, networks: list[Network], participant: Participant) -> Network | None:
        """Choose one of the open networks, at random by default.

        Args:
            networks: The open networks, in order of id.
            participant: The participant.

        Returns:
            One of the networks, or None for none of them.

        """
        del participant
        return random.choice(networks)

    def create_node(self, participant: Participant, network: Network) -> Node:
        """Make the participant's node in a network.

        Args:
            participant: The participant.
            network: The network that the participant joins.

        Returns:
            A node that isn't connected yet.

        """
        return Node(network=network, participant=participant)

    def add_node_to_network(self, node: Node, network: Network) -> None:
        """Connect a new node by its network's `add_node`.

        Args:
            node: The new node.
            network: The network that it joins.

        """
        network.add_node(node)

    # -- after a request, in the same unit of work ------------------------------------------------

    def node_post_request(self, participant: Participant, node: Node) -> None:
        """Run when a node was made.

        Args:
            participant: The participant.
            node: The new node, connected.

        """

    def node_get_request(self, node: Node, nodes: list[Node]) -> None:
        """Run when neighbours were read.

        Args:
            node: The node of the request.
            nodes: The neighbours that were read.

        """

    def vector_post_request(self, node: Node, vectors: list[Vector]) -> None:
        """Run when nodes were connected.

        Args:
            node: The node of the request.
            vectors: The new vectors.

        """

    def vector_get_request(self, node: Node, vectors: list[Vector]) -> None:
        """Run when vectors were read.

        Args:
            node: The node of the request.
            vectors: The vectors that were read.

        """

    def info_post_request(self, node: Node, info: Info) -> None:
        """Run when an info was posted.

        Args:
            node: The node that made the info.
            info: The new info.

        """

    def info_get_request(self, node: Node, infos: list[Info]) -> None:
        """Run when infos were read.

        Args:
            node: The node of the request.
            infos: The infos that were read.

        """

    def transmission_post_request(self, node: Node, transmissions: list[Transmission]) -> None:
        """Run when infos were sent.

        Args:
            node: The node that sent.
            transmissions: The new transmissions.

        """

    def transmission_get_request(self, node: Node, transmissions: list[Transmission]) -> None:
        """Run when transmissions were read.

        Args:
            node: The node of the request.
            transmissions: The transmissions that were read, received by now.

        """

    def transformation_post_request(self, node: Node, transformation: Transformation) -> None:
        """Run when a transformation was made.

        Args:
            node: The node of the request.
            transformation: The new transformation.

        """

    def transformation_get_request(self, node: Node, transformations: list[Transformation]) -> None:
        """Run when transformations were read.

        Args:
            node: The node of the request.
            transformations: The transformations that were read.

        """

    # -- channels, rooms, timers ------------------------------------------------------------------

    def send(self, raw: str) -> None:
        """Handle a raw frame, `<channel>:<data>`, by passing it on to `receive_message`.

        Args:
            raw: The frame.

        """
        channel_name, _, message = raw.partition(":")
        self.receive_message(message, channel_name=channel_name)

    def receive_message(
        self,
        message: str,
        channel_name: str | None = None,
        participant: Participant | None = None,
        node: Node | None = None,
        receive_time: datetime | None = None,
    ) -> None:
        """Override to handle a message on a channel, or an event on the control channel `dallinger_control`.

        Args:
            message: The text after the channel's name.
            channel_name: The channel that it was sent on.
            participant: The participant who sent it, None for the platform's own events.
            node: The participant's node, where there is one.
            receive_time: When the message arrived.

        """

    def publish_to_subscribers(self, data: str, channel_name: str | None = None) -> None:
        """Publish a message on a channel after the commit.

        Args:
            data: The text to send.
            channel_name: The channel; by default the experiment's own.

        Raises:
            RuleBroken: No channel was passed, and the experiment has none.

        """
        channel = channel_name or self.channel
        if channel is None:
            raise RuleBroken("Pass a channel, or define one in the experiment: channel = 'my_channel'.")
        require_serializable(data, f"What is published on {channel!r}")
        self.pending_effects.append(PublishData(channel, data))

    def room_opened(self, number: int, participants: list[Participant]) -> None:
        """Run when a waiting room is full and its members begin.

        Args:
            number: The number of the room, from 1.
            participants: The members of the room.

        """

    def participant_disconnected(self, participant: Participant) -> None:
        """Carry out the dropout policy, after a member of a running group has been gone for `dropout_grace`.

        Args:
            participant: The participant who is gone.

        """
        if self.dropout_policy == "go_on":
            self.fail_participant(participant)
        elif self.dropout_policy == "bot":
            self.pending_effects.append(ReplaceWithBot(participant.id))
        elif self.dropout_policy == "end":
            self.pending_effects.append(DismissGroup(participant.id))

    def participant_returned(self, participant: Participant) -> None:
        """Run when a participant who was disconnected is back.

        Args:
            participant: The participant who is back.

        """

    def after(self, seconds: float, method: str, **arguments: Any) -> None:
        """Schedule one call of a method of the experiment.

        Args:
            seconds: How long to wait after the commit.
            method: The name of the method.
            **arguments: The arguments of the method; JSON values only.

        Raises:
            RuleBroken: The experiment has no such method, or an argument can't be stored.

        """
        if not callable(getattr(self, method, None)):
            raise RuleBroken(f"The experiment has no method {method!r} to call later.")
        require_serializable(float(seconds), f"The time before {method}()")
        require_serializable(arguments, f"What {method}() is called with later")
        self.pending_effects.append(CallLater(float(seconds), method, arguments))

    # -- the end of taking part -----------------------------------------------------------------

    def participant_task_completed(self, participant: Participant) -> None:
        """Run once when a participant has finished the task, before any check of the submission.

        Args:
            participant: The participant.

        """

    def on_recruiter_submission_complete(self, participant: Participant, event: Mapping[str, Any]) -> None:
        """Review a submission: check the data, pay the bonus, approve and recruit.

        An override that doesn't call `super()` skips all of that; base pay is owed already.

        Args:
            participant: The participant.
            event: What the recruiter reported: event_type, participant_id, assignment_id and timestamp.

        Raises:
            RuleBroken: The hook was called by code other than the platform.

        """
        del event
        if self.review_submission is None:
            raise RuleBroken("Submissions are reviewed by the platform: it calls this hook.")
        self.review_submission(participant)

    def data_check(self, participant: Participant) -> bool:
        """Return whether the participant's data are usable.

        Args:
            participant: The participant.

        Returns:
            False when the data aren't usable.

        """
        del participant
        return True

    def attention_check(self, participant: Participant) -> bool:
        """Return whether the participant paid attention.

        Args:
            participant: The participant.

        Returns:
            False when the participant didn't pay attention.

        """
        del participant
        return True

    def bonus(self, participant: Participant) -> Any:
        """Return the bonus in US dollars.

        Args:
            participant: The participant.

        Returns:
            The amount, 0 for no bonus.

        """
        del participant
        return 0

    def bonus_reason(self) -> str:
        """Return the message about the bonus that the participant gets.

        Returns:
            One or two sentences for the participant.

        """
        return "Thank you for taking part! This is your bonus."

    def submission_successful(self, participant: Participant) -> None:
        """Run when a participant was approved.

        Args:
            participant: The participant.

        """

    def data_check_failed(self, participant: Participant) -> None:
        """Run when the data check failed: fails the participant's nodes.

        Args:
            participant: The participant.

        """
        self.fail_participant(participant)

    def attention_check_failed(self, participant: Participant) -> None:
        """Run when the attention check failed: fails the participant's nodes.

        Args:
            participant: The participant.

        """
        self.fail_participant(participant)

    def assignment_abandoned(self, participant: Participant) -> None:
        """Run when a participant ran out of time: fails the participant's nodes.

        Args:
            participant: The participant.

        """
        self.fail_participant(participant)

    def assignment_returned(self, participant: Participant) -> None:
        """Run when a participant returned the assignment: fails the participant's nodes.

        Args:
            participant: The participant.

        """
        self.fail_participant(participant)

    def assignment_reassigned(self, participant: Participant) -> None:
        """Run when another participant took over the assignment: fails the participant's nodes.

        Args:
            participant: The participant who had the assignment before.

        """
        self.fail_participant(participant)

    def screen_out(self, participant: Participant) -> None:
        """Screen out a participant: `screen_out_payment` is owed, and another participant is recruited.

        The participant's page goes to the exit with `dallinger.submitAssignment()`.

        Args:
            participant: The participant.

        Raises:
            RuleBroken: The participant isn't working any more.

        """
        if not participant.is_working:
            raise RuleBroken(
                f"{participant!r} is {participant.status}; only working participants can be screened out."
            )
        participant.change_status(ParticipantStatus.SCREENED_OUT)
        self.work.update_status_index(participant)
        self.fail_participant(participant)
        self.pending_effects.append(ScreenOut(participant.id))

    def fail_participant(self, participant: Participant) -> None:
        """Fail the participant's living nodes.

        Args:
            participant: The participant.

        """
        for node in participant.nodes():
            node.fail(f"{participant!r} left")

    def recruit(self) -> None:
        """Recruit one more participant while there are places; stop recruiting when every network is full."""
        if self.networks(full=False):
            self.recruiter.recruit(n=1)
        else:
            self.recruiter.close_recruitment()

    def is_complete(self) -> bool | None:
        """Return whether the experiment is over: by default when networks are full and no participant works.

        Returns:
            True, False, or None for the default rule.

        """
        return None

    def has_open_end(self, participant: Participant) -> bool:
        """Return whether a participant may take as long as they like; a Study does so inside of a Book.

        Args:
            participant: A participant whose time, `duration`, is up.

        Returns:
            True while `duration` doesn't end their part.

        """
        del participant
        return False

    def session_counts(self) -> list[dict[str, Any]]:
        """Return how many visits to each later session there are, by status; a Study counts them.

        Returns:
            An object for each session: its name, and the number of visits by status.

        """
        return []

    # -- on the researcher's machine ------------------------------------------------------------

    def analyze(self, data: Any) -> Any:
        """Override to analyze the data of a run.

        Args:
            data: The run's data, a `petri.data.Data`.

        Returns:
            A `petri.report.Report`, or None.

        """
        del data

    def run(
        self,
        exp_config: Mapping[str, Any] | None = None,
        app_id: str | None = None,
        bot: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Run the experiment from this machine and return its data; keyword arguments are settings.

        Args:
            exp_config: Settings by name.
            app_id: The id of the run; a new one by default.
            bot: Whether bots take part.
            **kwargs: More settings.

        Returns:
            The run's data.

        Raises:
            RuleBroken: The experiment doesn't run on the researcher's machine.

        """
        return self._runner().run(type(self), app_id, {**(exp_config or {}), **kwargs}, bot)

    def collect(
        self, app_id: str, exp_config: Mapping[str, Any] | None = None, bot: bool = False, **kwargs: Any
    ) -> Any:
        """Return the data of the run with this id; run it when there is none.

        Args:
            app_id: The id of the run.
            exp_config: Settings by name, for a run that has to be made.
            bot: Whether bots take part in it.
            **kwargs: More settings.

        Returns:
            The run's data.

        Raises:
            RuleBroken: The experiment doesn't run on the researcher's machine.

        """
        return self._runner().collect(type(self), app_id, {**(exp_config or {}), **kwargs}, bot)

    def _runner(self) -> Runner:
        if Experiment.runner is not None:
            return Experiment.runner
        # Lazy import: the runner is installed on the researcher's machine only, and not in Lambda, where it
        # would make each cold start slower.
        from importlib.metadata import entry_points

        for found in entry_points(group="petri.runner"):
            runner: Runner = found.load()()
            return runner
        raise RuleBroken(
            "Experiments run from the researcher's machine only: install Petri there (README), "
            "or use `petri debug`."
        )


@cache
def _hook_names() -> frozenset[str]:
    """Return the names of the methods that the platform calls."""
    return frozenset(
        name
        for name, member in vars(Experiment).items()
        if not name.startswith("_") and (isinstance(member, FunctionType) or name == "group_by")
    )
