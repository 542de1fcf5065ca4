"""Rules for rows are applied to what is read, to lists, and to every row that a change touches."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.access.rights import ROLES, Actor, Right
from chalicelib.access.rules import Mode, RelatedAccessible
from chalicelib.access.tables import rules_of
from chalicelib.errors import BadRequest, Forbidden, NotFound, Refused, Unauthorized
from chalicelib.model import keys
from chalicelib.operations.shared import row_access
from chalicelib.operations.shared.context import ANONYMOUS, OPERATOR_CALLER, Context, caller_of
from chalicelib.services import App
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from tests.contract.factories import an_app, arrive, take_place

NO_RIGHTS = caller_of(Actor("user:eve", "Eve", frozenset()))
VIEWING = caller_of(Actor("user:vic", "Vic", ROLES["Viewer"]))
RESEARCHING = caller_of(Actor("user:ada", "Ada", ROLES["Researcher"]))
COMMENTING = caller_of(Actor("user:ann", "Ann", ROLES["Assistant"]))
PERSONAL = {"worker_id", "assignment_id", "hit_id", "fingerprint_hash", "entry_information"}


@pytest.fixture
def app(sqlite: SQLiteEngine) -> App:
    """A run with two participants; the first has a node."""
    app = an_app(sqlite)
    first = arrive(app, "w1")
    arrive(app, "w2")
    take_place(app, first)
    return app


def test_the_order_of_refusals_is_401_then_403_then_404(app: App) -> None:
    for caller, ids, refusal in (
        (ANONYMOUS, 9, Unauthorized),
        (NO_RIGHTS, 9, Forbidden),
        (VIEWING, 9, NotFound),
        (VIEWING, -1, NotFound),
        (VIEWING, [1, 9], NotFound),
    ):
        with pytest.raises(refusal):
            app.run(row_access.get, "participant", ids, caller=caller)


def test_one_or_several_records_are_read_in_the_order_of_their_ids(app: App) -> None:
    assert [one.id for one in app.run(row_access.get, "participant", [2, 1], caller=VIEWING)] == [2, 1]
    assert [one.id for one in app.run(row_access.get, "participant", 1, caller=VIEWING)] == [1]


def test_a_record_that_may_be_seen_but_not_changed_is_403(app: App) -> None:
    assert app.run(row_access.get, "participant", 1, Mode.UPDATE, caller=RESEARCHING)
    with pytest.raises(Forbidden):
        app.run(row_access.get, "participant", 1, Mode.UPDATE, caller=VIEWING)


def test_a_node_is_read_with_its_participant(app: App) -> None:
    (node_id,) = app.run(lambda ctx: ctx.uow.participant(1).node_ids)
    assert app.run(row_access.get, "node", node_id, caller=VIEWING)[0].id == node_id
    with pytest.raises(BadRequest):
        app.run(row_access.get, "payment", 1, caller=VIEWING)


def test_personal_fields_are_left_out_and_fields_of_the_platform_are_for_no_actor(app: App) -> None:
    def fields(ctx: Context) -> dict[str, Any]:
        return row_access.to_dict(ctx, "participant", ctx.uow.participant(1))

    without, with_right = (set(app.run(fields, caller=who)) for who in (VIEWING, RESEARCHING))
    assert with_right - without == PERSONAL
    assert {"id", "creation_time", "status", "node_ids"} <= without
    assert {"requests", "token_serial"}.isdisjoint(app.run(fields, caller=OPERATOR_CALLER))


def test_lists_are_not_filtered_or_sorted_by_personal_fields_without_the_right(app: App) -> None:
    def listed(ctx: Context, columns: list[str]) -> list[dict[str, Any]]:
        rows = [ctx.uow.participant(number) for number in (1, 2)]
        return row_access.get_all(ctx, "participant", rows, columns=columns)

    assert app.run(listed, ["id"], caller=VIEWING) == [{"id": 1}, {"id": 2}]
    assert [row["worker_id"] for row in app.run(listed, ["worker_id"], caller=RESEARCHING)] == ["w1", "w2"]
    for columns, code in ((["id", "worker_id"], "field_protected"), (["nonsense"], "unknown_field")):
        with pytest.raises(Refused) as refused:
            app.run(listed, columns, caller=VIEWING)
        assert refused.value.code == code


def test_one_row_that_may_not_be_changed_refuses_the_whole_change(app: App) -> None:
    rows = [{"id": "a", "author": "user:ann"}, {"id": "b", "author": "user:bob"}]

    def erase(ctx: Context, count: int) -> None:
        ctx.uow.state["erased"] = count
        row_access.require_touched(ctx, "note", Mode.DELETE, rows[:count])

    app.run(erase, 1, caller=COMMENTING)
    with pytest.raises(Forbidden):
        app.run(erase, 2, caller=COMMENTING)
    assert app.run(lambda ctx: ctx.uow.state["erased"]) == 1


def test_a_touched_row_that_may_not_be_seen_is_404_and_a_fixed_field_403(app: App) -> None:
    def touch(ctx: Context, kind: str, mode: Mode, row: dict[str, Any], *fields: str) -> None:
        row_access.require_touched(ctx, kind, mode, [row], fields=fields)

    with pytest.raises(NotFound, match="There is no token t"):
        app.run(touch, "token", Mode.DELETE, {"id": "t", "username": "bob"}, caller=COMMENTING)
    held = {"id": 1, "status": "held"}
    app.run(touch, "payment", Mode.UPDATE, held, "status", caller=RESEARCHING)
    for caller in (RESEARCHING, OPERATOR_CALLER):
        with pytest.raises(Forbidden):
            app.run(touch, "payment", Mode.UPDATE, held, "amount", caller=caller)
        with pytest.raises(Forbidden):
            app.run(touch, "payment", Mode.DELETE, held, caller=caller)


def test_a_row_is_created_once_and_returned_to_actors_who_may_read_it(app: App) -> None:
    token = {"id": "t", "username": "ann", "rights": [Right.VIEW.value]}
    create = row_access.create_or_get
    assert app.run(create, "token", None, token, caller=COMMENTING) is None
    assert app.run(create, "token", token, token, caller=COMMENTING) == token
    with pytest.raises(NotFound):
        app.run(create, "token", token, token, caller=RESEARCHING)
    with pytest.raises(Forbidden):
        app.run(create, "token", None, {**token, "rights": [Right.PAY.value]}, caller=COMMENTING)


def test_rows_that_may_not_be_accessed_are_missing_from_lists(app: App) -> None:
    rows = [{"id": "a", "actor": "user:ann"}, {"id": "b", "actor": "operator"}]
    assert app.run(row_access.accessible, "audit_entry", rows, caller=COMMENTING) == rows[:1]
    assert app.run(row_access.accessible, "audit_entry", rows, caller=OPERATOR_CALLER) == rows


def test_a_row_is_read_with_the_participant_whom_it_refers_to(app: App) -> None:
    rows = [{"id": 1, "participant_id": 1}, {"id": 2, "participant_id": 99}, {"id": 3}]
    assert app.run(row_access.accessible, "response", rows, caller=VIEWING) == [rows[0], rows[2]]


def test_a_related_row_is_judged_by_the_mode_that_the_rule_names(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    deletable = RelatedAccessible("participant", "participant_id", Mode.DELETE)
    patched = replace(rules_of("response"), read=deletable)
    monkeypatch.setattr(
        row_access, "rules_of", lambda kind: patched if kind == "response" else rules_of(kind)
    )
    rows = [{"id": 1, "participant_id": 1}]
    assert app.run(row_access.accessible, "response", rows, caller=VIEWING) == []
    assert app.run(row_access.accessible, "response", rows, caller=RESEARCHING) == rows


def test_the_members_of_a_class_are_read_by_those_who_teach_it(app: App) -> None:
    def teach(ctx: Context) -> None:
        ctx.uow.put_item(keys.study_class(1), "study_class", {"instructors": ["ann"]})

    app.run(teach)
    rows = [{"seat": "a", "class_number": 1}, {"seat": "b", "class_number": 2}]
    assert app.run(row_access.accessible, "class_member", rows, caller=COMMENTING) == rows[:1]
    another = caller_of(Actor("user:bob", "Bob", ROLES["Assistant"]))
    assert app.run(row_access.accessible, "class_member", rows, caller=another) == []
