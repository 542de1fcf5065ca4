"""People who take part in a real study, each in a tab of their own."""

from __future__ import annotations

from selenium.webdriver import Chrome

from tests.browser.pages import AdPage, ConsentPage, ad_address

from .study_page import StudyPage


class Person(StudyPage):
    """A participant in a tab of their own; each step brings that tab to the front."""

    def __init__(self, browser: Chrome, address: str, number: int) -> None:
        super().__init__(browser)
        browser.switch_to.new_window("tab")
        self.handle = browser.current_window_handle
        self.ad = ad_address(address, assignmentId=f"A{number}", workerId=f"W{number}")

    def front(self) -> Person:
        self.browser.switch_to.window(self.handle)
        return self

    def come(self) -> Person:
        """Go from the ad over the consent to the first page."""
        self.front()
        self.browser.get(self.ad)
        AdPage(self.browser).begin()
        ConsentPage(self.browser).press("#consent")
        self.arrive_at("/exp")
        return self

    def reads(self, words: str) -> None:
        self.wait().until(lambda _: words in self.text())

    def is_at(self, page: str) -> bool:
        """Wait until a page is due and shown."""
        self.front()
        script = "return window.petri?.study?.current?.page;"
        self.wait().until(lambda browser: browser.execute_script(script) == page)
        return True

    def waits_in_round(self, round_: int) -> bool:
        """Return whether a round begins with waiting for this person: the other one proposes."""
        self.front()
        script = (
            "const { path, kind } = window.petri.study.current;"
            f"return path.startsWith('rounds[{round_}]/') ? kind : null;"
        )
        return bool(self.wait().until(lambda browser: browser.execute_script(script)) == "wait")

    def kind(self) -> str:
        return str(self.front().browser.execute_script("return window.petri.study.current?.kind;"))
