"""What API Gateway writes of each request: its route, its end and how long it took. Never who asked for what.

Addresses hold worker ids (`/participant/<worker_id>/...`, the query of `/ad`), so a line holds the route with
its variables' names, and neither path, query, body, headers nor the sender's address. Execution logs of
the stage stay off: they hold all of these.
"""

from __future__ import annotations

import json
from typing import Final

#: Names of AWS's `$context` variables ("Variables for access logging for API Gateway"). One of the two
#: request ids has to be there; the other one may be chosen by the client.
FIELDS: Final = {
    "request": "$context.extendedRequestId",
    "method": "$context.httpMethod",
    "route": "$context.resourcePath",
    "status": "$context.status",
    "ms": "$context.responseLatency",
    "function_ms": "$context.integrationLatency",
    "refused": "$context.error.responseType",
}
FORMAT: Final = json.dumps(FIELDS, separators=(",", ":"))
#: Of the WebSocket API's stage: handshakes, frames and ends. A handshake's query holds the token, and a frame
#: what participants say: neither is here. A connection's id says nothing of who it is.
SOCKET_FIELDS: Final = {
    "request": "$context.extendedRequestId",
    "event": "$context.eventType",
    "route": "$context.routeKey",
    "connection": "$context.connectionId",
    "status": "$context.status",
    "function_ms": "$context.integrationLatency",
    "refused": "$context.error.responseType",
}
SOCKET_FORMAT: Final = json.dumps(SOCKET_FIELDS, separators=(",", ":"))
