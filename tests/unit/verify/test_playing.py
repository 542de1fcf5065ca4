"""Hooks beyond the first requests: `petri verify` simulates a run, and reports the line that fails."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from infra.verify import Finding

pytestmark = pytest.mark.slow

START = """
from petri import Empty, Experiment, HighPerformanceBotBase, scheduled

class Study(Experiment):
    experiment_repeats = 1
    initial_recruitment_size = 3
    channel = "talk"

    def create_network(self):
        return Empty(max_size=50)
"""
BOT = """
class Bot(HighPerformanceBotBase):
    def participate(self):
        self.subscribe("talk")
        self.publish("talk", '{"word": "hello"}')
        node = self.create_agent()
        self.create_info(node["id"], "here")
"""
TYPO = "        self.there_is_no_such_thing"
ROOM = "    quorum = 3\n"
ROOMS = "    room_size = 2\n"
BONUS = "    def bonus(self, participant):\n        return 0.5\n"
#: each reaches the line of `TYPO` through another hook
HOOKS = {
    "room_opened of a quorum": f"{ROOM}    def room_opened(self, number, participants):\n{TYPO}",
    "room_opened of many rooms": f"{ROOMS}    def room_opened(self, number, participants):\n{TYPO}",
    "what room_opened calls": f"{ROOM}    def room_opened(self, number, participants):\n"
    f"        self.begin()\n    def begin(self):\n{TYPO}",
    "group_by": f"{ROOMS}    def group_by(self, waiting):\n{TYPO}",
    "a timer": f"{ROOM}    def room_opened(self, number, participants):\n"
    f"        self.after(20, 'ring')\n    def ring(self):\n{TYPO}",
    "participant_disconnected": f"{ROOM}    def participant_disconnected(self, participant):\n{TYPO}",
    "participant_returned": f"    def participant_returned(self, participant):\n{TYPO}",
    "bonus": f"    def bonus(self, participant):\n{TYPO}",
    "bonus_reason": f"{BONUS}    def bonus_reason(self):\n{TYPO}",
    "data_check": f"    def data_check(self, participant):\n{TYPO}",
    "data_check_failed": f"    def data_check_failed(self, participant):\n{TYPO}",
    "attention_check": f"    def attention_check(self, participant):\n{TYPO}",
    "attention_check_failed": f"    def attention_check_failed(self, participant):\n{TYPO}",
    "submission_successful": f"    def submission_successful(self, participant):\n{TYPO}",
    "assignment_abandoned": f"    def assignment_abandoned(self, participant):\n{TYPO}",
    "assignment_returned": f"    def assignment_returned(self, participant):\n{TYPO}",
    "assignment_reassigned": f"    def assignment_reassigned(self, participant):\n{TYPO}",
    "recruit": f"    def recruit(self):\n{TYPO}",
    "@scheduled": f"    @scheduled(minutes=1)\n    def look(self):\n{TYPO}",
}

Check = Callable[..., list[Finding]]


def verify(check: Check, hooks: str, bot: str) -> list[Finding]:
    code = f"{START}{hooks}\n{bot}"
    return check({"experiment.py": code, "config.txt": "[Experiment]\nbase_payment = 1.00\n"})


def line_of_typo(hooks: str) -> str:
    code = f"{START}{hooks}".splitlines()
    return f"experiment.py, line {code.index(TYPO) + 1}"


@pytest.mark.parametrize("bot", [BOT, ""], ids=["with bots", "without a bot"])
@pytest.mark.parametrize("hooks", HOOKS.values(), ids=HOOKS)
def test_a_typo_in_any_hook_is_found(check: Check, hooks: str, bot: str) -> None:
    found = [one for one in verify(check, hooks, bot) if one.level == "error"]
    assert [one.where for one in found] == [line_of_typo(hooks)]
    assert "there_is_no_such_thing" in found[0].what


HEARS = f"    def receive_message(self, message, **about):\n{TYPO}"


def test_a_typo_in_receive_message_is_found_by_what_bots_say(check: Check) -> None:
    found = verify(check, HEARS, BOT)
    assert [(one.level, one.where) for one in found] == [("error", line_of_typo(HEARS))]


def test_a_failure_caused_by_invented_messages_is_a_warning(check: Check) -> None:
    reads = """
    def receive_message(self, message, channel_name=None, **about):
        if channel_name == "talk":
            int(message)
"""
    found = verify(check, reads, "")
    assert [(one.level, "ValueError" in one.what) for one in found] == [("warning", True)]


def test_a_failure_on_the_platforms_own_events_is_an_error(check: Check) -> None:
    found = verify(check, HEARS, "")
    assert [(one.level, one.where) for one in found] == [("error", line_of_typo(HEARS))]


@pytest.mark.parametrize("bot", [BOT, ""], ids=["with bots", "without a bot"])
@pytest.mark.parametrize("hooks", ["", ROOM], ids=["alone", "together"])
def test_an_experiment_whose_hooks_work_passes(check: Check, hooks: str, bot: str) -> None:
    assert verify(check, hooks, bot) == []
