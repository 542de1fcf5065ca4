"""The payment and recruitment commands, as an operator types them."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chalicelib.model.statuses import ParticipantStatus
from chalicelib.operations.participant.submission import process_submission
from chalicelib.operations.schedule import dead_letters
from chalicelib.operations.shared.context import Context
from chalicelib.ports import Message
from infra.cli.main import app
from tests.unit.operator.runs import RUN, Scene, make_run, put_payment

Say = Callable[..., str]


@pytest.fixture
def petri(monkeypatch: pytest.MonkeyPatch) -> Say:
    """Runs a command and returns its output; fails if the command fails."""
    monkeypatch.setenv("COLUMNS", "200")
    # A command has its own process, in which the request log hasn't been configured.
    monkeypatch.setattr(logging.getLogger("petri"), "handlers", [])

    def say(*words: str, fails: bool = False) -> str:
        result = CliRunner().invoke(app, list(words))
        assert (result.exit_code == 1) is fails, result.output
        return result.output

    return say


@pytest.fixture
def ledger(scene: Scene) -> Scene:
    """A run with a payment of each status that isn't settled, and a paid one."""
    held, refused, due = (2, "bonus", "held"), (2, "base", "refused"), (1, "bonus", "due")
    for who, kind, status in (held, refused, due, (1, "base", "paid")):
        scene.run(put_payment, who, kind, Decimal("1.25"), status)
    return scene


def test_a_participant_is_erased_by_their_number(scene: Scene, petri: Say) -> None:
    assert "still taking part" in petri("erase", "1", fails=True)
    scene.run(end_participation_of, 1)
    assert "The ids of participant 1 were erased" in petri("erase", "1")
    assert ('"w1"' in "".join(scene.everything()), '"w2"' in "".join(scene.everything())) == (False, True)


def end_participation_of(ctx: Context, participant_id: int) -> None:
    ctx.uow.participant(participant_id).change_status(ParticipantStatus.RETURNED)


# -- payments ---------------------------------------------------------------------------------------


def test_payments_are_listed_with_who_what_and_how_far(ledger: Scene, petri: Say) -> None:
    said = petri("payments")
    assert "4 payments, total $5.00" in said
    assert all(word in said for word in ("held", "refused", "due", "paid", "bonus", "base", "$1.25"))


def test_worker_ids_are_shown_only_when_asked_for(ledger: Scene, petri: Say) -> None:
    assert ("w1" in petri("payments"), "w1" in petri("payments", "--show-workers")) == (False, True)


@pytest.mark.parametrize(
    ("words", "count"),
    [
        (("--participant", "1"), 2),
        (("--kind", "base"), 2),
        (("--status", "held"), 1),
        (("--status", "held", "--kind", "base"), 0),
    ],
)
def test_payments_are_filtered(ledger: Scene, petri: Say, words: tuple[str, ...], count: int) -> None:
    assert f"{count} payment{'' if count == 1 else 's'}, total" in petri("payments", "list", *words)


def test_the_pay_of_a_later_session_is_selected_by_its_kind(ledger: Scene, petri: Say) -> None:
    ledger.run(put_payment, 1, "visit-2", Decimal("2.00"), "refused")
    assert "1 payment, total $2.00" in petri("payments", "--kind", "visit-2")
    petri("payments", "release", "--kind", "visit-2")
    assert (ledger.payments()[1, "visit-2"], ledger.payments()[2, "base"]) == (
        ("2.00", "paid"),
        ("1.25", "refused"),
    )


def test_payments_of_an_unknown_participant_are_an_error(ledger: Scene, petri: Say) -> None:
    assert "no participant 9" in petri("payments", "--participant", "9", fails=True)


def test_a_stuck_payment_is_sent_again(ledger: Scene, petri: Say) -> None:
    petri("payments", "retry")
    assert ledger.payments()[1, "bonus"] == ("1.25", "paid")


