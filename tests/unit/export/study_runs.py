"""A run of a study: two participants in a group, one alone, with answers of all shapes."""

from __future__ import annotations

from typing import Any

from chalicelib.model import keys
from chalicelib.storage.engine import Engine
from chalicelib.storage.unit_of_work import EngineUnitOfWork
from chalicelib.study.books.annotation_records import Annotation
from chalicelib.study.books.practice_records import PracticeCard, Review
from chalicelib.study.books.reading_records import BOOK, CHAPTER, PAGE, ReadPage
from chalicelib.study.study_records import (
    CohortRecord,
    EventBatch,
    GroupRecord,
    LiveRow,
    PeerAnswer,
    Place,
    Pooled,
    StudyResponse,
    TrialBatch,
    UploadRecord,
    VisitRecord,
)
from tests.unit.export.runs import a_run, at_minute

SHOWN, ANSWERED = "2024-05-17T09:40:00.000000Z", "2024-05-17T09:40:12.500000Z"
FORMULA = '=HYPERLINK("x")'
ADDRESS = "ann@example.org"
RED, BLUE = {"colour": "red", "delay": 5}, {"colour": "blue", "delay": 0}


def an_answer(item: str, kind: str, answer: Any, **more: Any) -> dict[str, Any]:
    return {"item": item, "kind": kind, "answer": answer, "attempt": 1, **more}


def a_response(
    participant_id: int, serial: int, path: str, *answers: dict[str, Any], **more: Any
) -> StudyResponse:
    fields: dict[str, Any] = {
        "page": path.rpartition("/")[2],
        "shown_at": SHOWN,
        "answered_at": ANSWERED,
        "seconds": 12.5,
        "seconds_client": 11.25,
        **more,
    }
    return StudyResponse(participant_id, serial, path=path, answers=list(answers), **fields)


RESPONSES = [
    a_response(
        1,
        1,
        "form",
        an_answer("age", "number", 31),
        an_answer("mail", "email", ADDRESS),
        an_answer("words", "text", FORMULA, comment="Well said."),
        an_answer("grid", "table", {"a": 1, "b": None}),
        an_answer("status", "choice", "student"),
    ),
    a_response(1, 2, "welcome"),
    a_response(
        1, 3, "rounds[1]/propose", an_answer("offer", "number", 5), round=1, network_id=1, node_id=100_002
    ),
    a_response(
        1,
        4,
        "rounds[2]/propose",
        an_answer("offer", "number", 0, correct=True, percent=0.25, points="1.50"),
        round=2,
        network_id=1,
        node_id=100_002,
        by="timeout",
    ),
    a_response(
        2,
        3,
        "rounds[1]/respond",
        an_answer("accept", "choice", "yes"),
        round=1,
        network_id=1,
        node_id=100_003,
    ),
    a_response(3, 1, "form", an_answer("age", "number", None), an_answer("mail", "email", None)),
]
#: The result of a timed part, which ended with the page of its serial.
PART = a_response(2, 3, "quiz", an_answer("quiz", "timed", {"correct": 1, "incorrect": 0}))
TRIALS = [
    TrialBatch(
        2,
        4,
        0,
        "stroop",
        "stroop",
        answered_at=ANSWERED,
        trials=[
            {
                "number": 1,
                "stimulus": {"word": "red", "colour": "=blue"},
                "key": "f",
                "response": "red",
                "correct": False,
                "rt_ms": 512.25,
            },
            {
                "number": 2,
                "stimulus": {"word": "blue"},
                "key": None,
                "response": None,
                "correct": None,
                "rt_ms": None,
            },
        ],
    )
]
EVENTS = [
    EventBatch(
        1,
        1,
        "form",
        "form",
        ANSWERED,
        [{"event": "focus", "act": "lost", "at_ms": 250}, {"event": "key", "item": "age", "at_ms": None}],
    )
]
LIVE_ROWS = [
    LiveRow(1, 0, "chat", "rounds[1]/chat", 1, ANSWERED, {"text": "=1+1"}),
    LiveRow(1, 1, "trade", "market", None, ANSWERED, {"price": 5, "buyer": "a"}),
]
PLACES = [
    Place(
        1,
        serial=5,
        network_id=1,
        node_id=100_002,
        in_group=True,
        role="proposer",
        condition=RED,
        slot="conditions#1",
        answers={"": {"age": 31, "mail": ADDRESS}, "rounds[2]": {"offer": 0}},
        points="3.5",
        ended="complete",
        cohort="cohort#1",
    ),
    Place(
        2,
        serial=4,
        path="debrief",
        network_id=1,
        node_id=100_003,
        role="responder",
        condition=BLUE,
        cohort="cohort#1",
    ),
    Place(3, serial=2, path="group", wake_at="2024-05-17T09:50:00.000000Z", shared=[["essay", "", 1]]),
]
VISIT = VisitRecord(1, 2, "week 2", "week 2", SHOWN, ANSWERED, status="missed", pay="1.50")
GROUP = GroupRecord(
    1,
    element="group",
    members=[
        {"participant_id": 1, "node_id": 100_002, "role": "proposer"},
        {"participant_id": 2, "node_id": 100_003, "role": "responder"},
    ],
    state={"pot": 12},
)
COHORTS = [
    CohortRecord("cohort#1", [1, 2], {"group": [[1, 2]]}),
    # A large one, whose first member hasn't followed yet.
    CohortRecord("part/cohort#3", [3]),
]


