"""Signs in with an account at an OpenID Connect provider, and links such accounts to users.

A sign-in begins with a link, not with a form: browsers apply `form-action` of the content security policy to
the redirects that follow a form. What was begun is in a signed cookie for ten minutes, and works once.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from chalicelib import services
from chalicelib.dashboard import own_host
from chalicelib.dashboard.dashboard_request import DashboardRequest
from chalicelib.dashboard.page_call import Rendered, redirect
from chalicelib.dashboard.rendering import render_alone
from chalicelib.dashboard.sessions import find_session
from chalicelib.dashboard.sign_in.complete import complete
from chalicelib.dashboard.sign_in.cookies import FormCookie, SessionCookie
from chalicelib.errors import (
    BadRequest,
    Forbidden,
    InvalidState,
    NotFound,
    TooManyTries,
    VendorError,
    VendorRefused,
)
from chalicelib.experiment.config.openid_settings import OpenIdProvider, providers_in
from chalicelib.operations.accounts.credentials.sign_in_limits import (
    count_failure,
    forget_failures,
    require_no_pause,
)
from chalicelib.operations.accounts.identities.openid_accounts import (
    BlockedAccount,
    OpenIdAccount,
    UnknownAccount,
    link_account,
    user_of_account,
)
from chalicelib.operations.accounts.invitations.acceptance_by_account import accept_by_account
from chalicelib.operations.shared.context import Request, caller_of

from .failed_sign_in import show_failed
from .packages import require_package

if TYPE_CHECKING:
    from chalicelib.identity.authorization import PendingSignIn, VerifiedIdentity
    from chalicelib.identity.provider_client import ProviderClient
    from chalicelib.identity.refusals import SignInRefused

NAME: Final = "openid"
#: For how long a person may stay at the provider.
LIFETIME: Final = timedelta(minutes=10)
#: For how long the form that links an account allows it.
LINK_LIFETIME: Final = timedelta(minutes=5)
ACCOUNT_PAGE: Final = "/dashboard/account"
_PURPOSE: Final = "openid sign-in"
_LINK: Final = "openid link"
_ACCEPT: Final = "openid acceptance"
_SUFFIX: Final = "-openid"
_BAD_GATEWAY: Final = 502
#: Seconds within which a request may be handled again.
_HANDLED_AGAIN_WITHIN: Final = 30.0
_PROVED: Final[dict[tuple[Any, ...], tuple[float, VerifiedIdentity | SignInRefused]]] = {}
#: How many answers of a provider may fail at an address, which several people may share, before a pause.
_FREE_FAILURES: Final = 10
logger = logging.getLogger("petri")


@dataclass(frozen=True, slots=True)
class BegunSignIn:
    """A sign-in that this browser has begun."""

    pending: PendingSignIn
    ends: datetime
    #: The user to whom the account is to be linked; "" to sign in.
    link_to: str = ""
    #: The secret of the invitation that is to be accepted, and the user name that was chosen.
    invitation: str = ""
    username: str = ""


def providers() -> tuple[OpenIdProvider, ...]:
    """Return the providers that the settings of the run name."""
    return providers_in(services.current().config)


def has_providers() -> bool:
    """Whether the settings of the run name a provider."""
    return bool(services.current().config.get("oidc_providers", ""))


def links() -> Sequence[tuple[str, str]]:
    """Return the label and the address of each provider's button."""
    return [(f"Sign in with {each.label}", _path(each)) for each in providers()]


def link_ticket(username: str, session_id: str) -> str:
    """Return what allows a session to link an account within five minutes; a form of the session asked."""
    app = services.current()
    ends = app.clock.now() + LINK_LIFETIME
    return app.tokens.seal(_LINK, {"user": username, "session": session_id, "ends": ends.isoformat()})


def acceptance_address(request: DashboardRequest, name: str, secret: str, username: str) -> tuple[str, str]:
    """Return a provider's label, and the address at which a person accepts an invitation with an account.

    It is for the browser that has sent the form, within five minutes. NotFound for an unknown provider.
    """
    provider = next((each for each in providers() if each.name == name), None)
    if provider is None:
        raise NotFound("There is no such provider. Reload the page.", code="not_found")
    app = services.current()
    ends = (app.clock.now() + LINK_LIFETIME).isoformat()
    browser = FormCookie.of(request).digest
    content = {"invitation": secret, "username": username, "browser": browser, "ends": ends}
    return provider.label, f"{_path(provider)}?{urlencode({'accept': app.tokens.seal(_ACCEPT, content)})}"


def show_nothing(request: DashboardRequest) -> Rendered:
    """Lead back to the sign-in page: this way has a button for each provider instead of one form."""
    del request
    return redirect("/dashboard/sign-in")