def test_retrying_leaves_held_and_refused_ones_alone(ledger: Scene, petri: Say) -> None:
    petri("payments", "retry")
    assert {status for _, status in ledger.payments().values()} == {"paid", "held", "refused"}


@pytest.mark.parametrize("status", ["held", "refused"])
def test_held_and_refused_payments_are_released(ledger: Scene, petri: Say, status: str) -> None:
    petri("payments", "release", "--status", status)
    assert status not in {status for _, status in ledger.payments().values()}


def test_releasing_needs_to_know_which(ledger: Scene, petri: Say) -> None:
    assert "release requires a filter" in petri("payments", "release", fails=True)


def test_recruiters_without_payment_records_are_not_compared(ledger: Scene, petri: Say) -> None:
    assert "4 payments skipped: their recruiters keep no payment records" in petri("payments", "reconcile")


@pytest.mark.parametrize("action", ["retry", "release", "reconcile"])
def test_a_dry_run_over_payments_changes_nothing(ledger: Scene, petri: Say, action: str) -> None:
    before = ledger.everything()
    petri("payments", action, "--participant", "2", "--dry-run")
    assert ledger.everything() == before


# -- dead letters -----------------------------------------------------------------------------------


def bury(scene: Scene) -> None:
    """Create a dead letter: a submission that was never processed."""
    with scene.app() as run:
        message = Message(("due#0", "x"), {"kind": "submitted", "participant_id": 1})
        run.run(lambda ctx: dead_letters.move_to_dead_letters(ctx, message, "LookupError: a fault"))


def letter_id(scene: Scene) -> str:
    (letter,) = scene.run(dead_letters.list_dead_letters)
    return str(letter["id"])


def test_dead_letters_are_listed_with_why_they_died(scene: Scene, petri: Say) -> None:
    bury(scene)
    said = petri("dead-letters")
    assert all(word in said for word in (letter_id(scene), "process_submission", "LookupError: a fault"))


def test_an_empty_list_of_dead_letters_is_reported(scene: Scene, petri: Say) -> None:
    assert petri("dead-letters") == "No dead letters.\n"


@pytest.mark.parametrize("how", ["by id", "--all"])
def test_a_replayed_message_is_processed(scene: Scene, petri: Say, how: str) -> None:
    bury(scene)
    petri("dead-letters", "replay", letter_id(scene) if how == "by id" else how)
    assert scene.payments()[1, "base"] == ("1.00", "paid")


def test_a_replayed_message_leaves_the_dead_letters(scene: Scene, petri: Say) -> None:
    bury(scene)
    petri("dead-letters", "replay", "--all")
    assert scene.run(dead_letters.list_dead_letters) == []


@pytest.mark.parametrize("words", [(), ("some-id", "--all"), ("unknown",)])
def test_replaying_needs_to_know_what(scene: Scene, petri: Say, words: tuple[str, ...]) -> None:
    petri("dead-letters", "replay", *words, fails=True)


def test_a_dry_run_replays_nothing(scene: Scene, petri: Say) -> None:
    bury(scene)
    before = scene.everything()
    assert "Would replay" in petri("dead-letters", "replay", "--all", "--dry-run")
    assert scene.everything() == before


# -- recruiting -------------------------------------------------------------------------------------


def test_recruiting_opens_no_more_places_than_seats_are_free(scene: Scene, petri: Say) -> None:
    said = petri("recruit", "5")
    assert "Opened 1 place with hotair." in said
    assert "already open: 1. Use --force to open more." in said


def test_forced_recruiting_opens_as_many_as_are_asked_for(scene: Scene, petri: Say) -> None:
    assert petri("recruit", "5", "--force").count("New participant requested") == 5


def test_links_lead_to_where_the_run_was_served_last(scene: Scene, petri: Say) -> None:
    scene.places.announce(RUN, "http://127.0.0.1:6123").unlink()
    assert "New participant requested: http://127.0.0.1:6123/ad?" in petri("recruit", "1")


