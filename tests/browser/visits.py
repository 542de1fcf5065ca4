"""A person's visit to an experiment that tells stories: from the recruiter's link to the exit."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from selenium.webdriver import Chrome
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from .hosts import Host
from .pages import AdPage, ConsentPage, InstructionsPage, Page, QuestionnairePage, StoryPage

_numbers = itertools.count(1)
Look = Callable[[str], object]


def look_away(_: str) -> None:
    """Look at no page in particular."""


class Visit:
    """A participant who comes by their own link and goes from page to page; `look` is shown each of them."""

    def __init__(self, browser: Chrome, host: Host, look: Look = look_away) -> None:
        number = next(_numbers)
        self.browser, self.host, self.look = browser, host, look
        self.worker, self.assignment = f"worker{number}", f"assignment{number}"
        self.page = Page(browser)
        self.has_read = self.was_told = self.last_words = ""

    def open_the_ad(self) -> None:
        AdPage(self.browser).open(self.host.address, workerId=self.worker, assignmentId=self.assignment)
        self.page.visible("#begin")
        self.look("ad")

    def come(self) -> None:
        """Open the ad, and from it the consent in a second window."""
        self.open_the_ad()
        AdPage(self.browser).begin()
        self.look("consent")

    def agree(self) -> None:
        ConsentPage(self.browser).agree()
        self.page.wait().until(lambda _: self.page.visible("#go-to-experiment").is_enabled())
        self.look("instructions")

    def begin(self) -> None:
        InstructionsPage(self.browser).go_on()

    def read(self) -> str:
        """Read the story, once it is there."""
        self.has_read = StoryPage(self.browser).read()
        self.look("read")
        return self.has_read

    def start_writing(self, text: str) -> None:
        StoryPage(self.browser).finish_reading()
        StoryPage(self.browser).write(text)
        self.look("write")

    def submit_the_text(self) -> None:
        StoryPage(self.browser).submit()
        self.page.arrive_at("/questionnaire")
        self.look("questionnaire")

    def answer(self, **answers: str) -> None:
        """Answer the questionnaire and arrive at the exit."""
        questionnaire = QuestionnairePage(self.browser)
        for name, value in answers.items():
            questionnaire.answer(name, value)
        questionnaire.submit()
        self.leave()

    def come_to_the_story(self) -> None:
        self.come()
        self.agree()
        self.begin()

    def retell(self, text: str) -> None:
        """Do what is left from the story to the exit."""
        self.read()
        self.start_writing(text)
        self.submit_the_text()
        self.answer()

    def withdraw(self) -> None:
        """Stop in the middle of it."""
        self.page.press("#withdraw-link")
        self.page.arrive_at("/withdraw")
        self.look("withdraw")
        self.page.press("#withdraw")
        self.page.arrive_at("/recruiter-exit")
        self.leave()

    def wait_behind_another_participant(self) -> None:
        """Find that the person ahead is still at work."""
        self.was_told = self.page.visible(".status-banner").text

    def leave(self) -> None:
        self.page.wait().until(lambda _: "Looking up" not in self.page.text())
        self.last_words = self.page.text()
        self.look("exit")

    def is_paid(self) -> bool:
        """Whether all that is owed to this person was sent; it happens behind the scenes, after they left."""
        payments = self.host.payments(self.worker)
        return bool(payments) and all(payment["status"] == "paid" for payment in payments)


class Keyboard:
    """The keys of a participant without a mouse."""

    def __init__(self, browser: Chrome) -> None:
        self.browser, self.page = browser, Page(browser)

    def go_to(self, identifier: str) -> None:
        """Press Tab until the part of the page has the focus."""
        self.page.wait().until(lambda _: self.page.visible(f"#{identifier}").is_enabled())
        for _ in range(20):
            if self._focused() == identifier:
                return
            self.press(Keys.TAB)
        raise AssertionError(f"the Tab key never reached #{identifier}")

    def press(self, *keys: str) -> None:
        self.browser.switch_to.active_element.send_keys(*keys)

    def choose(self, identifier: str, value: str) -> None:
        """Go to a list and type the beginning of the answer."""
        self.go_to(identifier)
        self.press(value)
        chosen = Select(self.page.visible(f"#{identifier}")).first_selected_option
        assert chosen.get_attribute("value") == value

    def _focused(self) -> str | None:
        return self.browser.switch_to.active_element.get_attribute("id")
