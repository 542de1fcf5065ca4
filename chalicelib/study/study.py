"""Defines Study, the class that authors subclass to declare pages, questions, groups and rounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from chalicelib.errors import ExperimentError
from chalicelib.experiment.config.configuration import get_config
from chalicelib.experiment.effects import FollowPresence, LeaveStudy
from chalicelib.experiment.experiment import Experiment
from chalicelib.experiment.networks import DiscreteGenerational
from chalicelib.model.network import Network
from chalicelib.model.participant import Participant
from chalicelib.model.record import copied
from chalicelib.model.run_records import visit_kind
from chalicelib.model.statuses import SUCCESSFUL, ParticipantStatus

from .checks import check_study, name_taken, reserved_names
from .design.conditions import Conditions
from .elements import Element, For, Gathering, Rounds, Session
from .elements.draws import has_tags
from .items import Item
from .page_files import page_items, with_page_settings, with_stimuli
from .pages import CompiledItem, CompiledPages, PageLibrary, find_pages
from .pages.shared_banks import bank_files
from .plan import TimelinePlan, parse_path
from .player import Player
from .start_source import StartSource
from .study_records import COMPLETE, Place
from .study_session import StudySession, count_visits, encode_passed
from .uploads import Upload

if TYPE_CHECKING:
    from chalicelib.model.node import Node
    from chalicelib.ports import UnitOfWork

    from .elements.page_elements import Page

#: Statuses of participants who take part, or have finished with usable data.
EXPECTED = frozenset({ParticipantStatus.WORKING, *SUCCESSFUL})
#: Attributes that can be class methods instead: they get the settings, and are called when these are loaded.
DECLARED = ("timeline", "conditions", "network", "copies", "start")


class Study(Experiment):
    """The base class of studies: items are class attributes, `timeline` is what participants go through.

    A study is an Experiment: every hook of Experiment can be overridden as well. What depends on settings is
    returned by a class method of the same name: `timeline(cls, config)`, and so are `conditions`, `network`,
    `copies` and `start`.
    """

    #: What participants go through, in order.
    timeline: ClassVar[Sequence[Element]] = ()
    #: The experimental design: levels by factor, or a `Conditions`; None for a study without conditions.
    conditions: ClassVar[Any] = None
    #: A network of which `setup` makes `copies`, for `Join()`.
    network: ClassVar[Network | None] = None
    copies: ClassVar[int] = 1
    #: What the first participant of each network receives: texts, numbers, lists or objects.
    start: ClassVar[Sequence[Any]] = ()
    #: The language of the pages, as a code such as "en".
    language: ClassVar[str] = "en"
    #: Whether pages log what happens on them: focus lost and regained, pasting, the first and last key of an
    #: item, errors of scripts, and what scripts log with `petri.log`.
    log_events: ClassVar[bool] = True
    #: A participant could otherwise pass on what no item asks for, or take places outside of the timeline.
    participants_change_networks: bool = False
    dropout_policy: str = "autoplay"
    #: How many participants the study needs; the setting `num_participants` takes precedence.
    num_participants: int = 1

    #: The compiled pages; the loader sets it.
    library: ClassVar[PageLibrary] = PageLibrary(CompiledPages())
    _own_items: ClassVar[Mapping[str, Item]] = {}
    _page_items: ClassVar[Mapping[str, Item]] = {}
    _bank_items: ClassVar[Mapping[str, CompiledItem]] = {}
    _design: ClassVar[Conditions | None] = None
    _plan: ClassVar[TimelinePlan | None] = None

    def __init_subclass__(cls, **options: Any) -> None:
        """Collect the items among the class's attributes, and give each its name."""
        super().__init_subclass__(**options)
        own = dict(cls._own_items)
        for name, value in list(vars(cls).items()):
            if isinstance(value, Item):
                if name in reserved_names(cls):
                    # Refused at once: a method that an item replaces can't be called for the other checks.
                    raise ExperimentError(f"The study {cls.__name__} is wrong:\n- {name_taken(name)}")
                own[name] = value.named(name)
                setattr(cls, name, own[name])
        cls._own_items = own
        cls._plan = None

    # -- the declared parts ---------------------------------------------------------------------

    @classmethod
    def plan(cls) -> TimelinePlan:
        """Return the compiled timeline.

        Returns:
            The plan; it is compiled once for each class.

        Raises:
            TimelineError: The timeline is wrong.

        """
        if cls.__dict__.get("_plan") is None:
            cls._plan = TimelinePlan(cls.timeline)
        plan = cls._plan
        if plan is None:
            raise ExperimentError(f"{cls.__name__} has no timeline.")
        return plan

    @classmethod
    def design(cls) -> Conditions | None:
        """Return the experimental design.

        Returns:
            The design; None for a study without conditions.

        """
        if cls.conditions is None:
            return None
        if "_design" not in cls.__dict__:
            cls._design = Conditions.of(cls.conditions)
        return cls._design

    @classmethod
    def items(cls) -> Mapping[str, Item]:
        """Return the items of the class and of its pages.

        Returns:
            The items by name.

        """
        return {**cls._page_items, **cls._own_items}

    @classmethod
    def bank_items(cls) -> Mapping[str, CompiledItem]:
        """Return the items of the item bank, and of shared banks, as their files define them.

        Returns:
            The compiled items by name; each has its bank and its version.

        """
        return cls._bank_items

    @classmethod
    def use_pages(cls, compiled: CompiledPages) -> None:
        """Take over the compiled pages, their settings and the items that they define; the loader calls this.

        Args:
            compiled: The compiled pages.

        Raises:
            ExperimentError: Something in the study is wrong; the message lists everything.

        """
        cls.library = PageLibrary(compiled)
        problems = [str(problem) for problem in compiled.problems]
        cls._page_items, item_problems = page_items(compiled)
        cls.timeline, settings_problems = with_page_settings(cls.timeline, cls.library)
        cls._bank_items = {item.name: item for page in compiled.bank for item in page.items}
        cls._plan = None
        duplicates = cls._page_items.keys() & cls._own_items.keys()
        problems += [
            f"The item {name!r} is defined by the study and by {cls._other_place(name)}; rename one."
            for name in sorted(duplicates)
        ]
        problems += [*item_problems, *settings_problems, *check_study(cls)]
        if problems:
            lines = "\n".join(f"- {each}" for each in problems)
            raise ExperimentError(f"The study {cls.__name__} is wrong:\n{lines}")

    @classmethod
    def _other_place(cls, name: str) -> str:
        banked = cls._bank_items.get(name)
        return f"the bank {banked.bank}" if banked is not None and banked.bank else "a page"

    @classmethod
    def items_of(cls, page: Page) -> dict[str, Item]:
        """Return the items of a page.

        Args:
            page: A page of the timeline.

        Returns:
            The items that `ask` names, then those that the page's file defines or places, by name. Of a page
            that draws its items, all that can be drawn come first.

        """
        all_items = cls.items()
        asked = (*cls.pool_of(page), *page.asked, *cls._placed_on(page))
        return {name: all_items[name] for name in dict.fromkeys(asked) if name in all_items}

    @classmethod
    def pool_of(cls, page: Page) -> dict[str, Item]:
        """Return the items from which those of a page are drawn.

        Args:
            page: A page of the timeline.

        Returns:
            The items in `ask` or, without it, all items of the study that the page's file doesn't place, by
            name; none for a page that doesn't draw.

        """
        if page.drawing is None:
            return {}
        placed = cls._placed_on(page)
        all_items = cls.items()
        names = page.asked or [name for name in all_items if name not in placed]
        items = {name: all_items[name] for name in names if name in all_items}
        return {name: item for name, item in items.items() if has_tags(item.tags, page.drawing.tags)}

    @classmethod
    def _placed_on(cls, page: Page) -> tuple[str, ...]:
        """Return the names of the items that a page's file defines or places."""
        if page.name not in cls.library.names():
            return ()
        compiled = cls.library.page(page.name)
        return (*compiled.asks, *(item.name for item in compiled.items))

    @classmethod
    def prepare_class(cls, folder: Path) -> None:
        """Compile or read the pages of the folder, and check the study."""
        for name in DECLARED:
            declared: Any = getattr(cls, name)
            if callable(declared):
                setattr(cls, name, declared(get_config()))
        cls.timeline = with_stimuli(cls.timeline, folder)
        cls.use_pages(find_pages(folder))

    @classmethod
    def shared_files(cls, folder: Path) -> list[tuple[Path, str]]:
        """Return the files of the item banks that the study shares with others."""
        return bank_files(folder)

    @classmethod
    def default_bots(cls) -> dict[str, type]:
        """Return a bot that answers every page with valid answers."""
        # Lazy import: bots need an HTTP client, which Lambda functions don't use.
        from .bots import bot_for

        return {"Bot": bot_for(cls)}

    @classmethod
    def prepare_bots(cls, bots: Mapping[str, type]) -> None:
        """Tell the author's own bots whose pages they answer."""
        for bot in bots.values():
            if hasattr(bot, "answers_for"):
                vars_of: Any = bot
                vars_of.study = cls

    # -- hooks ----------------------------------------------------------------------------------

    def variables(self, player: Player, page: str) -> Mapping[str, Any]:
        """Override to give pages more variables. Called at each GET; it can't write.

        Args:
            player: The player.
            page: The page's name.

        Returns:
            Values by name.

        """
        del player, page
        return {}

    def page_answered(self, player: Player, page: str) -> None:
        """Run after the answers of a page were stored, in the same commit.

        Args:
            player: The player.
            page: The page's name.

        """

    def check_upload(self, player: Player, upload: Upload) -> str | None:
        """Override to check an uploaded file before its answer is stored, such as with a scanner for malware.

        Size, SHA-256 and type have been checked. The participant waits for the result, and an error that this
        method raises refuses the page with a server error: nothing is stored.

        Args:
            player: The player.
            upload: The file, with `read()` and `chunks()`.

        Returns:
            What is wrong with the file, a sentence for the participant; None to accept it.

        """
        del player, upload
        return None

    def time_factor(self, player: Player) -> float:
        """Override to give a participant more time in timed parts and on pages, such as 1.5 times as much.

        Args:
            player: The player.

        Returns:
            The factor; 1 for the usual time, and `player.get("time_factor")` where it was kept.

        """
        return float(player.get("time_factor", 1))

    def score(self, player: Player) -> Decimal:
        """Return the points that a player has earned; override to count them another way.

        Args:
            player: The player.

        Returns:
            The points.

        """
        return player.points

    # -- what Experiment asks for -----------------------------------------------------------------

    def __init__(self, session: UnitOfWork | None = None) -> None:
        """Make the object for one request."""
        configured = get_config().get("num_participants", None) if get_config().ready else None
        # configure() can change it: in a chain, for example, one participant takes part at a time.
        self.initial_recruitment_size = int(configured or self.num_participants)
        if isinstance(self.network, DiscreteGenerational):
            self.initial_recruitment_size = self.network.generation_size or 1
        super().__init__(session)

    @property
    def concurrent_participants(self) -> int:
        """The size of the largest group or cohort, or of the waiting room."""
        sizes = [step.element.size for _, step in self.plan().steps() if isinstance(step.element, Gathering)]
        return max([super().concurrent_participants, *sizes])

    def create_network(self) -> Network:
        """Return a copy of `network`."""
        if self.network is None:
            return super().create_network()
        network = type(self.network).blank()
        attributes = {name: copied(value) for name, value in vars(self.network).items() if name != "_touched"}
        network.__dict__.update(attributes)
        if self.start:
            # The node with which it starts takes a place, too.
            network.max_size += 1
        return network

    def add_node_to_network(self, node: Node, network: Network) -> None:
        """Connect a new node, and send it what its parents have passed on."""
        network.add_node(node)
        for parent in node.neighbors(direction="from"):
            parent.transmit(to_whom=node)
        node.receive()

    def setup(self) -> None:
        """Make `copies` of `network`, each with its `start`."""
        if self.network is None:
            super().setup()
            return
        for number in range(self.copies):
            network = self.create_network()
            network.role = "experiment"
            self.save(network)
            self.start_network(network, number)

    def start_network(self, network: Network, number: int) -> None:
        """Override to give a new network its sources.

        Args:
            network: The network, saved.
            number: Which of the copies it is, from 0.

        """
        if self.start:
            source = StartSource(network)
            contents = self.start[number % len(self.start)]
            source.contents = encode_passed(contents)
            network.add_node(source)

    def bonus(self, participant: Participant) -> Decimal:
        """Return the points in US dollars, by `points_per_dollar`, floored at 0."""
        rate = self.run_config.get("points_per_dollar", 0)
        place = self.session.find_place(participant.id)
        if not rate or place is None:
            return Decimal(0)
        amount = self.score(Player(self, place)) / Decimal(str(rate))
        earned = max(amount, Decimal(0)).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
        # Each visit's bonus is what earlier payments lack, so points are paid once whatever the order.
        return max(earned - self._bonuses_of(participant), Decimal(0))

    def session_bonus(self, player: Player, session: str) -> Decimal:
        """Return what a player gets for a later session besides its pay: the points earned in it, in dollars.

        Args:
            player: The player, who has finished the session.
            session: The name of the session.

        Returns:
            The amount.

        """
        del session
        return Study.bonus(self, player.participant)

    def _bonuses_of(self, participant: Participant) -> Decimal:
        """Return the bonuses that a participant got for their visits so far."""
        kinds = [visit_kind(number) for number in range(2, participant.visit + 1)]
        found = [self.work.payment(participant.id, kind) for kind in kinds]
        later = [Decimal(str(one.details.get("bonus", 0))) for one in found if one is not None]
        return sum(later, participant.bonus or Decimal(0))

    def recruit(self) -> None:
        """Recruit until `initial_recruitment_size` participants take part or have finished.

        A study that declares a network recruits as long as one has a place; of generations, it recruits the
        next one when all members of this one have been approved.
        """
        if isinstance(self.network, DiscreteGenerational):
            self._recruit_generation(self.network)
        elif self.network is not None:
            super().recruit()
        elif self._expected() < self.initial_recruitment_size:
            self.recruiter.recruit(n=1)

    def _recruit_generation(self, network: DiscreteGenerational) -> None:
        """Recruit who is missing in this generation, or the next one when this one is complete."""
        if not self.networks(full=False):
            self.recruiter.close_recruitment()
            return
        size, generations = network.generation_size or 1, network.generations or 1
        complete = self.work.statuses().get(ParticipantStatus.APPROVED, 0) // size
        wanted = size * min(complete + 1, generations)
        missing = wanted - self._expected()
        if missing > 0:
            self.recruiter.recruit(n=missing)

    def _expected(self) -> int:
        """Return how many participants take part, have finished, or have a place that is open for them."""
        counts = self.work.statuses()
        expected = sum(count for status, count in counts.items() if status in EXPECTED)
        # Open places that participants haven't taken yet count too.
        arrived = sum(counts.values()) - counts.get(ParticipantStatus.REPLACED, 0)
        return expected + max(0, int(self.work.state.get("opened", 0)) - arrived)

    def fail_participant(self, participant: Participant) -> None:
        """Fail the participant's nodes, free their slot of the design, and let their group go on."""
        super().fail_participant(participant)
        if isinstance(self.session.find_place(participant.id), Place):
            self.pending_effects.append(LeaveStudy(participant.id))

    def submission_successful(self, participant: Participant) -> None:
        """Free the slot of a participant who was paid without having completed the study."""
        super().submission_successful(participant)
        place = self.session.find_place(participant.id)
        if place is not None and place.visit == 1 and place.ended != COMPLETE:
            self.pending_effects.append(LeaveStudy(participant.id))

    def participant_disconnected(self, participant: Participant) -> None:
        """Carry out the dropout policy of the participant's group, in a commit of its own."""
        self.pending_effects.append(FollowPresence(participant.id))

    def participant_returned(self, participant: Participant) -> None:
        """Let the participant's group go on, if it waits for them."""
        self.pending_effects.append(FollowPresence(participant.id))

    def has_open_end(self, participant: Participant) -> bool:
        """Return whether a participant is in a Book, where they may be away for days."""
        place = self.session.find_place(participant.id)
        if place is None or place.ended is not None:
            return False
        return self.plan().book_around(parse_path(place.path)) is not None

    def session_counts(self) -> list[dict[str, Any]]:
        """Return how many visits to each later session there are, by status."""
        names = [step.element.name for _, step in self.plan().steps() if isinstance(step.element, Session)]
        return count_visits(self.work, names) if names else []

    # -- for the platform -------------------------------------------------------------------------

    @cached_property
    def session(self) -> StudySession:
        """The places and groups that this request has read."""
        return StudySession(self)

    def rounds_at(self, player: Player) -> int | None:
        """Return how many rounds the innermost Rounds around a player has, if that is fixed.

        Args:
            player: The player.

        Returns:
            The number, or None.

        """
        scopes = self.plan().rounds_of(parse_path(player.path))
        element = scopes[-1][2] if scopes else None
        if isinstance(element, Rounds):
            return element.fixed
        return (
            len(element.over) if isinstance(element, For) and isinstance(element.over, list | tuple) else None
        )

    def public_config(self) -> Mapping[str, Any]:
        """Return the public settings, for pages and expressions.

        Returns:
            The settings by name.

        """
        config = get_config()
        return config.public() if config.ready else {}
