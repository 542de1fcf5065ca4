from __future__ import annotations

from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import BadRequest, ExperimentError
from chalicelib.experiment.routes import (
    collect_routes,
    collect_schedules,
    experiment_route,
    parse_rule,
    scheduled,
)

CORE = ["/info/{node_id}", "/experiment/{property}", "/network/{network_id}"]


def collect(*functions, cls: type = object, taken=()):
    module = ModuleType("experiment")
    for function in functions:
        setattr(module, function.__name__, function)
    return collect_routes(module, cls, taken)


@pytest.mark.parametrize("rule", ["/double/<x>", "/double/{x}", "/double/<string:x>"])
def test_a_value_may_be_written_either_way(rule: str) -> None:
    assert parse_rule(rule).path == "/double/{x}"


def test_numbers_in_an_address_become_numbers() -> None:
    assert parse_rule("/<int:n>/<float:r>").arguments({"n": "3", "r": "0.5"}) == {"n": 3, "r": 0.5}


def test_a_path_with_an_invalid_value_is_refused() -> None:
    with pytest.raises(BadRequest, match="'n' in the path must be of type int"):
        parse_rule("/double/<int:n>").arguments({"n": "many"})


@pytest.mark.parametrize(
    "rule",
    ["", "/", "double", "/a//b", "/a/", "/a b", "/<>", "/<x>/<x>", "/<list:x>", "/a<x>", "/é", "/a?b=1"],
)
def test_an_invalid_address_is_refused(rule: str) -> None:
    with pytest.raises(ExperimentError):
        experiment_route(rule)


@given(st.text())
def test_any_text_is_an_address_or_is_refused(rule: str) -> None:
    try:
        assert parse_rule(rule).path.startswith("/")
    except ExperimentError as refusal:
        assert str(refusal).startswith("The route")  # noqa: PT017 - either end is right, nothing else is


@pytest.mark.parametrize("methods", [[], ["FETCH"], "GET"])
def test_methods_are_a_list_of_http_methods(methods) -> None:
    with pytest.raises(ExperimentError, match="GET, POST, PUT, PATCH, DELETE"):
        experiment_route("/a", methods=methods)


def test_a_function_answers_its_address() -> None:
    @experiment_route("/double/<int:x>", methods=["get", "POST"])
    def double(x):
        return {"double": 2 * x}

    (route,) = collect(double)
    assert (route.rule.path, route.methods, route.is_method, route.function(x=4)) == (
        "/double/{x}",
        ("GET", "POST"),
        False,
        {"double": 8},
    )


def test_a_method_of_the_experiment_answers_its_address() -> None:
    class Study:
        factor = 3

        @experiment_route("/times/<int:x>")
        def times(self, x):
            return self.factor * x

    (route,) = collect(cls=Study)
    assert (route.is_method, route.function(Study(), x=4)) == (True, 12)


@pytest.mark.parametrize("kind", [staticmethod, classmethod])
@pytest.mark.parametrize("outside", [True, False])
def test_static_and_class_methods_answer_in_either_order_of_decorators(kind, outside: bool) -> None:
    def answer(*_args):
        return 42

    mark = experiment_route("/answer")
    study = type("Study", (), {"answer": mark(kind(answer)) if outside else kind(mark(answer))})
    (route,) = collect(cls=study)
    assert (route.is_method, route.function()) == (False, 42)


def test_a_method_that_a_base_class_marks_answers_too() -> None:
    class Base:
        @experiment_route("/answer")
        def answer(self):
            return 42

    class Study(Base):
        pass

    assert [route.name for route in collect(cls=Study)] == ["answer"]


def test_one_function_may_answer_several_addresses() -> None:
    @experiment_route("/a")
    @experiment_route("/b")
    def both():
        return None

    assert sorted(route.rule.path for route in collect(both)) == ["/a", "/b"]


@pytest.mark.parametrize("rule", ["/info/<node_id>", "/info/latest", "/experiment/score", "/experiment/<y>"])
def test_a_route_that_petri_has_is_refused(rule: str) -> None:
    def mine(**_values):
        return None

    with pytest.raises(ExperimentError, match="but that is a route of Petri: /"):
        collect(experiment_route(rule)(mine), taken=CORE)


@pytest.mark.parametrize(
    "rule", ["/dashboard/a/b/c/d", "/api/v1/a/b/c/<x>", "/dashboard-static/<x>", "/<a>/<b>"]
)
def test_a_route_below_the_dashboards_paths_is_refused(rule: str) -> None:
    def mine(**_values):
        return None

    with pytest.raises(ExperimentError, match="Petri's dashboard has the paths below /"):
        collect(experiment_route(rule)(mine))


@pytest.mark.parametrize(
    "rule", ["/info", "/info/{node_id}/score", "/score/<x>", "/dashboards/x", "/api/v2/x", "/api/v1"]
)
def test_an_address_beside_petris_own_is_free(rule: str) -> None:
    def mine(**_values):
        return None

    assert collect(experiment_route(rule)(mine), taken=CORE)


def test_two_names_for_one_place_are_refused_because_api_gateway_refuses_them() -> None:
    @experiment_route("/info/<x>/score")
    def mine(x):
        return x

    with pytest.raises(ExperimentError, match=r"write \{node_id\} in the route of mine"):
        collect(mine, taken=CORE)


def test_two_functions_may_share_an_address_by_method() -> None:
    @experiment_route("/score")
    def read():
        return None

    @experiment_route("/score", methods=["POST"])
    def write():
        return None

    assert len(collect(read, write)) == 2


def test_two_functions_may_not_answer_the_same_request() -> None:
    @experiment_route("/score")
    def read():
        return None

    @experiment_route("/score", methods=["POST", "GET"])
    def write():
        return None

    with pytest.raises(ExperimentError, match=r"write\(\) and read\(\) have the same route"):
        collect(read, write)


def test_a_handler_that_does_not_accept_the_values_of_its_path_is_refused() -> None:
    @experiment_route("/double/<x>")
    def double(y):
        return y

    with pytest.raises(ExperimentError, match=r"double\(\) handles /double/\{x\} and is called with x, but"):
        collect(double)


def test_all_invalid_routes_are_reported_at_once() -> None:
    @experiment_route("/info/<node_id>")
    def mine(node_id):
        return node_id

    @experiment_route("/double/<x>")
    def double():
        return None

    with pytest.raises(ExperimentError) as refusal:
        collect(mine, double, taken=CORE)
    assert len(str(refusal.value).splitlines()) == 2


def test_a_scheduled_function_is_found() -> None:
    @scheduled(minutes=5)
    def tidy():
        return 42

    module = ModuleType("experiment")
    module.tidy = tidy
    (schedule,) = collect_schedules(module, object)
    assert (schedule.minutes, schedule.name, schedule.is_method, schedule.function()) == (
        5,
        "tidy",
        False,
        42,
    )


def test_a_scheduled_method_gets_the_experiment() -> None:
    class Study:
        @scheduled(minutes=1)
        def tick(self):
            return self

    (schedule,) = collect_schedules(ModuleType("experiment"), Study)
    assert (schedule.is_method, schedule.function("the experiment")) == (True, "the experiment")


@pytest.mark.parametrize("minutes", [0, -1, 0.5, True, "5"])
def test_a_clock_ticks_in_whole_minutes(minutes) -> None:
    with pytest.raises(ExperimentError, match="whole number of minutes"):
        scheduled(minutes=minutes)
