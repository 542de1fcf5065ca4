"""A file and a drawing, sent from the page to the real host: stored whole, and refused when they pretend."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import ActionChains, Chrome
from selenium.webdriver.common.keys import Keys

from tests.browser.accessibility import problems
from tests.browser.hosts import Host, hosting
from tests.browser.study.people import Person

STUDY = """
from petri.study import End, Page, Study, upload


class Houses(Study):
    notes = upload("Your notes", accept=[".txt", "application/pdf"])
    house = upload("Draw a house.", source="drawing")
    timeline = [Page("send", ask=["notes", "house"]), End()]
"""


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    folder = tmp_path / "houses"
    (folder / "pages").mkdir(parents=True)
    (folder / "experiment.py").write_text(STUDY, encoding="utf-8")
    (folder / "pages" / "send.md").write_text("# Your house\n", encoding="utf-8")
    (folder / "config.txt").write_text("[Experiment]\nbase_payment = 1.00\n", encoding="utf-8")
    (tmp_path / "run").mkdir()
    with hosting(folder, tmp_path / "run") as served:
        yield served


def said(page: Person, item: str) -> str:
    return page.visible(f"[data-item={item}] .item-uploaded").text


def press(browser: Chrome, label: str) -> None:
    """Go to a button by the Tab key, and press Enter.

    Keys that are sent to an element instead of the page would be the name of a file in a file's input.
    """
    for _ in range(40):
        if browser.switch_to.active_element.text == label:
            ActionChains(browser).send_keys(Keys.ENTER).perform()
            return
        ActionChains(browser).send_keys(Keys.TAB).perform()
    raise AssertionError(f"the Tab key never reached the button {label!r}")


def test_a_file_and_a_drawing_are_sent_and_stored(browser: Chrome, host: Host, tmp_path: Path) -> None:
    fake, notes = tmp_path / "fake.pdf", tmp_path / "notes.txt"
    fake.write_text("<!DOCTYPE html><script>alert(1)</script>", encoding="utf-8")
    notes.write_text("Some notes.", encoding="utf-8")
    page = Person(browser, host.address, 1)
    page.come().is_at("send")
    page.visible("#item-notes").send_keys(str(fake))
    page.wait().until(lambda _: "Uploaded" in said(page, "notes"))
    canvas = page.visible(".item-canvas")
    ActionChains(browser).move_to_element_with_offset(canvas, -60, 40).click_and_hold().move_by_offset(
        60, -80
    ).move_by_offset(60, 80).release().perform()
    press(browser, "Use this drawing")
    page.wait().until(lambda _: "Uploaded" in said(page, "house"))
    found = problems(browser, "study-uploads")
    press(browser, "Next")
    page.wait().until(lambda _: "not of its type" in page.error_of("notes"))
    page.visible("#item-notes").send_keys(str(notes))
    page.wait().until(lambda _: page.hidden("[data-item=notes] .item-progress"))
    press(browser, "Next")
    page.is_at("end")
    assert found == []
    stored = {row["item"]: row for row in host.rows("select * from upload")}
    assert {name: row["type"] for name, row in stored.items()} == {
        "notes": "text/plain",
        "house": "image/png",
    }
    for row in stored.values():
        (file,) = host.folder.glob(f"runs/*.uploads/kept/{row['reference']}")
        assert hashlib.sha256(file.read_bytes()).hexdigest() == row["sha256"]
    answers = host.rows("select item, answer from response")
    given = {row["item"]: json.loads(row["answer"])["reference"] for row in answers}
    assert given == {name: row["reference"] for name, row in stored.items()}
