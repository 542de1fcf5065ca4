"""A live element on the real host: messages of two people, what is refused, and a reload."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium.webdriver import Chrome

from tests.browser.hosts import Host, hosting
from tests.browser.study.people import Person
from tests.browser.study.realtime.test_chatting import CONFIG

STUDY = """
from petri.study import AnswerError, End, Group, Live, Study


class Bids(Study):
    timeline = [Group(2), Live("bids", on="bid", script="bids.js"), End()]

    def bid(self, group, player, message):
        if message["price"] <= group.state.get("best", 0):
            raise AnswerError("Bid more.")
        group.state["best"] = message["price"]
        group.tell({"best": message["price"]})

    def snapshot(self, group, player):
        return {"best": group.state.get("best", 0)}
"""
PAGE = """
<h1>Bids</h1>
<p>Best: <b id="best"></b></p>
<p role="status" id="note"></p>
<input id="price" aria-label="Your bid" type="number">
<button type="button" id="bid">Bid</button>
"""
SCRIPT = """
export default function ({ element, data, signal }) {
  const part = (id) => element.querySelector(`#${id}`);
  const show = ({ best }) => { part("best").textContent = best; };
  show(data);
  petri.live.on("message", show, signal).on("snapshot", show, signal);
  part("bid").addEventListener("click", () => {
    const tell = ({ errorText }) => { part("note").textContent = errorText; };
    petri.live.send({ price: part("price").valueAsNumber }).catch(tell);
  });
}
"""


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    folder = tmp_path_factory.mktemp("bids")
    files = {"experiment.py": STUDY, "config.txt": CONFIG, "pages/bids.html": PAGE, "static/bids.js": SCRIPT}
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    with hosting(folder, tmp_path_factory.mktemp("run")) as served:
        yield served


def bid(person: Person, price: int) -> None:
    person.front()
    field = person.visible("#price")
    field.clear()
    field.send_keys(str(price))
    person.press("#bid")


def shows(person: Person, where: str, text: str) -> bool:
    """Wait until a part of the page has a text."""
    person.front()
    script = f"return document.querySelector('{where}')?.textContent;"
    return bool(person.wait().until(lambda browser: browser.execute_script(script) == text))


def test_two_people_see_each_others_bids(browser: Chrome, host: Host) -> None:
    one, other = Person(browser, host.address, 1), Person(browser, host.address, 2)
    one.come()
    other.come().is_at("bids")
    one.is_at("bids")
    bid(one, 5)
    assert shows(one, "#best", "5")
    assert shows(other, "#best", "5")
    bid(other, 4)
    assert shows(other, "#note", "Bid more.")
    bid(other, 8)
    assert shows(one, "#best", "8")
    browser.refresh()
    assert shows(one, "#best", "8")
    one.go_on()
    one.is_at("end")
