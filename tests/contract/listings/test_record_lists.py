"""The lists of records hold what an export holds, page by page, over every engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest

from chalicelib.errors import BadRequest, NotFound
from chalicelib.experiment.experiment import Experiment
from chalicelib.export import rows
from chalicelib.export.table_schema import COLUMNS, TRIALS, WIDE_COLUMNS
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.listings.listed_types import RECORD_TYPES, list_records
from chalicelib.operations.listings.listing import MOST_LOOKED_AT, Listing, RecordFilter
from chalicelib.operations.shared.context import OPERATOR_CALLER, Caller, caller_of
from chalicelib.services import App
from chalicelib.storage.engine import Engine, Put
from chalicelib.study.study_records import GradeRecord
from tests.contract.factories import not_launched
from tests.unit.export.study_runs import a_study

Row = dict[str, Any]
#: The types of records that have a table of the same name.
TABLES = sorted(RECORD_TYPES.keys() & COLUMNS.keys())


#: Columns of an export that lists name in another way.
_NAMES = {
    ("payment", "id"): "record_id",
    ("payment", "reason"): "stated_reason",
    ("payment", "recruiter_reference"): "reference",
}


class Watched:
    """An app whose lists are read to their end."""

    def __init__(self, app: App) -> None:
        self.app = app

    def page(self, name: str, caller: Caller = OPERATOR_CALLER, **asked: Any) -> Listing[Any]:
        paging = {each: asked.pop(each) for each in ("cursor", "limit") if each in asked}
        return self.app.run(list_records, name, RecordFilter(**asked), caller=caller, **paging)

    def pages(self, name: str, limit: int = 3, **asked: Any) -> Iterator[Listing[Any]]:
        cursor = None
        while True:
            page = self.page(name, cursor=cursor, limit=limit, **asked)
            assert len(page.rows) <= limit
            yield page
            cursor = page.next
            if cursor is None:
                return

    def all(self, name: str, limit: int = 3, **asked: Any) -> list[Row]:
        return [as_fields(row) for page in self.pages(name, limit, **asked) for row in page.rows]

    def ids(self, name: str, **asked: Any) -> list[Any]:
        return [row["id"] for row in self.all(name, **asked)]


def as_fields(row: Any) -> Row:
    return {one.name: plain(getattr(row, one.name)) for one in fields(row)}


def plain(value: Any) -> Any:
    if isinstance(value, StrEnum):
        return str(value)
    return iso(value) if isinstance(value, datetime) else value


def in_order(found: list[Row]) -> list[str]:
    return sorted(repr(sorted(row.items())) for row in found)


@pytest.fixture
def watched(engine: Engine) -> Watched:
    """A run of a study with something of everything, over each engine."""
    a_study(engine)
    return Watched(not_launched(engine, Experiment))


@pytest.fixture
def local(sqlite: Engine) -> Watched:
    a_study(sqlite)
    return Watched(not_launched(sqlite, Experiment))


def test_every_record_of_an_export_is_listed_once_with_every_column(engine: Engine, watched: Watched) -> None:
    for table in TABLES:
        exported = [
            {name: plain(value) for name, value in row.items()}
            for row in rows(engine, table)
            if table != "response" or row["by"] not in ("grader", "peer")
        ]
        listed = watched.all(table)
        own = [{name: row[_NAMES.get((table, name), name)] for name in COLUMNS[table]} for row in listed]
        assert in_order(own) == in_order(exported), table
        assert len(own) > 0 or table == "recruitment", table


def test_trials_are_listed_one_by_one(local: Watched) -> None:
    trials = local.all("trial", limit=1)
    assert [(row["number"], row["stimulus"], row["rt_ms"]) for row in trials] == [
        (1, {"word": "red", "colour": "=blue"}, 512.25),
        (2, {"word": "blue"}, None),
    ]
    assert set(WIDE_COLUMNS[TRIALS]) <= set(trials[0])


def test_participants_come_newest_first_and_a_page_ends_where_the_next_begins(local: Watched) -> None:
    first = local.page("participant", limit=2)
    second = local.page("participant", limit=2, cursor=first.next)
    assert ([row.id for row in first.rows], [row.id for row in second.rows]) == ([3, 2], [1])
    assert (second.next, second.looked_at, second.is_partial) == (None, 1, False)


def test_a_participant_of_a_study_is_listed_with_condition_and_points(local: Watched) -> None:
    (row,) = local.page("participant", condition="colour=red").rows
    assert (row.id, row.condition, row.ended, row.points) == (
        1,
        {"colour": "red", "delay": 5},
        "complete",
        Decimal("3.5"),
    )


@pytest.mark.parametrize(
    ("name", "asked", "found"),
    [
        ("participant", {"status": "approved"}, [2, 1]),
        ("participant", {"recruiter": "prolific"}, []),
        ("participant", {"participant_id": 2}, [2]),
        ("participant", {"text": "W3"}, [3]),
        ("participant", {"text": "a2"}, [2]),
        ("participant", {"text": "1"}, [1]),
        ("participant", {"text": "unknown"}, []),
        ("network", {"type": "practice"}, [2]),
        ("network", {"failed": True}, [2]),
        ("network", {"text": "3"}, [3]),
        ("network", {"text": "99"}, []),
        ("network", {"network_id": 99}, []),
        ("node", {"network_id": 1, "participant_id": 2}, [100_003]),
        ("node", {"network_id": 1, "failed": True}, [100_003]),
        ("node", {"text": "100002"}, [100_002]),
        ("info", {"node_id": 100_001}, [10_000_100_001]),
        ("info", {"text": "10000100001"}, [10_000_100_001]),
        ("info", {"network_id": 3}, []),
        ("payment", {"status": "due", "type": "bonus"}, ["1-bonus", "2-bonus"]),
        ("payment", {"participant_id": 1}, ["1-base", "1-bonus"]),
        ("payment", {"text": "ref-A1"}, ["1-base"]),
        ("payment", {"text": "22"}, ["2-bonus"]),
        ("payment", {"text": "2-bonus"}, ["2-bonus"]),
        ("question", {"participant_id": 2, "failed": True}, [200_001]),
    ],
)
def test_filters_find_records(local: Watched, name: str, asked: Row, found: list[Any]) -> None:
    assert local.ids(name, **asked) == found


def test_records_of_a_node_are_those_at_it(local: Watched) -> None:
    vectors = local.all("vector", node_id=100_002)
    assert {100_002} <= {row["origin_id"] for row in vectors} | {row["destination_id"] for row in vectors}
    assert all(100_002 in (row["origin_id"], row["destination_id"]) for row in vectors)
    received = local.all("transmission", node_id=100_002)
    assert received
    assert {row["destination_id"] for row in received} == {100_002}


def test_a_filter_that_a_type_does_not_have_is_refused(local: Watched) -> None:
    with pytest.raises(BadRequest, match="can't be filtered by condition"):
        local.page("payment", condition="colour=red")


def test_an_unknown_type_is_not_found(local: Watched) -> None:
    with pytest.raises(NotFound, match="the types are participant, network"):
        local.page("secret")


def test_a_cursor_that_no_list_has_given_reads_nothing_else(local: Watched) -> None:
    for name in RECORD_TYPES:
        for cursor in ("x", "1|2|3|4", "|", "-1|", "9999999999999999999|", "' OR 1=1"):
            with suppress(BadRequest):
                assert len(local.page(name, cursor=cursor, limit=1).rows) <= 1
    for name in ("participant", "node", "info", "response", "payment", "job_run"):
        with pytest.raises(BadRequest, match="belongs to another list"):
            local.page(name, cursor="' OR 1=1")


@pytest.mark.parametrize("limit", [0, -5, 1_000_000])
def test_a_limit_out_of_range_is_refused(local: Watched, limit: int) -> None:
    with pytest.raises(BadRequest, match="1 to 500"):
        local.page("info", limit=limit)


def test_every_list_is_empty_in_a_new_run(sqlite: Engine) -> None:
    new = Watched(not_launched(sqlite, Experiment))
    empty: Listing[Any] = Listing([], None, 0, is_partial=False)
    assert {name: new.page(name) for name in RECORD_TYPES} == dict.fromkeys(RECORD_TYPES, empty)


# -- what identifies people --------------------------------------------------------------------------


def a_viewer() -> Caller:
    from chalicelib.access.rights import ROLES, Actor

    return caller_of(Actor("user:vera", "Vera", ROLES["Viewer"]))


def test_a_viewer_finds_nothing_by_personal_data(local: Watched) -> None:
    assert [row.id for row in local.page("participant", a_viewer(), text="W3").rows] == []
    assert [row.id for row in local.page("participant", a_viewer(), text="3").rows] == [3]
    assert local.page("notification", a_viewer(), text="A1").rows == []
    assert local.page("payment", a_viewer(), text="ref-A1").rows == []


def test_a_viewer_sees_no_email_addresses(local: Watched) -> None:
    def mails(caller: Caller) -> set[Any]:
        return {row.answer for row in local.page("response", caller, type="mail").rows}

    assert mails(OPERATOR_CALLER) == {"ann@example.org", None}
    assert mails(a_viewer()) == {"(address)", None}


# -- bounds -------------------------------------------------------------------------------------------


def many_participants(engine: Engine, number: int) -> None:
    at = "2024-05-17T09:30:00.000000Z"
    puts = [
        Put(
            {
                "pk": f"part#{each}",
                "sk": "#",
                "kind": "participant",
                "v": 1,
                "id": each,
                "creation_time": at,
                "status": "working" if each > 1 else "approved",
            }
        )
        for each in range(1, number + 1)
    ]
    counter = {"pk": keys.COUNTER, "sk": "participant", "kind": "counter", "v": number}
    engine.commit([*puts, Put(counter)])


def test_a_filter_stops_after_2000_records_and_goes_on_from_there(sqlite: Engine) -> None:
    many_participants(sqlite, MOST_LOOKED_AT + 50)
    here = Watched(not_launched(sqlite, Experiment))
    first = here.page("participant", status="approved")
    assert (first.rows, first.looked_at, first.is_partial) == ([], MOST_LOOKED_AT, True)
    second = here.page("participant", status="approved", cursor=first.next)
    assert ([row.id for row in second.rows], second.looked_at, second.next) == ([1], 50, None)


def test_participants_without_records_bound_a_list_too(sqlite: Engine) -> None:
    many_participants(sqlite, 1000)
    here = Watched(not_launched(sqlite, Experiment))
    # A list of payments counts the participants whom it has looked at; the others count records.
    for name, looked_at in (("response", 0), ("payment", 500), ("upload", 0)):
        page = here.page(name)
        assert (page.rows, page.looked_at, page.is_partial) == ([], looked_at, True), name
        assert sum(1 for _ in here.pages(name)) < 10, name


def test_a_network_with_many_nodes_is_listed_without_counting_its_infos(
    local: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [row.n_completed_infos is None for row in local.page("network").rows] == [False] * 3
    monkeypatch.setattr("chalicelib.operations.listings.network_lists.MOST_COUNTED_IN_LIST", 4)
    counted = [row.n_completed_infos is not None for row in local.page("network").rows]
    assert counted == [True, False, True]


# -- the run's own lists ------------------------------------------------------------------------------


def a_tick(scheduled_for: str, job: str, **more: Any) -> Put:
    minute = int(scheduled_for[11:13]) * 60 + int(scheduled_for[14:16])
    pk, sk = keys.tick(job, minute)
    times = {"scheduled_for": scheduled_for, "started": scheduled_for}
    return Put({"pk": pk, "sk": sk, "kind": "tick", "v": 1, "job": job, **times, **more})


def at(day: int, hour: int, minute: int = 0) -> str:
    return f"2024-05-{day:02d}T{hour:02d}:{minute:02d}:00.000000Z"


@pytest.fixture
def at_noon(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Watched:
    """A run at noon, with jobs of this morning, of yesterday, and of a day before."""
    engine.commit(
        [
            a_tick(at(17, 12), "sweep"),
            a_tick(at(17, 11, 59), "sweep", ended=at(17, 11, 59), result="done"),
            a_tick(at(17, 0), "sweep"),
            a_tick(at(16, 23), "audit", ended=at(16, 23), result="done"),
            a_tick(at(16, 12, 1), "sweep", ended=at(16, 12, 1), result="done"),
            a_tick(at(16, 11), "sweep", ended=at(16, 11), result="done"),
        ]
    )
    app = not_launched(engine, Experiment)
    moment = datetime.fromisoformat(at(17, 12))
    monkeypatch.setattr(app.clock, "now", lambda: moment)
    return Watched(app)


def test_jobs_of_the_last_day_come_newest_first(at_noon: Watched) -> None:
    runs = at_noon.all("job_run", limit=2)
    assert [run["scheduled_for"] for run in runs] == [
        at(17, 12),
        at(17, 11, 59),
        at(17, 0),
        at(16, 23),
        at(16, 12, 1),
    ]


def test_jobs_are_found_by_name_and_by_status(at_noon: Watched) -> None:
    def found(**asked: str) -> list[str]:
        return [run["scheduled_for"] for run in at_noon.all("job_run", **asked)]

    assert found(type="audit") == [at(16, 23)]
    assert found(status="running") == [at(17, 12)]
    assert found(status="unfinished") == [at(17, 0)]


def test_dead_letters_come_newest_first(engine: Engine) -> None:
    for second in range(3):
        moment = datetime.fromisoformat(f"2024-05-17T09:30:0{second}+00:00")
        pk, sk = keys.dead_letter(moment, f"mark-{second}")
        body = {"kind": "send_payment" if second else "form_rooms"}
        letter = {"body": body, "why": "failed", "died": iso(moment)}
        engine.commit([Put({"pk": pk, "sk": sk, "kind": "dead_letter", "v": 1, **letter})])
    here = Watched(not_launched(engine, Experiment))
    assert [letter["id"][-1] for letter in here.all("dead_letter", limit=1)] == ["2", "1", "0"]
    assert [letter["id"][-1] for letter in here.all("dead_letter", type="form_rooms")] == ["0"]


def test_grades_are_the_rows_of_responses_that_people_have_given(engine: Engine, watched: Watched) -> None:
    given = GradeRecord(
        1,
        1,
        "words",
        0,
        "grader",
        "form",
        "form",
        answered_at=at(17, 12),
        answers=[{"item": "words", "kind": "text", "attempt": 1, "points": "0.5", "graded_by": "Gil"}],
    )
    pk, sk = keys.grade(1, 1, "words", 0)
    engine.commit([Put({"pk": pk, "sk": sk, "kind": given.kind, "v": 1, **given.to_fields()})])
    exported = [
        {name: plain(value) for name, value in row.items()}
        for row in rows(engine, "response")
        if row["by"] == "grader"
    ]
    listed = [{name: row[name] for name in COLUMNS["response"]} for row in watched.all("grade")]
    assert listed == exported != []
