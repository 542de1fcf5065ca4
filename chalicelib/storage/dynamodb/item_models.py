"""Defines how each kind of item is stored in DynamoDB: one typed PynamoDB model for each, over one table.

The unit of work passes and gets items as flat dictionaries. A field that its model doesn't name, or that
has another type than in the model, is stored in `more` as JSON, so nothing is ever lost; fields that should
be readable in AWS's console are named here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from pynamodb.attributes import (
    Attribute,
    BooleanAttribute,
    JSONAttribute,
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.models import Model

from chalicelib.errors import PetriError
from chalicelib.storage.engine import UNKNOWN, Item
from chalicelib.storage.serialization_errors import unserializable_item

#: DynamoDB's own form of an item: {"name": {"S": "text"}, ...}.
Wire = dict[str, dict[str, Any]]

#: Fields of the storage itself, which are hidden from the layers above.
MARK: Final = "mark"
MORE: Final = "more"


class Document(JSONAttribute):
    """An object or list, as JSON text in UTF-8: DynamoDB's own maps would turn 1.0 into 1."""

    def serialize(self, value: Any) -> str:
        """Serialize as JSON without escaping, so an emoji takes four bytes and not twelve."""
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _text() -> UnicodeAttribute:
    return UnicodeAttribute(null=True)


def _number() -> NumberAttribute:
    return NumberAttribute(null=True)


def _flag() -> BooleanAttribute:
    return BooleanAttribute(null=True)


def _document() -> Document:
    return Document(null=True)


class StoredItem(Model):
    """The attributes of every item: keys, kind, version, the stamp of a large commit."""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    kind = UnicodeAttribute()
    #: The version that conditions compare.
    v = NumberAttribute()
    s = _number()
    #: The mark of the attempt that wrote the item, by which a retried put detects that it had succeeded.
    mark = _text()
    #: The items that were written together with it (see `sibling_versions.py`).
    w = _text()
    more = _document()


class RecordItem(StoredItem):
    """The attributes of every record."""

    id = _number()
    creation_time = _text()
    failed = _flag()
    failed_reason = _text()
    time_of_death = _text()
    property1 = _text()
    property2 = _text()
    property3 = _text()
    property4 = _text()
    property5 = _text()
    details = _document()


class NetworkItem(RecordItem):
    type = _text()
    max_size = _number()
    full = _flag()
    role = _text()
    n_alive = _number()
    n_sources = _number()
    last_node = _number()
    last_time = _text()
    structure = _document()
    failed_nodes = _document()
    deep = _flag()
    pub = _number()
    lease = _document()


class NetworksHeaderItem(StoredItem):
    last_id = _number()
    pub = _number()
    lease = _document()


class NodeItem(RecordItem):
    type = _text()
    network_id = _number()
    participant_id = _number()
    last_thing = _number()
    last_time = _text()
    n_infos = _number()
    n_failed_infos = _number()
    answered = _flag()
    requests = _document()


class InfoItem(RecordItem):
    type = _text()
    origin_id = _number()
    network_id = _number()
    contents = _text()


class InfoCopy(Attribute[dict[str, Any]]):
    """A whole info inside another item: a map, since JSON text would escape each quote in the contents."""

    attr_type = "M"

    def serialize(self, value: dict[str, Any]) -> Wire:
        """Serialize the copy with the types of an info's own item."""
        return _pack(InfoItem, value)

    def deserialize(self, value: Wire) -> dict[str, Any]:
        """Deserialize a copy."""
        return _unpack(InfoItem, value)


class VectorItem(RecordItem):
    origin_id = _number()
    destination_id = _number()
    network_id = _number()


class TransmissionItem(RecordItem):
    vector_id = _number()
    origin_id = _number()
    destination_id = _number()
    info_id = _number()
    network_id = _number()
    receive_time = _text()
    status = _text()
    info = InfoCopy(null=True)


class SentItem(StoredItem):
    transmission_id = _number()
    destination_id = _number()


class TransformationItem(RecordItem):
    type = _text()
    info_in_id = _number()
    info_out_id = _number()
    node_id = _number()
    network_id = _number()