def test_links_of_a_run_that_is_not_served_come_with_how_to_serve_it(scene: Scene, petri: Say) -> None:
    scene.places.announce(RUN, "http://127.0.0.1:6123").unlink()
    said = petri("recruit", "1")
    assert f"while the run is served: petri debug {scene.root / 'study'} --id {RUN} --port 6123" in said


def test_links_of_a_run_that_was_never_served_have_the_port_of_its_settings(scene: Scene, petri: Say) -> None:
    assert "New participant requested: http://127.0.0.1:5000/ad?" in petri("recruit", "1")


def test_a_dry_run_opens_no_places(scene: Scene, petri: Say) -> None:
    before = scene.everything()
    assert "Would open 1 place with hotair." in petri("recruit", "5", "--dry-run")
    assert scene.everything() == before


def test_a_dry_run_starts_no_budget_record_of_a_capped_run(tmp_path: Path, petri: Say) -> None:
    (tmp_path / "capped").mkdir()
    scene = make_run(tmp_path / "capped", hard_cap=100)
    with contextlib.chdir(scene.root):
        before = scene.everything()
        petri("recruit", "5", "--dry-run")
    assert scene.everything() == before


def test_closing_lasts_until_the_operator_recruits(scene: Scene, petri: Say) -> None:
    petri("close-recruitment")
    closed = scene.state()
    petri("recruit", "1")
    now = scene.state()
    assert (closed["closed_by_operator"], "closed" in closed) == (True, True)
    assert {"closed_by_operator", "closed"} & set(now) == set()


def test_closing_again_says_so(scene: Scene, petri: Say) -> None:
    petri("close-recruitment")
    assert "already closed" in petri("close-recruitment")


def test_a_dry_run_closes_nothing(scene: Scene, petri: Say) -> None:
    before = scene.everything()
    petri("close-recruitment", "--dry-run")
    assert scene.everything() == before


# -- compensation -----------------------------------------------------------------------------------

COMPENSATE = ("compensate", "--worker_id", "w1", "--dollars", "2.5")


def test_a_worker_is_compensated_through_the_ledger(scene: Scene, petri: Say) -> None:
    petri(*COMPENSATE)
    assert scene.payments() == {(1, "compensation"): ("2.50", "paid")}


def test_a_second_compensation_is_refused(scene: Scene, petri: Say) -> None:
    petri(*COMPENSATE)
    assert "already" in petri(*COMPENSATE, fails=True)


def test_a_compensated_participant_still_gets_what_else_is_owed(scene: Scene, petri: Say) -> None:
    petri(*COMPENSATE)
    scene.run(process_submission, 1)
    assert set(scene.payments()) == {(1, "compensation"), (1, "base")}


def test_an_unknown_worker_is_not_compensated(scene: Scene, petri: Say) -> None:
    said = petri("compensate", "--worker_id", "nobody", "--dollars", "2", fails=True)
    assert "take part in this run" in said


@pytest.mark.parametrize("dollars", ["0", "-1", "nan", "a lot", "99999", "0.001"])
def test_a_compensation_is_a_sum_of_money(scene: Scene, petri: Say, dollars: str) -> None:
    before = scene.everything()
    petri("compensate", "--worker_id", "w1", "--dollars", dollars, fails=True)
    assert scene.everything() == before


def test_a_dry_run_pays_no_compensation(scene: Scene, petri: Say) -> None:
    before = scene.everything()
    assert "Would pay $2.50 to participant 1" in petri(*COMPENSATE, "--dry-run")
    assert scene.everything() == before


def test_in_debug_mode_the_letter_to_the_worker_is_shown(scene: Scene, petri: Say) -> None:
    said = petri(*COMPENSATE, "--email", "worker@example.org")
    assert "worker@example.org would receive: Compensation for your time: you are paid $2.50." in said


def test_an_invalid_email_address_is_refused_before_money_moves(scene: Scene, petri: Say) -> None:
    petri(*COMPENSATE, "--email", "nowhere", fails=True)
    assert scene.payments() == {}
