"""A fake of SONA: credit of one study by its Server-Side Completion URL, on loopback.

Source: sona-systems.com, "Server-Side Completion URL Responses".
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

TOKEN = "9185d436e5f9"
PATH = "/services/SonaAPI.svc/WebstudyCredit"
_ANSWER = (
    '<WebstudyCreditResponse xmlns="http://tempuri.org/"><WebstudyCreditResult'
    ' xmlns:a="http://schemas.datacontract.org/2004/07/emsdotnet.sonasystems"'
    ' xmlns:i="http://www.w3.org/2001/XMLSchema-instance">{}</WebstudyCreditResult></WebstudyCreditResponse>'
)


class Sona:
    """A fake SONA with one study. `with Sona.running() as sona: ... sona.url`."""

    def __init__(self) -> None:
        #: The study's Server-Side Completion URL.
        self.url = ""
        #: The codes of those who have signed up, and how often each was credited.
        self.signed_up: list[str] = []
        self.credits: dict[str, int] = {}
        self.requests: list[str] = []
        #: Answers that come instead of the next ones: a status and a body.
        self.faults: deque[tuple[int, bytes]] = deque()
        self._lock = threading.Lock()

    @classmethod
    @contextmanager
    def running(cls) -> Iterator[Sona]:
        sona = cls()
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_SonaHandler,), {"sona": sona}))
        server.daemon_threads = False
        address = f"http://127.0.0.1:{server.server_port}{PATH}"
        sona.url = f"{address}?experiment_id=123&credit_token={TOKEN}&survey_code=XXXX"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield sona
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def answer(self, path: str) -> tuple[int, bytes]:
        with self._lock:
            self.requests.append(path)
            if self.faults:
                return self.faults.popleft()
            query = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
            code = query.get("survey_code", "")
            if query.get("experiment_id") != "123" or query.get("credit_token") != TOKEN:
                return 200, refused("Invalid experiment_id or credit_token.")
            if code not in self.signed_up:
                return 200, refused(f"Invalid survey_code {code}.")
            if code in self.credits:
                return 200, refused("You have already received credit for this study.")
            self.credits[code] = 1
            return 200, granted(700 + self.signed_up.index(code), code)


def granted(signup: int, code: str) -> bytes:
    """Return SONA's answer to a request that granted credit."""
    result = (
        '<a:Errors i:nil="true"/><a:Result><a:anon_id_code i:nil="true"/><a:credit_status>G</a:credit_status>'
        f'<a:email i:nil="true"/><a:signup_id>{signup}</a:signup_id>'
        f"<a:survey_code>{escape(code)}</a:survey_code></a:Result>"
    )
    return _ANSWER.format(result).encode()


def refused(why: str) -> bytes:
    """Return SONA's answer with an error."""
    error = f"<a:Errors><a:Error><a:Message>{escape(why)}</a:Message></a:Error></a:Errors>"
    return _ANSWER.format(f'{error}<a:Result i:nil="true"/>').encode()


class _SonaHandler(BaseHTTPRequestHandler):
    sona: Sona

    def do_GET(self) -> None:
        status, body = self.sona.answer(self.path)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if status in range(300, 400):
            self.send_header("Location", body.decode())
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""
