"""A participant's data are erased: nothing that identifies them is left in the store, on every engine.

What was chosen, the design's counts and the ledger stay, and the same worker isn't paid twice.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.errors import Forbidden, InvalidState
from chalicelib.operations.management import erased_contents
from chalicelib.operations.management.erase_participant import erase_participant
from chalicelib.operations.participant.create_participant import create_participant
from chalicelib.operations.participant.eligibility import check_eligibility
from chalicelib.operations.participant.entry_verification import EntryRequest
from chalicelib.operations.participant.notifications import record_notification
from chalicelib.operations.payment.operator_actions import PaymentFilter, list_payment_queries, list_payments
from chalicelib.operations.shared.context import OPERATOR_CALLER
from chalicelib.storage.engine import Engine
from petri.study import Chat, Embed, End, Form, Group, Study, choice, likert, text
from tests.contract.factories import ANY_CALLER, dump
from tests.study.contract.players import Player, Seat, Table

#: What identifies the participant, each word in another place.
SECRETS = ("worker-ada", "assignment-ada", "print-ada", "Ada-entry", "Ada-note", "Ada-other", "Ada-chat")
SECRETS += ("Ada-trial", "Ada-kept")


class Talk(Study):
    """A form, a task in a frame, and a chat of two, whose answers are passed on."""

    note = text("Who are you?")
    fruit = choice("Fruit?", ["apple", "pear"], other=True)
    mood = likert("Fine?", points=5)
    timeline = (
        Form("about", ask=["note", "fruit", "mood"]),
        Embed("task.html", trials=True),
        Group(2),
        Chat(can_leave=True),
        End(),
    )

    def page_answered(self, player, page):
        if page == "about":
            player.keep(name=f"{player.note[:3]}-kept", score=7)


def enter(table: Table, name: str) -> Player:
    more = {"clue": f"{name.title()}-entry"}
    entry = EntryRequest(
        f"worker-{name}", "hit", f"assignment-{name}", fingerprint_hash=f"print-{name}", more=more
    )
    created = table.app.run(create_participant, entry, caller=ANY_CALLER)
    table.players.append(Player(table.app, int(created["participant"]["id"])))
    return table.players[-1]


def played(seat_players: Seat, engine: Engine, **settings: Any) -> Table:
    """Let two participants go through the study; the first has written all that identifies them."""
    table = seat_players(engine, Talk, **settings)
    for name in ("ada", "bob"):
        player = enter(table, name)
        player.get()
        player.post(
            note=f"{name.title()}-note", fruit={"key": "other", "text": f"{name.title()}-other"}, mood=4
        )
        trials = [
            {"rt": 512, "response": f"{name.title()}-trial", "nested": {"said": f"{name.title()}-trial"}}
        ]
        player.last = player._requests().post_page(
            player.last["serial"], {"first": 0, "trials": trials, "done": True}, None, None, is_timeout=False
        )
    table.work()
    for player, name in zip(table.players, ("Ada", "Bob"), strict=True):
        assert player.get()["page"] == "chat"
        player.send({"text": f"{name}-chat"})
    for player in table.players:
        player.get()
        player.post()
    table.work()
    return table


def submitted(table: Table) -> Table:
    """Let the recruiter report the submissions, so that both are paid."""
    for name in ("ada", "bob"):
        table.app.run(
            record_notification, "AssignmentSubmitted", f"assignment-{name}", None, caller=OPERATOR_CALLER
        )
    table.work()
    return table


def stored_words(engine: Engine, words: tuple[str, ...]) -> list[str]:
    stored = json.dumps([{**item, "key": key} for key, item in dump(engine).items()], default=str)
    return [word for word in words if word in stored]


def erase(table: Table, participant_id: int = 1) -> Any:
    erased = table.app.run(erase_participant, participant_id, caller=OPERATOR_CALLER)
    table.work()
    return erased


def test_nothing_that_identifies_an_erased_participant_is_left_and_counts_and_ledger_stay(
    engine: Engine, seat_players: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    # More than one commit.
    monkeypatch.setattr(erased_contents, "MAX_CHANGED", 1)
    table = submitted(played(seat_players, engine))
    assert stored_words(engine, SECRETS) == list(SECRETS)
    kept = ("response", "trial_batch", "live_row", "payment", "node", "study_group", "place")
    before = {kind: len(table.items(kind)) for kind in kept}
    paid = table.payments()
    assert erase(table).others == ()
    assert stored_words(engine, SECRETS) == []
    assert {kind: len(table.items(kind)) for kind in kept} == before
    assert table.payments() == paid
    first = next(item for item in table.items("response") if item["participant_id"] == 1)
    answers = {entry["item"]: entry["answer"] for entry in first["answers"]}
    assert answers == {"note": None, "fruit": {"key": "other", "text": ""}, "mood": 4}
    (batch,) = [item for item in table.items("trial_batch") if item["participant_id"] == 1]
    assert (batch["trials"][0]["rt_ms"], batch["trials"][0]["data"]["response"]) == (512, None)
    assert table.place(table.players[0])["kept"] == {"name": None, "score": 7}
    # The other participant's data are untouched.
    bobs = tuple(word.replace("ada", "bob").replace("Ada", "Bob") for word in SECRETS)
    assert stored_words(engine, bobs) == list(bobs)


def test_an_erased_worker_is_neither_seated_nor_paid_again(engine: Engine, seat_players: Seat) -> None:
    table = submitted(played(seat_players, engine))
    erase(table)
    asked = table.app.run(check_eligibility, "worker-ada", "assignment-new", "hit", "", caller=ANY_CALLER)
    assert asked == {"may": False, "reason": "repeat_worker"}
    with pytest.raises(Forbidden, match="taken part in this study already"):
        enter(table, "ada")
    table.app.run(record_notification, "AssignmentSubmitted", "assignment-ada", None, caller=OPERATOR_CALLER)
    table.work()
    assert stored_words(engine, SECRETS) == []
    assert table.payments() == {1: ["base"], 2: ["base"]}


def test_an_erased_assignment_cannot_be_used_again_where_workers_may_repeat(
    sqlite: Engine, seat_players: Seat
) -> None:
    table = submitted(played(seat_players, sqlite, allow_repeat_worker_ids=True))
    erase(table)
    with pytest.raises(Forbidden, match="submitted already"):
        enter(table, "ada")


def test_a_participant_who_takes_part_or_is_owed_money_is_not_erased(
    sqlite: Engine, seat_players: Seat
) -> None:
    table = seat_players(sqlite, Talk, 1)
    table.players[0].get()
    with pytest.raises(InvalidState, match="still taking part"):
        erase(table)


def test_payments_of_an_erased_participant_are_listed_and_not_looked_up_at_the_recruiter(
    sqlite: Engine, seat_players: Seat
) -> None:
    table = submitted(played(seat_players, sqlite))
    erase(table)
    listed = table.app.run(list_payments, PaymentFilter(), caller=OPERATOR_CALLER)
    asked = table.app.run(list_payment_queries, PaymentFilter(), caller=OPERATOR_CALLER)
    assert [entry.participant_id for entry in listed] == [1, 2]
    assert [query.entry.participant_id for query in asked] == [2]


def test_erasing_again_changes_nothing(sqlite: Engine, seat_players: Seat) -> None:
    table = submitted(played(seat_players, sqlite))
    first = erase(table)
    before = {key: {**item, "v": 0} for key, item in dump(sqlite).items()}
    assert erase(table) == first
    assert {key: {**item, "v": 0} for key, item in dump(sqlite).items()} == before
