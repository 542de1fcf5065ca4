"""Begins as a new participant of a debug run, in a tab of its own beside the dashboard."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from chalicelib import services
from chalicelib.dashboard.page_call import PageCall, Rendered, redirect
from chalicelib.errors import NotFound
from chalicelib.experiment.config.run_settings import RunSettings
from chalicelib.recruiters.entry_urls import entry_addresses

#: The segment below /dashboard/participants that leads to the entry of a new one.
NEW: Final = "new"
#: The recruiter of participants whom people create, as of those on the start page.
_RECRUITER: Final = "hotair"
_DEBUG: Final = "debug"


def begin_as_participant(call: PageCall) -> Rendered:
    """Lead to the entry of a new participant, with ids that no other has; NotFound outside debug mode.

    Pages of the experiment have another host than the dashboard, at the same port.
    """
    app = services.current()
    if app.dashboard_url is not None or RunSettings.read(app.config).mode != _DEBUG:
        raise NotFound("Only a run of petri debug lets you begin as a participant from here.")
    port = urlsplit(call.origin).port
    host = f"http://127.0.0.1{f':{port}' if port else ''}"
    (address,) = entry_addresses(lambda: host, _RECRUITER, _DEBUG, 1)
    return redirect(address)