UPLOAD = UploadRecord(
    participant_id=1,
    serial=1,
    item="sketch",
    page="form",
    path="form",
    reference="1/1-0f.png",
    type="image/png",
    size=812,
    sha256="0f" * 32,
    granted_at=SHOWN,
    stored_at=ANSWERED,
)


READINGS = [
    ReadPage(1, "course", BOOK, SHOWN, ANSWERED, 1, book="course"),
    ReadPage(1, "course/intro", CHAPTER, SHOWN, ANSWERED, 1, book="course", chapter="intro"),
    ReadPage(
        *(1, "course/intro/sums", PAGE, SHOWN, ANSWERED, 2, ANSWERED, 0.75, 3, "course", "intro", "sums"),
    ),
]


CARD = PracticeCard(1, "offer", ANSWERED, {"card_id": 1, "state": 1, "stability": 2.5}, 1)
REVIEW = Review(
    *(1, 3, "course/practice", "offer", "course/intro/sums", 1, ANSWERED, False, 0.0, "again", 4.5, ANSWERED),
    *(2.5, 6.25),
)
_NOTED = {"book": "course", "chapter": "intro", "page": "sums"}
ANNOTATIONS = [
    Annotation(
        *(1, "course/intro/sums", "note-0001", "instructors", SHOWN, ANSWERED, "dice", "the ", " are", 4, 8),
        *(FORMULA,),
        **_NOTED,
    ),
    Annotation(
        *(1, "course/intro/sums", "note-0002", "private", SHOWN, SHOWN, "secret", "", "", 9, 15),
        *("For me alone",),
        **_NOTED,
    ),
]


def a_study(engine: Engine) -> None:
    """Write the run."""
    a_run(engine)
    with at_minute(engine, 70) as work:
        for response in RESPONSES:
            key = keys.response(response.participant_id, response.serial)
            work.put_item(key, response.kind, response.to_fields())
        work.put_item(keys.part_result(2, 3), PART.kind, PART.to_fields())
        for batch in TRIALS:
            work.put_item(keys.trial_batch(2, batch.serial, batch.first), batch.kind, batch.to_fields())
        for logged in EVENTS:
            key = keys.event_batch(logged.participant_id, logged.serial, logged.received_at)
            work.put_item(key, logged.kind, logged.to_fields())
        work.put_item(keys.upload(1, 1, "sketch", "0f"), UPLOAD.kind, UPLOAD.to_fields())
        for read in READINGS:
            work.put_item(keys.reading(read.participant_id, read.path), read.kind, read.to_fields())
        for note in ANNOTATIONS:
            key = keys.annotation(note.participant_id, note.path, note.name)
            work.put_item(key, note.kind, note.to_fields())
        work.put_item(keys.practice_card(1, "offer"), CARD.kind, CARD.to_fields())
        work.put_item(keys.review(1, 3, "offer"), REVIEW.kind, REVIEW.to_fields())
        for place in PLACES:
            work.put_item(keys.place(place.participant_id), place.kind, place.to_fields())
        work.put_item(keys.visit(1, 2), VISIT.kind, VISIT.to_fields())
        for row in LIVE_ROWS:
            work.put_item(keys.live_row(row.network_id, row.number), row.kind, row.to_fields())
        work.put_item(keys.study_group(1), GROUP.kind, GROUP.to_fields())
        for cohort in COHORTS:
            work.put_item(keys.cohort(cohort.name), cohort.kind, cohort.to_fields())
        shared = PeerAnswer("essay", "", 3, 1, [1])
        work.put_item(keys.peer_answer("essay", "", 3, 1), shared.kind, shared.to_fields())
        pooled = Pooled(3, SHOWN, "colour='red'", cohort="part/cohort#3")
        work.put_item(keys.pooled("group", 3), pooled.kind, pooled.to_fields())
        _slots(work)
        work.commit()


def _slots(work: EngineUnitOfWork) -> None:
    """Slot 1 is held, slot 2 is free again and has been held twice."""
    for number, state in ((1, "held"), (2, "freed")):
        work.increment_now(keys.slot_count("conditions"))
        fields = {
            "number": number,
            "cell": RED,
            "state": state,
            "owner": number,
            "claimed": SHOWN,
            "again": True,
        }
        work.put_item(keys.slot("conditions", number), "slot", fields)
    work.put_item(
        keys.freed_slot("conditions", 2), "freed_slot", {"number": 2, "cell": RED, "slot_version": 1}
    )
    work.put_item(keys.compared_slots("conditions"), "compared_slots", {"number": 1})
