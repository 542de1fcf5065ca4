"""Maps records to items and back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from chalicelib.model import keys
from chalicelib.model.info import Info
from chalicelib.model.network import Network
from chalicelib.model.node import Node
from chalicelib.model.participant import Participant
from chalicelib.model.question import Question
from chalicelib.model.record import PROPERTIES, Record, details_text, iso
from chalicelib.model.record_classes import class_for_type
from chalicelib.model.run_records import LEASE_ENDS, Notification, Payment, Recruitment, status_since
from chalicelib.model.transformation import Transformation
from chalicelib.model.transmission import Transmission
from chalicelib.model.vector import Vector

from .engine import UNKNOWN, Item, Key

#: The base class of the records of each `kind`.
KINDS: dict[str, type[Record]] = {
    "network": Network,
    "node": Node,
    "info": Info,
    "vector": Vector,
    "transmission": Transmission,
    "transformation": Transformation,
    "participant": Participant,
    "question": Question,
    "payment": Payment,
    "notification": Notification,
    "recruitment": Recruitment,
}
KIND_OF = {base.object_type: kind for kind, base in KINDS.items()}
#: The fields with times, and those with amounts of money.
TIMES = frozenset({"last_time", "receive_time", "end_time", "waiting_since", "sent_time"})
#: Flags that are stored only when they differ from this; other flags only when True.
ABSENT_MEANS = {"deep": True}
#: Fields whose stored name differs: an item's own `kind` is taken, and stored runs say `released`.
STORED_AS = {"kind": "payment_kind", "early_exit_reason": "released"}
MONEY = frozenset({"base_pay", "bonus", "amount"})


def kind_of(record: Record) -> str:
    """Return the kind under which a record is stored."""
    return KIND_OF[record.object_type]


def fields_of(record: Record) -> dict[str, Any]:
    """Return a record's stored fields, without keys and version; absent ones are None."""
    fields: dict[str, Any] = {"id": record.id, "creation_time": iso(record.creation_time)}
    if record.own_failed:
        fields["failed"] = True
        fields["time_of_death"] = iso(record.own_time_of_death)
        if record.own_failed_reason is not None:
            fields["failed_reason"] = record.own_failed_reason
    for name in PROPERTIES:
        value = getattr(record, name)
        if value is not None:
            fields[name] = value
    if record.details:
        fields["details"] = record.details
    for name in record.kept_fields:
        value = getattr(record, name)
        if value is None or value in ([], {}) or value is ABSENT_MEANS.get(name, False):
            continue
        if name in TIMES:
            value = iso(value)
        elif name in MONEY:
            value = str(value)
        fields[STORED_AS.get(name, name)] = value
    if record._stamp and not isinstance(record, Network):
        # A network that has been read is published; without the stamp, readers needn't check again.
        fields["s"] = record._stamp
    if UNKNOWN in record.__dict__:
        fields[UNKNOWN] = record.__dict__[UNKNOWN]
    return fields


def make_record(kind: str, item: Item) -> Record:
    """Create the record that an item stores."""
    base = KINDS[kind]
    cls = class_for_type(base, item["type"]) if "type" in item else base
    record = cls.blank()
    state = record.__dict__
    readers = _readers(cls)
    for stored, value in item.items():
        reader = readers.get(stored)
        if reader is not None:
            name, read = reader
            state[name] = value if read is None else read(value)
    details = state.setdefault("details", {})
    if details:
        state["_details_json"] = details_text(details)
    for name, empty in EMPTY.get(kind, ()):
        if name not in state:
            state[name] = empty()
    return record


#: The attribute of a value, and the function that reads its stored form; None: it is stored unchanged.
_Reader = tuple[str, Callable[[str], Any] | None]
_COMMON_READERS: dict[str, _Reader] = {
    "id": ("id", None),
    "creation_time": ("creation_time", datetime.fromisoformat),
    "failed": ("own_failed", None),
    "failed_reason": ("own_failed_reason", None),
    "time_of_death": ("own_time_of_death", datetime.fromisoformat),
    **{name: (name, None) for name in PROPERTIES},
    "details": ("details", None),
    "v": ("_version", None),
    UNKNOWN: (UNKNOWN, None),
    "s": ("_stamp", None),
}


