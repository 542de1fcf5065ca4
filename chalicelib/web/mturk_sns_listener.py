"""/mturk-sns-listener: where older experiments have Mechanical Turk's messages sent, through SNS.

`/notifications` takes the same messages.
"""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint

from .door import Call, door
from .notifications import from_vendor

routes = Blueprint(__name__)


@door(routes, "/mturk-sns-listener", ("GET", "POST"))
def mturk_sns_listener(call: Call) -> dict[str, Any]:
    """Confirm a subscription, or keep each report in a message; only when Amazon signed it."""
    return from_vendor(call, "mturk")
