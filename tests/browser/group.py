"""People who take part together: a tab for each, each with its own participant."""

from __future__ import annotations

from selenium.webdriver import Chrome

from .chromium import keep_screenshot
from .pages import Page


class Tab(Page):
    """One person's tab; every step happens in it, whichever tab was in front before."""

    def __init__(self, browser: Chrome, number: int) -> None:
        super().__init__(browser)
        self.number = number
        self.open()

    def open(self) -> None:
        self.browser.switch_to.new_window("tab")
        self.handle = self.browser.current_window_handle

    def front(self) -> Tab:
        self.browser.switch_to.window(self.handle)
        return self

    def come(self, address: str, page: str) -> Tab:
        self.front()
        ids = f"hitId=H&assignmentId=A{self.number}&workerId=W{self.number}&mode=debug&recruiter=hotair"
        self.browser.get(f"{address}/{page}?{ids}")
        return self

    def leave(self) -> None:
        self.front()
        self.browser.close()
        self.browser.switch_to.window(self.browser.window_handles[0])

    def shows(self, text: str, selector: str = "main") -> bool:
        self.front()
        self.wait().until(lambda browser: text in browser.find_element("css selector", selector).text)
        return True

    def keep(self, name: str) -> None:
        self.front()
        keep_screenshot(self.browser, name)


class People:
    """Makes new people for one experiment."""

    def __init__(self, browser: Chrome, address: str) -> None:
        self.browser = browser
        self.address = address
        self.count = 0

    def arrive(self, how_many: int) -> list[Tab]:
        """Let people come to the waiting room."""
        self.count += how_many
        numbers = range(self.count - how_many + 1, self.count + 1)
        return [Tab(self.browser, number).come(self.address, "waiting") for number in numbers]

    def meet(self, how_many: int) -> list[Tab]:
        """Let a group come together, and see it begin."""
        tabs = self.arrive(how_many)
        for tab in tabs:
            tab.front().arrive_at("/exp")
        return tabs
