"""Defines the tables of an export and their columns, in the order of docs/contract.md."""

from __future__ import annotations

from typing import Any, Final

from chalicelib.errors import NotFound
from chalicelib.model.record import COMMON_FIELDS
from chalicelib.storage.record_mapping import KINDS

Row = dict[str, Any]

#: In the order in which exports list them.
TABLES: Final = (
    "network",
    "info",
    "notification",
    "question",
    "transformation",
    "vector",
    "transmission",
    "participant",
    "node",
    "recruitment",
    "payment",
)
#: Tables that every export has, Dallinger's too.
CORE_TABLES: Final = TABLES[:9]
#: Stored fields of a participant that no route returns.
ADDED_COLUMNS: Final = {"participant": ("worker_id", "unique_id", "fingerprint_hash", "consent")}
#: The tables of studies, which other exports lack: what each column holds.
RESPONSES, PAGE_TIMES, EVENTS, UPLOADS = "response", "page_times", "event", "upload"
READING, ANNOTATIONS, REVIEWS = "reading", "annotation", "review"
_PAGE_MEANINGS: Final = {
    "participant_id": "the participant",
    "node_id": "the participant's node in the network",
    "network_id": "the network: a group or a chain; empty while the participant is alone",
    "page": "the name of the page",
    "path": "where the page is in the timeline, with its rounds, such as rounds[2]/propose",
    "round": "the innermost round, from 1; empty outside of rounds",
    "shown_at": "when the page was sent to the participant",
    "answered_at": "when the server received the answers",
    "seconds": "the seconds between the two, by the server's clock",
    "seconds_client": "the seconds on the page, by the browser's clock",
    "by": "who answered: participant, timeout, autoplay, bot, stand_in; grader or peer in the row of a grade",
    "serial": "the number of the page among those that were sent to the participant",
    "visit": "the number of the participant's visit: above 1 in a study that continues another day",
}
_ANSWER_MEANINGS: Final = {
    "item": "the name of the item",
    "kind": "the kind of the item",
    "attempt": "the number of the answer among those to this item in this round, from 1",
    "answer": "the answer: a text, a number, a key, or JSON; empty if nothing was answered",
    "correct": "whether the answer is right; empty for an item without a right answer",
    "percent": "how much of the answer is right, from 0 to 1",
    "points": "the points for the answer",
    "graded_by": "client if the browser graded; the grader, or a peer's participant_id; else empty",
    "comment": "the feedback or the grader's comment",
    "item_version": "which version of an item of the item bank was asked, as in the code book; else empty",
    "missed": "True if no answer was given in time and this one was filled in; else empty",
}
_EVENT_MEANINGS: Final = {
    "event": "what happened, such as focus, clipboard, key, error, or a word of the study's own",
    "act": "more about it, such as lost or paste",
    "at_ms": "the milliseconds since the page was shown, by the browser's clock",
    "received_at": "when the server received it",
}
_UPLOAD_MEANINGS: Final = {
    "reference": "the reference of the file, as in the answer; below uploads/ in an export with files",
    "type": "the media type, such as image/png",
    "size": "the size in bytes",
    "sha256": "the SHA-256 of the file",
    "stored_at": "when the answer with the file was stored",
    "erased_at": "when the operator erased the file; empty for a file that is there",
}
_READING_MEANINGS: Final = {
    "book": "the path of the book",
    "chapter": "the name of the chapter; empty in the row of a book",
    "what": "what was opened: page, test, chapter or book",
    "started_at": "when the participant opened it first",
    "last_at": "when they opened, scrolled or answered it last",
    "finished_at": "when they finished it; empty until then",
    "opened": "how often they opened it",
    "position": "how far the page was scrolled when they left it, from 0 to 1",
}
_ANNOTATION_MEANINGS: Final = {
    "name": "the name of the annotation among those of the page",
    "visibility": "who may read it besides the reader: private (no person), instructors or authors",
    "exact": "the marked text; empty for a note on the whole page, and for a private one",
    "prefix": "the characters before the marked text",
    "suffix": "the characters behind the marked text",
    "start": "where the marked text began in the text of the page, in UTF-16 code units",
    "end": "where the marked text ended",
    "note": "the note; empty for a highlight, and for a private one",
    "created_at": "when it was made",
    "changed_at": "when it was changed last",
}
_REVIEW_MEANINGS: Final = {
    "number": "the number of the review among those of this item, from 1",
    "reviewed_at": "when the item was answered",
    "rating": "how the scheduler takes the answer: again (wrong), hard (slow, or partly right) or good",
    "next_due": "when the item is due next",
    "stability": "the item's stability in the reader's memory after the review, in days, by FSRS",
    "difficulty": "the item's difficulty for the reader after the review, from 1 to 10",
}
STUDY_COLUMNS: Final = {
    RESPONSES: (
        *("participant_id", "node_id", "network_id", "item", "kind", "page", "path", "round", "attempt"),
        *("answer", "correct", "percent", "points", "graded_by", "shown_at", "answered_at"),
        *("seconds", "seconds_client", "by", "comment", "serial", "visit", "missed", "item_version"),
    ),
    EVENTS: (*("participant_id", "serial", "page", "path", "event", "act", "item", "at_ms", "received_at"),),
    UPLOADS: (
        *("participant_id", "serial", "page", "path", "item", "reference", "type", "size", "sha256"),
        *("stored_at", "erased_at"),
    ),
    PAGE_TIMES: (
        *("participant_id", "node_id", "network_id", "serial", "page", "path", "round", "shown_at"),
        *("answered_at", "seconds", "seconds_client", "by", "visit"),
    ),
    ANNOTATIONS: (
        *("participant_id", "book", "chapter", "page", "path", "name", "visibility", "exact", "prefix"),
        *("suffix", "start", "end", "note", "created_at", "changed_at"),
    ),
    REVIEWS: (
        *("participant_id", "serial", "path", "item", "page", "number", "reviewed_at", "correct", "percent"),
        *("rating", "seconds", "next_due", "stability", "difficulty"),
    ),
    READING: (
        *("participant_id", "book", "chapter", "page", "path", "what", "started_at", "last_at"),
        *("finished_at", "opened", "position", "serial"),
    ),
}
#: The columns that these tables of every study have; conditions and answers, stimuli, or values follow.
PARTICIPANTS_WIDE, GROUPS_WIDE, TRIALS, LIVE_ROWS = "participants_wide", "groups_wide", "trial", "live"
WIDE_COLUMNS: Final = {
    TRIALS: (
        *("participant_id", "node_id", "network_id", "page", "path", "number", "key", "response"),
        *("correct", "rt_ms", "answered_at", "by", "serial", "visit"),
    ),
    LIVE_ROWS: ("network_id", "number", "name", "participant_id", "path", "at"),
    PARTICIPANTS_WIDE: ("participant_id", "status", "ended", "network_id", "role", "points", "visit"),
    GROUPS_WIDE: ("network_id", "element", "stopped"),
}
#: All tables that only studies have.
STUDY_TABLES: Final = (*STUDY_COLUMNS, *WIDE_COLUMNS)
#: What the columns of studies hold.
MEANINGS: Final = {
    **_PAGE_MEANINGS,
    **_ANSWER_MEANINGS,
    **_EVENT_MEANINGS,
    **_UPLOAD_MEANINGS,
    **_READING_MEANINGS,
    **_ANNOTATION_MEANINGS,
    **_REVIEW_MEANINGS,
}
#: The tables of runs in which people who manage the run wrote to participants.
MESSAGES, RECEIPTS = "message", "message_receipt"
MESSAGE_COLUMNS: Final = {
    MESSAGES: (
        *("id", "creation_time", "audience", "participant_ids", "last_participant", "recipients"),
        *("includes_later", "text", "author", "author_name"),
    ),
    RECEIPTS: ("message_id", "participant_id", "seen", "closed"),
}
#: The table of runs to which assets were uploaded.
ASSETS: Final = "asset"
ASSET_COLUMNS: Final = {
    ASSETS: (
        *("name", "sha256", "group", "media_type", "size", "width", "height", "alt", "is_decorative"),
        *("address", "created", "created_by", "deleted", "deleted_by"),
    ),
}
#: In the order in which they are read: a receipt before its message.
MESSAGE_TABLES: Final = (RECEIPTS, MESSAGES)
#: The tables of runs with classes; the last two of those whose classes have had an assignment.
STUDY_CLASSES, CLASS_MEMBERS = "class", "class_member"
ASSIGNMENTS, GRADEBOOK = "assignment", "gradebook"
CLASS_COLUMNS: Final = {
    STUDY_CLASSES: (
        *("class_number", "name", "starts", "ends", "time_zone", "fee", "is_open", "asks_email"),
        *("asks_student_number", "join_code", "instructors", "created_at", "created_by", "archived_at"),
    ),
    CLASS_MEMBERS: (
        *("class_number", "member", "participant_id", "name", "email", "student_number", "source"),
        *("joined_at", "left_at", "last_day", "fee_paid", "charge", "link_sent_at"),
    ),
    ASSIGNMENTS: (
        *("class_number", "number", "name", "parts", "possible", "due", "enforced", "visible_from"),
        *("released_at", "minutes", "pause", "feedback", "threshold", "counts", "grading", "weight"),
    ),
    GRADEBOOK: (
        *("class_number", "assignment", "participant_id", "entry", "points", "comment"),
        *("given_at", "given_by"),
    ),
}
CLASS_TABLES: Final = tuple(CLASS_COLUMNS)
COLUMNS: Final = {
    **{table: (*COMMON_FIELDS, *KINDS[table].own_fields, *ADDED_COLUMNS.get(table, ())) for table in TABLES},
    **MESSAGE_COLUMNS,
    **CLASS_COLUMNS,
    **ASSET_COLUMNS,
    **STUDY_COLUMNS,
}


def columns_of(table: str) -> tuple[str, ...]:
    """Return a table's columns; NotFound for an unknown table."""
    try:
        return COLUMNS[table]
    except KeyError:
        raise NotFound(f"There is no table {table!r}; the tables are {', '.join(COLUMNS)}.") from None


def file_of(table: str) -> str:
    """Return the path of a table in the zip."""
    return f"data/{table}.csv"
