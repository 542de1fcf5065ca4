from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import ExperimentError
from infra.lambda_events.routing import Routes

ROUTES = Routes(
    {
        "/": ["GET"],
        "/summary": ["GET"],
        "/node/{node_id}": ["POST"],
        "/node/{node_id}/infos": ["GET"],
        "/node/{node_id}/connect/{other_id}": ["POST"],
        "/info/{node_id}": ["POST"],
        "/info/{node_id}/{info_id}": ["GET"],
        "/info/all/{info_id}": ["GET"],
    }
)


@pytest.mark.parametrize(
    ("path", "resource", "variables"),
    [
        ("/", "/", None),
        ("/summary", "/summary", None),
        ("/summary/", "/summary", None),
        ("/node/12", "/node/{node_id}", {"node_id": "12"}),
        ("/node/12/", "/node/{node_id}", {"node_id": "12"}),
        ("/node/12/infos", "/node/{node_id}/infos", {"node_id": "12"}),
        ("/node/12/connect/13", "/node/{node_id}/connect/{other_id}", {"node_id": "12", "other_id": "13"}),
        ("/info/a%2Fb/2", "/info/{node_id}/{info_id}", {"node_id": "a%2Fb", "info_id": "2"}),
        ("/info/all/2", "/info/all/{info_id}", {"info_id": "2"}),
        ("/info/all", "/info/{node_id}", {"node_id": "all"}),
    ],
)
def test_an_address_finds_its_route(path: str, resource: str, variables: dict | None) -> None:
    match = ROUTES.match(path)
    assert match is not None
    assert (match.resource, match.variables) == (resource, variables)


@pytest.mark.parametrize(
    "path", ["", "/nothing", "/node", "/node/", "/node//infos", "/node/1/2", "//summary"]
)
def test_an_unknown_address_finds_none(path: str) -> None:
    assert ROUTES.match(path) is None


def test_two_names_for_one_variable_are_refused_as_api_gateway_refuses_them() -> None:
    with pytest.raises(ExperimentError, match="API Gateway requires one name"):
        Routes({"/node/{node_id}": ["GET"], "/node/{participant_id}/infos": ["GET"]})


@given(st.text())
def test_any_address_finds_a_route_or_none(path: str) -> None:
    match = ROUTES.match(path)
    assert match is None or match.methods
