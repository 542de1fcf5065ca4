"""A repeated prisoner's dilemma: matches with strangers, each as long as chance decides."""

from petri.study import Cohort, End, Group, Page, Rounds, Study, Wait, choice

#: What a person earns in a round, by their own choice and that of the other.
POINTS = {"aa": 32, "ab": 12, "ba": 50, "bb": 25}
ROUND = [
    Page("decide", ask="act", seconds=60, on_timeout={"act": "b"}),
    Wait(then="pay"),
    Page("result", seconds=20),
]


class PrisonersDilemma(Study):
    act = choice("What do you choose?", {"a": "A", "b": "B"})

    timeline = [
        Page("welcome"),
        Cohort(6, wait_minutes=15),
        Rounds(
            5,
            [Group(2, match="strangers", wait_minutes=45), Rounds(chance=0.75, most=30, do=ROUND)],
            name="matches",
        ),
        Page("debrief"),
        End(),
    ]

    def pay(self, group):
        for player in group.living:
            [other] = player.others
            player.keep(theirs=other.get("act", "b"), won=POINTS[player.act + other.get("act", "b")])
            player.earn(player.won)