class ParticipantItem(RecordItem):
    type = _text()
    recruiter = _text()
    worker_id = _text()
    assignment_id = _text()
    hit_id = _text()
    mode = _text()
    end_time = _text()
    base_pay = _text()
    bonus = _text()
    status = _text()
    entry_information = _document()
    fingerprint_hash = _text()
    consent = _document()
    node_ids = _document()
    last_question = _number()
    last_time = _text()
    requests = _document()
    token_serial = _number()
    seated_serial = _number()
    waiting_since = _text()
    released = _text()
    task_completed = _flag()


class QuestionItem(RecordItem):
    number = _number()
    type = _text()
    participant_id = _number()
    question = _text()
    response = _text()


class PaymentItem(RecordItem):
    participant_id = _number()
    payment_kind = _text()
    amount = _text()
    status = _text()
    reason = _text()
    recruiter_reference = _text()
    sent_time = _text()


class LedgerLineItem(StoredItem):
    """What the sums of a run need of one payment."""

    participant_id = _number()
    payment_kind = _text()
    amount = _text()
    status = _text()
    since = _text()
    leased_until = _text()


class NotificationItem(RecordItem):
    assignment_id = _text()
    event_type = _text()


class RecruitmentItem(RecordItem):
    recruiter = _text()
    event_type = _text()
    n = _number()


class ClaimItem(StoredItem):
    """The owner of an assignment or worker id, which makes the id unique."""

    participant_id = _number()
    participant_ids = _document()


class ListedItem(StoredItem):
    id = _number()
    status = _text()
    seated = _flag()
    waiting = _flag()
    recruiter = _text()


class MessageItem(StoredItem):
    body = _document()
    #: Until when the message counts as sent; empty before it is sent.
    carried_until = _text()


class ConnectionItem(StoredItem):
    """An open socket: its participant, its subscriptions, and when it expires."""

    connection_id = _text()
    participant_id = _number()
    serial = _number()
    channels = _document()
    since = _text()
    seen = _text()
    #: Whether its page sends heartbeats; if so, a socket without them counts as closed.
    beats = _flag()
    expires = _number()


class SubscriberItem(StoredItem):
    connection_id = _text()
    participant_id = _number()
    expires = _number()


class PresenceItem(StoredItem):
    connection_id = _text()
    expires = _number()


class WaitingItem(StoredItem):
    id = _number()
    since = _text()
    seen = _text()
    #: Whether a socket without heartbeats holds the place.
    quiet = _flag()


class RoomItem(StoredItem):
    id = _number()
    last_room = _number()
    members = _document()
    opened = _text()


class SlotItem(StoredItem):
    """A slot of a design, a freed slot, or the number of compared slots."""

    number = _number()
    cell = _document()
    state = _text()
    owner = _number()
    claimed = _text()
    #: Whether another participant gets the slot when its owner leaves.
    again = _flag()
    #: The version of the slot's own item.
    slot_version = _number()


class PlaceItem(StoredItem):
    """Where a participant of a study is, and what their pages need."""

    participant_id = _number()
    serial = _number()
    path = _text()
    shown_at = _text()
    until = _text()
    network_id = _number()
    node_id = _number()
    role = _text()
    answers = _document()
    points = _text()


class ResponseItem(StoredItem):
    """The answers of one submitted page."""

    participant_id = _number()
    node_id = _number()
    network_id = _number()
    page = _text()
    path = _text()
    answered_at = _text()
    answers = _document()


class GradeItem(ResponseItem):
    """A grade that a person has given to an answer."""

    serial = _number()
    item = _text()
    number = _number()
    by = _text()


class TrialBatchItem(StoredItem):
    """Trials that were sent together."""

    participant_id = _number()
    first = _number()
    page = _text()
    path = _text()
    answered_at = _text()
    trials = _document()


class EventBatchItem(StoredItem):
    """What happened on a page."""

    participant_id = _number()
    serial = _number()
    page = _text()
    path = _text()
    received_at = _text()
    events = _document()


