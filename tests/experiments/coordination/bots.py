"""Bots that suggest an effort and follow the last round's lowest; some leave in mid-game."""

from __future__ import annotations

from petri import HighPerformanceBotBase, get_config

config = get_config()
LEAVES_IN_ROUND = 2


class Bot(HighPerformanceBotBase):
    """Uses the same socket and routes as the page; can continue in place of a participant who left."""

    #: True once the bot has left the game for good.
    has_left = False

    def entry_fields(self):
        """Agree to be replaced by a bot, as a person does on the consent page."""
        return {**super().entry_fields(), "consent_time": "bot", "consent_hash": "bot", "consent_bots": True}

    def participate(self):
        if not self.get("/game")["joined"]:
            self.create_agent()
        state = self.get("/game")
        self.subscribe(f"network-{state['network']}")
        while not (state := self.get("/game"))["over"] and not state["left_behind"]:
            if self.leaves(state):
                self.has_left = True
                return
            if state["has_chosen"]:
                self.next_message(within=1.0)
            else:
                self.play(state)

    def play(self, state):
        effort = self.effort(state)
        self.publish(f"network-{state['network']}", {"propose": effort, "name": state["name"]})
        self.create_info(state["me"], str(effort), info_type="Choice", property1=state["round"])

    def effort(self, state):
        """Start high, then follow the lowest effort, sometimes one higher."""
        if not state["history"]:
            return self.random.randint(4, 7)
        hope = self.random.choice([0, 0, 1])
        return min(7, state["history"][-1]["lowest"] + hope)

    # Leaving

    def leaves(self, state):
        place = next(number for number, one in enumerate(state["people"], start=1) if one["is_me"])
        goes = place <= config.get("bots_that_leave") and not state["is_stand_in"]
        return goes and state["round"] == LEAVES_IN_ROUND

    def sign_off(self):
        return True if self.has_left else super().sign_off()

    def complete_experiment(self, status):
        return {} if self.has_left else super().complete_experiment(status)
