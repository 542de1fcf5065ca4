"""Emulates the management API of a WebSocket API, through which functions send to open sockets."""

from __future__ import annotations

import json
from urllib.parse import unquote

from chalicelib.messaging.local_channels import MOST_BYTES, LocalChannels
from infra.emulator.process.request_names import Call, parse_request
from infra.lambda_events.gateway import HttpRequest
from infra.lambda_events.responses import ProxyResponse
from infra.local.moto.management_api import CONNECTIONS, FORBIDDEN, GONE, TOO_LARGE, Refusal

#: The code with which API Gateway closes a socket on a function's request.
NORMAL = (1000, "Connection Closed Normally")
METHODS = {"POST": 200, "GET": 200, "DELETE": 204}


class ManagementApi:
    """Sends to sockets and closes them, and records the callers."""

    def __init__(self, sockets: LocalChannels) -> None:
        self._sockets = sockets
        self.calls: list[Call] = []

    def answer(self, request: HttpRequest) -> ProxyResponse:
        connection = unquote(request.path).removeprefix(CONNECTIONS)
        authorization = request.header(b"authorization") or ""
        path = f"/@connections/{connection}"
        call = parse_request(authorization, "", request.method, path, "", b"")
        if call is None or connection == request.path or request.method not in METHODS:
            return _refused(FORBIDDEN)
        self.calls.append(call)
        if len(request.body) > MOST_BYTES:
            return _refused(TOO_LARGE)
        if not self._sockets.has(connection):
            return _refused(GONE)
        if request.method == "POST":
            self._sockets.send([connection], request.body.decode())
        elif request.method == "DELETE":
            self._sockets.disconnect(connection, *NORMAL)
        return ProxyResponse(METHODS[request.method], ((b"content-type", b"application/json"),), b"")


def _refused(refusal: Refusal) -> ProxyResponse:
    status, kind, message = refusal
    headers = ((b"content-type", b"application/json"), (b"x-amzn-errortype", kind.encode()))
    return ProxyResponse(status, headers, json.dumps({"message": message}).encode())
