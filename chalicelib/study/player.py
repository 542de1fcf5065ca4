"""Defines what hooks and pages get: the player, the group, and their answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from chalicelib.errors import ExperimentError, RuleBroken
from chalicelib.experiment.config.problems import closest_match
from chalicelib.serializable import require_serializable
from chalicelib.study.study_records import GroupRecord, Place

from .answer_store import AnswerReader
from .design.cell import Cell
from .elements import Chapter, For, Page, Part
from .plan import Path, parse_path, write_path

if TYPE_CHECKING:
    from chalicelib.model.network import Network
    from chalicelib.model.node import Node
    from chalicelib.model.participant import Participant

    from .items import Item
    from .study_view import StudyView

#: The scope of answers outside of all rounds.
OUTSIDE = ""


class NoAnswer(ExperimentError):
    """A player has no answer to an item in this round; the message names all three."""

    code = "no_answer"


class Player:
    """A participant of a study, as hooks and pages see them.

    The answers are attributes: `player.offer` is the newest answer to the item `offer`, of this round, else
    of a round around it, else from before. Reading one that is missing raises NoAnswer, and
    `player.get("offer")` returns None instead.
    """

    def __init__(self, study: StudyView, place: Place, path: str | None = None) -> None:
        """Make the view of a place; `path`: as seen from another element than the one that is due."""
        self._study = study
        self._place = place
        self._path = place.path if path is None else path

    @property
    def path(self) -> str:
        """The path of the element as seen from which answers are looked up."""
        return self._path

    def __repr__(self) -> str:
        return f"Player {self.id}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Player) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    # -- who ------------------------------------------------------------------------------------

    @property
    def id(self) -> int:
        """The participant's number."""
        return self._place.participant_id

    @property
    def participant(self) -> Participant:
        """The participant's record."""
        return self._study.work.participant(self.id)

    @property
    def node(self) -> Node | None:
        """The participant's node in the group or chain; None when they are in none."""
        return None if self._place.node_id is None else self._study.work.node(self._place.node_id)

    @property
    def group(self) -> StudyGroup | None:
        """The group, or None when the player is alone."""
        if not self._place.in_group or self._place.network_id is None:
            return None
        group: StudyGroup = self._study.session.group(self._place.network_id)
        return group.seen_from(self._path)

    @property
    def role(self) -> str | None:
        """The role in the group, or None."""
        return self._place.role

    @property
    def others(self) -> list[Player]:
        """The other members of the group, in the order of their places."""
        return [] if self.group is None else [one for one in self.group.players if one.id != self.id]

    @property
    def cohort(self) -> list[Player]:
        """The members of the cohort, in the order in which they came; empty outside of one."""
        name = self._place.cohort
        ids = [] if name is None else self._study.session.cohort(name).members
        return [Player(self._study, self._study.session.place(one), self._path) for one in ids]

    @property
    def gone(self) -> bool:
        """Whether the participant has disconnected, left or ended."""
        return self._place.gone or self._place.ended is not None

    @property
    def away(self) -> bool:
        """Whether the participant has disconnected, and their group waits for them."""
        return self.group is not None and str(self.id) in self.group.stored.away

    @property
    def condition(self) -> Mapping[str, Any]:
        """The levels of the condition, by factor."""
        stored = self._place.condition
        design = self._study.design() if stored else None
        return (design.find(stored) if design is not None else None) or Cell(stored)

    # -- rounds ---------------------------------------------------------------------------------

    @property
    def round(self) -> int | None:
        """The number of the innermost round, from 1; None outside of rounds."""
        scopes = self._rounds()
        return int(scopes[-1][1]) if scopes else None

    def round_of(self, name: str) -> int | None:
        """Return the number of the round of the Rounds or For with a name; None outside of it."""
        for path, mark in self._rounds():
            if parse_path(path)[-1].name == name:
                return int(mark)
        return None

    def in_round(self, number: int, of: str | None = None) -> Player:
        """Return this player as of another round: `player.in_round(1).offer`.

        Args:
            number: The number of the round, from 1.
            of: The name of the Rounds or For; by default the innermost one around the player. Outside of all
                rounds, as in `score`, it is the only one of the timeline.

        Returns:
            The player, with the answers of that round.

        """
        path = self._repeat(of, number)
        return Player(
            self._study, self._place, f"{write_path(path[:-1])}/{path[-1].name}[{number}]".lstrip("/")
        )

    def _repeat(self, of: str | None, number: int) -> Path:
        """Return the path of the Rounds or For whose round is wanted."""
        around = [parse_path(path) for path, _ in self._rounds()]
        found = [path for path in around if of in (None, path[-1].name)]
        if found:
            return found[-1]
        inside = self._study.plan().repeats_inside(around[-1] if around else ())
        found = [path for path in inside if of in (None, path[-1].name)]
        if len(found) == 1:
            return found[0]
        if not found:
            what = "Rounds" if of is None else f"Rounds with the name {of!r}"
            raise RuleBroken(f"{self!r} isn't in {what}, so there is no round {number}.")
        names = ", ".join(repr(path[-1].name) for path in found)
        raise RuleBroken(
            f"{self!r} has been in several Rounds ({names}); say which: "
            f"player.in_round({number}, of={found[0][-1].name!r})."
        )

    def in_previous_rounds(self) -> list[Player]:
        """Return this player as of each earlier one of the innermost rounds, oldest first.

        Outside of all rounds, as in `score`, those are all rounds with answers.
        """
        if self.round:
            return [self.in_round(number) for number in range(1, self.round)]
        inside = self._study.plan().repeats_inside(())
        return [self.in_round(number) for number in self._answered(inside[0])] if inside else []

    def _answered(self, repeat: Path) -> list[int]:
        """Return the numbers of the rounds of a Rounds or For in which the player has answered."""
        last = len(repeat) - 1
        scopes = [parse_path(scope) for scope in self._reader().scopes()]
        marks = {
            path[last].mark
            for path in scopes
            if len(path) > last and path[:last] == repeat[:last] and path[last].name == repeat[last].name
        }
        return sorted(int(mark) for mark in marks if mark.isdecimal())

    def _rounds(self) -> list[tuple[str, str]]:
        plan = self._study.plan()
        return [(path, mark) for path, mark, _ in plan.rounds_of(parse_path(self._path))]

    @property
    def scopes(self) -> list[str]:
        """The scopes in which answers are looked up: the innermost round first, then around it."""
        return [path for path, _ in reversed(self._rounds())] + [OUTSIDE]

    # -- answers --------------------------------------------------------------------------------

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        is_known, value = self._find(name)
        if is_known:
            return value
        if name in self._study.items():
            where = f" in round {self.round}" if self.round else ""
            raise NoAnswer(
                f"{self!r} has no answer to {name!r}{where}. Ask for it on an earlier page, wait for another "
                f"member's answer with Wait(), or use player.get({name!r}) if it may be missing."
            )
        raise AttributeError(self.no_attribute(name))

    def no_attribute(self, name: str) -> str:
        """Return the message about a name that players don't have."""
        similar = closest_match(name, {*self._study.items(), *self._place.kept, *_public_names(type(self))})
        guess = f". Did you mean {similar!r}?" if similar else "."
        reason = "it is neither an item of the study nor a value that keep() stored"
        return f"{self!r} has no {name!r}: {reason}{guess}"

    def get(self, name: str, default: Any = None) -> Any:
        """Return an answer, a kept value or the value of a For; the default when there is none."""
        is_known, value = self._find(name)
        return value if is_known else default

    def answers(self, name: str) -> list[Any]:
        """Return all answers to an item, of all rounds, oldest first."""
        item = self._study.items().get(name)
        reader = self._reader()
        stored_answers = [reader.one(scope, name) for scope in reader.scopes() if reader.has(scope, name)]
        return [item.value(answer) if item and answer is not None else answer for answer in stored_answers]

    def missed(self, name: str) -> bool:
        """Return whether the newest answer to an item was filled in, as the participant gave none in time.

        Args:
            name: The item.

        Returns:
            True for an answer of `on_timeout` or a default; False for one of the participant, and for none.
            What they had entered when the time was up is theirs, whatever its value.

        """
        reader = self._reader()
        scope = next((one for one in self.scopes if reader.has(one, name)), None)
        return scope is not None and f"{scope}|{name}" in self._place.missed

    def stored_answer(self, name: str) -> Any:
        """Return the newest answer to an item as it is stored; None when there is none."""
        reader = self._reader()
        scopes = (scope for scope in self.scopes if reader.has(scope, name))
        return next((reader.one(scope, name) for scope in scopes), None)

    def feedback_to(self, name: str) -> str:
        """Return the feedback to the newest answer to an item, for a page to show.

        Args:
            name: The item.

        Returns:
            The feedback; empty without an answer, and before the participant may know it: with
            `feedback_when="section"` until they have left the Part or Chapter that asks the item, and in an
            assignment of a class without feedback until its grades are released.

        """
        item = self._study.items().get(name)
        if item is None:
            raise RuleBroken(f"player.feedback_to({name!r}) needs an item of the study.")
        stored = self.stored_answer(name)
        if stored is None or not self._may_know(item):
            return ""
        item_as_asked = item.resolved(self._study, self).in_language(self._study.language)
        return item_as_asked.grade(stored).comment

    def _reader(self) -> AnswerReader:
        return AnswerReader(self._study.work, self._place, self._study.session.recorded)

    def _may_know(self, item: Item) -> bool:
        if self._study.session.hides_feedback(self._place, item.name):
            return False
        if item.feedback_when != "section":
            return item.feedback_when == "at_once"
        here = [part.name for part in parse_path(self._path)]
        return all(here[: len(section)] != section for section in self._sections_of(item.name))

    def _sections_of(self, item: str) -> Iterator[list[str]]:
        """Yield the names on the way to each innermost Part or Chapter with an item; none: the study."""
        parts: list[list[str]] = []
        for text, step in self._study.plan().steps():
            path = [part.name for part in parse_path(text)]
            if isinstance(step.element, Part | Chapter):
                parts.append(path)
            elif isinstance(step.element, Page) and item in self._study.items_of(step.element):
                yield max((part for part in parts if path[: len(part)] == part), key=len, default=[])

    def known_answers(self) -> dict[str, Any]:
        """Return all answers and kept values that can be read from here, by name."""
        reader = self._reader()
        names = {name for scope in self.scopes for name in reader.of(scope)}
        return {name: self.get(name) for name in (*names, *self._place.kept, *self.loop_values())}

    def loop_values(self) -> dict[str, Any]:
        """Return the values of the For loops around the player, by variable, from the outside in."""
        scopes = self._study.plan().rounds_of(parse_path(self._path))
        names = [element.variable for _, _, element in scopes if isinstance(element, For)]
        return {name: self.get(name) for name in names}

    def _find(self, name: str) -> tuple[bool, Any]:
        reader = self._reader()
        for scope in self.scopes:
            if reader.has(scope, name):
                item, stored = self._study.items().get(name), reader.one(scope, name)
                return True, stored if item is None or stored is None else item.value(stored)
        if name in self._place.kept:
            return True, self._place.kept[name]
        for scope, mark, element in reversed(self._study.plan().rounds_of(parse_path(self._path))):
            if getattr(element, "variable", None) == name:
                return True, self._study.session.value_of(self, scope, int(mark))
        return False, None

    # -- writing --------------------------------------------------------------------------------

    def keep(self, **values: Any) -> None:
        """Store values for this participant; they are attributes of the player from then on."""
        for name, value in values.items():
            if name in self._study.items() or hasattr(type(self), name):
                raise RuleBroken(
                    f"keep({name}=...) uses the name of an item or of an attribute; choose another."
                )
            require_serializable(value, f"player.keep({name}=...)")
            self._place.kept[name] = value

    def tell(self, data: Any) -> None:
        """Send data to this participant's page, after the commit.

        Args:
            data: A JSON value; `petri.live.on("message", ...)` in the page's script receives it.

        """
        self._study.session.tell([self.id], data)

    @property
    def points(self) -> Decimal:
        """The total of points so far."""
        return Decimal(self._place.points)

    def earn(self, points: float | Decimal, reason: str = "") -> None:
        """Add points; they may be negative. The total is paid as a bonus, floored at 0.

        Args:
            points: How many.
            reason: What for; stored beside the answers of this page.

        """
        try:
            amount = Decimal(str(points))
        except InvalidOperation:
            raise RuleBroken(f"{self!r} can't earn {points!r}; give a number.") from None
        if not amount.is_finite():
            raise RuleBroken(f"{self!r} can't earn {points!r}; give a finite number.")
        self._place.points = str(self.points + amount)
        self._study.session.note_earning(self, amount, reason)


