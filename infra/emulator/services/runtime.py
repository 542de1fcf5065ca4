"""The runtime of a Lambda function: a script for `python -I -S`, so that only the package is importable.

Arguments: the loopback address of each of AWS's names, as JSON. Reads events from standard input as JSON
lines, and writes the handler's responses to the original standard output.
"""

from __future__ import annotations

import importlib
import json
import os
import socket
import sys
import time
import traceback
from pathlib import Path
from typing import Any

LIMIT = 29_000


class LambdaContext:
    """The context object that Lambda passes to a handler."""

    def __init__(self, request_id: str) -> None:
        self.aws_request_id = request_id
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = "$LATEST"
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.invoked_function_arn = os.environ["REHEARSAL_ARN"]
        self.log_group_name = f"/aws/lambda/{self.function_name}"
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.client_context = None
        self.identity = None
        self._began = time.monotonic()

    def get_remaining_time_in_millis(self) -> int:
        return LIMIT - int((time.monotonic() - self._began) * 1000)


def resolve_names_to_loopback(names: dict[str, list[Any]]) -> None:
    """Resolve AWS's names to this machine, and no others: there is no network here."""
    resolve = socket.getaddrinfo

    def resolve_here(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name in {"127.0.0.1", "localhost", None}:
            return resolve(host, port, *args, **kwargs)
        for ending, (address, port_here) in names.items():
            if name.endswith(ending):
                return resolve(address, port_here, *args, **kwargs)
        raise socket.gaierror(socket.EAI_NONAME, f"{name} isn't emulated in the rehearsal")

    socket.getaddrinfo = resolve_here


def main() -> None:
    """Import the handler from the package, then handle one event after the other."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    # What a handler prints goes to its log.
    os.dup2(2, 1)
    resolve_names_to_loopback(json.loads(sys.argv[1]))
    root = os.environ["LAMBDA_TASK_ROOT"]
    layers = [path for path in os.environ.pop("REHEARSAL_LAYERS", "").split(os.pathsep) if path]
    # Lambda doesn't have this script's folder on its path.
    sys.path[:] = [root, *layers, *(path for path in sys.path if path != str(Path(__file__).parents[1]))]
    module, _, name = os.environ["_HANDLER"].rpartition(".")
    try:
        handler = getattr(importlib.import_module(module.replace("/", ".")), name)
    except Exception:  # noqa: BLE001 - the caller of the function gets the traceback
        _respond(answers, {"error": traceback.format_exc()})
        return
    outside = [where for where in map(_origin, list(sys.modules.values())) if _is_foreign(where, root)]
    _respond(answers, {"ready": True, "outside": sorted(set(outside))})
    for line in sys.stdin:
        request = json.loads(line)
        # AWS's clients send it, so that Lambda can detect recursive loops.
        os.environ["_X_AMZN_TRACE_ID"] = request["trace"]
        try:
            _respond(answers, {"answer": handler(request["event"], LambdaContext(request["id"]))})
        except Exception:  # noqa: BLE001 - as for the import
            _respond(answers, {"error": traceback.format_exc()})


def _origin(module: Any) -> str:
    return str(getattr(module, "__file__", None) or "")


def _is_foreign(where: str, root: str) -> bool:
    """Whether a module came from neither the package nor the standard library."""
    library = str(Path(os.__file__).parent)
    is_library = where.startswith(library) and "site-packages" not in where
    return bool(where) and not is_library and not where.startswith(root) and where != __file__


def _respond(answers: Any, response: dict[str, Any]) -> None:
    answers.write(json.dumps(response) + "\n")
    answers.flush()


if __name__ == "__main__":
    main()
