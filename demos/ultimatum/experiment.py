"""The ultimatum game: one person proposes how to divide ten points, the other accepts or rejects."""

from petri.study import End, Group, Page, Rounds, Study, Wait, choice, number


class Ultimatum(Study):
    offer = number("How much do you offer?", minimum=0, maximum=10, unit="points")
    accept = choice("Do you accept?", {"yes": "Yes, I accept", "no": "No, I reject"})

    timeline = [
        Page("welcome"),
        Group(2, roles=["proposer", "responder"], wait_minutes=5),
        Rounds(
            3,
            [
                Page("propose", ask="offer", role="proposer", seconds=60, on_timeout={"offer": 5}),
                Wait(),
                Page("respond", ask="accept", role="responder", seconds=60, on_timeout={"accept": "no"}),
                Wait(then="pay"),
                Page("result", seconds=20),
            ],
        ),
        Page("debrief"),
        End(),
    ]

    def pay(self, group):
        offer, accepted = group.role("proposer").offer, group.role("responder").accept == "yes"
        group.role("proposer").earn(10 - offer if accepted else 0)
        group.role("responder").earn(offer if accepted else 0)
