"""Messages to JSON and back, and the bodies that earlier versions recorded."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

import chalicelib
from chalicelib.errors import PetriError
from chalicelib.messages import (
    Autoplay,
    BroadcastCounts,
    CarryOutRecruitment,
    ChannelMessage,
    CheckDeadline,
    CheckDisconnected,
    CheckListing,
    ClearAssignment,
    CloseRecruitment,
    CloseVisit,
    ControlEvent,
    EndGroup,
    EndLiveSessions,
    EnforceTimeLimit,
    EraseContents,
    FailRecords,
    FollowHost,
    FollowUp,
    FormGroups,
    FormRooms,
    FreezeLiveResult,
    GrantQualifications,
    KeepUpload,
    MailMemberLink,
    MalformedMessage,
    MessageBody,
    MoveMembers,
    NotifyOperator,
    OpenPlaces,
    PayVisit,
    PollAssignment,
    PostMore,
    ProcessSubmission,
    Publish,
    RecordReturn,
    RecordTaskCompletion,
    RecruiterDelivery,
    RecruiterNotification,
    RejectOverflow,
    ReleaseSeat,
    RemoveAsset,
    RemoveExportFiles,
    RemovePackages,
    ReviewSubmission,
    RingDashboards,
    RingDoorbell,
    RunTimer,
    SealAuditLog,
    SendClassScores,
    SendMemberScore,
    SendOpeningState,
    SendPayment,
    SendReminder,
    SendRoomState,
    SendToParticipants,
    StartReplacementBot,
    WaitingTimeout,
    WriteExportPart,
    former_kinds,
    from_body,
    kind_of,
    message_types,
    to_body,
)
from chalicelib.messages.codec import message_type
from chalicelib.workers import handler_registry, queue_consumer

MOMENT = "2026-11-28T09:00:00.000000Z"
QUORUM = {"q": 3, "n": 3, "overrecruited": False, "room": 1}
SOCKET = {"class": "socket", "id": "c1", "participant_id": 7}
EVENT = {"type": "channel", "event": "subscribed", "channel": "talk", "client": SOCKET}
ENVELOPE = {"Type": "Notification", "TopicArn": "arn:aws:sns:eu-west-1:123456789012:t", "Message": "{}"}

#: Bodies as version 1 recorded them, one or more of each kind, and the messages that they are.
RECORDED: list[tuple[dict[str, Any], MessageBody]] = [
    ({"kind": "report", "envelope": ENVELOPE}, RecruiterDelivery(ENVELOPE)),
    ({"kind": "submitted", "participant_id": 7}, ProcessSubmission(7)),
    ({"kind": "task_completed", "participant_id": 7}, RecordTaskCompletion(7)),
    ({"kind": "gave_up", "participant_id": 7}, RecordReturn(7)),
    (
        {
            "kind": "notification",
            "event_type": "AssignmentSubmitted",
            "assignment_id": "A1",
            "participant_id": None,
            "recruiter": "mturk",
            "hit_id": "H1",
            "at": MOMENT,
        },
        RecruiterNotification("AssignmentSubmitted", "A1", None, "mturk", "H1", MOMENT),
    ),
    (
        {
            "kind": "notification",
            "event_type": "NotificationMissing",
            "assignment_id": "",
            "participant_id": 7,
            "recruiter": None,
            "hit_id": "",
            "at": None,
        },
        RecruiterNotification("NotificationMissing", "", 7),
    ),
    (
        {
            "kind": "notification",
            "event_type": "AssignmentReturned",
            "assignment_id": "A1",
            "participant_id": 7,
        },
        RecruiterNotification("AssignmentReturned", "A1", 7),
    ),
    ({"kind": "judge", "participant_id": 7}, ReviewSubmission(7)),
    (
        {"kind": "follow_up", "participant_id": 7, "hook": "submission_successful"},
        FollowUp(7, "submission_successful"),
    ),
    (
        {"kind": "fail_records", "failures": [["Node", 700001, "left"], ["Info", 70000100001, None]]},
        FailRecords((("Node", 700001, "left"), ("Info", 70000100001, None))),
    ),
    ({"kind": "deadline", "participant_id": 7}, CheckDeadline(7)),
    ({"kind": "fate", "participant_id": 7}, PollAssignment(7)),
    ({"kind": "erase_contents", "participant_id": 7}, EraseContents(7)),
    ({"kind": "clear_assignment", "class_number": 3, "assignment": 2}, ClearAssignment(3, 2)),
    ({"kind": "keep_upload", "reference": "7/3-ab.png"}, KeepUpload("7/3-ab.png")),
    ({"kind": "offer", "recruiter": "mturk", "hit_id": "H1"}, CheckListing("mturk", "H1")),
    (
        {"kind": "offer", "recruiter": "mturk", "hit_id": "H1", "event_type": "HITExpired"},
        CheckListing("mturk", "H1", "HITExpired"),
    ),
    ({"kind": "qualify", "participant_id": 7}, GrantQualifications(7)),
    (
        {"kind": "recruiting", "wishes": [["recruit", 1], ["close", 0]]},
        CarryOutRecruitment((("recruit", 1), ("close", 0))),
    ),
    (
        {"kind": "open_places", "recruiter": "mturk", "n": 2, "token": "run-open-1"},
        OpenPlaces("mturk", 2, "run-open-1"),
    ),
    ({"kind": "stop_recruiter", "recruiter": "mturk"}, CloseRecruitment("mturk")),
    ({"kind": "pay", "participant_id": 7, "payment": "base"}, SendPayment(7, "base")),
    (
        {"kind": "pay", "participant_id": 7, "payment": "bonus", "recruiter": "mturk"},
        SendPayment(7, "bonus", "mturk"),
    ),
    (
        {"kind": "tell_operator", "participant_id": None, "report": {"message": "Look."}},
        NotifyOperator({"message": "Look."}),
    ),
    (
        {
            "kind": "tell_operator",
            "participant_id": 7,
            "report": {"error_text": "It broke."},
            "is_quoted": True,
            "is_last": False,
        },
        NotifyOperator({"error_text": "It broke."}, 7, is_quoted=True),
    ),
    ({"kind": "seal_audit_log"}, SealAuditLog()),
    ({"kind": "write_export_part", "export_id": "e1", "part": 3}, WriteExportPart("e1", 3)),
    ({"kind": "remove_asset", "sha256": "0f"}, RemoveAsset("0f")),
    ({"kind": "remove_packages", "entry": 4}, RemovePackages(4)),
    ({"kind": "remove_export_files", "export_id": "e1"}, RemoveExportFiles("e1")),
    ({"kind": "remove_export_files", "export_id": "e1", "keep": "a.zip"}, RemoveExportFiles("e1", "a.zip")),
    ({"kind": "group"}, FormRooms()),
    ({"kind": "announce"}, BroadcastCounts()),
    (
        {"kind": "post_more", "messages": [{"body": {"kind": "group"}, "due": None}]},
        PostMore(({"body": {"kind": "group"}, "due": None},)),
    ),
    ({"kind": "room_opened", "room": 1}, SendOpeningState(1)),
    ({"kind": "standing", "participant_id": 7}, SendRoomState(7)),
    (
        {"kind": "whisper", "participant_ids": [7], "channel": "quorum", "data": QUORUM},
        SendToParticipants((7,), "quorum", QUORUM),
    ),
    ({"kind": "publish", "channel": "talk", "data": "hello"}, Publish("talk", "hello")),
    (
        {"kind": "heard", "channel": "talk", "data": "hello", "participant_id": 7, "time": MOMENT},
        ChannelMessage("talk", "hello", 7, MOMENT),
    ),
    (
        {"kind": "heard", "channel": "talk", "data": "hello", "participant_id": None, "time": MOMENT},
        ChannelMessage("talk", "hello", None, MOMENT),
    ),
    ({"kind": "control", "events": [EVENT], "time": MOMENT}, ControlEvent((EVENT,), MOMENT)),
    ({"kind": "gone", "participant_id": 7, "since": MOMENT}, CheckDisconnected(7, MOMENT)),
    ({"kind": "waited_long", "participant_id": 7}, WaitingTimeout(7)),
    ({"kind": "one_too_many", "participant_id": 7}, RejectOverflow(7)),
    (
        {"kind": "timer", "method": "go_on", "arguments": {"round": 2, "speed": 0.5}},
        RunTimer("go_on", {"round": 2, "speed": 0.5}),
    ),
    ({"kind": "timer", "method": "go_on", "arguments": {}, "chain": 3}, RunTimer("go_on", {}, 3)),
    ({"kind": "end_group", "participant_id": 7}, EndGroup(7)),
    ({"kind": "stand_in", "participant_id": 7}, StartReplacementBot(7)),
    ({"kind": "recruit_replacement", "participant_id": 7}, StartReplacementBot(7)),
    ({"kind": "enforce_time_limit", "participant_id": 7}, EnforceTimeLimit(7)),
    ({"kind": "autoplay", "participant_id": 7}, Autoplay(7)),
    ({"kind": "release_seat", "participant_id": 7}, ReleaseSeat(7)),
    (
        {"kind": "release_seat", "participant_id": 7, "is_withdrawal": True},
        ReleaseSeat(7, is_withdrawal=True),
    ),
    ({"kind": "close_visit", "participant_id": 7, "visit": 2}, CloseVisit(7, 2)),
    ({"kind": "pay_visit", "participant_id": 7, "visit": 2}, PayVisit(7, 2)),
    (
        {"kind": "send_reminder", "participant_id": 7, "visit": 2, "way": "email", "occasion": "opening"},
        SendReminder(7, 2, "email", "opening"),
    ),
    ({"kind": "form_groups", "path": "group"}, FormGroups("group")),
    ({"kind": "move_members", "network_id": 1}, MoveMembers(1)),
    ({"kind": "ring_doorbell", "participant_ids": [7]}, RingDoorbell((7,))),
    (
        {"kind": "mail_member_link", "class_number": 3, "seat": "class-3-x"},
        MailMemberLink(3, "class-3-x"),
    ),
    ({"kind": "send_class_scores", "class_number": 3, "after": "x"}, SendClassScores(3, "x")),
    (
        {"kind": "send_member_score", "class_number": 3, "seat": "class-3-x"},
        SendMemberScore(3, "class-3-x"),
    ),
    ({"kind": "freeze_live_result", "session": 1}, FreezeLiveResult(1)),
    ({"kind": "follow_host", "session": 1, "position": 2, "after": "live-1-x"}, FollowHost(1, 2, "live-1-x")),
    ({"kind": "end_live_sessions", "after": "0000000012"}, EndLiveSessions("0000000012")),
    ({"kind": "ring_dashboards"}, RingDashboards()),
]

named = [f"{number}-{body['kind']}" for number, (body, _) in enumerate(RECORDED)]


@pytest.mark.parametrize(("body", "message"), RECORDED, ids=named)
def test_messages_of_an_earlier_version_are_understood(body: dict[str, Any], message: MessageBody) -> None:
    assert from_body(json.loads(json.dumps(body))) == message


def test_every_kind_of_the_earlier_version_is_among_the_recorded_ones() -> None:
    recorded = {body["kind"] for body, _ in RECORDED}
    assert recorded >= set(former_kinds())
    assert {kind_of({"kind": kind}) for kind in recorded} == set(message_types())


@pytest.mark.parametrize("message", [message for _, message in RECORDED], ids=named)
def test_a_message_comes_back_as_it_was_posted(message: MessageBody) -> None:
    body = json.loads(json.dumps(to_body(message)))
    assert (body["kind"], from_body(body)) == (message.kind, message)


@pytest.mark.parametrize("message", [message for _, message in RECORDED], ids=named)
def test_a_body_keeps_the_names_of_its_fields(message: MessageBody) -> None:
    assert set(to_body(message)) <= {"kind", *message.__dataclass_fields__}


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"kind": "review_submission"}, "'review_submission' has no participant_id"),
        ({"kind": "judge", "participant_id": "7"}, "participant_id must be a whole number, not '7'"),
        ({"kind": "review_submission", "participant_id": True}, "must be a whole number, not True"),
        ({"kind": "review_submission", "participant_id": 7, "why": 1}, "unknown fields: why"),
        ({"kind": "carry_out_recruitment", "requests": [["recruit"]]}, r"requests\[0\] must have 2 values"),
        ({"kind": "carry_out_recruitment", "requests": "recruit"}, "requests must be a list, not 'recruit'"),
        (
            {"kind": "run_timer", "method": "go_on", "arguments": [1]},
            r"must be an object, not \[1\]",
        ),
        (
            {"kind": "send_payment", "participant_id": 7, "payment": None},
            "must be a string, not None",
        ),
        ({"kind": "of a newer version"}, "doesn't know messages of the kind 'of a newer version'"),
        ({"participant_id": 7}, "doesn't know messages of the kind 'unknown'"),
    ],
)
def test_a_body_that_is_not_valid_is_refused_with_the_reason(body: dict[str, Any], wrong: str) -> None:
    with pytest.raises(MalformedMessage, match=wrong):
        from_body(body)


@pytest.mark.parametrize(
    ("kind", "formerly"),
    [("judge", ()), ("form_rooms", ()), ("new", "judge"), ("new", ("newer", "stand_in"))],
)
def test_two_types_cant_have_one_kind(kind: str, formerly: str | tuple[str, ...]) -> None:
    before = (dict(message_types()), dict(former_kinds()))
    with pytest.raises(PetriError, match="Two message types have the kind"):
        message_type(formerly=formerly)(type("Second", (MessageBody,), {"kind": kind}))
    assert (dict(message_types()), dict(former_kinds())) == before


def test_every_message_has_exactly_one_handler() -> None:
    assert queue_consumer.consume
    assert set(handler_registry.handlers()) == set(message_types().values())
    assert len(set(handler_registry.handlers().values())) == len(message_types())


def test_a_second_handler_is_refused() -> None:
    with pytest.raises(PetriError, match="FormRooms has a handler already"):
        handler_registry.handles(FormRooms)(lambda message: None)


def test_every_message_is_posted_by_its_class() -> None:
    made = {
        call.func.id
        for path in Path(chalicelib.__file__).parent.rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
    }
    assert {cls.__name__ for cls in message_types().values()} - made == set()


def test_no_message_is_written_as_a_dictionary() -> None:
    kinds = {*message_types(), *former_kinds()}
    written = [
        f"{path.name}:{each.lineno}"
        for path in Path(chalicelib.__file__).parent.rglob("*.py")
        for each in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(each, ast.Dict)
        for key, value in zip(each.keys, each.values, strict=True)
        if isinstance(key, ast.Constant) and key.value == "kind"
        if isinstance(value, ast.Constant) and value.value in kinds
    ]
    assert written == []
