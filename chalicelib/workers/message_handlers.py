"""Handles each message type: calls its operation or its vendor, and deletes the message from the outbox."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from chalicelib import services
from chalicelib.errors import NotSettled, PetriError, VendorRefused
from chalicelib.log_redaction import for_operator
from chalicelib.messages import (
    BroadcastCounts,
    CarryOutRecruitment,
    ChannelMessage,
    CheckDeadline,
    CheckDisconnected,
    CheckListing,
    CloseRecruitment,
    ControlEvent,
    EndGroup,
    EraseContents,
    FailRecords,
    FollowUp,
    FormRooms,
    GrantQualifications,
    NotifyOperator,
    OpenPlaces,
    PollAssignment,
    PostMore,
    ProcessSubmission,
    Publish,
    RecordReturn,
    RecordTaskCompletion,
    RecruiterDelivery,
    RecruiterNotification,
    RejectOverflow,
    RemoveAsset,
    RemoveExportFiles,
    RemovePackages,
    ReviewSubmission,
    RingDashboards,
    RunTimer,
    SealAuditLog,
    SendOpeningState,
    SendPayment,
    SendRoomState,
    SendToParticipants,
    StartReplacementBot,
    WaitingTimeout,
    WriteExportPart,
)
from chalicelib.model.statuses import ParticipantStatus
from chalicelib.operations.network.fail_records import fail_records
from chalicelib.operations.participant import deadlines, ended_listings, notifications
from chalicelib.operations.participant import submission as finishing
from chalicelib.operations.payment import ledger
from chalicelib.operations.realtime import channels, dashboard_rings, dropouts, presence, waiting_rooms
from chalicelib.operations.recruitment import recruitment
from chalicelib.operations.schedule import outbox, timers
from chalicelib.operations.shared.context import OPERATOR_CALLER
from chalicelib.ports import RecruitmentResult, Transfer, VendorReport
from chalicelib.ports.exports import DATA_ERROR

from .handler_registry import Received, handles

logger = logging.getLogger("petri.worker")


@handles(RecruiterDelivery)
def _recruiter_delivery(message: Received[RecruiterDelivery]) -> None:
    """Store the notifications that SNS delivered into our queue, whose policy accepts only our topic.

    A submission is processed in the commit that stores it, since that calls none of the author's code. If
    that fails, the notification is stored and processed by a message of its own, like other notifications.
    """
    app = services.current()
    for report in app.recruiters.read_sns_message(message.body.envelope):
        record = partial(_record_report, report)
        if report.event_type != notifications.SUBMITTED:
            record(notifications.record_notification)
            continue
        try:
            record(notifications.take_submission)
        except PetriError:
            logger.exception("a submission couldn't be processed at once; it is stored and retried")
            record(notifications.record_notification)
    app.acknowledge(message)


def _record_report(report: VendorReport, operation: Callable[..., object]) -> None:
    services.current().run(
        operation,
        report.event_type,
        report.assignment_id,
        None,
        "mturk",
        hit_id=report.hit_id,
        at=report.at,
        caller=OPERATOR_CALLER,
    )


@handles(ProcessSubmission)
def _process_submission(message: Received[ProcessSubmission]) -> None:
    services.current().handle(message, finishing.process_submission, message.body.participant_id)


@handles(RecordTaskCompletion)
def _record_task_completion(message: Received[RecordTaskCompletion]) -> None:
    services.current().handle(message, finishing.record_task_completion, message.body.participant_id)


@handles(RecordReturn)
def _record_return(message: Received[RecordReturn]) -> None:
    participant_id = message.body.participant_id
    services.current().handle(message, finishing.record_loss, participant_id, ParticipantStatus.RETURNED)


@handles(EraseContents)
def _erase_contents(message: Received[EraseContents]) -> None:
    # Lazy import: few runs erase anything.
    from chalicelib.operations.management.erased_contents import erase_contents
    from chalicelib.operations.management.exports.export_parts import discard_exports

    app = services.current()
    while app.run(erase_contents, message.body.participant_id):
        pass
    app.handle(message, discard_exports)


@handles(WriteExportPart)
def _write_export_part(message: Received[WriteExportPart]) -> None:
    """Write a part of an export between two commits; the second one stores it, or why it failed."""
    # Lazy import: few runs are exported from the dashboard.
    from chalicelib.operations.management.exports import export_parts

    app, export_id, part = services.current(), message.body.export_id, message.body.part
    following = app.run(export_parts.begin_part, export_id, part)
    if following is None:
        app.acknowledge(message)
        return
    try:
        written = app.exports.write_part(export_id, following.options, following.state)
    except Exception as error:
        # Any error: the export shows why it failed. The texts of errors that aren't Petri's may name people.
        is_final = isinstance(error, PetriError) and error.code == DATA_ERROR
        problem = (
            str(error) if isinstance(error, PetriError) else f"An internal error ({type(error).__name__})."
        )
        if not app.run(export_parts.record_failure, export_id, part, problem, is_final=is_final):
            raise
        logger.exception("export %s failed", export_id)
        app.acknowledge(message)
        return
    if written is None:
        app.handle(message, export_parts.ask_again, export_id, part)
    else:
        app.handle(message, export_parts.finish_part, export_id, part, written)


@handles(RemoveAsset)
def _remove_asset(message: Received[RemoveAsset]) -> None:
    """Remove the file first: while the record is there, no upload of the same content is taken."""
    # Lazy import: few runs have assets.
    from chalicelib.operations.assets.removal import asset_to_remove, finish_removal

    app, sha256 = services.current(), message.body.sha256
    asset = app.run(asset_to_remove, sha256)
    if asset is not None:
        app.files.withdraw(asset.file_name)
    app.handle(message, finish_removal, sha256)


@handles(RemovePackages)
def _remove_packages(message: Received[RemovePackages]) -> None:
    """Remove the files first: their records say where they are."""
    # Lazy import: few runs have a library.
    from chalicelib.operations.study_library.entry_removal import finish_package_removal, packages_to_remove

    app, number = services.current(), message.body.entry
    packages = app.run(packages_to_remove, number)
    for package in packages:
        app.files.discard(package.file)
    app.handle(message, finish_package_removal, number, packages)


@handles(RemoveExportFiles)
def _remove_export_files(message: Received[RemoveExportFiles]) -> None:
    services.current().exports.remove(message.body.export_id, message.body.keep)
    services.current().acknowledge(message)


@handles(RecruiterNotification)
def _recruiter_notification(message: Received[RecruiterNotification]) -> None:
    body = message.body
    services.current().handle(
        message,
        notifications.handle_notification,
        body.event_type,
        body.assignment_id,
        body.participant_id,
        body.recruiter,
        body.at,
        body.hit_id,
    )


@handles(CheckListing)
def _check_listing(message: Received[CheckListing]) -> None:
    """Fetch a listing that has a notification, or whose time is up, and handle its end."""
    app = services.current()
    body = message.body
    recruiter, hit_id = body.recruiter, body.hit_id
    is_open = app.run(ended_listings.is_open, hit_id)
    listing = app.recruiters.fetch_listing(recruiter, hit_id) if is_open else None
    app.handle(message, ended_listings.handle_listing_end, recruiter, hit_id, body.event_type, listing)


@handles(ReviewSubmission)
def _review_submission(message: Received[ReviewSubmission]) -> None:
    participant_id = message.body.participant_id
    _record_task_completion_first(participant_id)
    services.current().handle(message, finishing.review_submission, participant_id)


def _record_task_completion_first(participant_id: int) -> None:
    """Call `participant_task_completed` before the review, if its own message is late.

    A failure doesn't stop the review from paying: that message retries the hook, and notifies the operator.
    """
    app = services.current()
    if not finishing.has_own(app.experiment_class, finishing.TASK_COMPLETED):
        return
    try:
        app.run(finishing.record_task_completion, participant_id)
    except Exception:
        # An author's hook may raise anything.
        logger.exception("participant_task_completed failed; the review continues without it")


@handles(FollowUp)
def _follow_up(message: Received[FollowUp]) -> None:
    body = message.body
    services.current().handle(message, finishing.follow_up, body.participant_id, body.hook)


@handles(FailRecords)
def _fail_records(message: Received[FailRecords]) -> None:
    services.current().handle(message, fail_records, message.body.failures)


@handles(GrantQualifications)
def _grant_qualifications(message: Received[GrantQualifications]) -> None:
    app = services.current()
    nickname, worker_id, names = app.run(finishing.qualifications_of, message.body.participant_id)
    for name in names:
        app.recruiters.named(nickname).qualify(worker_id, name, 1)
    app.acknowledge(message)


@handles(CarryOutRecruitment)
def _carry_out_recruitment(message: Received[CarryOutRecruitment]) -> None:
    services.current().handle(message, recruitment.apply_requests, message.body.requests)


@handles(OpenPlaces)
def _open_places(message: Received[OpenPlaces]) -> None:
    app = services.current()
    body = message.body
    simulated = app.recruiters.simulated_recruiter(body.recruiter)
    if simulated is not None:
        _log_result(simulated.recruit(body.n, body.token, {}), body.recruiter)
        app.acknowledge(message)
        return
    known = body.known if message.is_continued else None
    recruiter_state = app.run(recruitment.recruiter_state_of, body.recruiter) if known is None else known
    recruited = app.recruiters.named(body.recruiter).recruit(body.n, body.token, recruiter_state)
    _log_result(recruited, body.recruiter)
    app.handle(message, recruitment.store_recruiter_state, body.recruiter, recruited, recruiter_state)


def _log_result(result: RecruitmentResult, recruiter: str) -> None:
    """Log that a recruiter responded; its links, which contain ids and tokens, go to the operator only.

    The terminal of a local run shows them. A deployed app has none, so they are mailed as a notice.
    """
    count = len(result.addresses)
    links = f" with {count} link{'' if count == 1 else 's'}" if count else ""
    logger.info("The recruiter %s responded%s.", recruiter, links, extra=for_operator(result.message))
    app = services.current()
    if result.addresses and not app.queue.tracks_pending:
        app.mailer.tell("Links for new participants", result.message)


@handles(CloseRecruitment)
def _close_recruitment(message: Received[CloseRecruitment]) -> None:
    app = services.current()
    name = message.body.recruiter
    recruiter_state = app.run(recruitment.recruiter_state_of, name)
    closed = app.recruiters.named(name).close_recruitment(recruiter_state)
    _log_result(closed, name)
    app.handle(message, recruitment.store_recruiter_state, name, closed, recruiter_state)


@handles(SendPayment)
def _send_payment(message: Received[SendPayment]) -> None:
    app = services.current()
    whose = (message.body.participant_id, message.body.payment)
    simulated = app.recruiters.simulated_recruiter(message.body.recruiter)
    if simulated is not None:
        app.handle(message, ledger.pay_simulated, *whose, simulated.pay)
        return
    transfer = services.begun_payment(*whose) or app.run(ledger.begin_payment, *whose)
    if transfer is None:
        app.acknowledge(message)
        return
    try:
        reference = _transfer(transfer, whose)
    except VendorRefused as error:
        app.handle(message, ledger.refuse_payment, *whose, str(error))
    except NotSettled as error:
        if app.run(ledger.attempts_exhausted, *whose):
            app.run(ledger.record_unknown_outcome, *whose, str(error))
            raise
        app.handle(message, ledger.reschedule_payment, *whose, error)
    except Exception as error:
        # Any error ends the lease of the payment, and the message is retried.
        app.run(ledger.record_unknown_outcome, *whose, str(error))
        raise
    else:
        app.handle(message, ledger.settle_payment, *whose, reference)


def _transfer(transfer: Transfer, whose: tuple[int, str]) -> str:
    """Pay, unless an earlier attempt has; the result of a first call is stored before the second."""
    app = services.current()
    recruiter = app.recruiters.named(transfer.recruiter)
    if transfer.is_retry:
        found = recruiter.find_payment(transfer)
        if found is not None:
            return found
        app.run(ledger.record_resend, *whose)
    if transfer.reference is None:
        prepared = recruiter.prepare(transfer)
        if prepared is not None:
            app.run(ledger.store_reference, *whose, prepared)
            transfer = replace(transfer, reference=prepared)
    return recruiter.pay(transfer)


@handles(CheckDeadline)
def _check_deadline(message: Received[CheckDeadline]) -> None:
    """Poll the recruiter about a participant whose time is up, and apply the status."""
    participant_id = message.body.participant_id
    services.current().handle(
        message, deadlines.reconcile_expired, participant_id, _assignment_status(participant_id)
    )


@handles(PollAssignment)
def _poll_assignment(message: Received[PollAssignment]) -> None:
    """Poll the recruiter about a participant before their time is up."""
    participant_id = message.body.participant_id
    services.current().handle(
        message, deadlines.apply_assignment_status, participant_id, _assignment_status(participant_id)
    )


def _assignment_status(participant_id: int) -> str | None:
    app = services.current()
    assignment = app.run(deadlines.open_assignment, participant_id)
    if assignment is None:
        return None
    recruiter, assignment_id, recruiter_state = assignment
    return app.recruiters.named(recruiter).assignment_status(assignment_id, recruiter_state)


@handles(SealAuditLog)
def _seal_audit_log(message: Received[SealAuditLog]) -> None:
    """Store a seal, then keep it and those before it that aren't kept yet."""
    # Lazy import: few runs have an audit log, and it is sealed once in an hour.
    from chalicelib.operations.audit.seals import make_seals

    app = services.current()
    for seal in app.run(make_seals, app.seals.last_number()):
        app.seals.keep(seal)
    app.acknowledge(message)


