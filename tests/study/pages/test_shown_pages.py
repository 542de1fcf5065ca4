"""What the server sends for each kind of page: its text, and the fields by which a browser shows it."""

from __future__ import annotations

from typing import Any

from chalicelib.study.pages import CompiledPage, CompiledPages
from petri.study import End, Form, GradePeers, Group, Join, Page, Study, Wait, number, text
from tests.study.studies import OpenStudy, answer, compiled, due
from tests.study.test_chains import Retelling
from tests.web.conftest import NewWorld


class Dots(Study):
    """A page with everything that an author can set, and a wait for a group."""

    seen = number("How many dots?", media=["static/dots.png"])
    timeline = (
        Page(
            "look",
            ask="seen",
            seconds=30,
            on_timeout={"seen": 0},
            min_seconds=2,
            button="Go on",
            title="Look",
            script="static/look.js",
        ),
        Group(2, wait_minutes=5),
        Form("between"),
        Wait(),
        End(),
    )

    def variables(self, player: Any, page: str) -> dict[str, Any]:
        return {"where": page}


def test_a_page_is_sent_with_all_that_its_author_has_set(open_study: OpenStudy) -> None:
    here = open_study(Dots, {"look": "<p>This is {{ where }}.</p>"})
    page = dict(due(here.arrive()).body)
    assert "<p>This is look.</p>\n" in page["html"]
    assert 'src="/static/dots.png"' in page["html"]
    shown = ("kind", "page", "title", "path", "seconds_left", "min_seconds", "button", "script", "preload")
    assert {name: page[name] for name in shown} == {
        "kind": "page",
        "page": "look",
        "title": "Look",
        "path": "look",
        "seconds_left": 30,
        "min_seconds": 2,
        "button": "Go on",
        "script": "/static/look.js",
        "preload": ["/static/dots.png"],
    }


def test_loading_the_media_of_a_page_delays_its_time_limit(open_study: OpenStudy) -> None:
    here = open_study(Dots)
    person = here.arrive()
    serial = due(person)["serial"]
    here.clock.turn(seconds=36)
    body = {"serial": serial, "answers": {"seen": 3}, "timings": {"loading": 5}}
    here.post_json("/page", body, token=person.token)
    (response,) = here.items("response")
    assert (response.get("by", "participant"), response["answers"][0]["answer"]) == ("participant", 3)


class Plain(Study):
    """Pages that are made of items alone."""

    timeline = (Form("one", text="Hello."), Form("two", title="Two"), End())


def test_a_form_without_a_title_has_no_heading_of_its_own(world: NewWorld) -> None:
    Plain.use_pages(compiled({}))
    person = world(Plain).arrive()
    assert due(person)["html"] == "<p>Hello.</p>"
    assert answer(person)["html"] == "<h1>Two</h1>"


def waiting(words: str, more: str = "") -> str:
    spinner = '<div class="waiting" aria-hidden="true"></div>'
    return f'<h1>Please wait</h1><p role="status">{words}</p>{more}{spinner}'


def test_a_waiting_page_says_for_whom_it_waits(open_study: OpenStudy) -> None:
    here = open_study(Dots)
    first, second = here.arrive(), here.arrive()
    due(first)
    alone = answer(first, seen=3)
    words = "The study goes on as soon as the other participants have arrived."
    assert alone["html"] == waiting(words, '<p role="status" data-arrived></p>')
    assert alone["arrived"] == "1 of 2 people are here"
    fields = ("kind", "title", "items", "seconds_left", "waits_until", "poll_seconds", "doorbell", "preload")
    assert [alone[name] for name in fields] == ["wait", "Please wait", {}, None, 300, 2, True, []]
    due(second)
    answer(second, seen=3)
    here.work()
    assert answer(first)["html"] == waiting("The others haven&#39;t finished yet.")


def test_a_page_that_waits_for_a_place_or_for_answers_says_so(open_study: OpenStudy) -> None:
    here = open_study(Retelling)
    due(here.arrive())
    assert due(here.arrive())["html"] == waiting("The person before you is still working.")
    essay = text("Why?", grading="peer")
    timeline = (Form("write", ask="essay"), GradePeers("essay", answers=1, wait_seconds=30), End())
    here = open_study(type("Essays", (Study,), {"essay": essay, "timeline": timeline}), num_participants=2)
    told = "You can grade answers of other participants as soon as they have written them."
    assert answer(here.arrive(), essay="So.")["html"] == waiting(told)


def test_an_author_says_what_those_read_who_wait(open_study: OpenStudy) -> None:
    timeline = (Join(text="Look out of the window."), *Retelling.timeline[1:])
    here = open_study(type("Calm", (Retelling,), {"timeline": timeline}))
    due(here.arrive())
    assert due(here.arrive())["html"] == waiting("Look out of the window.")


class Titled(Study):
    """A wait whose page has a title."""

    timeline = (Group(2), Form("between"), Wait(page="meanwhile"), End())


def test_the_title_of_a_wait_is_that_of_its_page(world: NewWorld) -> None:
    page = CompiledPage("meanwhile", "", "<p>Nearly.</p>", settings={"title": "Almost done"})
    Titled.use_pages(CompiledPages({("", "meanwhile"): page}))
    here = world(Titled)
    first, second = here.arrive(), here.arrive()
    due(first), due(second)
    here.work()
    shown = answer(first)
    assert (shown["kind"], shown["title"]) == ("wait", "Almost done")
    assert shown["html"].startswith("<p>Nearly.</p>\n")


def test_the_last_page_shows_the_authors_sentence_and_leads_to_the_exit(open_study: OpenStudy) -> None:
    timeline = (Form("one"), End(message="Come <again>."))
    here = open_study(type("Ended", (Study,), {"timeline": timeline}))
    end = answer(here.arrive())
    assert end["html"] == "<h1>The end</h1><p>Come &lt;again&gt;.</p>"
    fields = ("kind", "page", "title", "items", "seconds_left", "preload", "exit", "message")
    assert [end[name] for name in fields] == [
        *("end", "end", "The end", {}, None, [], "recruiter-exit"),
        "Come &lt;again&gt;.",
    ]
