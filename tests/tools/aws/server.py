"""`python -m tests.tools.aws.server`: moto as AWS on a free loopback port, which it prints first."""

from __future__ import annotations

import logging
import os
import sys
import traceback
from contextlib import ExitStack
from typing import Any

# Before moto reads them: ports of other machines, and what moto would ask them for.
os.environ.setdefault("AWS_ACCESS_KEY_ID", "moto")
os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "moto")

from flask import got_request_exception
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from infra.local.moto_engine import isolated_transactions

from .cloudfront_shims import distributions
from .gateway_shims import gateways
from .property_shims import properties
from .queue_shims import queues
from .recorder import Recorder
from .stack_shims import stacks
from .storage_shims import buckets


class _Handler(MotoRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True


def _say(application: Any, exception: BaseException, **_: Any) -> None:
    """Write down what moto stumbled over; its caller only learns that it did."""
    del application
    traceback.print_exception(exception)


def main() -> None:
    """Serve until the process is ended."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    got_request_exception.connect(_say)
    with ExitStack() as shims:
        shims.enter_context(isolated_transactions())
        shims.enter_context(gateways())
        shims.enter_context(queues())
        shims.enter_context(properties())
        shims.enter_context(buckets())
        shims.enter_context(distributions())
        recorder = Recorder(DomainDispatcherApplication(create_backend_app))
        server = make_server("127.0.0.1", 0, recorder, threaded=True, request_handler=_Handler)
        shims.enter_context(stacks(f"http://127.0.0.1:{server.server_port}"))
        sys.stdout.write(f"{server.server_port}\n")
        sys.stdout.flush()
        server.serve_forever()


if __name__ == "__main__":
    main()
