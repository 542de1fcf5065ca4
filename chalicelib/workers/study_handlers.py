"""Handles the messages of studies: time limits, departed members, groups, doorbells."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any, TypeVar

from chalicelib import services
from chalicelib.errors import VendorRefused, VendorUnreachable
from chalicelib.messages import (
    Autoplay,
    ClearAssignment,
    CloseVisit,
    EndLiveSessions,
    EnforceTimeLimit,
    FollowHost,
    FormGroups,
    FreezeLiveResult,
    KeepUpload,
    MailMemberLink,
    MoveMembers,
    PayVisit,
    ReleaseSeat,
    RingDoorbell,
    SendClassScores,
    SendMemberScore,
    SendReminder,
)
from chalicelib.operations.realtime import channels
from chalicelib.operations.study.flow import members, reminders, time_limits, visit_closing
from chalicelib.operations.study.groups import departures, leaving
from chalicelib.operations.study.groups.stopping import stop_part
from chalicelib.operations.study.pages.settling import MAX_STEPS, settle
from chalicelib.operations.study.shared.hook_errors import StudyCodeError
from chalicelib.operations.study.shared.study_context import Pending
from chalicelib.ports import ParticipantMail
from chalicelib.services import App, Keyed

from .handler_registry import Received, handles

#: The channel whose messages tell the pages of studies to poll.
DOORBELL = "page"
logger = logging.getLogger("petri.study")
T = TypeVar("T")


@handles(EnforceTimeLimit)
def _enforce_time_limit(message: Received[EnforceTimeLimit]) -> None:
    _settle(_go_on(message, time_limits.enforce_time_limit, message.body.participant_id))


@handles(Autoplay)
def _autoplay(message: Received[Autoplay]) -> None:
    found = _go_on(message, departures.follow_presence, message.body.participant_id)
    for pending in found or ():
        _settle(pending)


def _go_on(message: Keyed, operation: Callable[..., T], *args: Any) -> T | None:
    """Run an operation that moves participants on; where the study's code fails, their part ends with pay."""
    app = services.current()
    try:
        return app.handle(message, operation, *args)
    except StudyCodeError as error:
        logger.exception("the study's code raised an error, so the part of a participant is ended")
        app.run(stop_part, error.participant_id, str(error))
        return app.handle(message, operation, *args)


@handles(FormGroups)
def _form_groups(message: Received[FormGroups]) -> None:
    for _ in range(MAX_STEPS):
        if not settle(services.current().run, Pending(message.body.path)):
            break
    services.current().acknowledge(message)


@handles(MoveMembers)
def _move_members(message: Received[MoveMembers]) -> None:
    app, number = services.current(), message.body.network_id
    while _moved(app, number):
        pass
    app.acknowledge(message)


def _moved(app: App, network_id: int) -> bool:
    """Let members follow their group; where the study's code fails for one, stop the group, with pay."""
    try:
        return bool(app.run(members.move_members, network_id))
    except StudyCodeError as error:
        logger.exception("the study's code raised an error, so the part of a participant is ended")
        app.run(stop_part, error.participant_id, str(error))
        return True


@handles(RingDoorbell)
def _ring_doorbell(message: Received[RingDoorbell]) -> None:
    delivery = services.current().handle(
        message, channels.send_to, message.body.participant_ids, DOORBELL, json.dumps({"type": "page"})
    )
    if delivery is not None:
        services.current().deliver(delivery)


@handles(ReleaseSeat)
def _release_seat(message: Received[ReleaseSeat]) -> None:
    body = message.body
    waiting = services.current().handle(
        message, leaving.leave_study, body.participant_id, is_withdrawal=body.is_withdrawal
    )
    for pending in waiting or ():
        _settle(pending)


@handles(CloseVisit)
def _close_visit(message: Received[CloseVisit]) -> None:
    body = message.body
    waiting = _go_on(message, visit_closing.close_visit, body.participant_id, body.visit)
    for pending in waiting or ():
        _settle(pending)


@handles(PayVisit)
def _pay_visit(message: Received[PayVisit]) -> None:
    body = message.body
    services.current().handle(message, visit_closing.pay_visit, body.participant_id, body.visit)


@handles(KeepUpload)
def _keep_upload(message: Received[KeepUpload]) -> None:
    """Keep a large file; one that was erased since isn't there any more."""
    app, reference = services.current(), message.body.reference
    if app.files.find(reference) is not None:
        app.files.keep(reference)
    app.acknowledge(message)


@handles(SendReminder)
def _send_reminder(message: Received[SendReminder]) -> None:
    """Send a reminder, unless an earlier delivery has; a refusal is recorded, any other error is retried."""
    app, body = services.current(), message.body
    site = "" if app.site_url is None else app.site_url()
    reminder = app.run(reminders.begin_reminder, body, site)
    if reminder is None:
        app.acknowledge(message)
        return
    try:
        _remind(reminder)
    except VendorRefused:
        # Its text may identify the participant.
        logger.warning("a reminder to participant %s was refused", body.participant_id)
        app.handle(message, reminders.settle_reminder, body, reminders.REFUSED)
    except Exception:
        # Any error ends the lease of the reminder, and the message is retried.
        app.run(reminders.end_lease, body)
        raise
    else:
        app.handle(message, reminders.settle_reminder, body, reminders.SENT)