class UploadRecordItem(StoredItem):
    """A file that a participant was allowed to send, and perhaps has sent."""

    participant_id = _number()
    serial = _number()
    item = _text()
    reference = _text()
    size = _number()
    sha256 = _text()
    stored_at = _text()


class LiveRowItem(StoredItem):
    """A row that a live element has stored for a group."""

    network_id = _number()
    number = _number()
    participant_id = _number()
    path = _text()
    at = _text()
    values = _document()


class StudyGroupItem(StoredItem):
    members = _document()
    state = _document()


class CohortItem(StoredItem):
    members = _document()
    schedule = _document()


class PooledItem(StoredItem):
    participant_id = _number()
    since = _text()


class PeerAnswerItem(StoredItem):
    """An answer that other participants grade."""

    item = _text()
    scope = _text()
    participant_id = _number()
    serial = _number()
    graders = _document()


class VisitItem(StoredItem):
    """A participant's part in a later session of a study."""

    participant_id = _number()
    number = _number()
    session = _text()
    status = _text()
    opens_at = _text()
    closes_at = _text()
    reminders = _document()


class ReadingItem(StoredItem):
    """A page, test, chapter or book that a participant of a study has opened."""

    participant_id = _number()
    path = _text()
    book = _text()
    chapter = _text()
    page = _text()
    what = _text()
    started_at = _text()
    last_at = _text()
    finished_at = _text()
    opened = _number()
    serial = _number()


class AnnotationItem(StoredItem):
    """A highlight or note of a participant on a page of a book."""

    participant_id = _number()
    path = _text()
    name = _text()
    visibility = _text()
    exact = _text()
    note = _text()
    book = _text()
    chapter = _text()
    page = _text()
    created_at = _text()
    changed_at = _text()


class PracticeCardItem(StoredItem):
    """When a participant practises an item next."""

    participant_id = _number()
    item = _text()
    due = _text()
    card = _document()
    reviews = _number()


class ReviewItem(StoredItem):
    """An answer of a participant who practises."""

    participant_id = _number()
    serial = _number()
    path = _text()
    item = _text()
    page = _text()
    number = _number()
    reviewed_at = _text()
    rating = _text()
    next_due = _text()


class NoteItem(StoredItem):
    """A note of a person who manages the run, about a record."""

    author = _text()
    author_name = _text()
    text = _text()
    written = _text()
    changed = _text()


class RunMessageItem(StoredItem):
    """A message of a person who manages the run to participants."""

    id = _number()
    creation_time = _text()
    audience = _text()
    participant_ids = _document()
    last_participant = _number()
    recipients = _number()
    includes_later = _flag()
    text = _text()
    author = _text()
    author_name = _text()


class MessageReceiptItem(StoredItem):
    """When a participant saw and closed a message."""

    participant_id = _number()
    seen = _text()
    closed = _text()


class ApiAnswerItem(StoredItem):
    """The answer to a change over the API, for a repeated request, and when it expires."""

    fingerprint = _text()
    answer = _document()
    expires = _number()


#: A new kind of item is added here, with a model above when its fields should be readable.
class AuditEntryItem(StoredItem):
    actor = _text()
    number = _number()
    at = _text()
    operation = _text()
    records = _document()
    record_count = _number()
    fields = _document()
    request_id = _text()
    values_mac = _text()
    previous = _text()
    hash = _text()


class AuditHeadItem(StoredItem):
    number = _number()
    hash = _text()
    rights_version = _number()
    seal_due = _text()


class AuditValuesItem(StoredItem):
    key = _text()
    values = _document()


class AuditSealItem(StoredItem):
    number = _number()
    at = _text()
    root = _text()
    chains = _number()
    previous = _text()
    leaves = _document()


class UserItem(StoredItem):
    username = _text()
    name = _text()
    email = _text()
    created = _text()
    created_by = _text()
    expires_at = _text()
    first_name = _text()
    last_name = _text()
    phone = _text()
    affiliations = _document()
    preferences = _document()
    is_bot = _flag()
    modified = _text()


class InvitationItem(StoredItem):
    id = _text()
    digest = _text()
    email = _text()
    what = _document()
    groups = _document()
    created = _text()
    invited_by = _text()
    inviter = _text()
    expires_at = _text()
    status = _text()
    ended_by = _text()


