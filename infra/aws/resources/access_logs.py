"""The format of API Gateway's access logs: each request's route, status and duration, without personal data.

Addresses contain worker ids (`/participant/<worker_id>/...`, the query of `/ad`), so a line has the route
with its variables' names, and neither path, query, body, headers nor the sender's address. The stage's
execution logs stay off, because they contain all of these.
"""

from __future__ import annotations

import json
from typing import Final

#: Names of AWS's `$context` variables ("Variables for access logging for API Gateway"). One of the two
#: request ids is required; the client can choose the other one.
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
#: For the WebSocket API's stage: handshakes, frames and disconnects. A handshake's query contains the token,
#: and a frame what participants write: neither is logged. A connection's id isn't personal data.
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
