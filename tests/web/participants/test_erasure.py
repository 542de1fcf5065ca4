"""An erased participant of a classic experiment: infos, their copies at receivers, and questionnaires."""

from __future__ import annotations

import json

import pytest

from chalicelib.errors import InvalidState
from chalicelib.model.statuses import ParticipantStatus, PaymentStatus
from chalicelib.operations.management.erase_participant import erase_participant
from chalicelib.operations.shared.context import OPERATOR_CALLER, Context
from tests.web.conftest import Scene
from tests.web.world import OPERATOR_TOKEN


def submit(scene: Scene) -> None:
    scene.one.finish()
    fields = {"Event.1.EventType": "AssignmentSubmitted", "Event.1.AssignmentId": scene.one.assignment_id}
    assert scene.here.post("/notifications", fields, token=OPERATOR_TOKEN).status == 200
    scene.here.work()


def erase(scene: Scene) -> None:
    scene.here.app.run(erase_participant, scene.one.id, caller=OPERATOR_CALLER)
    scene.here.work()


def test_what_an_erased_participant_wrote_is_gone_at_the_receivers_too(scene: Scene) -> None:
    scene.one.post(f"/node/{scene.node}/transmit", {"what": scene.info, "to_whom": scene.other_node})
    incoming = {"direction": "incoming", "status": "pending"}
    assert scene.other.get(f"/node/{scene.other_node}/transmissions", incoming).status == 200
    question = {"question": "about you", "number": 1, "response": "I am Ada"}
    assert scene.one.post(f"/question/{scene.one.id}", question).status == 200
    submit(scene)
    assert len(scene.here.items("transmission")) == 1
    erase(scene)
    stored = json.dumps(scene.here.items(), default=str)
    assert [word for word in ("hello", "I am Ada", scene.one.assignment_id) if f'"{word}"' in stored] == []
    received = scene.other.get(f"/node/{scene.other_node}/received_infos")["infos"]
    assert [info["contents"] for info in received] == [""]
    assert scene.one.get(f"/node/{scene.node}/infos").status == 401


def test_the_api_erases_the_ids_the_notes_and_the_messages_of_a_participant(scene: Scene) -> None:
    submit(scene)
    one = f"/api/v1/participants/{scene.one.id}"
    note = {"text": "Ada wrote to us"}
    for to in (f"{scene.one.id}", f"{scene.one.id},{scene.other.id}"):
        message = {"text": f"Dear Ada, {len(to)}", "to": to}
        assert scene.here.post_json("/api/v1/messages", message, token=OPERATOR_TOKEN).status == 200
    assert scene.here.post_json(f"{one}/note", note, token=OPERATOR_TOKEN).status == 200
    said = scene.here.post_json(f"{one}/erase", {}, token=OPERATOR_TOKEN)
    scene.here.work()
    assert (said.status, said["worker_id"].partition("-")[0]) == (200, "erased")
    assert [item["text"] for item in scene.here.items("note")] == ["[erased]"]
    # A message to others too stays for them.
    assert [item["text"] for item in scene.here.items("run_message")] == ["[erased]", "Dear Ada, 3"]
    assert scene.here.owed(scene.one) == {"base": "1.50"}


@pytest.mark.parametrize("status", [PaymentStatus.REFUSED, PaymentStatus.HELD])
def test_a_participant_to_whom_money_is_owed_is_not_erased(scene: Scene, status: PaymentStatus) -> None:
    submit(scene)

    def stop(ctx: Context) -> None:
        payment = ctx.uow.payment(scene.one.id, "base")
        assert payment is not None
        payment.status = status.value

    scene.here.app.run(stop)
    with scene.here.unchanged(), pytest.raises(InvalidState, match="is sent to their worker id"):
        erase(scene)


def test_a_participant_whose_submission_is_not_judged_is_not_erased(scene: Scene) -> None:
    def wait(ctx: Context) -> None:
        ctx.uow.participant(scene.one.id).change_status(ParticipantStatus.SUBMITTED)

    scene.one.finish()
    scene.here.app.run(wait)
    with pytest.raises(InvalidState, match="pay isn't decided"):
        erase(scene)
