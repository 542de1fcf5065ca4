"""Defines the bots that take part in any study, over HTTP or in a browser, with valid answers."""

from __future__ import annotations

import hashlib
import html
import json
import re
import time
from collections.abc import Mapping
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any, ClassVar

from chalicelib.experiment.bots.api_client import BotError
from chalicelib.experiment.bots.browser_bot import BotBase
from chalicelib.experiment.bots.high_performance_bot import HighPerformanceBotBase
from chalicelib.experiment.bots.socket_client import ReceivedMessage

from .elements import Embed, PeerGrading, Practice
from .uploads.sample_files import sample_file

if TYPE_CHECKING:
    from .items import Item
    from .study_view import DeclaredStudy

#: How long a bot waits for others, in seconds.
MAX_WAIT = 1800.0
#: How long a bot waits for a notification before it polls again, in seconds.
POLL_SECONDS = 2.0
#: How many trials a bot records on an embedded page whose author gives no data.
BOT_TRIALS = 5
#: How long before the end of a time limit a bot sends what it has, in seconds.
LEAVES_BEFORE = 1.0


class AnsweringBot:
    """What bots of studies have in common: how they choose answers, and what they have read."""

    #: Answers by item: a raw answer, or a function that gets the bot and the page and returns one.
    answers: ClassVar[Mapping[str, Any]] = {}
    #: The study; `bot_for` and `Study.prepare_bots` set it.
    study: ClassVar[type[DeclaredStudy]]
    random: Random
    #: The HTML of the pages that the bot has seen, by name; the newest of each.
    seen: dict[str, str]

    def remember(self, page: Mapping[str, Any]) -> None:
        """Keep the HTML of a page, for `text_on`.

        Args:
            page: The page, as GET /page returned it.

        """
        if "seen" not in vars(self):
            self.seen = {}
        self.seen[str(page.get("page"))] = str(page.get("html", ""))

    def text_on(self, page: str, element: str) -> str:
        """Return what the bot has read on a page.

        Args:
            page: The page's name.
            element: The name of an HTML element, such as "blockquote".

        Returns:
            The text of the first such element on the newest showing of the page.

        Raises:
            BotError: The bot hasn't seen the page, or the page has no such element.

        """
        found = re.search(rf"<{element}\b[^>]*>(.*?)</{element}>", self.seen.get(page, ""), re.DOTALL)
        if found is None:
            raise BotError(f"The bot has seen no <{element}> on a page {page!r}.")
        return html.unescape(re.sub(r"<[^>]*>", "", found[1])).strip()

    def answers_for(self, page: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answers of a page by item; override to answer a whole page.

        Args:
            page: The page, as GET /page returned it.

        Returns:
            Raw answers.

        """
        return {name: self.answer(name, page) for name in page["items"]}

    def answer(self, name: str, page: Mapping[str, Any]) -> Any:
        """Return the answer to an item: the one in `answers`, else a valid one at random.

        Args:
            name: The item's name.
            page: The page, as GET /page returned it.

        Returns:
            A raw answer.

        """
        if name in self.answers:
            chosen = self.answers[name]
            return chosen(self, page) if callable(chosen) else chosen
        # Options, rows and bounds that depend on the player are those of the page.
        return self.item_on(name, page).as_sent(page["items"][name]).bot_answer(self.random)

    def item_on(self, name: str, page: Mapping[str, Any]) -> Item:
        """Return an item of a page: one of the study, the grade of another participant's answer, or a rating.

        Args:
            name: The item's name.
            page: The page, as GET /page returned it.

        Returns:
            The item.

        """
        if name in self.study.items():
            return self.study.items()[name]
        gradings = [step.element for _, step in self.study.plan().steps()]
        for element in gradings:
            if isinstance(element, Practice) and element.name == page["page"]:
                rated = [one for one in element.self_rated if element.rating_name(one) == name]
                if rated:
                    return element.rating_item(rated[0])
        grades = [
            element.grade_item_named(name)
            for element in gradings
            if isinstance(element, PeerGrading) and element.name == page["page"]
        ]
        return next(grade for grade in grades if grade is not None)


class StudyBot(AnsweringBot, HighPerformanceBotBase):
    """Takes part in a study over HTTP.

    A subclass called `Bot` in an experiment's `bots.py` changes answers: `answers = {"offer": 5}`, or a
    function of the bot and the page for each item, or it overrides `answer`.
    """

    #: How long the bot waits for a notification before it polls again, in seconds.
    poll_seconds: ClassVar[float] = POLL_SECONDS
    #: True for a bot that plays for a participant who has left their group.
    is_stand_in = False
    #: True once the bot has closed its page for good.
    has_left = False

    def on_signup(self, data: dict[str, Any]) -> None:
        """Remember whether the bot plays for a participant who was there before it."""
        self.is_stand_in = "bot_token_serial" in (data["participant"].get("details") or {})

    def leaves(self, page: Mapping[str, Any]) -> bool:
        """Return whether the bot closes the page and doesn't come back; override to rehearse dropouts.

        Args:
            page: The page, as GET /page returned it.

        Returns:
            False, always.

        """
        del page
        return False

    def participate(self) -> None:
        """Answer each page that is due, until the end."""
        page = self.get("/page")
        began = time.monotonic()
        while page["kind"] != "end":
            if page["kind"] == "wait":
                if time.monotonic() - began > MAX_WAIT:
                    raise BotError(f"{page['path']}: the others did not come within {MAX_WAIT:.0f} seconds.")
                self.waiting_for = f"the others at {page['path']}"
                self.next_message(within=self.poll_seconds)
                self.waiting_for = ""
                page = self.get("/page")
                continue
            if page["kind"] == "session" and not page["is_open"]:
                # A bot's sessions open at once, as soon as its submission has been processed.
                # Between sessions, a participant has no socket.
                time.sleep(min(POLL_SECONDS, page["opens_in"]))
                page = self.get("/page")
                continue
            self.remember(page)
            book = page.get("book") or {}
            if book.get("is_read"):
                if not book["can_finish"]:
                    # The book stays open: readers close its page when they have read all.
                    self.has_left = True
                    return
                page = self.post("/page/finish", {"serial": page["serial"]})
                continue
            if self.leaves(page):
                # Only a participant with a socket is missed when it closes.
                self.subscribe_to_quorum_channel()
                self.has_left = True
                return
            page = self.post_answers(page)
            began = time.monotonic()

    def post_answers(self, page: Mapping[str, Any]) -> dict[str, Any]:
        """Send the answers of a page.

        Args:
            page: The page, as GET /page returned it.

        Returns:
            The page that is due next.

        Raises:
            BotError: The server refused the answers.

        """
        if page["kind"] == "trials":
            return self.post_trials(page)
        if page["kind"] == "embed":
            return self.post_embedded(page)
        if page["kind"] == "chat":
            self.say(page)
        if page["kind"] in ("live", "chat"):
            stayed = self.stay(page)
            if stayed["serial"] != page["serial"]:
                return dict(stayed)
        fields = {"serial": page["serial"], "answers": json.dumps(self.answers_for(page), ensure_ascii=False)}
        return self.post("/page", fields)

    def stay(self, page: Mapping[str, Any]) -> Mapping[str, Any]:
        """Stay on a live element or in a chat that ends with its time limit, as people have to.

        A bot of the recruiter `bots` may leave at once, so that a trial doesn't take as long as a run.

        Args:
            page: The page, as GET /page returned it.

        Returns:
            The page as it is when the time is almost up, or the one that is due then.

        """
        serial = page["serial"]
        while (
            not self.recruiter.startswith("bots")
            and page["serial"] == serial
            and page.get("button") is None
            and (page.get("seconds_left") or 0) > LEAVES_BEFORE
        ):
            self.next_message(within=min(POLL_SECONDS, page["seconds_left"]))
            page = self.get("/page")
        return page

    def say(self, page: Mapping[str, Any]) -> None:
        """Write one message in a chat; override to write others.

        Args:
            page: The page, as GET /page returned it.

        """
        self.send_live(page, {"text": "Hello"})

    def send_live(self, page: Mapping[str, Any], message: Mapping[str, Any]) -> None:
        """Send a message of a live element or a chat, as `petri.live.send` does in a page.

        Args:
            page: The page, as GET /page returned it.
            message: The message.

        Raises:
            BotError: The server refused the message.

        """
        sent = json.dumps(message, ensure_ascii=False)
        self.post("/page/live", {"serial": page["serial"], "message": sent})

    def post_trials(self, page: Mapping[str, Any]) -> dict[str, Any]:
        """Send one batch of a block of trials, with keys and reaction times at random.

        Args:
            page: The page, as GET /page returned it.

        Returns:
            The page that is due next: the same one while trials are left.

        Raises:
            BotError: The server refused the batch.

        """
        data = page["data"]
        batch = [self.trial(shown, data) for shown in data["trials"][: data["batch"]]]
        answers = json.dumps({"first": data["first"], "trials": batch})
        return self.post("/page", {"serial": page["serial"], "answers": answers})

    def post_embedded(self, page: Mapping[str, Any]) -> dict[str, Any]:
        """Send what the embedded page records: the author's `bot_data`, else a few trials; override for more.

        Args:
            page: The page, as GET /page returned it.

        Returns:
            The page that is due next.

        Raises:
            BotError: The server refused the data.

        """
        element = next(
            step.element
            for _, step in self.study.plan().steps()
            if isinstance(step.element, Embed) and step.element.name == page["page"]
        )
        trials = list(element.bot_trials)
        if element.trials and not trials:
            trials = [{"rt": self.random.uniform(300, 900)} for _ in range(BOT_TRIALS)]
        fresh = trials[page["data"]["first"] :]
        for start in range(0, max(1, len(fresh)), element.batch):
            answers: dict[str, Any] = {
                "first": page["data"]["first"] + start,
                "trials": fresh[start : start + element.batch],
            }
            if start + element.batch >= len(fresh):
                answers |= {"answers": dict(element.bot_answers), "done": True}
            after = self.post("/page", {"serial": page["serial"], "answers": json.dumps(answers)})
        return after

    def trial(self, shown: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
        """Return the key and the reaction time of one trial; override to answer in a certain way.

        Args:
            shown: What the trial shows: text, colour, image, sound.
            data: The page's data about the whole block.

        Returns:
            `key` and `rt_ms`; a key of None for a trial without an answer.

        """
        del shown
        latest = max(1, min(900, data["deadline_ms"]))
        return {
            "key": self.random.choice(list(data["keys"])),
            "rt_ms": self.random.uniform(latest / 3, latest),
        }

    def answer(self, name: str, page: Mapping[str, Any]) -> Any:
        """Return the answer to an item: the one in `answers`, else a valid one at random."""
        if name not in self.answers and page["items"][name]["kind"] == "upload":
            return self.upload(name, page)
        return super().answer(name, page)

    def upload(
        self, name: str, page: Mapping[str, Any], file: tuple[str, str, bytes] | None = None
    ) -> dict[str, Any]:
        """Upload a file for an item, as a page does.

        Args:
            name: The item's name.
            page: The page, as GET /page returned it.
            file: Its media type, its ending such as ".png", and its content; a small valid file by default.

        Returns:
            The answer to the item.

        Raises:
            BotError: The server refused the file.

        """
        media_type, ending, content = file or sample_file(page["items"][name]["accept"])
        digest = hashlib.sha256(content).hexdigest()
        described = {"size": len(content), "sha256": digest, "type": media_type}
        granted = self.post(
            "/page/upload", {"serial": page["serial"], "item": name, "ending": ending, **described}
        )
        self.line.send_file(granted["upload"], content)
        return {"reference": granted["reference"], **described}

    def next_message(self, within: float = POLL_SECONDS) -> ReceivedMessage | None:
        """Wait for a notification, or for `within` seconds."""
        return super().next_message(within)

    def sign_off(self) -> bool:
        """Do nothing: the last page has ended the participant's part."""
        return True

    def complete_experiment(self, status: str) -> dict[str, Any]:
        """Report that the participant is at the end, except for a bot that has left before it."""
        return {} if self.has_left else super().complete_experiment(status)


class StudyBrowserBot(AnsweringBot, BotBase):
    """Takes part in a study in a real browser, through the same pages as people.

    It chooses answers as StudyBot does, and can enter texts, numbers and choices; override `enter` for other
    kinds of items.
    """

    def sign_up(self) -> int | str:
        """Go through ad and consent to the first page."""
        self.log("signing up")
        self._reach_consent()
        self.click("id", "consent")
        self._await_participant()
        return self.participant_id

    def participate(self) -> None:
        """Answer each page that is due, until the end."""
        serial = None
        while (page := self.wait_until(partial(_due, after=serial), MAX_WAIT))["kind"] != "end":
            serial = page["serial"]
            self.remember(page)
            book = page.get("book") or {}
            if book.get("is_read"):
                if not book["can_finish"]:
                    return
                self.driver.execute_script(_FINISH_BOOK)
                continue
            for name, answer in self.answers_for(page).items():
                self.enter(name, answer)
            self.click("id", "next")

    def enter(self, name: str, answer: Any) -> None:
        """Enter the answer to an item.

        Args:
            name: The item's name.
            answer: The raw answer: a text, a number, a key, or a list of keys.

        Raises:
            BotError: The item has neither a field nor these options.

        """
        item = self.wait_for("css selector", f'[data-item="{name}"]')
        for control in item.find_elements(
            "css selector", "input:not([type=radio], [type=checkbox]), textarea"
        ):
            control.clear()
            control.send_keys(str(answer))
            return
        chosen = [str(each) for each in (answer if isinstance(answer, list) else [answer])]
        options = item.find_elements("css selector", "input, option")
        found = [option for option in options if option.get_attribute("value") in chosen]
        if len(found) != len(chosen):
            raise BotError(f"The bot can't enter {answer!r} for {name!r}; override enter(name, answer).")
        for option in found:
            # A radio button can lie under its label, which takes the clicks of people.
            self.driver.execute_script(_CHOOSE, option)

    def sign_off(self) -> bool:
        """Do nothing: the last page has ended the participant's part."""
        return True


#: Chooses a radio button, a checkbox or an option of a list, as a click does.
_CHOOSE = """
const option = arguments[0];
if (option.tagName !== "OPTION") return option.click();
option.selected = true;
option.closest("select").dispatchEvent(new Event("change", { bubbles: true }));
"""
#: The page that is due; the end where the browser has left the study.
_CURRENT = """
const page = window.petri?.study?.current;
if (page) return page;
return document.readyState === "complete" && !document.getElementById("page-form") ? { kind: "end" } : null;
"""


#: Opens the question behind "Finish the book", and agrees.
_FINISH_BOOK = """
document.querySelector(".book-finish").open = true;
document.querySelector("[data-finish-book]").click();
"""


def _due(driver: Any, after: Any) -> Mapping[str, Any] | None:
    """Return the page that follows one, once it is shown and the participant needn't wait."""
    page: Mapping[str, Any] | None = driver.execute_script(_CURRENT)
    if page is None or (page["kind"] != "end" and (page["kind"] == "wait" or page["serial"] == after)):
        return None
    return page


def bot_for(study: type[DeclaredStudy]) -> type[StudyBot]:
    """Return the bot of a study that doesn't define its own."""
    return type("Bot", (StudyBot,), {"study": study, "__module__": study.__module__})
