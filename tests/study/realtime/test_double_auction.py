"""The demo of a double auction: a bid that reaches an ask is a trade at the price that stood first."""

from __future__ import annotations

from pathlib import Path

import pytest

from chalicelib.experiment.loader.experiment_folder import load_experiment
from tests.study.realtime.test_live import send, told
from tests.study.studies import answer, due
from tests.web.conftest import NewWorld
from tests.web.world import Person, World

FOLDER = Path(__file__).parents[3] / "demos" / "double_auction"


@pytest.fixture
def here(world: NewWorld, tmp_path: Path) -> World:
    loaded = load_experiment(FOLDER, environ={}, home=tmp_path)
    return world(loaded.experiment_class, initial_recruitment_size=6)


def traders(here: World) -> tuple[list[Person], list[Person]]:
    """Open the first market; return its buyers and its sellers."""
    people = [here.arrive() for _ in range(6)]
    for person in people:
        answer(person)
    here.work()
    assert {due(person)["kind"] for person in people} == {"live"}
    roles = {item["participant_id"]: item["role"] for item in here.items("place")}
    buyers = [person for person in people if roles[person.id] == "buyer"]
    return buyers, [person for person in people if person not in buyers]


def order(person: Person, price: object) -> int:
    return send(person, {"price": price}).status


def test_a_trade_has_the_price_that_stood_first_and_pays_both(here: World) -> None:
    (buyer, *_), (seller, cheaper, _) = traders(here)
    assert [order(seller, 60), order(cheaper, 50), order(buyer, 40)] == [200] * 3
    assert due(buyer)["data"] == {"bid": 40, "ask": 50, "trades": [], "price": None}
    list(told(here))
    assert order(buyer, 55) == 200
    assert due(buyer)["data"] == {"bid": None, "ask": 60, "trades": [50], "price": 50}
    news = {tuple(people): data for people, data in told(here)}
    assert news[(cheaper.id,)]["price"] == 50
    (row,) = here.items("live_row")
    assert row["values"] == {"price": 50, "buyer": buyer.id, "seller": cheaper.id}
    earned = {item["participant_id"]: float(item.get("points", 0)) for item in here.items("place")}
    worth = {item["participant_id"]: item["kept"]["worth"] for item in here.items("place")}
    assert earned[buyer.id] == worth[buyer.id] - 50
    assert earned[cheaper.id] == 50 - worth[cheaper.id]


def test_a_participant_trades_once_in_a_round(here: World) -> None:
    (buyer, *_), (seller, *_) = traders(here)
    assert [order(seller, 30), order(buyer, 30), order(buyer, 30)] == [200, 200, 422]


@pytest.mark.parametrize("price", [None, -1, 101, 5.5, "5", True])
def test_a_price_that_is_not_a_whole_number_in_the_range_is_refused(here: World, price: object) -> None:
    (buyer, *_), _ = traders(here)
    assert order(buyer, price) == 422
    assert due(buyer)["kind"] == "live"


def test_the_files_have_at_most_90_lines() -> None:
    files = [*FOLDER.glob("*.py"), *FOLDER.glob("pages/*"), *FOLDER.glob("static/*.js")]
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    assert len(lines) <= 90
