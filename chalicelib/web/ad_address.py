"""/ad_address: where people are sent."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from chalice.app import Blueprint

from chalicelib import services

from .door import Call, door

routes = Blueprint(__name__)


@door(routes, "/ad_address/{mode}/{hit_id}")
def ad_address(call: Call) -> dict[str, Any]:
    """Return the address of the ad page for a mode and HIT."""
    path = call.parameters.path
    query = f"hitId={quote(path['hit_id'], safe='')}&mode={quote(path['mode'], safe='')}"
    return {"address": f"{_site(call)}/ad?{query}"}


def _site(call: Call) -> str:
    """Return where the pages are; behind CloudFront a request names another host."""
    site_url = services.current().site_url
    if site_url is not None:
        return site_url()
    return f"{call.headers.get('x-forwarded-proto', 'https')}://{call.headers.get('host', '')}"
