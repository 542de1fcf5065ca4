"""Bots that suggest an effort and follow the last round's lowest; some leave in mid-game."""

from petri import get_config
from petri.study import StudyBot

LEAVES_IN_ROUND = 2


class Bot(StudyBot):
    """Can continue in place of a participant who left."""

    def entry_fields(self):
        """Agree to be replaced by a bot, as a person does on the consent page."""
        return {**super().entry_fields(), "consent_time": "bot", "consent_hash": "bot", "consent_bots": True}

    def leaves(self, page):
        if page["page"] != "choose" or self.is_stand_in:
            return False
        goes = page["data"]["place"] <= get_config().get("bots_that_leave")
        return goes and len(page["data"]["lowest"]) + 1 == LEAVES_IN_ROUND

    def answer(self, name, page):
        if name != "effort":
            return super().answer(name, page)
        effort = self.effort(page["data"]["lowest"])
        self.send_live(page, {"suggest": effort})
        return effort

    def effort(self, lowest):
        # Start high, then follow the lowest effort, sometimes one higher.
        return min(7, lowest[-1] + self.random.choice([0, 0, 1])) if lowest else self.random.randint(4, 7)