class StudyGroup:
    """A group of a study: its members and what they share."""

    def __init__(self, study: StudyView, record: GroupRecord, path: str | None = None) -> None:
        """Make the view of a group's record; `path`: the element from which its members' answers are seen."""
        self._study = study
        self.stored = record
        self._path = path

    def seen_from(self, path: str) -> StudyGroup:
        """Return the group as seen from an element: members who are ahead show their answers of that round.

        Args:
            path: The element's path.

        Returns:
            The same group.

        """
        return StudyGroup(self._study, self.stored, path)

    def __repr__(self) -> str:
        return f"Group {self.id}"

    @property
    def id(self) -> int:
        """The number of the group's network."""
        return self.stored.network_id

    @property
    def network(self) -> Network:
        """The network whose nodes are the members."""
        return self._study.work.network(self.id)

    @property
    def ended_early(self) -> bool:
        """Whether the group has ended since a member disconnected, by the dropout policy `end`."""
        return self.stored.ended_early is not None

    @property
    def players(self) -> list[Player]:
        """The members, in the order of their places."""
        places = [self._study.session.place(one) for one in self.stored.member_ids()]
        return [Player(self._study, place, self._path) for place in places]

    def __iter__(self) -> Iterator[Player]:
        return iter(self.players)

    def __len__(self) -> int:
        return len(self.stored.members)

    @property
    def size(self) -> int:
        """The number of members."""
        return len(self)

    @property
    def living(self) -> list[Player]:
        """The members who still take part."""
        return [player for player in self.players if not player.gone]

    def role(self, name: str) -> Player:
        """Return the member with a role; RuleBroken unless there is exactly one."""
        members = self.with_role(name)
        if len(members) != 1:
            raise RuleBroken(self._not_one(name, len(members)))
        return members[0]

    def _not_one(self, role: str, count: int) -> str:
        if count:
            return f"{self!r} has {count} members with the role {role!r}; use with_role({role!r})."
        roles = list(dict.fromkeys(one["role"] for one in self.stored.members if one["role"]))
        reason = f"its roles are {', '.join(map(repr, roles))}" if roles else "its Group has no roles"
        return f"{self!r} has no member with the role {role!r}; {reason}."

    def with_role(self, name: str) -> list[Player]:
        """Return the members with a role."""
        member_ids = [one["participant_id"] for one in self.stored.members if one["role"] == name]
        return [player for player in self.players if player.id in member_ids]

    @property
    def state(self) -> dict[str, Any]:
        """A small dict that all members share; it is stored with the commit."""
        return self.stored.state

    def tell(self, data: Any) -> None:
        """Send data to the pages of all living members, after the commit.

        Args:
            data: A JSON value; `petri.live.on("message", ...)` in the page's script receives it.

        """
        self._study.session.tell([player.id for player in self.living], data)

    def record(self, name: str, /, **values: Any) -> None:
        """Store a row of data, once and with the commit; it is exported in `live.csv`.

        Args:
            name: What the row is, such as "trade".
            **values: Its values: JSON values, or decimal numbers.

        """
        self._study.session.add_row(self, name, values)

    @property
    def round(self) -> int | None:
        """The number of the innermost round that the members are in."""
        players = self.living or self.players
        return players[0].round if players else None


def _public_names(owner: type) -> list[str]:
    return [name for name in dir(owner) if not name.startswith("_")]
