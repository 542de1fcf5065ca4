"""Signs in with a passkey: the browser's own dialog names the user, so that no user name is typed."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from chalicelib import services
from chalicelib.dashboard import own_host
from chalicelib.dashboard.dashboard_request import DashboardRequest
from chalicelib.dashboard.page_call import Rendered, redirect
from chalicelib.dashboard.rendering import render_alone
from chalicelib.dashboard.sign_in.complete import complete
from chalicelib.dashboard.sign_in.cookies import FormCookie
from chalicelib.errors import Forbidden
from chalicelib.operations.accounts.identities.passkey_records import count_use, find_passkey
from chalicelib.operations.accounts.identities.used_sign_ins import use_once
from chalicelib.operations.shared.context import Context

from .failed_sign_in import show_failed
from .packages import require_package

NAME: Final = "passkey"
#: For how long a challenge can be answered.
LIFETIME: Final = timedelta(minutes=5)
_PURPOSE: Final = "passkey challenge"
_BYTES: Final = 32
_BLOCKED: Final = (
    "This passkey is blocked, because a copy of it may exist: it was used before with a higher count. "
    "Sign in in another way, remove it on the page My account, and add a new one."
)


@dataclass(frozen=True, slots=True)
class PasskeyChallenge:
    """What a passkey has to sign, once, in the browser that asked for it."""

    challenge: bytes
    ends: datetime
    #: The challenge with the run's signature, as the form contains it.
    sealed: str

    @classmethod
    def new(cls, owner: str) -> PasskeyChallenge:
        """Return a new challenge for a browser, or for a session."""
        app = services.current()
        challenge, ends = secrets.token_bytes(_BYTES), app.clock.now() + LIFETIME
        content = {"challenge": challenge.hex(), "ends": ends.isoformat(), "owner": owner}
        return cls(challenge, ends, app.tokens.seal(_PURPOSE, content))

    @classmethod
    def sent(cls, sealed: str, owner: str) -> PasskeyChallenge:
        """Return the challenge of a form; Forbidden for that of another owner, or one that has ended."""
        app = services.current()
        found: Any = app.tokens.unseal(_PURPOSE, sealed)
        ends = None if found is None else datetime.fromisoformat(found["ends"])
        if ends is None or found["owner"] != owner or app.clock.now() >= ends:
            raise Forbidden("This took too long. Reload the page, and try again.", code="challenge_ended")
        return cls(bytes.fromhex(found["challenge"]), ends, sealed)


def has_passkeys() -> bool:
    """Whether the settings of the run allow passkeys."""
    return bool(services.current().config.get("passkeys", False))


def begin_passkey(request: DashboardRequest) -> Rendered:
    """Show the page whose script asks the browser for a passkey."""
    require_package("webauthn")
    # Lazy import: it needs packages that only sign-in needs.
    from chalicelib.identity.passkeys import sign_in_options

    cookie = FormCookie.of(request)
    challenge = PasskeyChallenge.new(cookie.digest)
    options = sign_in_options(_origin(request), challenge.challenge)
    return render_alone(
        "sign_in_passkey.html", csrf=cookie.token, options=json.loads(options), sealed=challenge.sealed
    )


def answer_passkey(request: DashboardRequest) -> Rendered:
    """Check what the browser's passkey has signed, and sign its user in."""
    if request.part != "answer" or not request.is_change:
        return redirect("/dashboard/sign-in")
    from chalicelib.identity.passkeys import credential_id_in, verified_count
    from chalicelib.identity.refusals import SignInRefused

    run = services.current().run
    try:
        challenge = PasskeyChallenge.sent(request.one("challenge"), FormCookie.of(request).digest)
        answer = request.one("answer")
        passkey = run(find_passkey, credential_id_in(answer))
        if passkey is None:
            raise SignInRefused(
                "This passkey belongs to no user of this run. Sign in in another way.", "passkey: unknown"
            )
        count = verified_count(_origin(request), answer, challenge.challenge, passkey.public_key)
        if not run(_use, challenge, passkey, count):
            raise SignInRefused(_BLOCKED, "passkey: count")
    except Forbidden as refused:
        return show_failed(
            "a passkey", str(refused), str(getattr(refused, "reason", refused.code)), refused.status
        )
    return complete(request, passkey.username, how="passkey")


def _use(ctx: Context, challenge: PasskeyChallenge, passkey: Any, count: int) -> bool:
    use_once(ctx, challenge.challenge.hex(), challenge.ends)
    return count_use(ctx, passkey, count)


def _origin(request: DashboardRequest) -> str:
    return own_host.origin_of(request.headers, services.current().dashboard_url)
