"""Reads the settings of sign-in with OpenID Connect: the providers, their secrets, their rules for roles."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from chalicelib.access.rights import ROLES
from chalicelib.immutable import immutable

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,30}")
_DOMAIN: Final = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
#: Hosts of this machine, whose connections need no encryption.
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_OBJECT: Final = 'must be a JSON object such as {"university": {"issuer": "...", "client_id": "..."}}'
_RULE_EXAMPLE: Final = '[{"role": "Researcher", "email_domain": "example.edu"}]'
_FIELDS: Final = frozenset({"label", "issuer", "client_id", "scopes", "rules", "contact"})
_MOST_PROVIDERS: Final = 10


@immutable()
class RoleRule:
    """Gives a role to users whom a provider describes in a certain way."""

    role: str
    #: The domain that a verified e-mail address must have; "" for a rule on a claim.
    email_domain: str = ""
    #: The name of a claim that must be, or contain, `value`.
    claim: str = ""
    value: str | int | bool = ""

    def applies_to(self, claims: Mapping[str, Any]) -> bool:
        """Whether a person with these claims gets the role; an e-mail address must be verified to count."""
        if self.email_domain:
            email = claims.get("email")
            is_verified = claims.get("email_verified") in (True, "true")
            return (
                is_verified
                and isinstance(email, str)
                and email.rpartition("@")[2].casefold() == self.email_domain
            )
        found = claims.get(self.claim)
        return any(_is_same(each, self.value) for each in (found if isinstance(found, list) else [found]))


@immutable()
class OpenIdProvider:
    """An organisation whose accounts sign in, as the settings describe it."""

    #: The last segment of its address below /dashboard/sign-in/openid.
    name: str
    #: What its button says.
    label: str
    issuer: str
    client_id: str
    #: "" for a public client, which has no secret.
    secret: str
    scopes: str
    rules: tuple[RoleRule, ...]
    #: Whom to ask for access.
    contact: str

    def roles_for(self, claims: Mapping[str, Any]) -> frozenset[str]:
        """Return the roles that the rules give to a person with these claims."""
        return frozenset(rule.role for rule in self.rules if rule.applies_to(claims))


def check_providers(text: str) -> None:
    """Validate the setting `oidc_providers`; ValueError with the end of a sentence."""
    _providers(text, {})


def check_secrets(text: str) -> None:
    """Validate the setting `oidc_client_secrets`; ValueError with the end of a sentence."""
    _secrets(text)


def providers_in(config: Any) -> tuple[OpenIdProvider, ...]:
    """Return the providers of a run's settings; ValueError when they aren't valid."""
    text = str(config.get("oidc_providers", "") or "")
    return (
        _providers(text, _secrets(str(config.get("oidc_client_secrets", "") or ""))) if text.strip() else ()
    )


def unknown_secrets(providers: str, secrets: str) -> list[str]:
    """Return the names in `oidc_client_secrets` that no provider has."""
    known = {each.name for each in _providers(providers, {})} if providers.strip() else set()
    return sorted(_secrets(secrets).keys() - known)


def local_issuers(providers: str) -> list[str]:
    """Return the names of providers on this machine, which work in debug mode only."""
    return [each.name for each in _providers(providers, {}) if urlsplit(each.issuer).scheme == "http"]


def _providers(text: str, secrets: Mapping[str, str]) -> tuple[OpenIdProvider, ...]:
    found = json_object(text, _OBJECT)
    if len(found) > _MOST_PROVIDERS:
        raise ValueError(f"must name at most {_MOST_PROVIDERS} providers")
    providers = tuple(_provider(name, fields, secrets.get(name, "")) for name, fields in found.items())
    issuers = [each.issuer for each in providers]
    if len(set(issuers)) < len(issuers):
        raise ValueError("must name each issuer once")
    return providers


def _provider(name: str, fields: Any, secret: str) -> OpenIdProvider:
    if not _NAME.fullmatch(name):
        raise ValueError(
            "must name each provider with up to 31 lower-case letters, digits and dashes, such as university"
        )
    if not isinstance(fields, dict) or not fields.keys() <= _FIELDS:
        raise ValueError(f"must give '{name}' no other fields than {', '.join(sorted(_FIELDS))}")
    texts = {
        field: _text(name, field, fields.get(field, default))
        for field, default in (
            ("issuer", ""),
            ("client_id", ""),
            ("label", name.replace("-", " ").capitalize()),
            ("scopes", "openid email profile"),
            ("contact", "the person who runs this experiment"),
        )
    }
    if "openid" not in texts["scopes"].split():
        raise ValueError(f"must have openid among the scopes of '{name}'")
    rules = fields.get("rules", [])
    no_list = ValueError(f"must have a list of rules for '{name}', such as {_RULE_EXAMPLE}")
    if not isinstance(rules, list):
        raise no_list
    return OpenIdProvider(
        name=name,
        label=texts["label"],
        issuer=_issuer(name, texts["issuer"]),
        client_id=texts["client_id"],
        secret=secret,
        scopes=texts["scopes"],
        rules=tuple(_rule(name, rule) for rule in rules),
        contact=texts["contact"],
    )


def _rule(name: str, fields: Any) -> RoleRule:
    is_rule = isinstance(fields, dict) and fields.keys() in (
        {"role", "email_domain"},
        {"role", "claim", "value"},
    )
    if not is_rule:
        raise ValueError(
            f"must have rules of '{name}' with a role and an email_domain, or a role, a claim and a value: "
            f'{_RULE_EXAMPLE} or [{{"role": "Viewer", "claim": "groups", "value": "lab"}}]'
        )
    if fields["role"] not in ROLES:
        raise ValueError(f"must have one of these roles in the rules of '{name}': {', '.join(ROLES)}")
    domain = fields.get("email_domain")
    if "email_domain" in fields:
        if not isinstance(domain, str) or not _DOMAIN.fullmatch(domain.casefold()):
            raise ValueError(f"must have domains such as example.edu in the rules of '{name}'")
        return RoleRule(fields["role"], email_domain=domain.casefold())
    value = fields["value"]
    if not isinstance(value, str | int) or value == "":
        raise ValueError(f"must have a text, a number, true or false as the value of each claim of '{name}'")
    return RoleRule(fields["role"], claim=_text(name, "claim", fields["claim"]), value=value)


def _text(name: str, field: str, value: Any) -> str:
    most = {"issuer": 500, "client_id": 500}.get(field, 100)
    if not isinstance(value, str) or not value.strip() or len(value) > most or not value.isprintable():
        raise ValueError(f"must have a text in one line as the {field} of '{name}'")
    return value.strip()


def _issuer(name: str, address: str) -> str:
    """Return the address of an issuer, exactly as it is written: it is compared with that in the tokens."""
    parts = urlsplit(address)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    if not is_safe or not parts.hostname or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError(
            f"must have the https address of the issuer of '{name}', such as https://login.example.edu"
        )
    if "{" in address:
        raise ValueError(f"must have the issuer of one organisation for '{name}', without braces")
    return address


def _secrets(text: str) -> dict[str, str]:
    expected = 'must be a JSON object with a secret for each provider, such as {"university": "..."}'
    found = json_object(text, expected) if text.strip() else {}
    if not all(isinstance(secret, str) and secret for secret in found.values()):
        raise ValueError(expected)
    return found


def json_object(text: str, expected: str) -> dict[str, Any]:
    """Return the JSON object in a setting; ValueError with what was expected for any other text."""
    refusal = ValueError(expected)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise refusal from None
    if not isinstance(found, dict):
        raise refusal
    return found


def _is_same(found: Any, wanted: str | int | bool) -> bool:
    """Compare a claim with the value of a rule; true and 1 are different values."""
    return type(found) is type(wanted) and bool(found == wanted)
