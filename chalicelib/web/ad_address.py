"""/ad_address: where people are sent."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from chalice.app import Blueprint

from .door import Call, door

routes = Blueprint(__name__)


@door(routes, "/ad_address/{mode}/{hit_id}")
def ad_address(call: Call) -> dict[str, Any]:
    """Return the address of the ad page for a mode and HIT."""
    path = call.parameters.path
    scheme = call.headers.get("x-forwarded-proto", "https")
    host = call.headers.get("host", "")
    query = f"hitId={quote(path['hit_id'], safe='')}&mode={quote(path['mode'], safe='')}"
    return {"address": f"{scheme}://{host}/ad?{query}"}
