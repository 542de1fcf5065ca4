"""The operator's operations refuse an actor without their right before they read anything."""

from __future__ import annotations

import ast
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest

from chalicelib import operations
from chalicelib.access.rights import ROLES, Actor, Right
from chalicelib.errors import Forbidden, Unauthorized
from chalicelib.operations.audit import reading as audit_reading
from chalicelib.operations.audit import verification
from chalicelib.operations.labs import lab_apps
from chalicelib.operations.live_sessions import (
    host_actions,
    host_view,
    opening,
    remote_control,
    results,
    shared_results,
)
from chalicelib.operations.management.erase_participant import erase_participant
from chalicelib.operations.payment import compensation, ledger_sums, operator_actions
from chalicelib.operations.payment.operator_actions import PaymentFilter
from chalicelib.operations.recruitment import recruitment
from chalicelib.operations.run.launch import launch
from chalicelib.operations.schedule import dead_letters
from chalicelib.operations.shared.context import ANONYMOUS, PARTICIPANT, Caller, Context, caller_of
from chalicelib.operations.study.answers import uploads
from chalicelib.operations.study.flow.early_opening import open_session_now
from chalicelib.operations.study.grading import grade_response, ungraded

GRADE = grade_response.GivenGrade(1, "essay", points=Decimal(1))
APP = lab_apps.LabApp(
    "run-1", "http://localhost:1", frozenset({Right.VIEW}), "key", "", "", datetime(2026, 1, 1, tzinfo=UTC)
)

OPERATIONS: list[tuple[Callable[..., Any], tuple[Any, ...], frozenset[Right]]] = [
    (compensation.check_compensation, ("w", Decimal(1)), frozenset({Right.PAY})),
    (compensation.compensate, ("w", Decimal(1)), frozenset({Right.PAY})),
    (operator_actions.list_payments, (PaymentFilter(),), frozenset({Right.VIEW})),
    (operator_actions.list_payment_queries, (PaymentFilter(),), frozenset({Right.PAY})),
    (operator_actions.release_payment, (1, "base"), frozenset({Right.PAY})),
    (operator_actions.retry_payment, (1, "base"), frozenset({Right.PAY})),
    (operator_actions.record_found_payment, (1, "base", "r"), frozenset({Right.PAY})),
    (operator_actions.resolve_payment, (1, "base", "r", "why"), frozenset({Right.PAY})),
    (ledger_sums.ledger_lines, (), frozenset({Right.VIEW})),
    (recruitment.open_places_by_operator, (1,), frozenset({Right.RECRUIT})),
    (recruitment.close_places_by_operator, (), frozenset({Right.RECRUIT})),
    (launch, (), frozenset({Right.RECRUIT})),
    (dead_letters.list_dead_letters, (), frozenset({Right.VIEW})),
    (dead_letters.dead_letters_page, (None, 50), frozenset({Right.VIEW})),
    (dead_letters.dead_letter, ("x",), frozenset({Right.VIEW})),
    (dead_letters.replay_dead_letter, ("x",), frozenset({Right.RUN_LIVE_SESSION})),
    (uploads.link_to_upload, (1, "x"), frozenset({Right.VIEW_PERSONAL_DATA})),
    (erase_participant, (1,), frozenset({Right.EDIT_PARTICIPANTS, Right.VIEW_PERSONAL_DATA})),
    (uploads.erase_uploads, (1,), frozenset({Right.EDIT_PARTICIPANTS, Right.VIEW_PERSONAL_DATA})),
    (open_session_now, (1,), frozenset({Right.EDIT_PARTICIPANTS})),
    (ungraded.answers_to_grade, ([1],), frozenset({Right.GRADE})),
    (ungraded.store_grades, ([GRADE],), frozenset({Right.GRADE})),
    (grade_response.grade_response, (GRADE,), frozenset({Right.GRADE})),
    (grade_response.check_grade, (GRADE,), frozenset({Right.GRADE})),
    (
        audit_reading.erase_values,
        ("user:ada", 1),
        frozenset({Right.EDIT_PARTICIPANTS, Right.VIEW_PERSONAL_DATA}),
    ),
    (verification.verify, ([],), frozenset({Right.MANAGE_LAB})),
    (host_actions.act, (1, "start", None), frozenset({Right.RUN_LIVE_SESSION})),
    (host_actions.kick, (1, "a"), frozenset({Right.RUN_LIVE_SESSION})),
    (host_view.host_view, (1,), frozenset({Right.RUN_LIVE_SESSION})),
    (opening.list_sessions, (), frozenset({Right.VIEW})),
    (remote_control.make_remote, (1,), frozenset({Right.RUN_LIVE_SESSION})),
    (remote_control.revoke_remote, (1,), frozenset({Right.RUN_LIVE_SESSION})),
    (lab_apps.put_app, (APP,), frozenset({Right.MANAGE_LAB})),
    (lab_apps.remove_app, ("run-1",), frozenset({Right.MANAGE_LAB})),
    (lab_apps.list_apps, (), frozenset({Right.VIEW})),
    (lab_apps.grant_in_app, ("run-1", "ada", ["View"]), frozenset({Right.MANAGE_LAB})),
    (lab_apps.revoke_in_app, ("run-1", "ada"), frozenset({Right.MANAGE_LAB})),
    (lab_apps.grants_in_app, ("run-1",), frozenset({Right.MANAGE_LAB})),
    (results.read_result, (1,), frozenset({Right.VIEW})),
    (shared_results.share_result, (1, 7), frozenset({Right.EXPORT})),
]
#: Operations whose rights also depend on the rows of a class; tests/study and tests/web/classroom call them.
ELSEWHERE = ("classes", "assignments")
#: The callers without an actor, and what they are refused with.
STRANGERS = [(ANONYMOUS, Unauthorized), (Caller(PARTICIPANT, 1, 1), Forbidden)]


