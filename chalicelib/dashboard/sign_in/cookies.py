"""The cookies of a browser: the one of its session, and the one that its sign-in form belongs to."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from typing import Final

from chalicelib import services
from chalicelib.dashboard import own_host
from chalicelib.dashboard.dashboard_request import DashboardRequest
from chalicelib.errors import Forbidden

_FORM: Final = "-form"
_ENTROPY: Final = 32
_MOST_CHARACTERS: Final = 100


@dataclass(frozen=True, slots=True)
class SessionCookie:
    """The cookie with which a browser shows its session, as a request has sent it."""

    name: str
    is_secure: bool
    token: str = field(repr=False)

    @classmethod
    def of(cls, request: DashboardRequest) -> SessionCookie:
        """Return the cookie of a request; its token is "" when it sent none."""
        secure = own_host.is_secure(request.headers)
        name = own_host.cookie_name(services.current().app_id, secure=secure)
        return cls(name, secure, own_host.read_cookie(request.headers, name))

    def header(self, token: str) -> str:
        """Return the header that gives the browser another token; "" takes it away."""
        return own_host.set_cookie(self.name, token, secure=self.is_secure)


@dataclass(frozen=True, slots=True)
class FormCookie:
    """The cookie of a browser that isn't signed in, to which its sign-in form and its attempt belong.

    A form of another site, or one with another browser's token, is refused.
    """

    name: str
    is_secure: bool
    value: str = field(repr=False)
    #: Whether the browser has sent it.
    is_sent: bool

    @classmethod
    def of(cls, request: DashboardRequest) -> FormCookie:
        """Return the cookie of a request, or a new one."""
        secure = own_host.is_secure(request.headers)
        name = own_host.cookie_name(services.current().app_id, secure=secure) + _FORM
        sent = own_host.read_cookie(request.headers, name)
        if 0 < len(sent) <= _MOST_CHARACTERS:
            return cls(name, secure, sent, is_sent=True)
        return cls(name, secure, secrets.token_urlsafe(_ENTROPY), is_sent=False)

    @property
    def token(self) -> str:
        """The token that the form contains; only this run can make it."""
        return services.current().tokens.keyed(f"sign-in-form|{self.value}")

    @property
    def digest(self) -> str:
        """The hash under which an attempt notes which browser makes it."""
        return hashlib.sha256(self.value.encode()).hexdigest()

    @property
    def header(self) -> str:
        """The header that gives the browser this cookie."""
        return own_host.set_cookie(self.name, self.value, secure=self.is_secure)

    def require_token(self, sent: str) -> None:
        """Refuse a form that doesn't belong to this browser."""
        if not (self.is_sent and hmac.compare_digest(sent.encode(), self.token.encode())):
            raise Forbidden("This form is out of date. Open the sign-in page again; cookies must be allowed.")
