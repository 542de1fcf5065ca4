"""Bots that read the messages, reply, and finish after a few turns."""

from petri.study import StudyBot

OPENINGS = ("I would take the lamp.", "Water first, I think.", "Does anyone know the stars?")
ANSWERS = ("I agree with {name}.", "Why that, {name}?", "{name} has a point.", "I am not so sure, {name}.")
TURNS = 4


class Bot(StudyBot):
    """Avoids speaking twice in a row, except at random when the others are silent."""

    def say(self, page):
        serial, turns = page["serial"], 0
        while turns < TURNS and page["serial"] == serial:
            said, me = page["data"]["messages"], page["data"]["me"]
            if turns == 0 or said[-1]["member"] != me or self.random.random() < 0.5:
                self.send_live(page, {"text": self.words(page["data"], said, turns)})
                turns += 1
            else:
                self.next_message(within=1.0)
            page = self.get("/page")

    def words(self, data, said, turns):
        others = [one["member"] for one in said if one["member"] != data["me"]]
        if turns == 0 or not others:
            return self.random.choice(OPENINGS)
        return self.random.choice(ANSWERS).format(name=data["members"][others[-1] - 1])
