"""Loads and stores the records of a study within one unit of work."""

from __future__ import annotations

import json
import random
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from chalicelib.errors import NotFound, RuleBroken
from chalicelib.messages import SendToParticipants
from chalicelib.model import keys
from chalicelib.serializable import copy_json, require_serializable
from chalicelib.study.assignments.member_work import MemberAssignment, items_of_assignment, read_member_work
from chalicelib.study.study_records import (
    CohortRecord,
    GroupRecord,
    LiveRow,
    Place,
    StoredFields,
    VisitRecord,
)

from .books.practice_records import PracticeCard, Review
from .books.reading_records import ReadPage
from .decisions import PlayerDecisions
from .elements import For
from .plan import parse_path
from .player import Player, StudyGroup

if TYPE_CHECKING:
    from chalicelib.ports import UnitOfWork

    from .study_view import StudyView

#: What a For iterates over when it goes through the infos that the player's node has received.
RECEIVED = "received"
#: The channel on which pages of live elements get data.
LIVE_CHANNEL = "live"
StoredRecord = TypeVar("StoredRecord", bound=StoredFields)


class StudySession:
    """The places, groups and visits that one request has read; `flush` writes those that were changed."""

    def __init__(self, study: StudyView) -> None:
        """Begin with nothing read."""
        self._study = study
        self.run_seed = ""
        #: The time of the request, as it is stored.
        self.moment = ""
        #: The participant whose message is being handled; None outside of live elements.
        self.speaker: Place | None = None
        self._places: dict[int, Place | None] = {}
        self._groups: dict[int, StudyGroup] = {}
        self._cohorts: dict[str, CohortRecord] = {}
        self._visits: dict[keys.Key, VisitRecord | None] = {}
        self._readings: dict[keys.Key, ReadPage | None] = {}
        self._cards: dict[int, dict[str, PracticeCard]] = {}
        #: The reviews that this request stores, by participant and serial.
        self.reviewed: dict[tuple[int, int], Review] = {}
        self._stored: dict[keys.Key, tuple[StoredFields, dict[str, Any]]] = {}
        #: The entries of the responses that this request writes, by participant and serial.
        self.recorded: dict[tuple[int, int], list[dict[str, Any]]] = {}
        #: The assignments of members of classes, by seat.
        self._works: dict[str, Sequence[MemberAssignment]] = {}
        #: Points earned in this request: participant, points, reason.
        self.earnings: list[tuple[int, Decimal, str]] = []

    # -- places ---------------------------------------------------------------------------------

    def find_place(self, participant_id: int) -> Place | None:
        """Return a participant's place, or None before their first page."""
        if participant_id not in self._places:
            key = keys.place(participant_id)
            item = self._study.work.item(key)
            self._places[participant_id] = None if item is None else self._keep(Place, key, item)
        return self._places[participant_id]

    def place(self, participant_id: int) -> Place:
        """Return a participant's place; NotFound before their first page."""
        place = self.find_place(participant_id)
        if place is None:
            raise NotFound("This participant hasn't opened the study's first page yet.", code="no_page")
        return place

    def add_place(self, place: Place) -> None:
        """Add the place of a new participant."""
        self._places[place.participant_id] = place
        self._stored[keys.place(place.participant_id)] = (place, {})

    def work_of(self, place: Place) -> Sequence[MemberAssignment]:
        """Return the assignments of a member of a class; none, without a read, for other participants."""
        seat = place.class_seat
        if not seat:
            return ()
        if seat not in self._works:
            self._works[seat] = read_member_work(self._study.work, seat)
        return self._works[seat]

    def hides_feedback(self, place: Place, item: str) -> bool:
        """Whether an assignment shows no feedback to an item before its grades are released."""
        return any(
            not one.assignment.feedback
            and one.assignment.released_at is None
            and item in items_of_assignment(self._study, one.assignment)
            for one in self.work_of(place)
        )

    # -- visits ---------------------------------------------------------------------------------

    def find_visit(self, participant_id: int, number: int) -> VisitRecord | None:
        """Return a participant's visit; None for the first, and for one that wasn't scheduled."""
        key = keys.visit(participant_id, number)
        if key not in self._visits and number > 1:
            item = self._study.work.item(key)
            self._visits[key] = None if item is None else self._keep(VisitRecord, key, item)
        return self._visits.get(key)

    def add_visit(self, visit: VisitRecord) -> None:
        """Add a visit that has been scheduled."""
        key = keys.visit(visit.participant_id, visit.number)
        self._visits[key] = visit
        self._stored[key] = (visit, {})

    # -- books ----------------------------------------------------------------------------------

    def find_reading(self, participant_id: int, path: str) -> ReadPage | None:
        """Return what is stored about a page, test, chapter or book; None for one that wasn't opened."""
        key = keys.reading(participant_id, path)
        if key not in self._readings:
            item = self._study.work.item(key)
            self._readings[key] = None if item is None else self._keep(ReadPage, key, item)
        return self._readings[key]

    def readings(self, participant_id: int, path: str = "") -> list[ReadPage]:
        """Return all that a participant has opened, or what is below a path, as this request leaves it."""
        collection, prefix = keys.readings(participant_id, path)
        for item in self._study.work.items(collection, prefix):
            self.find_reading(participant_id, str(item["path"]))
        found = (one for key, one in sorted(self._readings.items()) if key[1].startswith(prefix))
        return [one for one in found if one is not None and one.participant_id == participant_id]

    def add_reading(self, record: ReadPage) -> ReadPage:
        """Add the record of what a participant opens for the first time."""
        key = keys.reading(record.participant_id, record.path)
        self._readings[key] = record
        self._stored[key] = (record, {})
        return record

    def practice_cards(self, participant_id: int) -> Mapping[str, PracticeCard]:
        """Return the cards of the items that a participant has practised, by item."""
        if participant_id not in self._cards:
            self._cards[participant_id] = {}
            for item in self._study.work.items(*keys.practice_cards(participant_id)):
                key = keys.practice_card(participant_id, item["item"])
                self._cards[participant_id][item["item"]] = self._keep(PracticeCard, key, item)
        return self._cards[participant_id]

    def add_practice_card(self, card: PracticeCard) -> None:
        """Add the card of an item that a participant practises for the first time."""
        self._cards.setdefault(card.participant_id, {})[card.item] = card
        self._stored[keys.practice_card(card.participant_id, card.item)] = (card, {})

    # -- players --------------------------------------------------------------------------------

    def player(self, participant_id: int) -> Player:
        """Return a participant as a player."""
        return Player(self._study, self.place(participant_id))

    def prefetch(self, participant_ids: Iterable[int], *more: keys.Key) -> None:
        """Read the places and participants of several people, and more items, in one call."""
        ids = list(dict.fromkeys(participant_ids))
        self._study.work.prefetch(more=[*map(keys.place, ids), *map(keys.participant, ids), *more])

    def decisions(self, place: Place) -> PlayerDecisions:
        """Return what decides for a player."""
        return PlayerDecisions(self._study, place, self.run_seed)

    # -- groups ---------------------------------------------------------------------------------

    def group(self, network_id: int, mates: Iterable[int] = ()) -> StudyGroup:
        """Return a group; NotFound when there is none of this number.

        `mates`: the ids of its members, as far as they are known, which are read in the same call.
        """
        if network_id not in self._groups:
            key = keys.study_group(network_id)
            known = [
                place.mates for place in self._places.values() if place and place.network_id == network_id
            ]
            self.prefetch([*mates, *(one for ids in known for one in ids)], key)
            item = self._study.work.item(key)
            if item is None:
                raise NotFound(f"There is no group {network_id}.", code="group_not_found")
            record = self._keep(GroupRecord, key, item)
            self._groups[network_id] = StudyGroup(self._study, record)
            self.prefetch(record.member_ids())
        return self._groups[network_id]

    def add_group(self, record: GroupRecord) -> StudyGroup:
        """Add a new group."""
        self._stored[keys.study_group(record.network_id)] = (record, {})
        self._groups[record.network_id] = StudyGroup(self._study, record)
        return self._groups[record.network_id]

    def cohort(self, name: str) -> CohortRecord:
        """Return a cohort; NotFound when there is none of this name."""
        if name not in self._cohorts:
            item = self._study.work.item(keys.cohort(name))
            if item is None:
                raise NotFound(f"There is no cohort {name!r}.", code="cohort_not_found")
            self._cohorts[name] = CohortRecord.from_item(copy_json(dict(item)))
        return self._cohorts[name]

    def add_cohort(self, record: CohortRecord) -> None:
        """Add a new cohort."""
        self._stored[keys.cohort(record.name)] = (record, {})
        self._cohorts[record.name] = record

    # -- values ---------------------------------------------------------------------------------

    def values(self, element: For, player: Player) -> list[Any]:
        """Return what a For goes through, from a method of the study or from what was received."""
        if element.over == RECEIVED and not hasattr(self._study, RECEIVED):
            values = self.received(player)
            return [each for one in values for each in (one if isinstance(one, list) else [one])]
        method = (
            element.over if callable(element.over) else getattr(type(self._study), str(element.over), None)
        )
        if method is None:
            raise RuleBroken(
                f"For({element.variable!r}) goes through {element.over!r}, which isn't a method."
            )
        values = list(method(self._study, player) if isinstance(element.over, str) else method(player))
        require_serializable(values, f"The values of For({element.variable!r})")
        return values

    def value_of(self, player: Player, scope: str, number: int) -> Any:
        """Return the value of a For in one of its rounds."""
        path = parse_path(scope)
        plan = self._study.plan()
        step = plan.find(path)
        if step is None:
            return None
        bare = (*path[:-1], type(path[-1])(path[-1].name))
        values = self.decisions(self.place(player.id)).values(step, bare)
        return values[number - 1] if number <= len(values) else None

    def draws_of(self, player: Player, name: str) -> random.Random:
        """Return a generator for what is drawn once for each participant, such as the order of options."""
        return random.Random(f"{self.run_seed}|participant{player.id}|{name}")

    def received(self, player: Player) -> list[Any]:
        """Return what the player's node has received, oldest first; objects and lists as such."""
        return [decode_value(info.contents) for info in self._received(player)]

    def _received(self, player: Player) -> list[Any]:
        # A group's network has no infos: nothing is read.
        node = None if self.place(player.id).in_group else player.node
        if node is None:
            return []
        infos = [t.info for t in node.transmissions(direction="incoming", status="received")]
        return sorted(infos, key=lambda info: (info.creation_time, info.id))

    def note_earning(self, player: Player, points: Decimal, reason: str) -> None:
        """Note that a player has earned points."""
        self.earnings.append((player.id, points, reason))

    # -- live elements --------------------------------------------------------------------------

    def tell(self, participant_ids: Sequence[int], data: Any) -> None:
        """Send data to the pages of participants after the commit."""
        require_serializable(data, "What tell() sends")
        if participant_ids:
            message = SendToParticipants(tuple(participant_ids), LIVE_CHANNEL, data)
            # Each has a name of its own: messages of one name are sent once.
            self._study.work.send_transient(message, f"live|{uuid.uuid4().hex}")

    def add_row(self, group: StudyGroup, name: str, values: Mapping[str, Any]) -> None:
        """Store a row of data for a group; the group's record counts its rows, so none is overwritten."""
        plain = {key: str(one) if isinstance(one, Decimal) else one for key, one in values.items()}
        require_serializable(plain, f"group.record({name!r})")
        stored = group.stored
        path = "" if self.speaker is None else self.speaker.path
        row = LiveRow(
            stored.network_id,
            stored.rows,
            name,
            path,
            None if self.speaker is None else self.speaker.participant_id,
            self.moment,
            plain,
        )
        self._study.work.put_item(keys.live_row(row.network_id, row.number), row.kind, row.to_fields())
        stored.rows += 1

    # -- storing --------------------------------------------------------------------------------

    def _keep(self, kind: type[StoredRecord], key: keys.Key, item: Mapping[str, Any]) -> StoredRecord:
        """Return the record of a stored item, which `flush` writes if it differs from the item then."""
        record = kind.from_item(copy_json(dict(item)))
        self._stored[key] = (record, kind.fields_of_item(item))
        return record

    def flush(self) -> None:
        """Write what was changed with the unit's commit, if it is stored as it was read."""
        for key, (record, before) in self._stored.items():
            fields = record.to_fields()
            if fields == before:
                continue
            if isinstance(record, GroupRecord):
                require_serializable(record.state, "group.state")
            if before:
                self._study.work.put_if_unchanged(key, record.kind, fields)
            else:
                self._study.work.put_item(key, record.kind, fields)


