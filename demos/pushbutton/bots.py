"""Two bots that press the button: one over HTTP, one in a browser."""

from __future__ import annotations

from petri import BotBase, HighPerformanceBotBase


class Bot(HighPerformanceBotBase):
    """Says over HTTP that the button was pressed."""

    def participate(self):
        while node := self.create_agent():
            self.create_info(node["id"], "Submitted")


class BrowserBot(BotBase):
    """Clicks the button on the page."""

    def participate(self):
        self.click("id", "submit-response")
