"""Rights belong to roles, and operations require them of the actor who calls."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace
from typing import Any, cast

import pytest

from chalicelib.access.rights import OPERATOR_ACTOR, ROLES, Actor, Right
from chalicelib.errors import Forbidden, Unauthorized
from chalicelib.operations.shared.access import actor_of, require_operator, require_right
from chalicelib.operations.shared.context import (
    ANONYMOUS,
    ANYONE,
    OPERATOR,
    OPERATOR_CALLER,
    PARTICIPANT,
    Caller,
    Context,
    caller_of,
)


def _call(caller: Caller) -> Context:
    return cast("Context", SimpleNamespace(caller=caller))


def _user(*rights: Right) -> Actor:
    return Actor("user:ada", "Ada", frozenset(rights))


def test_each_role_includes_the_rights_of_the_role_before_it() -> None:
    roles = list(ROLES.values())
    assert all(smaller < larger for smaller, larger in pairwise(roles))
    assert ROLES["Super admin"] == frozenset(Right)
    assert frozenset(Right) - ROLES["Researcher"] == {Right.MANAGE_LAB, Right.SYSTEM_ADMIN}


def test_system_admin_implies_every_right() -> None:
    assert all(_user(Right.SYSTEM_ADMIN).may(right) for right in Right)
    assert not _user(Right.MANAGE_LAB).may(Right.VIEW)


@pytest.mark.parametrize(
    ("actor_id", "username", "is_token"),
    [("operator", None, False), ("user:ada", "ada", False), ("token:ada/ci", "ada", True)],
)
def test_an_actor_knows_the_user_it_acts_for(actor_id: str, username: str | None, is_token: Any) -> None:
    actor = Actor(actor_id, "A", frozenset())
    assert (actor.username, actor.is_token) == (username, is_token)


@pytest.mark.parametrize("caller", [OPERATOR_CALLER, Caller(OPERATOR), Caller(ANYONE)])
def test_the_operators_token_and_a_run_without_tokens_act_as_the_operator(caller: Caller) -> None:
    assert actor_of(_call(caller)) is OPERATOR_ACTOR
    assert all(require_right(_call(caller), right) is OPERATOR_ACTOR for right in Right)


@pytest.mark.parametrize("right", Right)
def test_a_call_without_an_actor_is_unauthorized(right: Right) -> None:
    with pytest.raises(Unauthorized):
        require_right(_call(ANONYMOUS), right)


@pytest.mark.parametrize("right", Right)
def test_a_participant_has_no_right(right: Right) -> None:
    with pytest.raises(Forbidden) as refused:
        require_right(_call(Caller(PARTICIPANT, 1, 1)), right)
    assert refused.value.code == "operator_only"


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("right", Right)
def test_an_actor_is_forbidden_what_no_role_of_theirs_includes(role: str, right: Right) -> None:
    actor = _user(*ROLES[role])
    call = _call(caller_of(actor))
    if right in ROLES[role]:
        assert require_right(call, right) is actor
        return
    with pytest.raises(Forbidden) as refused:
        require_right(call, right)
    assert refused.value.code == "right_missing"
    assert right.value in str(refused.value)


def test_what_only_the_operator_may_do_requires_system_admin() -> None:
    require_operator(_call(caller_of(_user(Right.SYSTEM_ADMIN))))
    with pytest.raises(Forbidden):
        require_operator(_call(caller_of(_user(*ROLES["Lab admin"]))))


def test_the_built_in_operator_calls_with_the_operators_kind() -> None:
    assert caller_of(OPERATOR_ACTOR) is OPERATOR_CALLER
    assert caller_of(_user()).kind not in (OPERATOR, ANYONE, PARTICIPANT)