_READERS: dict[type[Record], dict[str, _Reader]] = {}


def _readers(cls: type[Record]) -> dict[str, _Reader]:
    """Return how each stored field of a class is read; called once for each class, not for each record."""
    readers = _READERS.get(cls)
    if readers is None:
        readers = dict(_COMMON_READERS)
        for name in cls.kept_fields:
            read = datetime.fromisoformat if name in TIMES else Decimal if name in MONEY else None
            readers[STORED_AS.get(name, name)] = name, read
        _READERS[cls] = readers
    return readers


#: Fields that are objects, and their values if an item lacks them.
EMPTY: dict[str, tuple[tuple[str, Callable[[], Any]], ...]] = {
    "network": (("structure", dict), ("failed_nodes", list)),
    "node": (("requests", list),),
    "participant": (("entry_information", dict), ("node_ids", list), ("requests", list)),
}


def keys_of(record: Record) -> tuple[Key, ...]:
    """Return the keys under which a record is stored; a vector is stored at both of its ends."""
    return KEYS_OF_TYPE[record.object_type](record)


KEYS_OF_TYPE: dict[str, Callable[[Any], tuple[Key, ...]]] = {
    "Network": lambda r: (keys.root(r.id),),
    "Node": lambda r: (keys.node(r.id),),
    "Info": lambda r: (keys.info(r.id),),
    "Vector": lambda r: keys.vector_ends(r.id, r.origin_id, r.destination_id),
    "Transmission": lambda r: (keys.transmission(r.id, r.destination_id),),
    "Transformation": lambda r: (keys.transformation(r.node_id, r.id),),
    "Participant": lambda r: (keys.participant(r.id),),
    "Question": lambda r: (keys.question(r.participant_id, r.id),),
    "Payment": lambda r: (keys.payment(r.participant_id, r.kind),),
    "Notification": lambda r: (keys.notification(r.id),),
    "Recruitment": lambda r: (keys.recruitment(r.id),),
}


def items_of(record: Record, version: int) -> list[Item]:
    """Return the items that store a record at a version."""
    fields = fields_of(record)
    fields["kind"] = kind_of(record)
    fields["v"] = version
    if isinstance(record, Transmission) and record._info is not None:
        fields["info"] = info_copy(record._info)
    return [{"pk": pk, "sk": sk, **fields} for pk, sk in keys_of(record)]


def info_copy(info: Info) -> dict[str, Any]:
    """Return the copy of an info that its transmission contains: all of it, since contents never change."""
    return {**fields_of(info), "v": max(info._version, 1)}


def ledger_line_item(payment: Item) -> Item:
    """Return the small item beside a stored payment, from which the money of the run is added up."""
    pk, sk = keys.ledger_line(payment["participant_id"], payment["payment_kind"])
    details = payment.get("details") or {}
    since, leased_until = status_since(payment["status"], details), details.get(LEASE_ENDS)
    return {
        "pk": pk,
        "sk": sk,
        "kind": "ledger_line",
        "v": payment["v"],
        **{name: payment[name] for name in ("participant_id", "payment_kind", "amount", "status")},
        **({"since": since} if since else {}),
        **({"leased_until": leased_until} if leased_until else {}),
    }


def sent_item(transmission: Transmission) -> Item:
    """Return the small item at the sender that identifies a transmission's destination."""
    pk, sk = keys.sent(transmission.id, transmission.origin_id)
    item: Item = {
        "pk": pk,
        "sk": sk,
        "kind": "sent",
        "v": 1,
        "transmission_id": transmission.id,
        "destination_id": transmission.destination_id,
    }
    if transmission._stamp:
        item["s"] = transmission._stamp
    return item
