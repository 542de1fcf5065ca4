"""What moto's Lambda lacks: what happens to recursive loops, and how many functions may run at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote, urlsplit

from moto.awslambda import urls
from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.models import lambda_backends
from moto.core.models import DEFAULT_ACCOUNT_ID

RECURSION = r"{0}/(?P<api_version>[^/]+)/functions/(?P<function_name>[\w_:%-]+)/recursion-config$"
SETTINGS = r"{0}/(?P<api_version>[^/]+)/account-settings/?$"
#: What Lambda does with a loop unless it is told otherwise.
TERMINATE = "Terminate"
#: How many functions may run at once in an account that isn't new.
CONCURRENCY = 1000

Answer = tuple[int, dict[str, str], str]


class Limits:
    """What the account may do; like everything here it belongs to the process."""

    concurrency = CONCURRENCY


@contextmanager
def functions() -> Iterator[None]:
    """Let moto's Lambda answer what it doesn't know, while the block lasts."""
    with patch.dict(urls.url_paths, {RECURSION: _recursion, SETTINGS: _settings}):
        yield


def _recursion(request: Any, full_url: str, headers: Any) -> Answer:
    """Answer GetFunctionRecursionConfig and PutFunctionRecursionConfig."""
    del headers
    name = unquote(urlsplit(full_url).path.split("/")[3])
    backend = lambda_backends[DEFAULT_ACCOUNT_ID][_region(request)]
    try:
        function: Any = backend.get_function(name)
    except UnknownFunctionException:
        return 404, {"x-amzn-errortype": "ResourceNotFoundException"}, json.dumps({"Message": name})
    if request.method == "PUT":
        function.recursive_loop = json.loads(request.data)["RecursiveLoop"]
    return 200, {}, json.dumps({"RecursiveLoop": getattr(function, "recursive_loop", TERMINATE)})


def _settings(request: Any, full_url: str, headers: Any) -> Answer:
    """Answer GetAccountSettings."""
    del request, full_url, headers
    allowed = Limits.concurrency
    limits = {"ConcurrentExecutions": allowed, "UnreservedConcurrentExecutions": allowed}
    return 200, {}, json.dumps({"AccountLimit": limits, "AccountUsage": {"FunctionCount": 0}})


def _region(request: Any) -> str:
    return str(request.headers["Authorization"].split("/")[2])
