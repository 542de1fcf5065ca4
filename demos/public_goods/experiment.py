"""A public goods game with punishment: four people contribute, talk, and take points from each other."""

from petri.study import Chat, End, Group, Page, Rounds, Study, Wait, number, table

ENDOWMENT, FACTOR, LOSS = 20, 1.6, 3


class PublicGoods(Study):
    give = number("How much do you contribute?", minimum=0, maximum=ENDOWMENT, unit="points")
    punish = table("Take points from others", "others", number("", minimum=0, maximum=5), required=False)

    timeline = [
        Page("instructions"),
        Group(4, wait_minutes=10),
        Rounds(
            10,
            [
                Page("contribute", ask="give", seconds=60, on_timeout={"give": 0}),
                Wait(then="share"),
                Page("punish", ask="punish", seconds=60),
                Wait(then="reduce"),
                Page("result", seconds=30),
                Wait(),
                Chat(seconds=60, show_if="round < rounds"),
            ],
        ),
        End(),
    ]

    def share(self, group):
        pot = sum(player.give for player in group.living)
        group.state["share"] = round(FACTOR * pot / len(group.living))
        for player in group.living:
            player.earn(ENDOWMENT - player.give + group.state["share"])

    def others(self, player):
        numbers = {one.id: number for number, one in enumerate(player.group.players, 1)}
        return {str(one.id): f"Member {numbers[one.id]} gave {one.get('give', 0)}" for one in player.others}

    def reduce(self, group):
        taken = [player.get("punish") or {} for player in group.living]
        for player, own in zip(group.living, taken, strict=True):
            lost = LOSS * sum(each.get(str(player.id)) or 0 for each in taken)
            player.keep(lost=lost, paid=sum(points or 0 for points in own.values()))
            player.earn(-player.lost - player.paid)
