"""The routes of the debug bar. They are registered by `petri debug` alone, and answer this machine alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from chalice.app import Blueprint

from chalicelib.errors import Forbidden
from chalicelib.recruiters.entry_urls import entry_ids
from chalicelib.study.bots import StudyBot, bot_for
from chalicelib.study.study import Study
from chalicelib.web.routing import HttpCall, endpoint
from infra.lambda_events.routing import Routes
from infra.local.lifecycle.bot_selection import USUAL
from infra.local.lifecycle.run import Run, chalice_app

from .page_tools import PREFIX, is_loopback
from .participant_tools import fill_in, jump, member_entries, read_state
from .sample_uploads import send_samples

#: The recruiter of participants whom the bar creates, as of those on the start page.
RECRUITER = "hotair"
#: The page of a study.
STUDY_PAGE = "/exp"


@contextmanager
def debug_routes(run: Run) -> Iterator[None]:
    """Register the routes of the debug bar for the with block."""
    app, routes = chalice_app(), _declared(run)
    before = set(app.routes)
    app.register_blueprint(routes)
    own = set(app.routes) - before
    run.host.lane.routes = Routes(app.routes)
    try:
        yield
    finally:
        for path in own:
            del app.routes[path]
        run.host.lane.routes = Routes(app.routes)


def _declared(run: Run) -> Blueprint:
    routes = Blueprint(__name__)

    @endpoint(routes, f"{PREFIX}state")
    def debug_state(call: HttpCall) -> dict[str, Any]:
        """Return where the participant is, and what is known about them."""
        _require_this_machine(call)
        state: dict[str, Any] = call.run(read_state)
        return state

    @endpoint(routes, f"{PREFIX}jump", ("POST",))
    def debug_jump(call: HttpCall) -> dict[str, Any]:
        """Move the participant to a page of the timeline."""
        _require_this_machine(call)
        moved: dict[str, Any] = call.run(jump, str(call.parameters.one("path") or ""))
        return moved

    @endpoint(routes, f"{PREFIX}fill", ("POST",))
    def debug_fill(call: HttpCall) -> dict[str, Any]:
        """Answer the page that is due with valid answers."""
        _require_this_machine(call)
        filled: dict[str, Any] = call.run(fill_in, _bot_of(run), send_samples(call, run.app.files))
        return filled

    @endpoint(routes, f"{PREFIX}entry", ("POST",))
    def debug_entry(call: HttpCall) -> dict[str, Any]:
        """Return the address at which a new participant begins."""
        _require_this_machine(call)
        return {"url": f"{STUDY_PAGE}?{urlencode(_new_ids(run))}"}

    @endpoint(routes, f"{PREFIX}members", ("POST",))
    def debug_members(call: HttpCall) -> dict[str, Any]:
        """Return the address of the view of the participant's group."""
        _require_this_machine(call)
        known, missing = call.run(member_entries)
        entries = [*known, *(_new_ids(run) for _ in range(missing))]
        return {"url": f"{PREFIX}group?{urlencode([('entry', urlencode(one)) for one in entries])}"}

    return routes


def _require_this_machine(call: HttpCall) -> None:
    if not is_loopback(call.source):
        raise Forbidden("The debug bar works only in a browser on the machine that runs petri debug.")


def _new_ids(run: Run) -> dict[str, str]:
    return entry_ids(RECRUITER, str(run.app.config.get("mode")))


def _bot_of(run: Run) -> type[StudyBot]:
    """Return the author's bot, whose `answers` apply here too, or the one that every study has."""
    own = run.loaded.bots().get(USUAL)
    if own is not None and issubclass(own, StudyBot):
        return own
    study = run.loaded.experiment_class
    assert issubclass(study, Study)  # noqa: S101 - the operation has refused other experiments
    return bot_for(study)
