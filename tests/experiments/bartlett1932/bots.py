"""Bots that read a story and write down what they remember."""

from __future__ import annotations

from petri import BotBase, HighPerformanceBotBase, get_config

from .forgetting import Memory, retell

config = get_config()


def memory_from_config():
    usual = Memory()
    return Memory(
        sentence_loss=config.get("bot_sentence_loss", usual.sentence_loss),
        detail_loss=config.get("bot_detail_loss", usual.detail_loss),
        word_change=config.get("bot_word_change", usual.word_change),
    )


class Bot(HighPerformanceBotBase):
    """Takes part over HTTP: one retelling in each chain."""

    def participate(self):
        memory = memory_from_config()
        while node := self.create_agent():
            story = self.received_infos(node["id"])[-1]["contents"]
            self.create_info(node["id"], retell(story, memory, self.random))


class BrowserBot(BotBase):
    """Takes part in a browser, through the same pages as people."""

    def participate(self):
        memory = memory_from_config()
        while self.reads_on():
            story = self.driver.find_element("id", "story").text
            self.click("id", "finish-reading")
            self.wait_for("id", "reproduction").send_keys(retell(story, memory, self.random))
            self.click("id", "submit-response")

    def reads_on(self):
        """Wait for the next story or for the questionnaire; return whether there is a story."""

        def arrived(driver):
            if "questionnaire" in driver.current_url:
                return "questionnaire"
            button = driver.find_elements("id", "finish-reading")
            return "story" if button and button[0].is_displayed() and button[0].is_enabled() else False

        return self.wait_until(arrived) == "story"
