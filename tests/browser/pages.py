"""The pages as a participant meets them: what can be seen, and what can be done there."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support import expected_conditions
from selenium.webdriver.support.ui import Select, WebDriverWait

PATIENCE_S = 40
IDS = {"hitId": "H1", "assignmentId": "A1", "workerId": "W1", "mode": "debug", "recruiter": "hotair"}


def ad_address(base: str, **changes: str) -> str:
    return f"{base}/ad?{urlencode(IDS | changes)}"


class Page:
    """What every page can do."""

    def __init__(self, browser: Chrome) -> None:
        self.browser = browser

    def wait(self) -> WebDriverWait[Chrome]:
        return WebDriverWait(self.browser, PATIENCE_S)

    def visible(self, selector: str) -> WebElement:
        return self.wait().until(
            expected_conditions.visibility_of_element_located((By.CSS_SELECTOR, selector))
        )

    def hidden(self, selector: str) -> bool:
        return not any(
            found.is_displayed() for found in self.browser.find_elements(By.CSS_SELECTOR, selector)
        )

    def press(self, selector: str) -> None:
        found = self.wait().until(expected_conditions.element_to_be_clickable((By.CSS_SELECTOR, selector)))
        # The debug bar covers the lower edge of the window.
        self.browser.execute_script("arguments[0].scrollIntoView({ block: 'center' });", found)
        found.click()

    def arrive_at(self, path: str) -> None:
        self.wait().until(lambda browser: browser.execute_script("return location.pathname") == path)
        self.wait().until(lambda browser: browser.execute_script("return document.readyState") == "complete")

    def follow_to_a_new_window(self, act: Callable[[], object]) -> None:
        """Do what opens a window, and go there."""
        before = set(self.browser.window_handles)
        act()
        self.wait().until(lambda browser: set(browser.window_handles) - before)
        self.browser.switch_to.window((set(self.browser.window_handles) - before).pop())

    def text(self) -> str:
        return self.browser.find_element(By.TAG_NAME, "main").text

    def is_wider_than_the_window(self) -> bool:
        return bool(
            self.browser.execute_script("return document.documentElement.scrollWidth > window.innerWidth")
        )


class AdPage(Page):
    def open(self, base: str, **changes: str) -> None:
        self.browser.get(ad_address(base, **changes))

    def begin(self) -> None:
        """Press the button and go to the consent, in this window or in the one that opens."""
        before = set(self.browser.window_handles)
        self.press(".btn-primary")
        self.wait().until(
            lambda browser: set(browser.window_handles) - before or "/consent" in browser.current_url
        )
        for opened in set(self.browser.window_handles) - before:
            self.browser.switch_to.window(opened)
        self.arrive_at("/consent")


class ConsentPage(Page):
    def agree(self) -> None:
        self.press("#consent")
        self.arrive_at("/instructions")


class InstructionsPage(Page):
    def go_on(self) -> None:
        self.press(".btn-success")
        self.wait().until(
            lambda browser: browser.execute_script("return location.pathname") != "/instructions"
        )


class StoryPage(Page):
    def read(self) -> str:
        self.wait().until(expected_conditions.element_to_be_clickable((By.ID, "finish-reading")))
        self.wait().until(lambda _: "loading" not in self.visible("#story").text)
        return self.visible("#story").text

    def finish_reading(self) -> None:
        self.press("#finish-reading")

    def write(self, text: str) -> None:
        self.visible("#reproduction").send_keys(text)

    def submit(self) -> None:
        self.press("#submit-response")


class QuestionnairePage(Page):
    def answer(self, name: str, value: str) -> None:
        Select(self.visible(f"#{name}")).select_by_value(value)

    def submit(self) -> None:
        self.press("#submit-questionnaire")
        self.arrive_at("/recruiter-exit")
