"""A player of the ultimatum game on Petri."""

from __future__ import annotations

import http.client
import json
import random
import time
import uuid
from typing import Any
from urllib.parse import urlencode

from .timings import Timings

POLL = 0.1


def play(host: str, port: int, number: int, timings: Timings, think: float = 0.0) -> None:
    """Take part from the first page to the end."""
    line = http.client.HTTPConnection(host, port, timeout=60)
    draw = random.Random(number)
    identity = {
        "workerId": f"w{number}",
        "assignmentId": f"a{number}",
        "hitId": "h",
        "mode": "debug",
        "recruiter": "hotair",
    }
    token = ask(line, "POST", "/participant", identity, "")["token"]
    page = ask(line, "GET", "/page", {}, token)
    while page["kind"] != "end":
        if page["kind"] == "wait":
            time.sleep(POLL)
            page = ask(line, "GET", "/page", {}, token)
            continue
        if think:
            time.sleep(think)
        answers = {"offer": draw.randint(0, 10), "accept": draw.choice(["yes", "no"])}
        sent = json.dumps({name: answers[name] for name in page["items"]})
        with timings.measured():
            page = ask(line, "POST", "/page", {"serial": page["serial"], "answers": sent}, token)
    line.close()


def ask(
    line: http.client.HTTPConnection, method: str, path: str, fields: dict[str, Any], token: str
) -> dict[str, Any]:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Request-Id": str(uuid.uuid4())}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    for _ in range(100):
        line.request(method, path, urlencode(fields) if method == "POST" else None, headers)
        reply = line.getresponse()
        body = reply.read()
        if reply.status != http.client.SERVICE_UNAVAILABLE:
            break
        time.sleep(float(reply.headers.get("Retry-After", 1)))
    if reply.status != http.client.OK:
        raise SystemExit(f"{method} {path} answered {reply.status}: {body[:300]!r}")
    found: dict[str, Any] = json.loads(body)
    return found
