"""A page with a task in a frame: trials are stored once on every engine, whatever is sent again."""

from __future__ import annotations

from typing import Any

from chalicelib.storage.engine import Engine
from petri.study import Embed, End, Study
from tests.study.contract.players import Player, Seat

TRIALS = [{"rt": 300 + number, "correct": True, "word": f"Grüße {number}"} for number in range(5)]


class Task(Study):
    timeline = (Embed("task.html", trials=True, batch=2, same_origin=True, data={"repeat": 5}), End())


def send(player: Player, first: int, until: int, *, done: bool = False) -> dict[str, Any]:
    sent = {
        "first": first,
        "trials": TRIALS[first:until],
        "done": done,
        "answers": {"age": 31} if done else {},
    }
    player.last = player._requests().post_page(player.last["serial"], sent, None, None, is_timeout=False)
    return player.last


def test_trials_of_an_embedded_page_are_stored_once_and_a_reload_goes_on_behind_them(
    engine: Engine, seat_players: Seat
) -> None:
    table = seat_players(engine, Task, 1)
    (player,) = table.players
    shown = player.get()
    assert (shown["kind"], shown["data"]["given"], shown["data"]["same_origin"]) == (
        "embed",
        {"repeat": 5},
        True,
    )
    send(player, 0, 2)
    # The response was lost: the browser sends the trials again, with those that followed.
    send(player, 0, 4)
    shown = player.get()
    assert (shown["data"]["first"], shown["stored_trials"]) == (4, TRIALS[:4])
    assert send(player, 4, 5, done=True)["kind"] == "end"
    batches = sorted(table.items("trial_batch"), key=lambda batch: int(batch.get("first", 0)))
    stored = [trial for batch in batches for trial in batch["trials"]]
    assert [trial["number"] for trial in stored] == [1, 2, 3, 4, 5]
    assert [trial["data"] for trial in stored] == TRIALS
    (response,) = table.items("response")
    assert [(entry["item"], entry["answer"]) for entry in response["answers"]] == [("task.age", 31)]