def answer_openid(request: DashboardRequest) -> Rendered:
    """Begin a sign-in with a provider, or take the provider's answer to it."""
    provider = next((each for each in providers() if each.name == request.part), None)
    if provider is None or request.is_change:
        raise NotFound("There is no such provider. Open /dashboard/sign-in.", code="not_found")
    require_package("joserfc")
    # Lazy import: it needs packages that only sign-in needs.
    from chalicelib.identity.refusals import SignInRefused

    try:
        if not request.fields.keys() & {"state", "code", "error"}:
            linked, accepted = _linking_user(request), _acceptance(request)
            return begin_openid(request, provider, link_to=linked, accepting=accepted)
        services.current().run(require_no_pause, _attempts_at(provider), request.address)
        return _finish(request, provider)
    except TooManyTries as refused:
        page = _failed(provider, str(refused), "pause", refused.status)
        return replace(page, headers={"Retry-After": str(max(1, round(refused.retry_after)))})
    except SignInRefused as refused:
        # What reached no provider isn't counted: any page can make browsers of one address ask for it.
        if not refused.is_cancelled and refused.reason != "state":
            attempts = _attempts_at(provider)
            services.current().run(count_failure, attempts, request.address, free=_FREE_FAILURES)
        return _failed(provider, str(refused), refused.reason, refused.status)
    except VendorRefused as refused:
        return _failed(provider, str(refused), "refused", _BAD_GATEWAY)
    except VendorError as error:
        return _failed(provider, str(error), "unreachable", _BAD_GATEWAY)


def begin_openid(
    request: DashboardRequest,
    provider: OpenIdProvider,
    *,
    link_to: str = "",
    accepting: tuple[str, str] = ("", ""),
) -> Rendered:
    """Send the browser to a provider, with a cookie that says what was begun.

    Args:
        request: The request that begins it.
        provider: The provider.
        link_to: The user to whom the account is to be linked.
        accepting: The secret of an invitation to be accepted, and the user name that was chosen.

    Returns:
        The redirect.

    """
    from chalicelib.identity.authorization import begin

    address, pending = begin(_client(), provider, f"{_origin(request)}{_path(provider)}")
    app = services.current()
    ends = app.clock.now() + LIFETIME
    content = {"pending": asdict(pending), "ends": ends.isoformat(), "link_to": link_to}
    sealed = app.tokens.seal(_PURPOSE, {**content, "accepting": accepting})
    cookie = SessionCookie.of(request)
    header = own_host.set_cookie(f"{cookie.name}{_SUFFIX}", sealed, secure=cookie.is_secure)
    return Rendered(
        status=303,
        headers={"Location": address, "Set-Cookie": f"{header}; Max-Age={int(LIFETIME.total_seconds())}"},
    )


def _finish(request: DashboardRequest, provider: OpenIdProvider) -> Rendered:
    from chalicelib.identity.authorization import not_begun

    begun = _begun(request)
    now = services.current().clock.now()
    if begun is None or now >= begun.ends:
        raise not_begun()
    identity = _proved(request, provider, begun, int(now.timestamp()))
    account = _account(provider, identity)
    if begun.link_to:
        return _link(request, begun, account)
    if begun.invitation:
        return _accept(request, provider, begun, account, identity.sign_out_address)
    run = services.current().run
    try:
        username = run(
            user_of_account,
            account,
            begun.pending.state,
            begun.ends,
            request=Request(address=request.address),
        )
    except UnknownAccount:
        return _unknown(provider, account)
    except BlockedAccount:
        return _failed(
            provider,
            f"Your access to this run was removed. If you need it again, ask {provider.contact}.",
            "blocked",
            403,
        )
    forget = partial(forget_failures, account=_attempts_at(provider), address=request.address)
    sign_out = provider.label, identity.sign_out_address
    return complete(request, username, how=provider.label, within=forget, sign_out=sign_out)


def _proved(
    request: DashboardRequest, provider: OpenIdProvider, begun: BegunSignIn, now: int
) -> VerifiedIdentity:
    """Return the identity with which the browser comes back; a code is exchanged once.

    In a local run, the provider is asked in a thread beside the lane of participants. A request that turns
    out to write is then handled again, in turn with those of participants; the provider isn't asked again,
    for the code would be refused, and participants would wait.
    """
    from chalicelib.identity.authorization import finish
    from chalicelib.identity.refusals import SignInRefused

    answer = {name: request.one(name) for name in ("state", "code", "iss", "error") if name in request.fields}
    key = begun.pending, tuple(sorted(answer.items()))
    known = _PROVED.get(key)
    if known is not None and time.monotonic() - known[0] < _HANDLED_AGAIN_WITHIN:
        return _unless_refused(known[1])
    found: VerifiedIdentity | SignInRefused
    try:
        found = finish(_client(), provider, begun.pending, answer, now)
    except SignInRefused as refused:
        found = refused
    for old, (at, _) in list(_PROVED.items()):
        if time.monotonic() - at >= _HANDLED_AGAIN_WITHIN:
            _PROVED.pop(old, None)
    _PROVED[key] = time.monotonic(), found
    return _unless_refused(found)


def _unless_refused(found: VerifiedIdentity | SignInRefused) -> VerifiedIdentity:
    if isinstance(found, Exception):
        raise found
    return found


def _attempts_at(provider: OpenIdProvider) -> str:
    """Return the account under which failed answers of a provider are counted, for each address."""
    return f"answers of {provider.name}"


