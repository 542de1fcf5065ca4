"""Bots that send one order in each market."""

from petri.study import StudyBot


class Bot(StudyBot):
    def post_answers(self, page):
        if page["kind"] == "live":
            self.send_live(page, {"price": self.random.randint(1, 99)})
        return super().post_answers(page)
