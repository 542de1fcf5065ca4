"""Messages of the operator on a page of an experiment in full control."""

from __future__ import annotations

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from tests.browser.standin import StandIn, success

ENTRY = "/exp?recruiter=hotair&assignment_id=a&worker_id=w&hit_id=h&mode=debug"
ADDRESS = "/participant/1/messages"


def message(number: int, text: str) -> dict[str, object]:
    return {"id": number, "text": text, "sent": "2026-05-04T09:00:00.000000Z"}


def texts(browser: Chrome) -> list[str]:
    return [each.text for each in browser.find_elements(By.CSS_SELECTOR, ".operator-message-text")]


def test_messages_are_escaped_reported_as_seen_and_closed_one_after_the_other(
    browser: Chrome, plain: StandIn
) -> None:
    first, second = message(3, "<img src=x onerror=alert(1)>"), message(5, "Second")
    plain.on(
        "GET",
        ADDRESS,
        success(messages=[first], last=4, look_after=0),
        success(messages=[second], last=5, look_after=0),
        success(messages=[], last=5, look_after=0),
    )
    plain.on("POST", ADDRESS, success(id=3))
    browser.get(f"{plain.url}{ENTRY}")
    browser.execute_async_script("dallinger.createParticipant().done(arguments[0]);")
    assert plain.requests(ADDRESS) == []
    browser.refresh()
    wait = WebDriverWait(browser, 20)
    wait.until(lambda b: texts(b) == [first["text"]])
    # A notice that comes over the socket makes the page ask for what is new.
    browser.execute_script(
        "document.dispatchEvent(new CustomEvent('petri:message', { detail: { operator_message: 5 } }));"
    )
    wait.until(lambda b: len(texts(b)) == 2)
    asked = [one.data["after"] for one in plain.requests(ADDRESS) if one.method == "GET"]
    assert asked == ["0", "4"]
    button, other = browser.find_elements(By.CSS_SELECTOR, ".operator-message button")
    button.send_keys(Keys.ESCAPE)
    assert (texts(browser), browser.switch_to.active_element) == (["Second"], other)
    other.send_keys(Keys.SPACE)
    assert texts(browser) == []
    assert browser.switch_to.active_element.get_attribute("id") == "main"
    expected = [("3", "false"), ("5", "false"), ("3", "true"), ("5", "true")]

    def told(_: Chrome) -> list[tuple[str, str]]:
        posts = [one for one in plain.requests(ADDRESS) if one.method == "POST"]
        return [(one.data["id"], one.data["closed"]) for one in posts]

    wait.until(lambda b: len(told(b)) == len(expected))
    assert told(browser) == expected