class RoleItem(StoredItem):
    name = _text()
    rights = _document()
    about = _text()
    created = _text()
    created_by = _text()
    modified = _text()


class GroupItem(StoredItem):
    nickname = _text()
    name = _text()
    about = _text()
    is_private = _flag()
    created = _text()
    created_by = _text()
    modified = _text()


class GroupMemberItem(StoredItem):
    nickname = _text()
    username = _text()
    is_admin = _flag()
    since = _text()
    by = _text()
    until = _text()


class AdmissionItem(StoredItem):
    nickname = _text()
    username = _text()
    text = _text()
    asked = _text()
    status = _text()
    decided_by = _text()


class GrantItem(StoredItem):
    username = _text()
    what = _text()
    since = _text()
    by = _text()
    until = _text()


class ApiTokenItem(StoredItem):
    username = _text()
    name = _text()
    prefix = _text()
    digest = _text()
    rights = _document()
    created = _text()
    expires_at = _text()


class SignInLimitItem(StoredItem):
    """Failed attempts to sign in to an account from an address, and when they are forgotten."""

    failures = _number()
    until = _text()
    expires = _number()


class UsedSignInItem(StoredItem):
    """A sign-in that was used, until it can't be sent again."""

    expires = _number()


class ExportItem(StoredItem):
    """An export job: its creator, its progress, and the file that it has written."""

    status = _text()
    created = _text()
    created_by = _text()
    modified = _text()
    finished = _text()
    part = _number()
    attempts = _number()
    rows = _number()
    files = _number()
    file = _text()
    state = _document()
    name = _text()
    size = _number()
    sha256 = _text()
    tables = _document()
    problem = _text()
    expires = _number()


class LiveSessionItem(StoredItem):
    number = _number()
    pin = _text()
    phase = _text()
    position = _number()
    opened_at = _text()
    finished_at = _text()


class LivePlayerItem(StoredItem):
    session = _number()
    seat = _text()
    name = _text()
    participant_id = _number()
    score = _number()


class LiveAnswerItem(StoredItem):
    session = _number()
    position = _number()
    participant_id = _number()
    answers = _document()
    score = _number()


class StudyClassItem(StoredItem):
    number = _number()
    name = _text()
    join_code = _text()
    instructors = _document()
    starts = _text()
    ends = _text()
    time_zone = _text()
    created = _text()
    archived = _text()


class ClassMemberItem(StoredItem):
    class_number = _number()
    seat = _text()
    participant_id = _number()
    name = _text()
    email = _text()
    student_number = _text()
    joined = _text()
    left = _text()


class ClassChargeItem(StoredItem):
    class_number = _number()
    seat = _text()
    charge = _text()
    amount = _text()
    at = _text()
    refunded = _text()


class ClassAssignmentItem(StoredItem):
    class_number = _number()
    number = _number()
    name = _text()
    parts = _document()
    due = _text()
    enforced = _flag()
    released_at = _text()


class DeadlineExceptionItem(StoredItem):
    class_number = _number()
    assignment = _number()
    seat = _text()
    due = _text()


class GivenPointsItem(StoredItem):
    class_number = _number()
    assignment = _number()
    seat = _text()
    entry = _text()
    points = _text()


class AssetItem(StoredItem):
    sha256 = _text()
    name = _text()
    size = _number()
    media_type = _text()
    alt = _text()
    created = _text()
    created_by = _text()
    deleted = _text()


class AssetPreviewItem(StoredItem):
    thumbnail = _text()


class AssetReferenceItem(StoredItem):
    asset = _text()


class AssetSpaceItem(StoredItem):
    used = _number()
    reserved = _document()


class LibraryEntryItem(StoredItem):
    number = _number()
    name = _text()
    owner = _text()
    title = _text()
    visibility = _text()
    latest = _number()
    created = _text()
    deleted = _text()


class LibraryVersionItem(StoredItem):
    version = _number()
    sha256 = _text()
    uploaded = _text()
    size = _number()
    file = _text()
    created = _text()
    created_by = _text()


