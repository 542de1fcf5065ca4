"""Each route of the contract, with a request that succeeds for a permitted caller."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.web.conftest import Scene
from tests.web.world import Said

PUBLIC, OWN, OPERATOR, SIGNED = "public", "own", "operator", "signed by a vendor"


@dataclass(frozen=True)
class Request:
    """One request; `{one}`, `{node}` ... stand for ids of the scene."""

    who: str
    method: str
    path: str
    fields: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def answers_with_page(self) -> bool:
        """Whether a refusal is a page: the form with what is wrong."""
        is_join = (self.method, self.path) in {("POST", "/join"), ("POST", "/join/class")}
        is_fee = self.path == "/join/fee"
        return is_join or is_fee or (self.path.startswith("/join/lti/") and not self.path.endswith("/keys"))

    def send(self, scene: Scene, token: str | None, **how: Any) -> Said:
        """Make the request of a scene's participant `one`, with a token."""
        ids = {
            "one": scene.one.id,
            "node": scene.node,
            "other_node": scene.other_node,
            "info": scene.info,
        }
        path = self.path.format(**ids)
        fields = {name: value.format(**ids) for name, value in self.fields.items()}
        ask = scene.here.get if self.method == "GET" else scene.here.post
        return ask(path, fields, token=token, **how)


ABOUT_ONE = {"participant_id": "{one}"}
NEWCOMER = {"workerId": "new", "hitId": "h1", "assignmentId": "new", "mode": "debug"}
REPORT = {"Event.1.EventType": "AssignmentAccepted", "Event.1.AssignmentId": "a1"}

REQUESTS = [
    Request(PUBLIC, "GET", "/may-take-part", {"workerId": "n", "hitId": "h", "assignmentId": "n"}),
    Request(PUBLIC, "POST", "/participant", NEWCOMER),
    Request(PUBLIC, "POST", "/participant/new/h1/new/debug"),
    Request(PUBLIC, "POST", "/load-participant", {"assignment_id": "a2", "worker_id": "w2"}),
    Request(PUBLIC, "GET", "/experiment/seats"),
    Request(PUBLIC, "GET", "/experiment_property/seats"),
    Request(PUBLIC, "GET", "/summary"),
    Request(PUBLIC, "GET", "/ad_address/debug/h1"),
    Request(PUBLIC, "POST", "/handle-error", {"error_feedback": "It broke."}),
    Request(
        PUBLIC,
        "POST",
        "/prolific-submission-listener",
        {"participantId": "{one}", "assignmentId": "a1"},
    ),
    Request(PUBLIC, "GET", "/join"),
    Request(SIGNED, "POST", "/join", {"pin": "000000", "name": "Ada"}),
    Request(PUBLIC, "GET", "/join/class"),
    Request(SIGNED, "POST", "/join/class", {"code": "AAAAAAAA", "name": "Ada"}),
    Request(SIGNED, "GET", "/join/remote/1-forged"),
    Request(SIGNED, "GET", "/join/result/1-9999999999-forged"),
    Request(SIGNED, "POST", "/join/remote/1-forged", {"action": "next", "shown": "0"}),
    Request(SIGNED, "GET", "/join/fee", {"seat": "class-1-x", "key": "forged"}),
    Request(SIGNED, "POST", "/join/fee", {"seat": "class-1-x", "key": "forged"}),
    Request(SIGNED, "POST", "/join/fee/stripe"),
    Request(SIGNED, "GET", "/join/lti/moodle/login"),
    Request(SIGNED, "POST", "/join/lti/moodle/login"),
    Request(SIGNED, "POST", "/join/lti/moodle/launch"),
    Request(SIGNED, "GET", "/join/lti/moodle/keys"),
    Request(SIGNED, "GET", "/page/reminders", {"participant": "{one}", "key": "forged"}),
    Request(SIGNED, "POST", "/page/reminders", {"participant": "{one}", "key": "forged"}),
    Request(SIGNED, "GET", "/mturk-sns-listener"),
    Request(SIGNED, "POST", "/mturk-sns-listener"),
    Request(OWN, "GET", "/participant/{one}"),
    Request(OWN, "GET", "/participant/{one}/messages"),
    Request(OWN, "POST", "/participant/{one}/messages", {"id": "1", "closed": "true"}),
    Request(OWN, "POST", "/question/{one}", {"question": "q", "response": "r", "number": "1"}),
    Request(OWN, "GET", "/worker_complete", ABOUT_ONE),
    Request(OWN, "POST", "/worker_complete", ABOUT_ONE),
    Request(OWN, "GET", "/worker_failed", ABOUT_ONE),
    Request(OWN, "POST", "/worker_failed", ABOUT_ONE),
    Request(OWN, "POST", "/withdraw", ABOUT_ONE),
    Request(OWN, "GET", "/recruiter-exit/{one}"),
    Request(OWN, "GET", "/waiting-room/{one}"),
    Request(OWN, "POST", "/node/{one}"),
    Request(OWN, "GET", "/node/{node}/neighbors"),
    Request(OWN, "GET", "/node/{node}/vectors"),
    Request(OWN, "POST", "/node/{node}/connect/{other_node}"),
    Request(OWN, "GET", "/node/{node}/infos"),
    Request(OWN, "GET", "/node/{node}/received_infos"),
    Request(OWN, "GET", "/node/{node}/transmissions"),
    Request(OWN, "POST", "/node/{node}/transmit"),
    Request(OWN, "GET", "/node/{node}/transformations"),
    Request(OWN, "POST", "/info/{node}", {"contents": "words"}),
    Request(OWN, "GET", "/info/{node}/{info}"),
    Request(OWN, "POST", "/transformation/{node}/{info}/{info}"),
    Request(OWN, "POST", "/tracking_event/{node}", {"details": '{{"key": "x"}}'}),
    Request(OWN, "GET", "/network/1"),
    Request(OPERATOR, "POST", "/launch"),
    Request(OPERATOR, "GET", "/notifications", REPORT),
    Request(OPERATOR, "POST", "/notifications", REPORT),
]
