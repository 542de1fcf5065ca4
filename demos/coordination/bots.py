"""Bots that propose, answer the last round's lowest effort, and some of which walk away in mid-game."""

from __future__ import annotations

from petri import HighPerformanceBotBase, get_config

config = get_config()
LEAVES_IN_ROUND = 2


class Bot(HighPerformanceBotBase):
    """Plays over the same socket and the same routes as a page; goes on where somebody else has stopped."""

    #: Closed the page in the middle, and is not heard of again.
    has_left = False

    def entry_fields(self):
        """Agree that a bot may play on, as a person does on the consent page."""
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
        """Begin high, then follow the weakest, with a little hope."""
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
