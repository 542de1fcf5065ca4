"""What API Gateway answers in place of the functions: in the shape of the app's own answers.

By itself it says 429 `{"message": "Too Many Requests"}`, and 500, 502 or 504 where a function was throttled,
has failed or took too long: pages would have to know its words, and aren't told how long to wait.
Pages are served from the same origin, so no header for other origins is needed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from chalicelib.web.responses import error_page

#: Seconds after which a client asks again; each adds some by chance, so that they don't come back at once.
RETRY_AFTER: Final = 2


@dataclass(frozen=True, slots=True)
class GatewayResponse:
    """One type of gateway response: AWS's name, and the body that replaces it."""

    kind: str
    status: int
    code: str
    text: str

    @property
    def parameters(self) -> dict[str, str]:
        """The headers, as API Gateway takes them."""
        headers = {"Cache-Control": "no-store", "Content-Type": "application/json"}
        if self.status == BUSY:
            headers["Retry-After"] = str(RETRY_AFTER)
        return {f"gatewayresponse.header.{name}": f"'{value}'" for name, value in headers.items()}

    @property
    def body(self) -> str:
        """The body, as `web/responses.py` shapes it; nothing of the request is repeated."""
        title = self.code.replace("_", " ").capitalize()
        body: dict[str, Any] = {
            "status": "error",
            "error_type": title,
            "error_text": self.text,
            "error_code": self.code,
            "html": error_page(title, self.text),
        }
        return json.dumps(body)


BUSY: Final = 503
_CROWD: Final = "Too many participants are acting at once; retry the same request in a moment."
ANSWERS: Final = (
    GatewayResponse("THROTTLED", BUSY, "busy", _CROWD),
    # Whatever has no answer of its own: a function that was throttled, that failed, or that took too long.
    GatewayResponse("DEFAULT_5XX", BUSY, "busy", _CROWD),
    GatewayResponse(
        "REQUEST_TOO_LARGE",
        413,
        "too_large",
        "A request may be 6 MB long at most; send less at once.",
    ),
)
