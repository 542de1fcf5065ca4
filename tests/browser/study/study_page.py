"""The page of a study as a participant meets it."""

from __future__ import annotations

from urllib.parse import urlencode

from selenium.webdriver.common.keys import Keys

from tests.browser.pages import IDS, Page


class StudyPage(Page):
    """What a participant sees and does there."""

    def open(self, base: str) -> None:
        self.browser.get(f"{base}/exp?{urlencode(IDS)}")

    def shows(self, heading: str) -> None:
        """Wait until a page with this heading is shown."""
        script = 'return document.querySelector("#page-content h1")?.textContent;'
        self.wait().until(lambda browser: browser.execute_script(script) == heading)

    def write(self, name: str, text: str) -> None:
        field = self.visible(f"#item-{name}")
        field.clear()
        field.send_keys(text)

    def go_on(self) -> None:
        self.press("#next")

    def error_of(self, name: str) -> str:
        return self.visible(f"#item-{name}-error").text

    def focused(self) -> str:
        """Return the id of what has the focus, or its element's name."""
        active = self.browser.switch_to.active_element
        return active.get_attribute("id") or active.tag_name

    def keys(self, *keys: str) -> None:
        for key in keys:
            self.browser.switch_to.active_element.send_keys(key)

    def tab_to(self, identifier: str) -> None:
        """Press Tab until a control has the focus."""
        for _ in range(40):
            if self.focused() == identifier:
                return
            self.keys(Keys.TAB)
        raise AssertionError(f"the Tab key never reached #{identifier}")
