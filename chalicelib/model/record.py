"""Defines what all records have in common: eleven fields, failing, and the unit of work they belong to."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar, overload

from chalicelib.errors import BadRequest, ExperimentError, RuleBroken
from chalicelib.serializable import require_serializable

from .failing import failure_causes
from .statuses import TransmissionStatus

if TYPE_CHECKING:
    from .repository import Repository
    from .transmission import Transmission

COMMON_FIELDS = (
    "id",
    "creation_time",
    "failed",
    "failed_reason",
    "time_of_death",
    "property1",
    "property2",
    "property3",
    "property4",
    "property5",
    "details",
)
PROPERTIES = ("property1", "property2", "property3", "property4", "property5")

#: A class to filter by. Inside records, the name `type` is a field.
Kind = type[Any]
#: `failed` filters of every list: living, failed, or both.
Failed = bool | str
Cascade = Sequence[Callable[[], Iterable["Record"]]]
#: Names of fields that are objects, each with the function that makes its empty value.
ObjectFields = tuple[tuple[str, Callable[[], Any]], ...]


@overload
def iso(moment: datetime) -> str: ...


@overload
def iso(moment: None) -> None: ...


@overload
def iso(moment: datetime | None) -> str | None: ...


def iso(moment: datetime | None) -> str | None:
    """Write a moment as ISO 8601 in UTC, with microseconds and Z; None stays None."""
    if moment is None:
        return None
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return utc.isoformat(timespec="microseconds")[:-6] + "Z"


def moment(text: str | None) -> datetime | None:
    """Parse a text that `iso` wrote."""
    return None if text is None else datetime.fromisoformat(text)


def to_json_value(value: Any) -> Any:
    """Convert moments and money to JSON values; return anything else unchanged."""
    if isinstance(value, datetime):
        return iso(value)
    return float(value) if isinstance(value, Decimal) else value


def to_json_value_or_raise(value: Any) -> Any:
    """Convert moments and money to JSON values; TypeError for any other value that isn't serializable."""
    written = to_json_value(value)
    if written is value:
        raise TypeError(f"{type(value).__name__} can't be written as JSON: {value!r}")
    return written


#: Types of values that may not be serializable; others are texts, whole numbers or moments.
_MAY_BE_UNSERIALIZABLE = frozenset({float, dict, list, tuple})
#: Fields that only the platform sets.
_OURS = frozenset({"requests", "node_ids", "failed_nodes"})
#: Serializes details, to find out whether they have changed.
details_text = json.JSONEncoder(sort_keys=True).encode
#: Serializes an author's values, to validate them.
_check = json.JSONEncoder(allow_nan=False, default=to_json_value_or_raise).encode


def check_failed(failed: Failed) -> Failed:
    """Return the filter when it is False, True or "all"; raise BadRequest otherwise."""
    if failed is True or failed is False or failed == "all":
        return failed
    raise BadRequest(f"failed must be False, True or 'all', not {failed!r}.")


_definitions = itertools.count(1)


