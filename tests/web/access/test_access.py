"""Permissions: each route, called by each kind of caller."""

from __future__ import annotations

import pytest

from app import app
from infra.lambda_events.routing import Routes
from tests.web.conftest import NewWorld, Scene
from tests.web.experiments import Islands
from tests.web.routes import OPERATOR, OWN, PUBLIC, REQUESTS, SIGNED, Request
from tests.web.world import OPERATOR_TOKEN, World

OK, NO_TOKEN, NOT_YOURS, NOT_FOUND = 200, 401, 403, 404
#: What each sort of caller is answered, by whom an address is for.
TABLE = {
    PUBLIC: {"nobody": OK, "own": OK, "stranger": OK, "operator": OK, "forged": NO_TOKEN, "ended": OK},
    OWN: {
        "nobody": NO_TOKEN,
        "own": OK,
        "stranger": NOT_YOURS,
        "operator": OK,
        "forged": NO_TOKEN,
        "ended": NO_TOKEN,
    },
    OPERATOR: {
        "nobody": NO_TOKEN,
        "own": NOT_YOURS,
        "stranger": NOT_YOURS,
        "operator": OK,
        "forged": NO_TOKEN,
        "ended": NOT_YOURS,
    },
    SIGNED: {
        "nobody": NOT_YOURS,
        "own": NOT_YOURS,
        "stranger": NOT_YOURS,
        "operator": NOT_YOURS,
        "forged": NO_TOKEN,
        "ended": NOT_YOURS,
    },
}
ANY_IDS = {"one": 1, "node": 2, "other_node": 3, "info": 4}
CALLERS = ("nobody", "own", "stranger", "operator", "forged", "ended")


def token_of(caller: str, scene: Scene) -> str | None:
    """Return the token that a sort of caller sends."""
    if caller == "stranger":
        return scene.here.arrive().token
    if caller == "forged":
        return scene.one.token[:-3] + "abc"
    if caller == "ended":
        again = {"assignment_id": scene.one.assignment_id, "worker_id": scene.one.worker_id}
        assert scene.here.post("/load-participant", again).status == OK
        return scene.one.token
    return {"nobody": None, "own": scene.one.token, "operator": OPERATOR_TOKEN}[caller]


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("request_", REQUESTS, ids=str)
def test_each_address_answers_whom_it_is_for(islands: Scene, request_: Request, caller: str) -> None:
    said = request_.send(islands, token_of(caller, islands))
    expected = TABLE[request_.who][caller]
    if request_.path == "/notifications" and expected == NO_TOKEN and caller == "nobody":
        expected = NOT_YOURS  # an unverified sender, says the contract
    assert said.status == expected, said


@pytest.mark.parametrize("caller", ["nobody", "stranger", "forged", "ended"])
@pytest.mark.parametrize("request_", [r for r in REQUESTS if r.who != PUBLIC], ids=str)
def test_a_refused_request_changes_nothing(islands: Scene, request_: Request, caller: str) -> None:
    token = token_of(caller, islands)
    with islands.here.unchanged():
        assert request_.send(islands, token).status in (NO_TOKEN, NOT_YOURS)


@pytest.mark.parametrize("request_", REQUESTS, ids=str)
def test_an_expired_token_is_refused_everywhere(islands: Scene, request_: Request) -> None:
    islands.here.let_tokens_expire()
    with islands.here.unchanged():
        said = request_.send(islands, islands.one.token)
    assert (said.status, said.code) == (NO_TOKEN, "token_expired")


#: Routes that only a study answers; tests/study (mistakes, realtime, books) send these without a token.
OF_STUDIES = {
    ("GET", "/page"),
    ("POST", "/page"),
    ("POST", "/page/live"),
    ("POST", "/page/events"),
    ("POST", "/page/draft"),
    ("POST", "/page/echo"),
    ("POST", "/page/leave"),
    ("GET", "/page/class"),
    ("POST", "/page/upload"),
    ("POST", "/page/open"),
    ("POST", "/page/finish"),
    ("GET", "/page/contents"),
    ("POST", "/page/reading"),
    ("GET", "/page/annotations"),
    ("POST", "/page/annotations"),
    ("POST", "/page/annotations/delete"),
    ("GET", "/page/upload/{participant_id}/{name}"),
}


#: Routes of another host, which answer 404 on this one; tests/web/dashboard tests them.
OF_DASHBOARD = {
    ("GET", "/dashboard"),
    ("GET", "/dashboard/{tab}"),
    ("POST", "/dashboard/{tab}"),
    ("GET", "/dashboard/{tab}/{id}"),
    ("POST", "/dashboard/{tab}/{id}"),
    ("GET", "/dashboard/{tab}/{id}/{part}"),
    ("POST", "/dashboard/{tab}/{id}/{part}"),
}


