"""A person signs in with an OpenID Connect provider; invalid answers are refused, with the reason."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from chalicelib.errors import VendorRefused, VendorUnreachable
from chalicelib.experiment.config.openid_settings import OpenIdProvider, RoleRule
from chalicelib.identity import provider_client
from chalicelib.identity.authorization import VerifiedIdentity, begin, finish
from chalicelib.identity.provider_client import ProviderClient
from chalicelib.identity.refusals import SignInRefused
from tests.tools.signing_in.standin import CLIENT, SECRET, StandInProvider, new_key

BACK = "http://localhost:5000/dashboard/sign-in/openid/university"


@pytest.fixture
def standin() -> Iterator[StandInProvider]:
    with StandInProvider.running() as running:
        yield running


@pytest.fixture
def client() -> ProviderClient:
    return ProviderClient()


def _provider(standin: StandInProvider, **changes: Any) -> OpenIdProvider:
    found = OpenIdProvider(
        name="university",
        label="Example University",
        issuer=standin.issuer,
        client_id=CLIENT,
        secret=SECRET,
        scopes="openid email profile",
        rules=(),
        contact="it@example.edu",
    )
    return replace(found, **changes)


def _sign_in(client: ProviderClient, standin: StandInProvider, **changes: Any) -> VerifiedIdentity:
    provider = _provider(standin, **changes)
    address, pending = begin(client, provider, BACK)
    return finish(client, provider, pending, standin.code_for(address), int(time.time()))


def test_a_person_signs_in_and_documents_are_fetched_once(
    client: ProviderClient, standin: StandInProvider
) -> None:
    for _ in range(2):
        found = _sign_in(client, standin)
        assert (found.issuer, found.subject) == (standin.issuer, "ada-1815")
        assert (found.claims["email"], found.claims["email_verified"]) == ("ada@example.edu", True)
    assert standin.calls == [
        "GET /.well-known/openid-configuration",
        "POST /token",
        "GET /keys",
        "POST /token",
    ]


def test_a_sign_in_asks_for_a_code_with_pkce_state_and_nonce_which_are_never_used_twice(
    client: ProviderClient, standin: StandInProvider
) -> None:
    asked = []
    for _ in range(2):
        address, pending = begin(client, _provider(standin), BACK)
        sent = dict(parse_qsl(urlsplit(address).query))
        assert (sent["response_type"], sent["redirect_uri"], sent["scope"]) == (
            "code",
            BACK,
            "openid email profile",
        )
        assert sent["code_challenge_method"] == "S256"
        assert pending.verifier not in address
        asked.append({sent["state"], sent["nonce"], sent["code_challenge"]})
    assert len(asked[0] | asked[1]) == 6


@pytest.mark.parametrize("methods", [["client_secret_basic"], ["client_secret_post"], ["none"]])
def test_the_client_identifies_itself_in_the_way_that_the_provider_accepts(
    client: ProviderClient, standin: StandInProvider, methods: list[str]
) -> None:
    standin.discovery = {"token_endpoint_auth_methods_supported": methods}
    if methods == ["none"]:
        standin.secret = ""
    assert _sign_in(client, standin, secret=standin.secret).subject == "ada-1815"


def test_claims_at_the_userinfo_endpoint_are_added(client: ProviderClient, standin: StandInProvider) -> None:
    standin.person["groups"] = ["lab"]
    standin.hidden = frozenset({"email", "email_verified", "groups"})
    found = _sign_in(client, standin, rules=(RoleRule("Viewer", claim="groups", value="lab"),))
    assert (found.claims["email"], found.claims["email_verified"]) == ("ada@example.edu", True)
    assert found.claims["groups"] == ["lab"]


def test_user_info_about_another_person_is_refused(client: ProviderClient, standin: StandInProvider) -> None:
    standin.hidden = frozenset({"email"})
    standin.user_info = {"sub": "mallory", "email": "ada@example.edu", "email_verified": True}
    with pytest.raises(SignInRefused, match="described another person"):
        _sign_in(client, standin)


def test_an_address_is_verified_only_where_its_own_source_says_so(
    client: ProviderClient, standin: StandInProvider
) -> None:
    standin.hidden = frozenset({"email_verified", "name"})
    standin.user_info = {"sub": "ada-1815", "name": "Ada", "email": "x@example.edu", "email_verified": True}
    found = _sign_in(client, standin)
    assert found.claims["email"] == "ada@example.edu"
    assert "email_verified" not in found.claims
    standin.hidden = frozenset({"email"})
    standin.user_info = {"sub": "ada-1815", "email": "x@example.edu"}
    found = _sign_in(client, standin)
    assert found.claims["email"] == "x@example.edu"
    assert "email_verified" not in found.claims


def test_a_key_that_the_provider_has_rotated_is_fetched(
    client: ProviderClient, standin: StandInProvider
) -> None:
    _sign_in(client, standin)
    standin.rotate_key()
    assert _sign_in(client, standin).subject == "ada-1815"
    assert standin.calls.count("GET /keys") == 2


def test_keys_of_unknown_kinds_do_not_matter(client: ProviderClient, standin: StandInProvider) -> None:
    known = standin.key.as_dict(private=False)
    others = [{"kty": "AKP", "kid": "1"}, {"kty": "EC", "crv": "P-999", "kid": "2"}, {"kty": "RSA"}, {}]
    standin.faults["/keys"] = 200, {}, json.dumps({"keys": [*others, known]}).encode()
    assert _sign_in(client, standin).subject == "ada-1815"


def _with(**changes: Any) -> Any:
    return lambda claims: {name: value for name, value in (claims | changes).items() if value is not None}


NOW = int(time.time())
OTHER_PROGRAM = "signed you in to another program"
EXPIRED = "has expired"
INCOMPLETE = "lacks what identifies you"


@pytest.mark.parametrize(
    ("changes", "sentence", "reason"),
    [
        ({"iss": "https://login.attacker.example"}, "doesn't come from Example University", "iss"),
        ({"iss": None}, "doesn't come from Example University", "iss"),
        ({"aud": "another-program"}, OTHER_PROGRAM, "aud"),
        ({"aud": ["another-program"]}, OTHER_PROGRAM, "aud"),
        ({"aud": []}, OTHER_PROGRAM, "aud"),
        ({"aud": None}, OTHER_PROGRAM, "aud"),
        ({"aud": [CLIENT, "another-program"]}, OTHER_PROGRAM, "azp"),
        ({"aud": [CLIENT, "another-program"], "azp": "another-program"}, OTHER_PROGRAM, "azp"),
        ({"azp": "another-program"}, OTHER_PROGRAM, "azp"),
        ({"exp": NOW - 600}, EXPIRED, "exp"),
        ({"exp": None}, EXPIRED, "exp"),
        ({"exp": "tomorrow"}, EXPIRED, "exp"),
        ({"iat": NOW - 3600}, EXPIRED, "iat"),
        ({"iat": NOW + 3600}, EXPIRED, "iat"),
        ({"iat": None}, EXPIRED, "iat"),
        ({"nbf": NOW + 3600}, EXPIRED, "nbf"),
        ({"nonce": "of another sign-in"}, "begun in another browser", "nonce"),
        ({"nonce": None}, "begun in another browser", "nonce"),
        ({"sub": None}, INCOMPLETE, "sub"),
        ({"sub": ""}, INCOMPLETE, "sub"),
        ({"sub": 1815}, INCOMPLETE, "sub"),
        ({"sub": "a" * 256}, INCOMPLETE, "sub"),
        ({"sub": "ada\n1815"}, INCOMPLETE, "sub"),
    ],
)
def test_a_token_with_another_claim_than_expected_is_refused(
    client: ProviderClient, standin: StandInProvider, changes: dict[str, Any], sentence: str, reason: str
) -> None:
    standin.change_claims = _with(**changes)
    with pytest.raises(SignInRefused, match=sentence) as refused:
        _sign_in(client, standin)
    assert refused.value.reason == reason


def test_several_audiences_are_accepted_when_this_program_is_the_authorized_party(
    client: ProviderClient, standin: StandInProvider
) -> None:
    standin.change_claims = _with(aud=[CLIENT, "api"], azp=CLIENT)
    assert _sign_in(client, standin).subject == "ada-1815"


def _unsigned(claims: dict[str, Any]) -> str:
    parts = ({"alg": "none", "typ": "JWT"}, claims)
    texts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return f"{texts[0]}.{texts[1]}."


def _signed_with_the_public_key(claims: dict[str, Any], key: ECKey) -> str:
    """Sign as with a shared secret: the text of the key that everyone can read."""
    header = base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "kid": key.kid}).encode()).rstrip(b"=")
    content = f"{header.decode()}.{_unsigned(claims).split('.')[1]}"
    signature = hmac.new(key.as_pem(private=False), content.encode(), hashlib.sha256).digest()
    return f"{content}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def _signed_by_another(claims: dict[str, Any]) -> str:
    key = new_key()
    return jwt.encode({"alg": "ES256", "kid": key.kid}, claims, key)


@pytest.mark.parametrize(
    "how", ["none", "other key", "other key of the same name", "HS256", "changed", "no token"]
)
def test_a_token_without_a_valid_signature_is_refused(
    client: ProviderClient, standin: StandInProvider, how: str
) -> None:
    key = standin.key

    def sign(claims: dict[str, Any]) -> str:
        match how:
            case "none":
                return _unsigned(claims)
            case "other key":
                return _signed_by_another(claims)
            case "other key of the same name":
                return jwt.encode({"alg": "ES256", "kid": key.kid}, claims, new_key())
            case "HS256":
                return _signed_with_the_public_key(claims, key)
            case "changed":
                header, _, signature = standin.signed(claims).split(".")
                payload = _unsigned(claims | {"sub": "mallory"}).split(".")[1]
                return f"{header}.{payload}.{signature}"
        return ""

    standin.sign = sign
    with pytest.raises(SignInRefused, match="isn't signed in a way that this dashboard accepts") as refused:
        _sign_in(client, standin)
    assert refused.value.reason == "signature"


def test_an_answer_to_another_sign_in_is_refused(client: ProviderClient, standin: StandInProvider) -> None:
    provider = _provider(standin)
    _, mine = begin(client, provider, BACK)
    others, _ = begin(client, provider, BACK)
    with pytest.raises(SignInRefused, match="begun in another browser") as refused:
        finish(client, provider, mine, standin.code_for(others), NOW)
    assert refused.value.reason == "state"
    assert "POST /token" not in standin.calls


def test_a_code_works_once_and_only_in_the_browser_that_began(
    client: ProviderClient, standin: StandInProvider
) -> None:
    provider = _provider(standin)
    address, pending = begin(client, provider, BACK)
    answer = standin.code_for(address)
    stolen, thief = begin(client, provider, BACK)
    del stolen
    with pytest.raises(SignInRefused, match="didn't confirm this sign-in"):
        finish(client, provider, thief, answer | {"state": thief.state}, NOW)
    finish(client, provider, pending, answer, int(time.time()))
    with pytest.raises(SignInRefused, match="didn't confirm this sign-in"):
        finish(client, provider, pending, answer, int(time.time()))


@pytest.mark.parametrize("issuer", ["https://login.attacker.example", None])
def test_an_answer_of_another_provider_is_refused_before_its_code_is_used(
    client: ProviderClient, standin: StandInProvider, issuer: str | None
) -> None:
    provider = _provider(standin)
    address, pending = begin(client, provider, BACK)
    answer = {name: value for name, value in (standin.code_for(address) | {"iss": issuer}).items() if value}
    with pytest.raises(SignInRefused, match="doesn't come from Example University"):
        finish(client, provider, pending, answer, NOW)
    with pytest.raises(SignInRefused, match="doesn't come from Orcid"):
        finish(
            client, replace(provider, name="orcid", label="Orcid"), pending, standin.code_for(address), NOW
        )
    assert "POST /token" not in standin.calls


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        ("access_denied", r"The sign-in was cancelled at Example University\."),
        ("server_error", r"didn't sign you in \(server_error\)"),
        ("<script>", r"didn't sign you in \(other\)"),
    ],
)
def test_an_error_of_the_provider_is_shown_in_words_of_this_dashboard(
    client: ProviderClient, standin: StandInProvider, error: str, sentence: str
) -> None:
    standin.error = error
    with pytest.raises(SignInRefused, match=sentence) as refused:
        _sign_in(client, standin)
    assert "provider's words" not in str(refused.value)


@pytest.mark.parametrize(
    ("discovery", "sentence"),
    [
        ({"issuer": "https://login.attacker.example"}, "another issuer than the settings"),
        ({"token_endpoint": "http://login.example.edu/token"}, "without a valid token_endpoint"),
        ({"jwks_uri": None}, "without a valid jwks_uri"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "without a valid authorization_endpoint"),
        ({"userinfo_endpoint": "https://me:pw@example.edu/"}, "without a valid userinfo_endpoint"),
    ],
)
def test_a_provider_that_describes_itself_wrongly_is_refused(
    client: ProviderClient, standin: StandInProvider, discovery: dict[str, Any], sentence: str
) -> None:
    standin.discovery = discovery
    with pytest.raises(VendorRefused, match=sentence):
        _sign_in(client, standin)


def _never_ends(handler: Any) -> None:
    """Send a byte now and then, as a provider under load or an attacker may."""
    handler.send_response(200)
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b" ")
            handler.wfile.flush()
            time.sleep(0.02)
    except OSError:
        handler.close_connection = True


DISCOVERY = "/.well-known/openid-configuration"


@pytest.mark.parametrize(
    ("reply", "error", "sentence"),
    [
        ((503, {}, b""), VendorUnreachable, "has an error"),
        ((302, {"Location": "http://127.0.0.1:1/"}, b""), VendorRefused, "refused a request"),
        ((200, {}, b"<html>"), VendorRefused, "can't be read"),
        ((200, {}, b"[]"), VendorRefused, "can't be read"),
        ((200, {}, b"[" * 100_000), VendorRefused, "can't be read"),
        ((200, {}, b" " * 300_000), VendorUnreachable, "doesn't answer"),
        ((200, {"Content-Encoding": "gzip"}, b"\x1f\x8b"), VendorUnreachable, "doesn't answer"),
        (_never_ends, VendorUnreachable, "doesn't answer"),
    ],
)
def test_a_provider_that_answers_badly_is_given_up(
    client: ProviderClient,
    standin: StandInProvider,
    monkeypatch: pytest.MonkeyPatch,
    reply: Any,
    error: type[Exception],
    sentence: str,
) -> None:
    monkeypatch.setattr(provider_client, "DEADLINE", 0.2)
    monkeypatch.setattr(provider_client, "PAUSE_SECONDS", 0.0)
    standin.faults[DISCOVERY] = reply
    with pytest.raises(error, match=sentence):
        _sign_in(client, standin)
    del standin.faults[DISCOVERY]
    assert _sign_in(client, standin).subject == "ada-1815"


def test_a_provider_without_an_answer_is_not_asked_again_at_once(
    client: ProviderClient, standin: StandInProvider
) -> None:
    standin.faults[DISCOVERY] = 503, {}, b""
    for sentence in ("has an error", "doesn't answer"):
        with pytest.raises(VendorUnreachable, match=sentence):
            begin(client, _provider(standin), BACK)
    assert len(standin.calls) == 1


def test_a_provider_that_cannot_be_reached_is_named(client: ProviderClient, standin: StandInProvider) -> None:
    provider = _provider(standin, issuer="http://127.0.0.1:1")
    with pytest.raises(VendorUnreachable, match="Example University doesn't answer"):
        begin(client, provider, BACK)


def test_no_secret_is_shown_by_an_error(client: ProviderClient, standin: StandInProvider) -> None:
    standin.secret = "another secret"
    with pytest.raises(SignInRefused) as refused:
        _sign_in(client, standin)
    shown = f"{refused.value!r} {refused.value.__cause__!r}"
    assert "the client ID or its secret may be wrong" in shown
    assert SECRET not in shown