@handles(NotifyOperator)
def _notify_operator(message: Received[NotifyOperator]) -> None:
    app = services.current()
    participant_id = message.body.participant_id
    if message.body.is_quoted:
        subject = (
            "A page reports an error"
            if participant_id is None
            else f"Participant {participant_id} met an error"
        )
        app.mailer.tell(
            subject, quoted_report(participant_id, message.body.report, is_last=message.body.is_last)
        )
    else:
        subject = (
            "Your run needs your attention"
            if participant_id is None
            else f"Participant {participant_id} met an error"
        )
        app.mailer.tell(subject, json.dumps(message.body.report, ensure_ascii=False, indent=2))
    app.acknowledge(message)


@handles(FormRooms)
def _form_rooms(message: Received[FormRooms]) -> None:
    services.current().handle(message, waiting_rooms.form_rooms)


@handles(PostMore)
def _post_more(message: Received[PostMore]) -> None:
    services.current().handle(message, outbox.post_more, message.body.messages)


@handles(BroadcastCounts)
def _broadcast_counts(message: Received[BroadcastCounts]) -> None:
    for delivery in services.current().handle(message, channels.broadcast_room_counts) or ():
        services.current().deliver(delivery)


@handles(RingDashboards)
def _ring_dashboards(message: Received[RingDashboards]) -> None:
    delivery = services.current().handle(message, dashboard_rings.ring)
    if delivery is not None:
        services.current().deliver(delivery)


