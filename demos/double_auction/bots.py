"""Bots that send one order in each market."""

from petri.study import StudyBot


class Bot(StudyBot):
    def post_answers(self, page):
        if page["kind"] == "live":
            order = f'{{"price": {self.random.randint(1, 99)}}}'
            self.post("/page/live", {"serial": page["serial"], "message": order})
        return super().post_answers(page)