class LibraryUseItem(StoredItem):
    copied = _number()
    stars = _number()
    plays = _document()


class LibraryCountsItem(StoredItem):
    views = _number()
    copies = _number()
    plays = _number()
    ratings = _number()
    stars = _number()


class LibrarySpaceItem(StoredItem):
    used = _number()
    reserved = _document()


MODELS: Final[dict[str, type[StoredItem]]] = {
    "network": NetworkItem,
    "networks_header": NetworksHeaderItem,
    "node": NodeItem,
    "info": InfoItem,
    "vector": VectorItem,
    "transmission": TransmissionItem,
    "sent": SentItem,
    "transformation": TransformationItem,
    "participant": ParticipantItem,
    "question": QuestionItem,
    "payment": PaymentItem,
    "ledger_line": LedgerLineItem,
    "notification": NotificationItem,
    "recruitment": RecruitmentItem,
    "assignment": ClaimItem,
    "worker": ClaimItem,
    "listed": ListedItem,
    "message": MessageItem,
    "experiment": StoredItem,
    "secrets": StoredItem,
    "tick": StoredItem,
    "draws": StoredItem,
    "dead_letter": MessageItem,
    "awake": StoredItem,
    "deployment": StoredItem,
    "erasure_key": StoredItem,
    "counter": StoredItem,
    "connection": ConnectionItem,
    "subscriber": SubscriberItem,
    "presence": PresenceItem,
    "waiting": WaitingItem,
    "rooms_header": RoomItem,
    "room": RoomItem,
    "slot": SlotItem,
    "freed_slot": SlotItem,
    "compared_slots": SlotItem,
    "place": PlaceItem,
    "response": ResponseItem,
    "grade": GradeItem,
    "draft": StoredItem,
    "trial_batch": TrialBatchItem,
    "event_batch": EventBatchItem,
    "study_group": StudyGroupItem,
    "live_row": LiveRowItem,
    "upload": UploadRecordItem,
    "cohort": CohortItem,
    "pooled": PooledItem,
    "peer_answer": PeerAnswerItem,
    "visit": VisitItem,
    "annotation": AnnotationItem,
    "practice_card": PracticeCardItem,
    "review": ReviewItem,
    "reading": ReadingItem,
    "live_session": LiveSessionItem,
    "live_pin": StoredItem,
    "live_player": LivePlayerItem,
    "live_name": StoredItem,
    "live_place": StoredItem,
    "live_form": StoredItem,
    "live_answer": LiveAnswerItem,
    "live_result": StoredItem,
    "class_assignment": ClassAssignmentItem,
    "deadline_exception": DeadlineExceptionItem,
    "given_points": GivenPointsItem,
    "gradebook": StoredItem,
    "study_class": StudyClassItem,
    "class_code": StoredItem,
    "class_member": ClassMemberItem,
    "class_identity": StoredItem,
    "class_charge": ClassChargeItem,
    "class_reference": StoredItem,
    "api_answer": ApiAnswerItem,
    "ticket": StoredItem,
    "session": StoredItem,
    "credential": StoredItem,
    "sign_in_limit": SignInLimitItem,
    "openid_account": StoredItem,
    "passkey": StoredItem,
    "used_sign_in": UsedSignInItem,
    "lti_key": StoredItem,
    "trusted_lab": StoredItem,
    "lab_app": StoredItem,
    "lab_report": StoredItem,
    "lab_cost": StoredItem,
    "lab_grant": StoredItem,
    "lab_keys": StoredItem,
    "note": NoteItem,
    "run_message": RunMessageItem,
    "message_header": StoredItem,
    "message_box": StoredItem,
    "message_receipt": MessageReceiptItem,
    "export": ExportItem,
    "export_request": ExportItem,
    "audit_entry": AuditEntryItem,
    "audit_head": AuditHeadItem,
    "audit_values": AuditValuesItem,
    "audit_actor": StoredItem,
    "audit_seal": AuditSealItem,
    "audit_last_seal": StoredItem,
    "user": UserItem,
    "username_claim": UserItem,
    "invitation": InvitationItem,
    "role": RoleItem,
    "group": GroupItem,
    "group_claim": GroupItem,
    "group_member": GroupMemberItem,
    "admission": AdmissionItem,
    "grant": GrantItem,
    "api_token": ApiTokenItem,
    "api_token_digest": ApiTokenItem,
    "asset": AssetItem,
    "asset_preview": AssetPreviewItem,
    "asset_name": AssetReferenceItem,
    "deleted_asset": AssetReferenceItem,
    "asset_space": AssetSpaceItem,
    "library_entry": LibraryEntryItem,
    "library_version": LibraryVersionItem,
    "library_use": LibraryUseItem,
    "library_counts": LibraryCountsItem,
    "library_space": LibrarySpaceItem,
}

