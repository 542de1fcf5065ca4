"""`python -m infra.emulator.server`: moto as AWS on a free loopback port, which it prints first."""

from __future__ import annotations

import logging
import os
import signal
import stat
import sys
import traceback
from contextlib import ExitStack, suppress
from functools import cache, partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

# Set before moto reads them: moto's other servers, which aren't used.
os.environ.setdefault("AWS_ACCESS_KEY_ID", "moto")
os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "moto")

from flask import got_request_exception
from moto import backends
from moto.backends import list_of_moto_modules
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server

from infra.emulator.shims.fast_dynamodb import quick_answers
from infra.emulator.shims.service_models import read_once
from infra.local.moto.moto_engine import isolated_transactions

from .process.recorder import Recorder
from .shims.buckets import buckets
from .shims.cloudfront import distributions
from .shims.gateways import gateways
from .shims.lambdas import functions
from .shims.queues import queues
from .shims.stack_properties import properties
from .shims.stack_resources import Clients, stacks
from .shims.upload_forms import upload_forms


class _Handler(MotoRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True


def _log_error(application: Any, exception: BaseException, **_: Any) -> None:
    """Log the traceback of an error in moto, because the client sees only its status."""
    del application
    traceback.print_exception(exception)


def main() -> None:
    """Serve until the process is terminated."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    got_request_exception.connect(_log_error)
    with ExitStack() as shims:
        shims.enter_context(isolated_transactions())
        shims.enter_context(read_once())
        shims.enter_context(quick_answers())
        shims.enter_context(gateways())
        shims.enter_context(queues())
        shims.enter_context(functions())
        shims.enter_context(properties())
        shims.enter_context(buckets())
        shims.enter_context(upload_forms())
        shims.enter_context(distributions())
        # moto scans its own folders on every request.
        shims.enter_context(patch.object(backends, "list_of_moto_modules", cache(_modules)))
        recorder = Recorder(DomainDispatcherApplication(create_backend_app))
        recorder.copy = partial(_copied, recorder)
        server = _listening(recorder)
        shims.enter_context(stacks(_url_of(server)))
        # The kernel reaps copies that have exited.
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        sys.stdout.write(f"{server.server_port}\n")
        sys.stdout.flush()
        server.serve_forever()


def _modules() -> list[str]:
    return list(list_of_moto_modules())


def _listening(recorder: Recorder) -> BaseWSGIServer:
    return make_server("127.0.0.1", 0, recorder, threaded=True, request_handler=_Handler)


def _url_of(server: BaseWSGIServer) -> str:
    return f"http://127.0.0.1:{server.server_port}"


def _copied(recorder: Recorder) -> dict[str, int]:
    """Fork and return the copy's address; no other request runs meanwhile."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        with os.fdopen(reading) as ready:
            return {"pid": pid, "port": int(ready.readline())}
    try:
        os.close(reading)
        _close_inherited_sockets()
        server = _listening(recorder)
        Clients.endpoint = _url_of(server)
        os.write(writing, f"{server.server_port}\n".encode())
        os.close(writing)
        server.serve_forever()
    finally:
        os._exit(1)


def _close_inherited_sockets() -> None:
    """Close the original's connections in the copy, without freeing their descriptors, which objects hold."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in [int(path.name) for path in Path("/dev/fd").iterdir()]:
        with suppress(OSError):
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                os.dup2(nothing, number)


if __name__ == "__main__":
    main()