@handles(SendRoomState)
def _send_room_state(message: Received[SendRoomState]) -> None:
    delivery = services.current().handle(message, channels.send_room_state, message.body.participant_id)
    if delivery is not None:
        services.current().deliver(delivery)


@handles(SendOpeningState)
def _send_opening_state(message: Received[SendOpeningState]) -> None:
    opening = services.current().handle(message, waiting_rooms.opening_state, message.body.room)
    if opening is not None:
        _send_now(*opening, "quorum")


@handles(SendToParticipants)
def _send_to_participants(message: Received[SendToParticipants]) -> None:
    body = message.body
    delivery = services.current().handle(
        message, channels.send_to, body.participant_ids, body.channel, json.dumps(body.data)
    )
    if delivery is not None:
        services.current().deliver(delivery)


def _send_now(members: list[int], state: dict[str, Any], channel: str) -> None:
    services.current().deliver(services.current().run(channels.send_to, members, channel, json.dumps(state)))


@handles(Publish)
def _publish(message: Received[Publish]) -> None:
    body = message.body
    delivery = services.current().handle(message, channels.publish, body.channel, body.data)
    if delivery is not None:
        services.current().deliver(delivery)


@handles(ChannelMessage)
def _channel_message(message: Received[ChannelMessage]) -> None:
    body = message.body
    services.current().handle(
        message, channels.deliver_to_experiment, body.channel, body.data, body.participant_id
    )


