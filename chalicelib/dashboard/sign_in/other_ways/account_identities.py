"""The part of My account on accounts at providers and on passkeys."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from chalicelib import services
from chalicelib.dashboard.page_call import PageCall
from chalicelib.errors import Forbidden, NotFound
from chalicelib.operations.accounts.identities import passkey_records
from chalicelib.operations.accounts.identities.openid_accounts import linked_accounts, unlink_account
from chalicelib.operations.shared.context import Request, caller_of

from .openid_sign_in import NAME as OPENID
from .openid_sign_in import link_ticket, providers
from .packages import require_package
from .passkey_sign_in import PasskeyChallenge, has_passkeys

NO_ACCOUNT: Final = "The operator signs in with a link and has no account."
LINK_LIFETIME: Final = timedelta(minutes=5)


def identity_values(call: PageCall) -> dict[str, Any]:
    """Return what the page shows about accounts at providers and passkeys."""
    username = call.actor.username
    if username is None:
        return {"linked": [], "passkeys": [], "providers": [], "has_passkeys": False}
    labels = {each.name: each.label for each in providers()}
    linked = [
        {**item, "label": labels.get(item["provider"], item["provider"])}
        for item in services.current().run(linked_accounts, username)
    ]
    return {
        "linked": linked,
        "passkeys": services.current().run(passkey_records.passkeys_of, username),
        "providers": providers(),
        "has_passkeys": has_passkeys(),
    }


def link(call: PageCall) -> Mapping[str, Any]:
    """Return the address that links an account at a provider; the change of the session's form allows it."""
    provider = next((each for each in providers() if each.name == call.one("provider")), None)
    if provider is None:
        raise NotFound("There is no such provider. Reload the page.", code="not_found")
    ticket = link_ticket(_username(call), _session_id(call))
    address = f"/dashboard/sign-in/{OPENID}/{provider.name}?link={ticket}"
    return {"go_on": {"address": address, "label": provider.label}}


def unlink(call: PageCall) -> None:
    """Let an account at a provider sign in no more."""
    _run(call, unlink_account, _username(call), call.one("account"), kept_session=_session_id(call))


def begin_passkey(call: PageCall) -> Mapping[str, Any]:
    """Return what the page's script needs to make a passkey."""
    if not has_passkeys():
        raise NotFound("This run has no passkeys: its setting `passkeys` is off.", code="not_found")
    require_package("webauthn")
    # Lazy import: it needs packages that only sign-in needs.
    from chalicelib.identity.passkeys import registration_options

    username, app = _username(call), services.current()
    challenge = PasskeyChallenge.new(_session_id(call))
    known = [each.credential_id for each in app.run(passkey_records.passkeys_of, username)]
    options = registration_options(
        call.origin,
        str(app.config.get("title")),
        username,
        app.run(passkey_records.user_handle, username),
        challenge.challenge,
        known,
    )
    return {"new_passkey": {"options": json.loads(options), "sealed": challenge.sealed}}


def add_passkey(call: PageCall) -> None:
    """Add the passkey that the browser has made."""
    from chalicelib.identity.passkeys import verified_registration

    username = _username(call)
    challenge = PasskeyChallenge.sent(call.one("challenge"), _session_id(call))
    made = verified_registration(call.origin, call.one("answer"), challenge.challenge)
    added = passkey_records.AddedPasskey(
        label=call.one("label"),
        credential_id=made.credential_id,
        public_key=made.public_key,
        sign_count=made.sign_count,
        attempt=challenge.challenge.hex(),
        ends=challenge.ends,
    )
    _run(call, passkey_records.add_passkey, username, added)


def remove_passkey(call: PageCall) -> None:
    """Remove a passkey."""
    kept = _session_id(call)
    _run(call, passkey_records.remove_passkey, _username(call), call.one("passkey"), kept_session=kept)


def _run(call: PageCall, operation: Callable[..., Any], *args: Any, **named: Any) -> Any:
    request = Request(address=call.address)
    return services.current().run(operation, *args, caller=caller_of(call.actor), request=request, **named)


def _username(call: PageCall) -> str:
    if call.actor.username is None:
        raise Forbidden(NO_ACCOUNT, code="no_account")
    return call.actor.username


def _session_id(call: PageCall) -> str:
    return "" if call.session is None else call.session.id
