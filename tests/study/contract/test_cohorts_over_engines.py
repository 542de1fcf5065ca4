"""A cohort of the demo of a prisoner's dilemma on every engine: each pair meets once, in the same rounds."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

from chalicelib.experiment.loader.experiment_folder import load_experiment
from chalicelib.storage.engine import Engine
from tests.study.contract.players import Player, Seat, play

FOLDER = Path(__file__).parents[3] / "demos" / "prisoners_dilemma"
#: With this seed, chance ends the five matches after a few rounds.
SEED = "99"
ROUNDS = 7


def test_a_cohort_meets_each_other_member_once_and_ends_each_match_together(
    engine: Engine, seat_players: Seat, tmp_path: Path
) -> None:
    study: Any = load_experiment(FOLDER, environ={}, home=tmp_path).experiment_class
    table = seat_players(engine, study, 6, run_seed=SEED)
    choices = random.Random(1)
    rounds: Counter[tuple[int, str]] = Counter()

    def choose(player: Player) -> dict[str, Any]:
        rounds[player.id, player.last["path"].partition("/")[0]] += 1
        return {"act": choices.choice("ab")}

    for player in table.players:
        player.get()
        player.post()
    table.work()
    play(table.players, answer=choose)
    table.work()
    groups = table.items("study_group")
    pairs = Counter(frozenset(one["participant_id"] for one in group["members"]) for group in groups)
    assert (len(pairs), set(pairs.values())) == (15, {1})
    lengths = {match: {rounds[player.id, match] for player in table.players} for _, match in rounds}
    assert (len(lengths), sum(length for (length,) in lengths.values())) == (5, ROUNDS)
    assert {item["ended"] for item in table.items("place")} == {"complete"}
    # Each round of a pair pays 64, 62 or 50 points together.
    paid = sum(int(points) for points in table.points())
    assert 50 * 3 * ROUNDS <= paid <= 64 * 3 * ROUNDS