def guarded_operations() -> set[str]:
    """Return the operations that begin with `require_right`, as package.module.function."""
    found = set()
    folder = Path(operations.__path__[0])
    for path in folder.rglob("*.py"):
        module = ".".join([*path.relative_to(folder).parts[:-1], path.stem])
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef) and function.name != "require_operator":
                statements = [one for one in function.body if not _is_docstring(one)]
                if statements and ast.unparse(statements[0]).startswith("require_right("):
                    found.add(f"{module}.{function.name}")
    return found


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def test_each_operation_that_needs_a_right_is_tried() -> None:
    tried = {
        f"{operation.__module__.removeprefix('chalicelib.operations.')}.{operation.__name__}"
        for operation, _, _ in OPERATIONS
    }
    guarded = {name for name in guarded_operations() if name.partition(".")[0] not in ELSEWHERE}
    assert guarded - tried == set()


class _ReadError(Exception):
    """The operation used its context beyond the caller."""


class _OnlyCaller:
    """A context in which nothing but the caller can be read."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller

    def __getattr__(self, name: str) -> Any:
        raise _ReadError(name)


def _call(operation: Callable[..., Any], arguments: tuple[Any, ...], caller: Caller) -> None:
    operation(cast("Context", _OnlyCaller(caller)), *arguments)


@pytest.mark.parametrize(("operation", "arguments", "rights"), OPERATIONS)
def test_an_operation_reads_nothing_for_callers_without_its_rights(
    operation: Callable[..., Any], arguments: tuple[Any, ...], rights: frozenset[Right]
) -> None:
    for caller, refusal in STRANGERS:
        with pytest.raises(refusal):
            _call(operation, arguments, caller)
    for role, held in ROLES.items():
        expected: type[Exception] = _ReadError if rights <= held else Forbidden
        with pytest.raises(expected):
            _call(operation, arguments, caller_of(Actor("user:ada", role, held)))
    for right in rights:
        with pytest.raises(Forbidden):
            _call(operation, arguments, caller_of(Actor("user:ada", "Ada", rights - {right})))