def _remind(reminder: reminders.Reminder) -> None:
    app = services.current()
    if reminder.address:
        app.mailer.write_to(
            ParticipantMail(
                reminder.participant_id,
                reminder.address,
                reminder.subject,
                reminder.text,
                reminder.stop_address,
            )
        )
    else:
        recruiter = app.recruiters.named(reminder.recruiter)
        recruiter.send_message(reminder.worker_id, reminder.hit_id, reminder.subject, reminder.text)


def _settle(pending: Pending | None) -> None:
    """Look at what a participant waits for now; the members of their group may go on."""
    if pending is not None:
        settle(services.current().run, pending)


@handles(FreezeLiveResult)
def _freeze_live_result(message: Received[FreezeLiveResult]) -> None:
    # Lazy import: only hosts of live sessions need their modules.
    from chalicelib.operations.live_sessions.results import freeze_result

    services.current().handle(message, freeze_result, message.body.session)


@handles(FollowHost)
def _follow_host(message: Received[FollowHost]) -> None:
    # Lazy import: only hosts of live sessions need their modules.
    from chalicelib.operations.live_sessions.following import follow_in_groups

    body = message.body
    for pending in _go_on(message, follow_in_groups, body.session, body.position, body.after) or ():
        _settle(pending)


@handles(EndLiveSessions)
def _end_live_sessions(message: Received[EndLiveSessions]) -> None:
    # Lazy import: only hosts of live sessions need their modules.
    from chalicelib.operations.live_sessions.host_actions import finish_all

    services.current().handle(message, finish_all, message.body.after)


@handles(ClearAssignment)
def _clear_assignment(message: Received[ClearAssignment]) -> None:
    # Lazy import: few studies have classes.
    from chalicelib.operations.assignments.manage_assignments import clear_assignment, rest_of_assignment

    app, body = services.current(), message.body
    for some in app.run(rest_of_assignment, body.class_number, body.assignment):
        app.run(clear_assignment, some)
    app.acknowledge(message)


@handles(SendClassScores)
def _send_class_scores(message: Received[SendClassScores]) -> None:
    # Lazy imports, here and below: few runs have learning platforms.
    from chalicelib.operations.assignments.lti_scores import post_member_scores

    services.current().handle(message, post_member_scores, message.body)


@handles(MailMemberLink)
def _mail_member_link(message: Received[MailMemberLink]) -> None:
    """Mail a link; a refusal is recorded, any other error is retried."""
    from chalicelib.operations.classes.mailing.member_mails import (
        REFUSED,
        SENT,
        member_mail_of,
        record_link_mail,
    )

    app, body = services.current(), message.body
    mail = app.run(member_mail_of, body.class_number, body.seat)
    if mail is None:
        app.acknowledge(message)
        return
    try:
        app.mailer.write_to(ParticipantMail(mail.participant_id, mail.address, mail.subject, mail.text))
    except VendorRefused:
        # Its text may identify the member.
        logger.warning("the mail with the link of a member of class %s was refused", body.class_number)
        app.handle(message, record_link_mail, body.class_number, body.seat, REFUSED)
    else:
        app.handle(message, record_link_mail, body.class_number, body.seat, SENT)


@handles(SendMemberScore)
def _send_member_score(message: Received[SendMemberScore]) -> None:
    """Send a score to a platform; a refusal is recorded, any other error is recorded and retried."""
    from chalicelib.experiment.config.lti_settings import platforms_in
    from chalicelib.identity.lti.platform_client import platform_client
    from chalicelib.identity.lti.tool_key import tool_key
    from chalicelib.operations.assignments.lti_scores import record_no_score, record_score, score_of
    from chalicelib.study.classes.study_class import ScoreStatus

    app, body = services.current(), message.body
    member = (body.class_number, body.seat)
    found = app.run(score_of, *member)
    platforms = {one.name: one for one in platforms_in(app.config)}
    if found is None:
        app.handle(message, record_no_score, *member)
        return
    if found.platform not in platforms:
        reason = f"The settings have no learning platform {found.platform!r} (lti_platforms)."
        app.handle(message, record_score, *member, found, ScoreStatus.REFUSED, reason)
        return
    platform, key = platforms[found.platform], tool_key(app.run)
    try:
        platform_client().send_score(
            platform, key, found.line_item, found.score, int(app.clock.now().timestamp())
        )
    except VendorRefused as refused:
        logger.warning("a score of class %s was refused: %s", body.class_number, refused)
        app.handle(message, record_score, *member, found, ScoreStatus.REFUSED, str(refused))
    except VendorUnreachable as error:
        app.run(record_score, *member, found, ScoreStatus.WAITING, str(error))
        raise
    else:
        app.handle(message, record_score, *member, found, ScoreStatus.SENT)