#: The Python types that an attribute preserves exactly; values of other types go into `more`.
EXACT: Final[dict[type[Attribute[Any]], tuple[type, ...]]] = {
    UnicodeAttribute: (str,),
    NumberAttribute: (int,),
    BooleanAttribute: (bool,),
    Document: (dict, list),
    InfoCopy: (dict,),
}


def model_for(kind: str) -> type[StoredItem]:
    """Return the model of a kind of item; PetriError for one that this version doesn't know."""
    try:
        return MODELS[kind]
    except KeyError:
        raise PetriError(
            f"DynamoDB has no model for items of kind {kind!r}: "
            "add it to MODELS in chalicelib/storage/dynamodb/item_models.py."
        ) from None


def to_wire(item: Item, mark: str | None = None) -> Wire:
    """Return an item in DynamoDB's format, with the mark of the attempt that writes it."""
    try:
        wire = _pack(model_for(item["kind"]), item)
    except (TypeError, ValueError, RecursionError) as error:
        raise unserializable_item(item, error) from None
    if mark is not None:
        wire[MARK] = {"S": mark}
    return wire


def from_wire(wire: Wire) -> Item:
    """Return an item from DynamoDB's format, the inverse of `to_wire`.

    Attributes that a newer version of Petri has written and this one doesn't know are preserved under
    `unknown`, and written back with the item: during an update, or after a rollback, both versions use the
    same table.
    """
    return _unpack(MODELS.get(wire["kind"]["S"], StoredItem), wire)


def _pack(model: type[StoredItem], fields: Mapping[str, Any]) -> Wire:
    attributes = model.get_attributes()
    packed: Wire = {}
    rest: dict[str, Any] = {}
    for name, value in fields.items():
        if name == UNKNOWN:
            continue
        attribute = attributes.get(name)
        if attribute is None or name in (MARK, MORE) or type(value) not in EXACT[type(attribute)]:
            rest[name] = value
        else:
            packed[name] = {attribute.attr_type: attribute.serialize(value)}
    if rest:
        packed[MORE] = {"S": StoredItem.more.serialize(rest)}
    return {**fields.get(UNKNOWN, {}), **packed}


def _unpack(model: type[StoredItem], wire: Wire) -> dict[str, Any]:
    attributes = model.get_attributes()
    fields: dict[str, Any] = {}
    for name, value in wire.items():
        if name == MARK:
            continue
        if name not in attributes:
            fields.setdefault(UNKNOWN, {})[name] = value
            continue
        attribute = attributes[name]
        found = attribute.deserialize(attribute.get_value(value))
        if name == MORE:
            fields.update(found)
        else:
            fields[name] = found
    return fields


def wire_size(wire: Wire) -> int:
    """Return the bytes of an item by DynamoDB's rules (AWS: "DynamoDB item sizes and formats")."""
    return sum(_bytes(name) + _value_size(value) for name, value in wire.items())


def _value_size(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    if kind == "S":
        return _bytes(content)
    if kind == "N":
        # Two digits take a byte; one byte more for the exponent, and one for a sign.
        number = str(content)
        return (len(number.lstrip("-")) + 1) // 2 + 1 + number.startswith("-")
    if kind == "M":
        # Three bytes for the map, one for each entry.
        return 3 + len(content) + wire_size(content)
    return 1


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())