def count_visits(work: UnitOfWork, names: Iterable[str] = ()) -> list[dict[str, Any]]:
    """Return how many visits to each later session there are, by status; `names`: sessions to list anyway."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in names}
    for shard in range(keys.SHARDS):
        for item in work.items(keys.visit_shard(shard)):
            visit = VisitRecord.from_item(item)
            counts.setdefault(visit.session, Counter())[visit.status] += 1
    return [{"name": name, **dict(sorted(found.items()))} for name, found in counts.items()]


#: How JSON begins that the contents of an info can hold: a list, an object, or a text that looks like JSON.
_JSON_BEGINS = ("[", "{", '"')


def encode_passed(value: Any) -> str:
    """Return an answer that is passed on as the contents of an info.

    A text stays as it is, except one that would be read as JSON: what a participant types must arrive as the
    text that it is.
    """
    if isinstance(value, str) and decode_value(value) == value:
        return value
    return json.dumps(value, ensure_ascii=False)


def decode_value(contents: Any) -> Any:
    """Return the object or list that contents hold as JSON; any other contents as they are.

    An author's source can make infos of numbers, such as the states of an `Environment`.
    """
    if not isinstance(contents, str) or not contents.startswith(_JSON_BEGINS):
        return contents
    try:
        value = json.loads(contents)
    except (ValueError, RecursionError):
        return contents
    # Other texts in quotation marks are what an author's `start`, or a participant, has written.
    return contents if isinstance(value, str) and not value.startswith(_JSON_BEGINS) else value