class Record:
    """A stored record with an id, times, five free properties and `details`.

    A record belongs to one unit of work. Setting an attribute marks the record as changed, and it is
    written when the unit of work commits. Authors subclass records and give each class its own `type`.
    """

    #: The word for this class in data, requests and responses.
    type: str = "record"
    #: The base class's name in data: "Node" for every class of nodes.
    object_type: ClassVar[str] = "Record"
    #: The fields after the common ones, in the order of docs/contract.md.
    own_fields: ClassVar[tuple[str, ...]] = ()
    #: Fields that are stored but not shown: counters, marks, versions.
    kept_fields: ClassVar[tuple[str, ...]] = ()
    object_fields: ClassVar[ObjectFields] = (("details", dict),)

    #: The number of the class among all classes of records, in the order of their definitions.
    _definition_number: ClassVar[int] = 0

    id: int
    creation_time: datetime
    property1: str | None = None
    property2: str | None = None
    property3: str | None = None
    property4: str | None = None
    property5: str | None = None
    details: dict[str, Any]

    own_failed: bool = False
    own_failed_reason: str | None = None
    own_time_of_death: datetime | None = None

    _work: Repository | None = None
    _touched: bool = False
    #: The version in storage; 0 for a record that is not stored yet.
    _version: int = 0
    _details_json: str = "{}"
    #: The batch of a large commit that wrote this record; 0 for ordinary ones.
    _stamp: int = 0

    def __init_subclass__(cls, **more: Any) -> None:
        """Number the definition, since Python doesn't record in which order classes were defined."""
        super().__init_subclass__(**more)
        cls._definition_number = next(_definitions)

    def __setattr__(self, name: str, value: Any) -> None:
        if type(value) in _MAY_BE_UNSERIALIZABLE and name not in _OURS and name[0] != "_":
            require_serializable(value, f"{type(self).__name__}.{name}")
        object.__setattr__(self, name, value)
        if name[0] != "_" and not self._touched:
            object.__setattr__(self, "_touched", True)

    def __repr__(self) -> str:
        return f"{type(self).__name__}-{getattr(self, 'id', 'new')}"

    # -- unit of work ---------------------------------------------------------------------------

    @property
    def work(self) -> Repository:
        """The unit of work that this record belongs to; RuleBroken before `save`."""
        if self._work is None:
            raise RuleBroken(
                f"This {self.object_type} isn't part of the experiment yet: pass it to save() first."
            )
        return self._work

    @property
    def is_new(self) -> bool:
        """Whether this record isn't stored yet."""
        return self._version == 0

    @property
    def is_changed(self) -> bool:
        """Whether the commit has to write this record."""
        if self._touched:
            return True
        details = self.__dict__.get("details")
        if details is None:
            # The details haven't been read.
            return False
        return (bool(details) or self._details_json != "{}") and details_text(details) != self._details_json

    @classmethod
    def blank(cls) -> Self:
        """Make an instance without calling `__init__`; storage sets its fields.

        Returns:
            A record without values.

        """
        return cls.__new__(cls)

    def prepare(self) -> None:
        """Set fields that are objects to their empty values, where they aren't set."""
        for name, empty in self.object_fields:
            if name not in self.__dict__:
                setattr(self, name, empty())

    # -- failing --------------------------------------------------------------------------------

    @property
    def failed(self) -> bool:
        """Whether this record has failed, by itself or with its node or network."""
        return self.own_failed or self._failed_above() is not None

    @property
    def failed_reason(self) -> str | None:
        """Why the record failed, with the records that caused it: `left->Participant7->Node100002`."""
        if self.own_failed:
            return self.own_failed_reason
        above = self._failed_above()
        if above is None:
            return None
        chain = failure_causes(self.object_type, self.__dict__, above.object_type, above.id)
        return f"{above.own_failed_reason or ''}{chain}"

    @property
    def time_of_death(self) -> datetime | None:
        """When the record failed, or None."""
        if self.own_failed:
            return self.own_time_of_death
        above = self._failed_above()
        return None if above is None else above.time_of_death

    def _failed_above(self) -> Record | None:
        """The node or network by whose failing this record has failed, if any."""
        return None

    @property
    def failure_cascade(self) -> Cascade:
        """What fails with this record: functions that return records, called in this order."""
        return []

    def fail(self, reason: str | None = None) -> None:
        """Fail this record and its `failure_cascade`.

        The reason of each record in the cascade names this one as the cause: `<reason>-><Class><id>`.

        Args:
            reason: Why it fails; stored as `failed_reason`.

        Raises:
            RuleBroken: The record has failed already.

        """
        if self.failed:
            raise RuleBroken(f"{self!r} has failed already; a record fails once.")
        with self.work.failing(self, reason):
            self._mark_failed(reason)
            caused = self._as_cause(reason)
            for below in self.failure_cascade:
                for record in list(below()):
                    if not record.failed:
                        record.fail(caused)

    def _as_cause(self, reason: str | None) -> str:
        """Return why records of the cascade fail when this record fails for a reason."""
        return f"{reason or ''}->{self.object_type}{self.id}"

    @property
    def _fails_by_mark(self) -> bool:
        """Whether a mark on this record fails everything below it, so that no other record is written."""
        return False

    def _failure_counters(self) -> Sequence[Record]:
        """Return the records whose counts change when this record fails."""
        return ()

    def _mark_failed(self, reason: str | None) -> None:
        self.own_failed = True
        self.own_failed_reason = reason
        self.own_time_of_death = self.work.now

    # -- JSON -----------------------------------------------------------------------------------

    def json_data(self) -> dict[str, Any]:
        """Override to add fields to `as_json`, or to replace some.

        Returns:
            Values by field name, all of them serializable as JSON.

        """
        return {}

    @property
    def visualization_html(self) -> str:
        """HTML that the dashboard shows for this record; override it in your class."""
        return ""

    def as_json(self) -> dict[str, Any]:
        """Return this record as the routes answer with it: the common fields, then its own.

        Returns:
            Values by field name, all of them serializable as JSON.

        Raises:
            ExperimentError: `json_data` returns a value that can't be written as JSON.

        """
        failed = self.failed
        fields: dict[str, Any] = {
            "id": self.id,
            "creation_time": iso(self.creation_time),
            "failed": failed,
            "failed_reason": self.failed_reason if failed else None,
            "time_of_death": iso(self.time_of_death) if failed else None,
            "property1": self.property1,
            "property2": self.property2,
            "property3": self.property3,
            "property4": self.property4,
            "property5": self.property5,
            "details": self.details,
        }
        for field in self.own_fields:
            fields[field] = to_json_value(getattr(self, field))
        added = self.json_data()
        if added:
            self._require_serializable(added)
            fields.update((field, to_json_value(value)) for field, value in added.items())
        return fields

    def __json__(self) -> dict[str, Any]:
        """Return `as_json()`, under the name that older experiments call."""
        return self.as_json()

    def _require_serializable(self, added: Any) -> None:
        """Raise ExperimentError for values that can't be serialized, before anything is committed."""
        try:
            _check(dict(added))
        except (TypeError, ValueError, RecursionError) as error:
            raise ExperimentError(
                f"json_data() of {type(self).__name__} returned a value that can't be written as JSON "
                f"({error}), so the request was rolled back. Return a dict of texts, numbers, lists, dicts, "
                "moments or money."
            ) from error


