"""Serves the marketplace over HTTP, on a free loopback port."""

from __future__ import annotations

import json
import re
import threading
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from botocore import xform_name

from . import shapes
from .faults import Fault, Faults
from .market import Market
from .operations import Operations
from .things import Books, HandClock, TurkError

ACCESS_KEY = "AKIAREQUESTER"
SECRET_KEY = "requester's secret"
_TARGET = "MTurkRequesterServiceV20170117."


class MTurkStandIn:
    """Mechanical Turk for one requester: workers act through `market`, events queue in `post`."""

    def __init__(self, clock: HandClock | None = None, balance: Decimal = Decimal("1000.00")) -> None:
        self.clock = clock or HandClock()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.reset(balance)

    def reset(self, balance: Decimal = Decimal("1000.00")) -> None:
        """Reset all state."""
        with self._lock:
            self.clock.turn_back()
            self.market = Market(self.clock, balance)
            self.operations = Operations(self.market)
            self.faults = Faults()
            #: Every received request: operation and parameters.
            self.calls: list[tuple[str, dict[str, Any]]] = []
            #: Invalid requests by Petri or invalid responses of the emulator; a test expects none.
            self.defects: list[str] = []

    @property
    def post(self) -> Any:
        return self.market.post

    def books(self) -> Books:
        with self._lock:
            return self.market.books()

    def called(self, operation: str) -> list[dict[str, Any]]:
        """Return the parameters of each request for an operation."""
        return [parameters for name, parameters in self.calls if name == operation]

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- one request ----------------------------------------------------------------------------

    def answer(self, operation: str, authorization: str, body: bytes) -> tuple[int, Any] | None:
        """Return status and response, or None for a lost response."""
        with self._lock:
            fault = self.faults.next(operation)
            if fault is Fault.LOST_REQUEST:
                return None
            if fault is not None and fault.comes_before:
                return _failed(fault)
            answer = self._carry_out(operation, authorization, body)
            if fault is Fault.LOST_ANSWER:
                return None
            return _failed(fault) if fault is Fault.LATE_TROUBLE else answer

    def _carry_out(self, operation: str, authorization: str, body: bytes) -> tuple[int, Any]:
        if not re.search(f"Credential={ACCESS_KEY}/[0-9]+/us-east-1/mturk-requester/", authorization):
            return 400, {
                "__type": "UnrecognizedClientException",
                "message": "The security token included in the request is invalid.",
            }
        model = shapes.operation(operation)
        method = getattr(self.operations, xform_name(operation), None)
        if model is None or method is None:
            self.defects.append(f"{operation} isn't emulated")
            return 400, {"__type": "UnknownOperationException"}
        parameters = json.loads(body)
        self.calls.append((operation, parameters))
        problems = shapes.faults_of_request(model, parameters)
        if problems:
            return 400, {"__type": "ValidationException", "message": "; ".join(problems)}
        try:
            response = method(parameters)
        except TurkError as error:
            return 400, _request_error(error, self.clock.now().timestamp())
        self.defects += shapes.faults_of_answer(model, response)
        return 200, response


def _request_error(error: TurkError, now: float) -> dict[str, str]:
    return {
        "__type": "RequestError",
        "Message": f"{error} ({int(now * 1000)} s)",
        "TurkErrorCode": f"AWS.MechanicalTurk.{error.code}",
    }


def _failed(fault: Fault) -> tuple[int, Any]:
    if fault is Fault.THROTTLED:
        return 400, {"__type": "ThrottlingException", "message": "Rate exceeded"}
    return 500, {
        "__type": "ServiceFault",
        "Message": "Please try again.",
        "TurkErrorCode": "AWS.ServiceUnavailable",
    }


def _handler(standin: MTurkStandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Separate packets for headers and body would wait for each other's acknowledgement.
        wbufsize = -1
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            operation = re.sub(f"^{re.escape(_TARGET)}", "", self.headers.get("X-Amz-Target", ""))
            answer = standin.answer(operation, self.headers.get("Authorization", ""), body)
            if answer is None:
                self.close_connection = True
                return
            status, fields = answer
            text = json.dumps(fields).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("x-amzn-RequestId", f"{len(standin.calls):08d}")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: Any) -> None:
            """Log nothing: tests look at `calls`."""

    return Handler
