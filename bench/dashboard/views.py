"""Opens pages of the dashboard, as a browser with a session does."""

from __future__ import annotations

import http.client
import time
from typing import Final

from bench.clients.host import Serving

OK: Final = 200


def view(serving: Serving, page: str, cookie: str) -> tuple[float, int]:
    """Open a page in a new connection; return the seconds it took and its bytes."""
    began = time.perf_counter()
    connection = http.client.HTTPConnection(serving.host, serving.port, timeout=60)
    connection.request("GET", page, headers={"Host": f"localhost:{serving.port}", "Cookie": cookie})
    response = connection.getresponse()
    body = response.read()
    connection.close()
    if response.status != OK:
        raise SystemExit(f"{page} was answered with {response.status}: {body[:300]!r}")
    return time.perf_counter() - began, len(body)