def _link(request: DashboardRequest, begun: BegunSignIn, account: OpenIdAccount) -> Rendered:
    """Link an account to the user who is signed in, who has begun this on the page My account."""
    app = services.current()
    cookie = SessionCookie.of(request)
    session = app.run(find_session, cookie.token, is_secure=cookie.is_secure) if cookie.token else None
    if session is None or session.actor.username != begun.link_to:
        raise NotFound("You have signed out since. Sign in, and link the account again.", code="not_found")
    app.run(
        link_account,
        begun.link_to,
        account,
        begun.pending.state,
        begun.ends,
        caller=caller_of(session.actor),
        request=Request(address=request.address),
    )
    return redirect(ACCOUNT_PAGE)


def _accept(
    request: DashboardRequest,
    provider: OpenIdProvider,
    begun: BegunSignIn,
    account: OpenIdAccount,
    sign_out_address: str,
) -> Rendered:
    """Accept an invitation with an account, and sign the new user in."""
    try:
        services.current().run(
            accept_by_account,
            begun.invitation,
            begun.username,
            account,
            begun.pending.state,
            begun.ends,
            request=Request(address=request.address),
        )
    except (BadRequest, Forbidden, InvalidState, NotFound) as refused:
        again = f"/dashboard/invitation/{begun.invitation}"
        return show_failed(provider.name, str(refused), str(refused.code), refused.status, again=again)
    sign_out = provider.label, sign_out_address
    return complete(request, begun.username, how=f"invitation and {provider.label}", sign_out=sign_out)


def _acceptance(request: DashboardRequest) -> tuple[str, str]:
    """Return the invitation that this browser accepts, and the user name; "" twice to sign in."""
    ticket = request.one("accept")
    if not ticket:
        return "", ""
    app = services.current()
    found = app.tokens.unseal(_ACCEPT, ticket)
    is_valid = found is not None and app.clock.now() < datetime.fromisoformat(found["ends"])
    if not is_valid or FormCookie.of(request).digest != found["browser"]:
        raise Forbidden("Open the link of your invitation again.", code="link_ended")
    return str(found["invitation"]), str(found["username"])


def _linking_user(request: DashboardRequest) -> str:
    """Return the user who links an account, as the session's own form allowed; "" to sign in."""
    ticket = request.one("link")
    if not ticket:
        return ""
    app = services.current()
    cookie = SessionCookie.of(request)
    found = app.tokens.unseal(_LINK, ticket)
    session = app.run(find_session, cookie.token, is_secure=cookie.is_secure) if cookie.token else None
    is_valid = found is not None and app.clock.now() < datetime.fromisoformat(found["ends"])
    if not is_valid or session is None or session.id != found["session"]:
        raise Forbidden("Link the account again on the page My account.", code="link_ended")
    return str(found["user"])


def _account(provider: OpenIdProvider, identity: VerifiedIdentity) -> OpenIdAccount:
    claims = identity.claims
    email = _claim(claims, "email") if claims.get("email_verified") in (True, "true") else ""
    wanted = _claim(claims, "preferred_username") or _claim(claims, "email")
    return OpenIdAccount(
        provider=provider.name,
        issuer=identity.issuer,
        subject=identity.subject,
        name=_claim(claims, "name"),
        email=email,
        wanted_username=wanted.partition("@")[0] or identity.subject,
        roles=provider.roles_for(claims),
    )


def _claim(claims: Any, name: str) -> str:
    value = claims.get(name)
    return value if isinstance(value, str) else ""


def _unknown(provider: OpenIdProvider, account: OpenIdAccount) -> Rendered:
    logger.info("no user of this run has this account at %s", provider.name)
    return render_alone("sign_in_unknown.html", status=403, provider=provider, account=account)


def _failed(provider: OpenIdProvider, text: str, reason: str, status: int) -> Rendered:
    return show_failed(provider.name, text, reason, status, again=_path(provider))


def _begun(request: DashboardRequest) -> BegunSignIn | None:
    """Return what this browser has begun; None for nothing, or something that this run hasn't signed."""
    from chalicelib.identity.authorization import PendingSignIn

    cookie = SessionCookie.of(request)
    sealed = own_host.read_cookie(request.headers, f"{cookie.name}{_SUFFIX}")
    found = services.current().tokens.unseal(_PURPOSE, sealed) if sealed else None
    if found is None:
        return None
    return BegunSignIn(
        PendingSignIn(**found["pending"]),
        datetime.fromisoformat(found["ends"]),
        found["link_to"],
        *found.get("accepting", ("", "")),
    )


def _origin(request: DashboardRequest) -> str:
    return own_host.origin_of(request.headers, services.current().dashboard_url)


def _path(provider: OpenIdProvider) -> str:
    return f"/dashboard/sign-in/{NAME}/{provider.name}"


@cache
def _client() -> ProviderClient:
    """Return the client of this process, which caches the documents of providers."""
    from chalicelib.identity.provider_client import ProviderClient

    return ProviderClient()