R = TypeVar("R", bound=Record)
TRANSMISSION_FILTERS = ("all", *(status.value for status in TransmissionStatus))


def alive(records: Iterable[R], failed: Failed = False) -> list[R]:
    """Keep the living records, the failed ones (True) or both ("all")."""
    if check_failed(failed) == "all":
        return list(records)
    return [record for record in records if record.failed is failed]


def of_kind(
    records: Iterable[Record],
    kind: type[R],
    failed: Failed,
    properties: Mapping[str, Any] | None = None,
) -> list[R]:
    """Keep the records of a class that also have these values in their (typed) properties."""
    found = alive((record for record in records if isinstance(record, kind)), failed)
    for name, value in (properties or {}).items():
        if not hasattr(kind, name):
            raise BadRequest(f"{kind.__name__} has no property {name!r} to filter by.")
        found = [record for record in found if getattr(record, name) == value]
    return found


def with_status(transmissions: Iterable[Transmission], status: str) -> list[Transmission]:
    """Keep the transmissions of a status: all, pending or received."""
    if status not in TRANSMISSION_FILTERS:
        raise BadRequest(f"status must be one of {', '.join(TRANSMISSION_FILTERS)}, not {status!r}.")
    return [t for t in transmissions if status in ("all", t.status)]


def flatten(things: Any) -> list[Any]:
    """Return one object, or nested lists of objects, as one flat list."""
    if isinstance(things, list | tuple):
        return [leaf for thing in things for leaf in flatten(thing)]
    return [things]


class CopyOnRead:
    """A field that is copied from a shared value when it is first read.

    Storage puts the shared values into the record's `_shared`, by the field's name.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, record: Any, owner: type) -> Any:
        # Python calls this only while the instance has no value of its own.
        if record is None:
            return self
        shared = record.__dict__.get("_shared", {})
        if self._name not in shared:
            raise AttributeError(f"{owner.__name__} has no {self._name} yet.", name=self._name, obj=record)
        value = record.__dict__[self._name] = copied(shared[self._name])
        return value


def copy_on_read() -> Any:
    """Declare a field that is copied from a shared value when it is first read."""
    return CopyOnRead()


def peek(record: Any, name: str) -> Any:
    """Return a field that is an object. It may be shared, so it must not be changed."""
    state = record.__dict__
    if name not in state and name in state.get("_shared", ()):
        return state["_shared"][name]
    return getattr(record, name)


def copied(value: Any) -> Any:
    """Copy a JSON value."""
    if isinstance(value, dict):
        return {name: copied(each) for name, each in value.items()}
    if isinstance(value, list):
        return [copied(each) for each in value]
    return value