@pytest.mark.parametrize(("method", "path"), sorted(OF_STUDIES))
def test_a_route_of_studies_needs_a_token(islands: Scene, method: str, path: str) -> None:
    fields = {"serial": 1, "answers": "{}", "message": "{}", "events": "[]"}
    fields |= {
        "item": "sketch",
        "size": 1,
        "sha256": "0" * 64,
        "echo": "x",
        "path": "book/a/b",
        "annotation": "{}",
        "id": "note-0001",
        "position": 1,
    }
    path = path.format(participant_id=1, name="1-a.png")
    with islands.here.unchanged():
        said = islands.here.get(path) if method == "GET" else islands.here.post(path, fields)
    assert said.status in {NO_TOKEN, NOT_FOUND}, said


def test_every_address_of_the_app_is_in_the_table() -> None:
    routes = Routes(app.routes)
    listed = {
        (r.method, found.resource) for r in REQUESTS if (found := routes.match(r.path.format(**ANY_IDS)))
    }
    declared = {
        (method, path)
        for path, methods in app.routes.items()
        # Its operations have a table and tests of their own: tests/unit/api.
        if not path.startswith("/api/v1/")
        for method in methods
    }
    assert listed | OF_STUDIES | OF_DASHBOARD == declared


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("Basic abc", "token_invalid"),
        ("Bearer", "token_invalid"),
        ("Bearer  ", "token_invalid"),
        ("the-operator", "token_invalid"),
        ("Bearer \u00e9", "token_invalid"),
        ("Bearer a.b.c", "token_invalid"),
    ],
)
def test_an_authorization_that_is_not_a_token_is_refused(world: NewWorld, header: str, code: str) -> None:
    said = world().call("GET", "/summary", headers={"authorization": header})
    assert (said.status, said.code) == (NO_TOKEN, code)


def test_a_token_of_another_run_is_refused(world: NewWorld) -> None:
    token = world().arrive().token
    here = world()
    person = here.arrive()
    assert here.get(f"/participant/{person.id}", token=token).code == "token_invalid"


def test_nodes_of_the_same_network_may_be_connected_though_one_belongs_to_another_participants(
    islands: Scene,
) -> None:
    said = islands.one.post(f"/node/{islands.node}/connect/{islands.other_node}", {"direction": "from"})
    assert said.status == OK


def test_a_report_without_a_token_is_stored_and_completes_no_participant(islands: Scene) -> None:
    islands.here.post("/handle-error", {"participant_id": islands.one.id, "error_feedback": "It broke."})
    assert [body["kind"] for body in islands.here.work()] == ["notify_operator"]
    assert islands.one.now()["status"] == "working"


# -- tokens switched off ----------------------------------------------------------------------------


def open_house(world: NewWorld, **settings: object) -> World:
    return world(Islands, launch=False, require_participant_token=False, **settings)


def test_in_debug_mode_tokens_can_be_switched_off(world: NewWorld) -> None:
    here = open_house(world)
    assert here.post("/launch").status == OK
    person = here.arrive()
    assert here.post(f"/node/{person.id}").status == OK


@pytest.mark.parametrize("mode", ["sandbox", "live"])
def test_elsewhere_tokens_stay_on(world: NewWorld, mode: str) -> None:
    assert open_house(world, mode=mode).post("/launch").status == NO_TOKEN


# -- protected routes -------------------------------------------------------------------------------

PROTECTED = '["/network/<int:network_id>", "/summary", "/node/<node_id>/connect/<other>"]'


@pytest.mark.parametrize("path", ["/network/1", "/summary"])
def test_a_protected_address_is_refused_to_participants(world: NewWorld, path: str) -> None:
    here = world(Islands, protected_routes=PROTECTED)
    person = here.arrive()
    person.join()
    said = person.get(path)
    assert (said.status, said.code) == (NOT_YOURS, "route_protected")
    assert "not available" in said["error_text"]


def test_a_protected_address_answers_the_operator(world: NewWorld) -> None:
    assert world(Islands, protected_routes=PROTECTED).get("/summary", token=OPERATOR_TOKEN).status == OK


def test_a_refused_post_to_a_protected_address_changes_nothing(world: NewWorld) -> None:
    here = world(Islands, protected_routes=PROTECTED)
    one, other = here.arrive(), here.arrive()
    nodes = (one.join(), other.join())
    with here.unchanged():
        assert one.post(f"/node/{nodes[0]}/connect/{nodes[1]}").code == "route_protected"


def test_other_routes_stay_public(world: NewWorld) -> None:
    here = world(Islands, protected_routes=PROTECTED)
    person = here.arrive()
    assert person.get(f"/node/{person.join()}/neighbors").status == OK
