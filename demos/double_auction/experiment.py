"""A double auction: buyers and sellers of one unit each send bids and asks at the same time."""

import random

from petri.study import AnswerError, End, Group, Live, Page, Rounds, Study, Wait

from .bots import Bot

__all__ = ["Bot", "DoubleAuction"]


class DoubleAuction(Study):
    timeline = [
        Page("instructions"),
        Group(6, roles=["buyer", "buyer", "buyer", "seller", "seller", "seller"], wait_minutes=10),
        Rounds(
            4,
            [
                Wait(then="open_market"),
                Live("market", on="order", script="market.js", seconds=90),
                Wait(),
                Page("result", seconds=20),
            ],
        ),
        End(),
    ]

    def open_market(self, group):
        group.state.update(bids={}, asks={}, trades=[])
        for player in group.living:
            worth = random.randint(40, 90) if player.role == "buyer" else random.randint(10, 60)
            player.keep(worth=worth, price=None)

    def order(self, group, player, message):
        price, buys = message.get("price"), player.role == "buyer"
        if type(price) is not int or not 0 <= price <= 100:
            raise AnswerError("Enter a whole number from 0 to 100.")
        if player.price is not None:
            raise AnswerError("You have traded your unit in this round.")
        own, others = group.state["bids" if buys else "asks"], group.state["asks" if buys else "bids"]
        found = (min if buys else max)(others, key=others.get, default=None)
        if found is None or (others[found] > price if buys else others[found] < price):
            own[str(player.id)] = price
        else:
            own.pop(str(player.id), None)
            other = next(one for one in group.players if str(one.id) == found)
            self.trade(group, *((player, other) if buys else (other, player)), others.pop(found))
        group.tell(self.book(group))

    def trade(self, group, buyer, seller, price):
        group.state["trades"].append(price)
        group.record("trade", price=price, buyer=buyer.id, seller=seller.id)
        buyer.earn(buyer.worth - price)
        seller.earn(price - seller.worth)
        for player in (buyer, seller):
            player.keep(price=price)
            player.tell(self.snapshot(group, player))

    def book(self, group):
        bids, asks = group.state["bids"].values(), group.state["asks"].values()
        return {
            "bid": max(bids, default=None),
            "ask": min(asks, default=None),
            "trades": group.state["trades"],
        }

    def snapshot(self, group, player):
        return {**self.book(group), "price": player.price}
