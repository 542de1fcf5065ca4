"""What an author gets wrong in a study is reported when it is loaded, with the fix."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.errors import ExperimentError
from chalicelib.study.pages import CompiledItem, CompiledPage, CompiledPages
from chalicelib.study.study import Study
from petri.study import Branch, End, For, Group, Page, Part, Rounds, Wait, number
from tests.study.studies import OpenStudy, answer

ITEM = number("How many?")


def problem_of(timeline: list[Any], pages: dict[str, Any] | None = None, /, **attributes: Any) -> str:
    """Load a study; return what it is refused with."""
    compiled = {
        ("", name): page if isinstance(page, CompiledPage) else CompiledPage(name, "", page)
        for name, page in (pages or {}).items()
    }

    def load() -> None:
        study = type("Wrong", (Study,), {"timeline": timeline, **attributes})
        study.use_pages(CompiledPages(compiled))

    with pytest.raises(ExperimentError) as refused:
        load()
    return str(refused.value)


@pytest.mark.parametrize(
    "name",
    [
        "bonus",
        "task",
        "setup",
        "role",
        "round",
        "group",
        "points",
        "participant",
        "config",
        "player",
        "others",
        "language",
        "network",
        "copies",
        "start",
        "items",
        "plan",
        "session",
        "score",
        "variables",
        "received",
        "condition",
        "timeline",
        "conditions",
        "library",
        "ask",
        "work",
        "state",
        "log",
        "recruiter",
    ],
)
def test_an_item_named_like_something_of_petri_is_refused(name: str) -> None:
    assert repr(name) in problem_of([Page("p", ask=name), End()], {"p": "p"}, **{name: ITEM})


@pytest.mark.parametrize(
    "name", ["my offer", "2nd", "class", "if", "not", "none", "_hidden", "o-k", "true", "loop"]
)
def test_an_item_whose_name_expressions_cannot_use_is_refused(name: str) -> None:
    assert repr(name) in problem_of([Page("p", ask=name), End()], {"p": "p"}, **{name: ITEM})


def test_an_item_defined_by_two_pages_is_refused() -> None:
    item = CompiledItem("offer", "number", "How many?", {}, 3)
    pages = {name: CompiledPage(name, "", name, items=(item,), file=f"{name}.md") for name in "ab"}
    assert "defined twice" in problem_of([Page("a"), Page("b"), End()], pages)


def test_an_item_defined_by_the_class_and_by_a_page_is_refused() -> None:
    item = CompiledItem("offer", "number", "How many?", {}, 3)
    page = CompiledPage("a", "", "a", items=(item,), file="a.md")
    assert "'offer'" in problem_of([Page("a"), End()], {"a": page}, offer=ITEM)


@pytest.mark.parametrize("variable", ["offer", "round", "player", "points", "not a name"])
def test_a_variable_of_for_that_hides_something_is_refused(variable: str) -> None:
    timeline = [For(variable, [1, 2], [Page("p", ask="offer")]), End()]
    assert variable in problem_of(timeline, {"p": "p"}, offer=ITEM)


@pytest.mark.parametrize(
    "rounds",
    [
        Rounds([Page("p")], until="done"),
        Rounds([Page("p")], chance=0.5),
        Rounds([Page("p")], chance=1.0, most=3),
        Rounds(0, [Page("p")]),
        Rounds(100_000, [Page("p")]),
        Rounds(3, []),
    ],
)
def test_rounds_that_could_repeat_for_ever_are_refused(rounds: Rounds) -> None:
    assert "Rounds 'rounds'" in problem_of([rounds, End()], {"p": "p"}, done=lambda self, player: False)


def test_rounds_inside_rounds_that_come_to_too_many_are_refused() -> None:
    timeline = [Rounds(10_000, [Rounds(10_000, [Page("p", show_if="round > 20000")], name="inner")]), End()]
    assert "rounds/inner" in problem_of(timeline, {"p": "p"})


def test_a_page_without_a_file_is_refused() -> None:
    assert "pages/welcome.md" in problem_of([Page("welcome"), End()])


@pytest.mark.parametrize("only", [{"size": "big"}, {"colour": "green"}, {"colour": ["red", "green"]}])
def test_an_element_for_a_condition_that_no_cell_covers_is_refused(only: dict[str, Any]) -> None:
    timeline = [Page("p", only=only), End()]
    said = problem_of(timeline, {"p": "p"}, conditions={"colour": ["red", "blue"]})
    assert next(iter(only)) in said


@pytest.mark.parametrize(
    ("timeline", "word"),
    [
        ([Page("p", role="boss"), End()], "boss"),
        ([Part("x", [Page("p")], role="boss"), End()], "boss"),
        ([End(role="boss")], "boss"),
        ([Page("p", ask="missing"), End()], "missing"),
        ([Page("p", then="missing"), End()], "missing"),
        ([Group(2), Wait(then="missing"), End()], "missing"),
        ([Group(1), End()], "1 members"),
        ([Group(91), End()], "2 to 90"),
        ([Group(2, roles=["a"]), End()], "roles"),
        ([Group(3, minimum=5), End()], "minimum"),
        ([Page("p", show_if="offer >"), End()], "offer >"),
        ([Branch("offer >", [Page("p")]), End()], "offer >"),
        ([Page("p", ask="offer", seconds=5), End()], "on_timeout"),
        ([Page("p", ask="offer", seconds=5, on_timeout={"offer": "many"}), End()], "on_timeout"),
        ([Page("p", ask="offer", seconds=-5), End()], "seconds"),
        ([Page("p/q"), End()], "p/q"),
        ([End("lost")], "lost"),
        ([], "empty"),
        ("p", "Page"),
        (["p"], "Page"),
    ],
)
def test_a_mistake_in_the_timeline_is_named(timeline: Any, word: str) -> None:
    assert word in problem_of(timeline, {"p": "p"}, offer=ITEM)


@pytest.mark.parametrize("before", [(), (Page("first"),)])
def test_a_participant_whom_a_timeline_shows_no_page_for_ever_is_paid_and_the_operator_gets_a_notice(
    open_study: OpenStudy, before: tuple[Page, ...]
) -> None:
    skipped = [Page("p", show_if="never") for _ in range(6)]
    never = {"timeline": [*before, Rounds(10_000, skipped), End()], "never": lambda self, player: False}
    here = open_study(type("Never", (Study,), never))
    person = here.arrive()
    if before:
        answer(person)
    said = person.get("/page")
    assert (said.status, said["kind"]) == (200, "end")
    assert "an error has ended the study here. You are paid for your time." in said["html"]
    messages = [body for body in here.work() if body["kind"] == "notify_operator"]
    assert "passes elements for ever" in str(messages[0])
    assert here.owed(person) == {"base": "1.50"}


def test_an_item_of_a_page_can_have_the_name_of_a_method_of_study_and_is_a_condition() -> None:
    item = CompiledItem("plan", "number", "How many?", {}, 3)
    pages = {
        ("", "a"): CompiledPage("a", "", "a", items=(item,), file="a.md"),
        ("", "b"): CompiledPage("b", "", "b", file="b.md"),
    }
    study = type("Planned", (Study,), {"timeline": [Page("a"), Page("b", show_if="plan"), End()]})
    study.use_pages(CompiledPages(pages))
    assert list(study.items()) == ["plan"]
