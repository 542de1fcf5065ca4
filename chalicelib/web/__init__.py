"""HTTP routes: a file is named after the first segment of its URLs."""

from __future__ import annotations

from chalice.app import Blueprint

from . import error_reports, experiment, infos, nodes, page, participants, questions, recruiters
from .classes import class_fees, class_joining
from .live_sessions import join
from .lti import launch
from .management import api, dashboard

BLUEPRINTS: tuple[Blueprint, ...] = (
    api.routes,
    class_fees.routes,
    class_joining.routes,
    experiment.routes,
    error_reports.routes,
    infos.routes,
    join.routes,
    launch.routes,
    nodes.routes,
    page.routes,
    recruiters.routes,
    participants.routes,
    questions.routes,
    dashboard.routes,
)
