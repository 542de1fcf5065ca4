"""Bots that read the messages, reply, and finish after a few turns."""

from __future__ import annotations

from petri import HighPerformanceBotBase

OPENINGS = ("I would take the lamp.", "Water first, I think.", "Does anyone know the stars?")
ANSWERS = ("I agree with {name}.", "Why that, {name}?", "{name} has a point.", "I am not so sure, {name}.")
TURNS = 4


class Bot(HighPerformanceBotBase):
    """Uses the same socket and routes as the page."""

    def participate(self):
        if not self.get("/talk")["joined"]:
            self.create_agent()
        state = self.get("/talk")
        self.subscribe(f"network-{state['network']}")
        turns = 0
        while not (state := self.get("/talk"))["over"]:
            if turns < TURNS and self.is_my_turn(state, turns):
                self.speak(state, turns)
                turns += 1
                if turns == TURNS:
                    self.post("/enough")
                continue
            self.next_message(within=1.0)

    def is_my_turn(self, state, turns):
        """Avoid speaking twice in a row, except at random when the others are silent."""
        said = state["said"]
        return turns == 0 or said[-1]["from"] != state["me"] or self.random.random() < 0.5

    def speak(self, state, turns):
        name = next(person["name"] for person in state["people"] if person["id"] == state["me"])
        self.publish(f"network-{state['network']}", {"typing": name})
        others = [one for one in state["said"] if one["from"] != state["me"]]
        if turns == 0 or not others:
            text = self.random.choice(OPENINGS)
        else:
            text = self.random.choice(ANSWERS).format(name=others[-1]["name"])
        self.create_info(state["me"], text, info_type="Utterance")
