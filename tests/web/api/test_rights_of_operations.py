"""Each operation, called by each kind of caller: 401, 403 before anything is read, 404."""

from __future__ import annotations

import pytest

from chalicelib.access.rights import ROLES, Actor, Right
from chalicelib.api.api_operation import AnyOperation, ApiOperation, Shape
from chalicelib.api.common_parameters import NoParameters, One
from chalicelib.api.operation_table import OPERATIONS, find
from chalicelib.api.perform import perform_request
from chalicelib.errors import ConfigError, Forbidden, NotFound, Refused, Unauthorized
from chalicelib.operations.management.run_state.state_of_run import RunOverview, overview
from chalicelib.operations.shared.context import ANONYMOUS, PARTICIPANT, Caller, caller_of
from tests.web.api.requests import request_of
from tests.web.conftest import NewWorld
from tests.web.world import OPERATOR_TOKEN, World

#: Operations that require another right for what is asked of them here.
ALSO = {"stop.do": [Right.RECRUIT]}


#: Operations on a type of records, for which the author may return nothing.
ABOUT_NO_RECORD = {"tables.read"}


def refusal(here: World, operation: AnyOperation, caller: Caller) -> Refused | None:
    """Return the refusal of a request about a record that doesn't exist; None if it was answered."""
    try:
        here.app.run(perform_request, operation.method, operation.shape, request_of(operation), caller=caller)
    except Refused as error:
        return error
    return None


def test_each_operation_is_for_callers_with_its_right_only(world: NewWorld) -> None:
    here = world()
    participant = Caller(PARTICIPANT, here.arrive().id, 1)
    for operation in OPERATIONS:
        assert type(refusal(here, operation, ANONYMOUS)) is Unauthorized, operation.name
        assert type(refusal(here, operation, participant)) is Forbidden, operation.name
        for role, rights in ROLES.items():
            refused = refusal(here, operation, caller_of(Actor("user:ann", "Ann", rights)))
            needed = {operation.right, *ALSO.get(operation.name, ())}
            lacks_it = not needed <= rights and Right.SYSTEM_ADMIN not in rights
            assert (getattr(refused, "code", "") == "right_missing") == lacks_it, (
                operation.name,
                role,
                refused,
            )


def test_an_operation_on_a_record_that_does_not_exist_is_answered_with_404(world: NewWorld) -> None:
    here = world()
    admin = caller_of(Actor("user:ann", "Ann", frozenset(Right)))
    about_one = [each for each in OPERATIONS if each.path_parameters and each.name not in ABOUT_NO_RECORD]
    assert about_one
    with here.unchanged():
        refused = {each.name: type(refusal(here, each, admin)) for each in about_one}
    assert {name: kind for name, kind in refused.items() if kind is not NotFound} == {}


def test_a_caller_without_the_right_does_not_learn_whether_a_record_exists_or_fields_are_valid(
    world: NewWorld,
) -> None:
    here = world()
    token = here.arrive().token
    for said in (
        here.get("/api/v1/payments", {"limit": "many"}, token=token),
        here.get("/api/v1/payments/1-base", token=token),
        here.get("/api/v1/nothing", token=token),
    ):
        assert (said.status, said.code) == (403, "operator_only")
    assert here.get("/api/v1/nothing").status == 401
    assert here.post_json("/api/v1/payments/1-base/release", b"{").status == 401


def test_the_operators_token_reads_and_changes_over_http(world: NewWorld) -> None:
    here = world()
    assert here.get("/api/v1/overview", token=OPERATOR_TOKEN)["state"] == "recruiting"
    said = here.call("POST", "/api/v1/payments/1-base/release", token=OPERATOR_TOKEN)
    assert (said.status, said.code) == (404, "payment_not_found")


def test_an_unknown_address_and_a_wrong_method_are_refused(world: NewWorld) -> None:
    here = world()
    said = here.call("DELETE", "/api/v1/payments", token=OPERATOR_TOKEN)
    assert (said.status, said.code) == (405, "method_not_allowed")
    assert here.get("/api/v1/nothing", token=OPERATOR_TOKEN).status == 404
    with pytest.raises(NotFound):
        find("payments.nothing")


def test_an_entry_without_a_right_or_whose_address_does_not_fit_its_parameters_is_refused() -> None:
    def entry(**fields: object) -> AnyOperation:
        given = {
            "name": "overview.read",
            "method": "GET",
            "resource": "overview",
            "shape": Shape.LIST,
            "right": Right.VIEW,
            "parameters": NoParameters,
            "answer": RunOverview,
            "run": lambda ctx, _: overview(ctx),
            "summary": "Reads.",
        }
        return ApiOperation(**{**given, **fields})  # type: ignore[arg-type]

    entry()
    for wrong in ({"right": None}, {"parameters": One}, {"shape": Shape.VERB}, {"verb": "open"}):
        with pytest.raises(ConfigError):
            entry(**wrong)
