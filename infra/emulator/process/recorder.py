"""Records each call to AWS with its caller; refuses calls on request, and those that policies deny."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Iterable
from typing import Any
from xml.sax.saxutils import escape

from moto.awslambda.models import lambda_backends
from moto.core.models import DEFAULT_ACCOUNT_ID

from infra.emulator.shims.lambdas import ConcurrencyLimits

from .cloud import ANY, CALLS, CODE, CONCURRENCY, COPY, COUNT, LAYER, OPERATOR, OWN, REFUSE
from .policy_denials import denial
from .request_names import Call, parse_request

Environ = dict[str, Any]
#: The version of a function that was uploaded last, published or not.
LATEST = "$LATEST"


class Recorder:
    """WSGI middleware in front of the AWS emulator."""

    def __init__(self, application: Any) -> None:
        self._application = application
        #: Forks the process and returns the copy's address.
        self.copy: Callable[[], dict[str, int]] = dict
        self._guard = threading.Lock()
        self._calls: list[Call] = []
        #: Calls to refuse: service, operation and how many calls to pass first.
        self._refusals: list[dict[str, Any]] = []

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path.startswith(OWN):
            return self._own_route(path, environ, start_response)
        body = _body(environ)
        call = parse_request(
            environ.get("HTTP_AUTHORIZATION", ""),
            environ.get("HTTP_X_AMZ_TARGET", ""),
            environ["REQUEST_METHOD"],
            _raw_path(environ),
            environ.get("QUERY_STRING", ""),
            body,
        )
        refusal = None if call is None else self._record(call)
        if refusal is not None:
            return _access_denied(environ, start_response, refusal)
        answer: Iterable[bytes] = self._application(environ, start_response)
        return answer

    def _own_route(self, path: str, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """Handle the emulator's own routes."""
        if path.startswith((CODE, LAYER)):
            return _zip(start_response, _code_of(path))
        if path == COPY:
            return _answer(start_response, self.copy())
        if path.startswith(CONCURRENCY):
            ConcurrencyLimits.concurrency = int(path.removeprefix(CONCURRENCY))
            return _answer(start_response, {})
        with self._guard:
            if path == CALLS:
                return _answer(start_response, [vars(call) for call in self._calls])
            if path == REFUSE:
                self._refusals = json.loads(_body(environ))
                return _answer(start_response, {})
            caller = path.removeprefix(COUNT)
            return _answer(start_response, sum(call.caller == caller for call in self._calls))

    def _record(self, call: Call) -> str | None:
        """Record a call; return the error message if it is to be refused."""
        with self._guard:
            self._calls.append(call)
            for refusal in self._refusals:
                if not _matches(refusal, call):
                    continue
                refusal["after"] -= 1
                if refusal["after"] < 0:
                    self._refusals.remove(refusal)
                    return str(refusal["message"])
        return denial(call)


def _matches(refusal: dict[str, Any], call: Call) -> bool:
    target = (refusal["service"], refusal["operation"])
    return target == (call.service, call.operation) or (target == ANY and call.caller == OPERATOR)


def _raw_path(environ: Environ) -> str:
    raw = environ.get("RAW_URI") or environ.get("REQUEST_URI") or environ["PATH_INFO"]
    return str(raw).partition("?")[0]


def _body(environ: Environ) -> bytes:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if environ.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked":
        return b""
    body: bytes = environ["wsgi.input"].read(length)
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def _code_of(path: str) -> bytes:
    """Return the code of a version of a function or of a layer, named as `name/version`."""
    name, _, version = path.removeprefix(CODE).removeprefix(LAYER).partition("/")
    regions = lambda_backends[DEFAULT_ACCOUNT_ID].values()
    if path.startswith(LAYER):
        layers = (layer for region in regions for layer in region.list_layer_versions(name))
        return bytes(next(layer.code_bytes for layer in layers if str(layer.version) == version))
    functions = (function for region in regions for function in region.list_functions("ALL"))
    wanted = name, version or LATEST
    return bytes(next(one.code_bytes for one in functions if (one.function_name, str(one.version)) == wanted))


def _zip(start_response: Any, content: bytes) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "application/zip"), ("Content-Length", str(len(content)))])
    return [content]


def _answer(start_response: Any, content: Any, status: str = "200 OK") -> list[bytes]:
    body = json.dumps(content).encode()
    start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def _access_denied(environ: Environ, start_response: Any, text: str) -> list[bytes]:
    """Respond with AccessDenied in the service's protocol."""
    if "HTTP_X_AMZ_TARGET" in environ or environ.get("CONTENT_TYPE", "").startswith("application/json"):
        return _answer(start_response, {"__type": "AccessDeniedException", "message": text}, "403 Forbidden")
    body = (
        "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>"
        f"<Message>{escape(text)}</Message></Error><RequestId>rehearsal</RequestId></ErrorResponse>"
    ).encode()
    if "/s3/" in environ.get("HTTP_AUTHORIZATION", ""):
        body = f"<Error><Code>AccessDenied</Code><Message>{escape(text)}</Message></Error>".encode()
    headers = [
        ("Content-Type", "text/xml"),
        ("Content-Length", str(len(body))),
        ("x-amzn-errortype", "AccessDeniedException"),
    ]
    start_response("403 Forbidden", headers)
    return [body]
