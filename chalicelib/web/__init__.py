"""The HTTP doors: a file is named after the first segment of its URLs."""

from __future__ import annotations

from chalice.app import Blueprint

from . import (
    ad_address,
    experiment,
    experiment_property,
    handle_error,
    info,
    launch,
    load_participant,
    may_take_part,
    mturk_sns_listener,
    network,
    node,
    notifications,
    participant,
    prolific_submission_listener,
    question,
    recruiter_exit,
    summary,
    tracking_event,
    transformation,
    waiting_room,
    withdraw,
    worker_complete,
    worker_failed,
)

BLUEPRINTS: tuple[Blueprint, ...] = (
    ad_address.routes,
    experiment.routes,
    experiment_property.routes,
    handle_error.routes,
    info.routes,
    launch.routes,
    load_participant.routes,
    may_take_part.routes,
    mturk_sns_listener.routes,
    network.routes,
    node.routes,
    notifications.routes,
    participant.routes,
    prolific_submission_listener.routes,
    question.routes,
    recruiter_exit.routes,
    summary.routes,
    tracking_event.routes,
    transformation.routes,
    waiting_room.routes,
    withdraw.routes,
    worker_complete.routes,
    worker_failed.routes,
)
