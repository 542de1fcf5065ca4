"""/experiment, /launch and /summary: the experiment's properties, launch and progress."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from chalice.app import Blueprint

from chalicelib import services
from chalicelib.operations.run.launch import launch as launch_experiment
from chalicelib.operations.run.summary import read_property, summarize

from .routing import HttpCall, endpoint

routes = Blueprint(__name__)


@endpoint(routes, "/experiment/{name}")
def experiment(call: HttpCall) -> dict[str, Any]:
    """Return a public property."""
    return public_property(call)


def public_property(call: HttpCall) -> dict[str, Any]:
    """Return the public property that the path names."""
    result: dict[str, Any] = call.run(read_property, name=call.parameters.path["name"])
    return result


@endpoint(routes, "/experiment_property/{name}")
def experiment_property(call: HttpCall) -> dict[str, Any]:
    """Return a public property."""
    return public_property(call)


@endpoint(routes, "/launch", ("POST",))
def launch(call: HttpCall) -> dict[str, Any]:
    """Set up the experiment and open recruitment; idempotent."""
    result: dict[str, Any] = call.run(launch_experiment)
    return result


@endpoint(routes, "/summary")
def summary(call: HttpCall) -> dict[str, Any]:
    """Return the counts of participants by status, and of the places left to fill."""
    result: dict[str, Any] = call.run(summarize)
    return result


@endpoint(routes, "/ad_address/{mode}/{hit_id}")
def ad_address(call: HttpCall) -> dict[str, Any]:
    """Return the address of the ad page for a mode and HIT."""
    path = call.parameters.path
    query = f"hitId={quote(path['hit_id'], safe='')}&mode={quote(path['mode'], safe='')}"
    return {"address": f"{_site(call)}/ad?{query}"}


def _site(call: HttpCall) -> str:
    """Return the address of the pages; behind CloudFront a request names another host."""
    site_url = services.current().site_url
    if site_url is not None:
        return site_url()
    return f"{call.headers.get('x-forwarded-proto', 'https')}://{call.headers.get('host', '')}"