@handles(ControlEvent)
def _control_event(message: Received[ControlEvent]) -> None:
    for delivery in (
        services.current().handle(message, channels.publish_control_events, message.body.events) or ()
    ):
        services.current().deliver(delivery)


@handles(CheckDisconnected)
def _check_disconnected(message: Received[CheckDisconnected]) -> None:
    body = message.body
    services.current().handle(message, presence.check_disconnected, body.participant_id, body.since)


@handles(WaitingTimeout)
def _waiting_timeout(message: Received[WaitingTimeout]) -> None:
    services.current().handle(message, waiting_rooms.handle_waiting_timeout, message.body.participant_id)


@handles(RejectOverflow)
def _reject_overflow(message: Received[RejectOverflow]) -> None:
    services.current().handle(message, waiting_rooms.reject_overflow, message.body.participant_id)


@handles(RunTimer)
def _run_timer(message: Received[RunTimer]) -> None:
    app, body = services.current(), message.body
    chain = body.chain
    minutes = app.run(timers.minutes_over_the_limit) if chain else 0
    if minutes:
        app.handle(message, timers.postpone, body, minutes)
        return
    app.handle(message, timers.call_timer, body.method, body.arguments, chain)


@handles(EndGroup)
def _end_group(message: Received[EndGroup]) -> None:
    services.current().handle(message, dropouts.end_group, message.body.participant_id)


@handles(StartReplacementBot)
def _start_replacement_bot(message: Received[StartReplacementBot]) -> None:
    app = services.current()
    entry = app.run(dropouts.authorize_replacement_bot, message.body.participant_id)
    if entry is not None:
        app.recruiters.start_replacement_bot(entry)
    app.acknowledge(message)


def quoted_report(participant_id: int | None, report: Mapping[str, Any], *, is_last: bool) -> str:
    """Quote a participant's report for the operator, each line marked as theirs.

    A page's text comes from its sender and isn't trusted: it may imitate a notice of Petri, and make
    requests.
    """
    if participant_id is None:
        sender = "A page without a participant's token reported an error. Anyone can send such a report."
    else:
        sender = f"Participant {participant_id} reported an error."
    text = json.dumps(report, ensure_ascii=False, indent=2)
    quoted = "\n".join(f"> {line}" for line in text.splitlines())
    parts = [sender, "These are the sender's words, not Petri's:", quoted]
    if is_last:
        parts.append(
            "More reports in this hour aren't mailed. They are stored with the data, as notifications "
            "(ExperimentError)."
        )
    return "\n\n".join(parts)
