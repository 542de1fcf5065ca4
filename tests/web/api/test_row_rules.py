"""The rules for rows bind every operation of the API: what it returns, and each row that it touches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.access import tables
from chalicelib.access.rights import OPERATOR_ACTOR, ROLES, Actor, Right
from chalicelib.access.rules import Custom, Mode, Nobody, Rule
from chalicelib.api.api_operation import AnyOperation
from chalicelib.api.operation_table import OPERATIONS, find
from chalicelib.api.perform import perform, perform_request
from chalicelib.api.row_rules import KIND_OF_RESOURCE, kinds_of
from chalicelib.errors import Forbidden, NotFound, Refused
from chalicelib.model.node import Node
from chalicelib.operations.management.notes import NoteAbout
from chalicelib.operations.shared import row_access
from chalicelib.operations.shared.context import Context, caller_of
from tests.web.api.requests import request_of
from tests.web.api.test_rights_of_operations import ALSO
from tests.web.conftest import NewWorld
from tests.web.paying_runs import Till, paying

REFUSED = {"right_missing", "row_protected"}
#: What is done to the record at the address, where that isn't an update, and rights beyond the operation's.
MODES = {
    "participants.erase": Mode.DELETE,
    "dead-letters.replay": Mode.DELETE,
    "dead-letters.drop": Mode.DELETE,
    "exports.download": Mode.READ,
    "exports.cancel": Mode.DELETE,
    "exports.delete": Mode.DELETE,
    **dict.fromkeys(("library.copy", "library.rate", "library.view", "library.play"), Mode.READ),
    **dict.fromkeys(("library.delete", "library.restore", "library.remove"), Mode.DELETE),
}
#: Changes that write a row about the record at the address, and leave the record as it is.
ABOUT: dict[str, tuple[str, Mode]] = {
    **{f"{about}.note": ("note", Mode.CREATE) for about in NoteAbout},
    **{f"{about}.change-note": ("note", Mode.UPDATE) for about in NoteAbout},
    **{f"{about}.delete-note": ("note", Mode.DELETE) for about in NoteAbout},
    "jobs.run": ("job_run", Mode.CREATE),
}
EVERY_RIGHT = ROLES["Super admin"]


@pytest.fixture
def till(world: NewWorld) -> Till:
    """A run whose participant 1 has been paid, and whose participant 2 is at work in the same network."""
    here = Till(world, paying(bonus=1))
    here.finish()
    here.go_on(hours=2)
    person = here.arrive()
    person.join()
    return here


def an_actor(*rights: Right, name: str = "ann") -> Actor:
    return Actor(f"user:{name}", name, frozenset(rights))


def do(till: Till, name: str, run: Callable[[Context, Any], Any] | None = None, **how: Any) -> Any:
    """Perform an operation on participant 1 or what is theirs; `run` replaces what it does."""
    operation, actor = find(name), how.pop("actor", OPERATOR_ACTOR)
    asked = operation.parameters(**how)
    if run is not None:
        plain = operation.run
        operation = replace(operation, run=lambda ctx, given: (run(ctx, given), plain(ctx, given))[1])
    return till.here.app.run(perform, operation, asked, caller=caller_of(actor))


@contextmanager
def rules(monkeypatch: pytest.MonkeyPatch, kind: str, **other: Rule) -> Iterator[None]:
    """Replace rules of a type of record."""
    changed = replace(tables.rules_of(kind), **other)
    with monkeypatch.context() as patch:
        patch.setattr(row_access, "rules_of", lambda one: changed if one == kind else tables.rules_of(one))
        yield


# -- every operation, by every role ---------------------------------------------------------------------


def may_by_rules(operation: AnyOperation, actor: Actor) -> bool:
    """What the table of rules says about the rows of an operation, before one is read."""
    wanted = [(kind, Mode.READ) for kind in kinds_of(operation.answer)]
    kind = KIND_OF_RESOURCE.get(operation.resource)
    if operation.changes and operation.path_parameters and kind in tables.RULES:
        wanted.append(ABOUT.get(operation.name, (kind, MODES.get(operation.name, Mode.UPDATE))))
    return all(tables.rules_of(one).rule(mode).may_allow(actor) for one, mode in wanted)


def test_each_operation_is_answered_for_the_roles_of_which_the_rules_say_so(till: Till) -> None:
    node = str(till.here.items("node")[0]["id"])
    ids = {"participants": "1", "payments": "1-base", "networks": "1", "nodes": node}
    for operation in OPERATIONS:
        for role, rights in ROLES.items():
            actor = an_actor(*rights)
            needed = {operation.right, *ALSO.get(operation.name, ())}
            asked = request_of(operation, ids.get(operation.resource, "99"))
            code = ""
            try:
                till.here.app.run(
                    perform_request, operation.method, operation.shape, asked, caller=caller_of(actor)
                )
            except Refused as error:
                code = error.code
            allowed = all(map(actor.may, needed))
            assert not allowed or may_by_rules(operation, actor), (operation.name, role)
            assert (code in REFUSED) is not allowed, (operation.name, role, code)


def test_an_actor_who_may_not_view_a_type_of_record_gets_no_row_of_it(till: Till) -> None:
    payer = an_actor(Right.PAY)
    with till.here.unchanged(), pytest.raises(Forbidden) as refused:
        do(till, "payments.retry", id="1-base", actor=payer)
    assert refused.value.code == "row_protected"


# -- what is returned -----------------------------------------------------------------------------------


def test_rows_that_may_not_be_seen_are_left_out_of_lists_and_404_by_their_id(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_second = Custom(lambda _, row: row.get("id") == 2, "the second")
    with rules(monkeypatch, "participant", read=only_second):
        assert [row.id for row in do(till, "participants.list").rows] == [2]
        with pytest.raises(NotFound):
            do(till, "participants.read", id="1")
        assert do(till, "participants.read", id="2").id == 2
    assert [row.id for row in do(till, "participants.list").rows] == [2, 1]


def test_rows_inside_of_an_answer_are_left_out_too(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = {one.kind for one in do(till, "participants.timeline", id="1").payments}
    assert shown == {"base", "bonus"}
    with rules(monkeypatch, "payment", read=Custom(lambda _, row: row.get("kind") == "base", "base pay")):
        assert [one.kind for one in do(till, "participants.timeline", id="1").payments] == ["base"]
        with pytest.raises(NotFound):
            do(till, "payments.read", id="1-bonus")


# -- what is touched ------------------------------------------------------------------------------------


def test_nobody_binds_system_admin_and_refuses_the_whole_change(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_update = rules(monkeypatch, "participant", update=Nobody())
    with no_update, till.here.unchanged(), pytest.raises(Forbidden, match="no actor"):
        do(till, "participants.fail", id="1", reason="broken")
    do(till, "participants.fail", id="1", reason="broken")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [("amount", Decimal(9), "amount"), ("kind", "bonus-7", "kind"), ("reason", "again", "not paid yet")],
)
def test_an_authors_hook_does_not_change_a_paid_payment(
    till: Till, name: str, value: Any, words: str
) -> None:
    def hook(ctx: Context, _: Any) -> None:
        setattr(ctx.uow.payment(1, "base"), name, value)

    with till.here.unchanged(), pytest.raises(Forbidden, match=words):
        do(till, "participants.fail", hook, id="2", reason="broken")


def test_rows_that_a_hook_touches_fall_under_the_right_of_the_operation(till: Till) -> None:
    def hook(ctx: Context, _: Any) -> None:
        ctx.uow.participant(2).property1 = "seen"
        ctx.uow.save(Node(ctx.uow.network(1), ctx.uow.participant(2)))

    nodes = len(till.here.items("node"))
    commenting = an_actor(Right.VIEW, Right.COMMENT)
    do(till, "participants.note", hook, id="1", text="Hello", actor=commenting)
    assert len(till.here.items("node")) == nodes + 1
    assert [item["property1"] for item in till.here.items("participant") if item["id"] == 2] == ["seen"]


def test_the_record_that_an_operation_is_about_falls_under_its_own_rule(till: Till) -> None:
    def change(ctx: Context, _: Any) -> None:
        ctx.uow.participant(1).property1 = "seen"

    commenting = an_actor(Right.VIEW, Right.COMMENT)
    with till.here.unchanged(), pytest.raises(Forbidden, match="Edit participants"):
        do(till, "participants.note", change, id="1", text="Hello", actor=commenting)


def test_a_note_is_deleted_by_its_author_and_by_who_manages_the_lab(till: Till) -> None:
    rights = (Right.VIEW, Right.COMMENT)
    for last in (an_actor(*rights), an_actor(*rights, Right.MANAGE_LAB, name="zoe")):
        note = do(till, "participants.note", id="1", text="Hello", actor=an_actor(*rights))
        with till.here.unchanged(), pytest.raises(Forbidden) as refused:
            do(till, "participants.delete-note", id="1", note=note.id, actor=an_actor(*rights, name="bob"))
        assert refused.value.code == "not_yours"
        do(till, "participants.delete-note", id="1", note=note.id, actor=last)
    assert do(till, "participants.notes", id="1").rows == []


@pytest.mark.parametrize(
    ("about", "id_"), [("participants", "1"), ("payments", "1-base"), ("nodes", "100001")]
)
def test_a_note_about_any_record_is_changed_by_its_author_only_and_read_with_the_record(
    till: Till, about: str, id_: str
) -> None:
    rights = (Right.VIEW, Right.COMMENT)
    ann = an_actor(*rights)
    note = do(till, f"{about}.note", id=id_, text="Hello", actor=ann)
    for actor in (an_actor(*rights, name="bob"), an_actor(*rights, Right.MANAGE_LAB, name="zoe")):
        with till.here.unchanged(), pytest.raises(Forbidden) as refused:
            do(till, f"{about}.change-note", id=id_, note=note.id, text="Mine", actor=actor)
        assert refused.value.code == "not_yours"
    with till.here.unchanged(), pytest.raises(Forbidden):
        do(till, f"{about}.change-note", id=id_, note=note.id, text="x", actor=an_actor(Right.VIEW))
    changed = do(till, f"{about}.change-note", id=id_, note=note.id, text="Bye", actor=ann)
    assert changed.changed is not None
    (row,) = do(till, f"{about}.notes", id=id_, actor=an_actor(Right.VIEW)).rows
    assert (row.text, row.author, row.written) == ("Bye", "user:ann", note.written)
    with pytest.raises(NotFound):
        do(till, f"{about}.notes", id="999999")
    with pytest.raises(NotFound):
        do(till, f"{about}.change-note", id=id_, note="unknown", text="x", actor=ann)
    do(till, f"{about}.delete-note", id=id_, note=note.id, actor=ann)
    assert do(till, f"{about}.notes", id=id_).rows == []


def test_erasing_a_participant_erases_the_notes_about_them_their_payments_and_nodes(till: Till) -> None:
    for about, id_ in (("participants", "1"), ("payments", "1-base"), ("nodes", "100001")):
        do(till, f"{about}.note", id=id_, text="Their secret")
    do(till, "participants.erase", id="1")
    till.here.work()
    texts = [item["text"] for item in till.here.items("note")]
    assert len(texts) == 3
    assert "Their secret" not in texts


def test_erasing_a_participant_also_erases_ids_in_the_texts_of_paid_payments(till: Till) -> None:
    with till.here.unchanged(), pytest.raises(Forbidden):
        do(till, "participants.erase", id="1", actor=an_actor(Right.VIEW, Right.EDIT_PARTICIPANTS))
    assert do(till, "participants.erase", id="1").worker_id != "w1"
