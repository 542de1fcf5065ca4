"""A beauty contest for the lecture hall: who guesses two thirds of the mean of their table best?"""

from petri.study import End, Group, Hosted, Page, Rounds, Study, Wait, number

#: What the member of a table earns whose guess is nearest, shared if there are several.
PRIZE = 12


class BeautyContest(Study):
    guess = number("Your number, from 0 to 100", minimum=0, maximum=100)

    timeline = [
        Group(4, minimum=2, wait_minutes=10),
        Rounds(
            3,
            [
                Hosted([Page("guess", ask="guess", seconds=60, on_timeout={"guess": 50})]),
                Wait(then="judge"),
                Hosted([Page("result")], name="shown"),
            ],
        ),
        Page("goodbye"),
        End(),
    ]

    def judge(self, group):
        players = [player for player in group.living if not player.missed("guess")] or group.living
        target = round(2 / 3 * sum(player.guess for player in players) / len(players), 1)
        nearest = min(abs(player.guess - target) for player in players)
        winners = [player for player in players if abs(player.guess - target) == nearest]
        for player in group.living:
            player.keep(target=target, won=player in winners)
        for player in winners:
            player.earn(PRIZE // len(winners))
