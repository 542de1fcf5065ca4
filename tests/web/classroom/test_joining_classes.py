"""/join/class: people join a class with its code, once, and take part with a link of their own."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from chalicelib.operations.classes.class_settings import ClassSettings
from chalicelib.operations.classes.manage_classes import ClassRow, archive_class, change_class, open_class
from chalicelib.operations.classes.manage_members import record_fee, remove_member, show_link
from chalicelib.operations.shared.context import OPERATOR_CALLER
from chalicelib.web.classes import class_joining
from petri.study import End, Form, Study, number
from tests.study.studies import OpenStudy, open_study
from tests.web.world import Said, World

__all__ = ["open_study"]


class Course(Study):
    """One question, in German."""

    language = "de"
    half = number("Was ist die Hälfte von zehn?", right=5)
    timeline = (Form("half", ask="half"), End())


def operate(here: World, operation: Any, *args: Any, **more: Any) -> Any:
    return here.app.run(operation, *args, caller=OPERATOR_CALLER, **more)


@pytest.fixture
def here(open_study: OpenStudy, monkeypatch: pytest.MonkeyPatch) -> World:
    # Each test is an address of its own.
    monkeypatch.setattr(class_joining, "_rate_limiter", type(class_joining._rate_limiter)())
    return open_study(Course, mode="live", recruiter="link", mailer="log", currency="EUR")


def opened(here: World, **settings: Any) -> ClassRow:
    found: ClassRow = operate(here, open_class, ClassSettings(name="Logik <1>", **settings))
    return found


def join(here: World, code: str, name: str = "Ada", **more: str) -> Said:
    return here.post("/join/class", {"code": code, "name": name, "email": "ada@example.org", **more})


def link_in(page: str) -> str:
    return re.search(r'value="(http[^"]+entry=[^"]+)"', page)[1].replace("&amp;", "&")


def enter(here: World, link: str) -> Said:
    ids = dict(parse_qsl(urlsplit(link).query))
    address = f"/participant/{ids['workerId']}/{ids['hitId']}/{ids['assignmentId']}/{ids['mode']}"
    return here.post(address, {"recruiter": "link", "entry": ids["entry"]})


def test_the_form_asks_what_the_class_asks_in_the_language_of_the_study(here: World) -> None:
    code = opened(here, asks_student_number=True).join_code
    said = here.get("/join/class", {"code": code})
    page = said.raw.decode()
    assert "Ihre Matrikelnummer" in page
    assert "Logik &lt;1&gt;" in page
    assert said.headers["cache-control"] == "no-store"
    assert "Matrikelnummer" not in here.get("/join/class", {"code": "AAAAAAAA"}).raw.decode()


def test_a_person_joins_and_begins_with_the_link_that_is_shown_once(here: World) -> None:
    code = opened(here).join_code
    page = join(here, f" {code[:4].lower()} {code[4:]}").raw.decode()
    assert "Sie sind Logik &lt;1&gt; beigetreten" in page
    assert enter(here, link_in(page)).status == 200
    [member] = here.items("class_member")
    assert (member["name"], member["participant_id"]) == ("Ada", 1)


def test_a_form_that_is_sent_twice_joins_once_and_another_person_with_its_id_gets_no_link(
    here: World,
) -> None:
    code = opened(here, asks_email=False).join_code
    once = re.search(r'name="once" value="(\w+)"', here.get("/join/class").raw.decode())[1]
    links = {link_in(join(here, code, once=once).raw.decode()) for _ in range(2)}
    assert len(links) == 1
    [member] = here.items("class_member")
    assert "email" not in member
    said = join(here, code, "Eve", once=once)
    assert said.status == 409
    assert "entry=" not in said.raw.decode()


def test_an_address_that_a_member_has_joins_once_and_the_form_keeps_what_was_entered(here: World) -> None:
    code = opened(here).join_code
    join(here, code)
    said = join(here, code, '<script>"', email="ADA@example.org")
    page = said.raw.decode()
    assert said.status == 409
    assert "Ein Mitglied dieses Kurses hat diese E-Mail-Adresse" in page
    assert "&lt;script&gt;" in page
    assert "<script>" not in page


@pytest.mark.parametrize(
    ("fields", "code"),
    [({"name": " "}, 400), ({"email": ""}, 400), ({"email": "ada"}, 400), ({"name": "Ada\u202e"}, 400)],
)
def test_a_form_that_is_not_valid_is_explained(here: World, fields: dict[str, str], code: int) -> None:
    said = here.post(
        "/join/class",
        {"code": opened(here).join_code, "name": "Ada", "email": "ada@example.org", **fields},
    )
    assert said.status == code
    assert 'role="alert"' in said.raw.decode()
    assert here.items("class_member") == []


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"ends": "2000-01-01"}, "Dieser Kurs ist beendet."),
        ({"starts": "2999-01-01"}, "Sein erster Tag ist 2999-01-01."),
    ],
)
def test_a_class_outside_of_its_days_is_not_joined(here: World, settings: dict[str, str], text: str) -> None:
    said = join(here, opened(here, **settings).join_code)
    assert (said.status, text in said.raw.decode()) == (403, True)


def test_a_closed_and_an_archived_class_are_not_joined(here: World) -> None:
    code = opened(here).join_code
    operate(here, change_class, 1, ClassSettings(is_open=False))
    assert "derzeit nicht beitreten" in join(here, code).raw.decode()
    operate(here, archive_class, 1, is_archived=True)
    assert join(here, code).status == 403


def test_codes_can_not_be_tried_one_by_one(here: World) -> None:
    code = opened(here).join_code
    statuses = [join(here, "AAAAAAAA").status for _ in range(20)]
    assert (statuses[0], statuses[-1]) == (403, 429)
    said = join(here, code)
    assert said.status == 429
    assert int(said.headers["retry-after"]) > 0
    assert here.items("class_member") == []


def test_links_with_guessed_codes_have_to_wait_and_show_no_class(here: World) -> None:
    code = opened(here).join_code
    assert {here.get("/join/class", {"code": code}).status for _ in range(301)} == {200}
    said = [here.get("/join/class", {"code": "AAAAAAAA"}) for _ in range(30)]
    assert (said[0].status, said[-1].status) == (200, 429)
    waiting = here.get("/join/class", {"code": code})
    assert (waiting.status, "Logik" in waiting.raw.decode()) == (429, False)


def test_an_unpaid_fee_is_shown_and_keeps_the_member_from_beginning(here: World) -> None:
    page = join(here, opened(here, fee="12").join_code).raw.decode()
    assert "Die Gebühr von €12.00" in page
    assert "Beginnen" not in page
    link = link_in(page)
    said = enter(here, link)
    assert (said.status, said.code) == (403, "class_fee_unpaid")
    operate(here, record_fee, here.items("class_member")[0]["seat"])
    assert enter(here, link).status == 200


def test_a_renewed_link_ends_the_earlier_one_and_a_removed_member_has_none(here: World) -> None:
    first = link_in(join(here, opened(here).join_code).raw.decode())
    assert enter(here, first).status == 200
    seat = here.items("class_member")[0]["seat"]
    second = operate(here, show_link, seat, renews=True).link
    assert enter(here, first).status == 403
    assert enter(here, second).status == 200
    operate(here, remove_member, seat)
    assert enter(here, second).status == 403


def test_the_link_of_one_member_does_not_work_for_another(here: World) -> None:
    code = opened(here).join_code
    links = [link_in(join(here, code, name, email=f"{name}@x.org").raw.decode()) for name in ("ann", "bob")]
    ids, other = (dict(parse_qsl(urlsplit(link).query)) for link in links)
    address = f"/participant/{ids['workerId']}/{ids['hitId']}/{ids['assignmentId']}/{ids['mode']}"
    said = here.post(address, {"recruiter": "link", "entry": other["entry"]})
    assert (said.status, said.code) == (403, "entry_link_invalid")


def test_a_person_who_moves_to_another_class_begins_there_and_their_first_link_ends(here: World) -> None:
    codes = [opened(here).join_code for _ in range(2)]
    first = link_in(join(here, codes[0]).raw.decode())
    assert enter(here, first).status == 200
    [left] = here.items("class_member")
    operate(here, remove_member, left["seat"])
    second = link_in(join(here, codes[1]).raw.decode())
    assert enter(here, first).status == 403
    assert enter(here, second).status == 200
    members = {one["class_number"]: one["participant_id"] for one in here.items("class_member")}
    assert members == {1: 1, 2: 2}
