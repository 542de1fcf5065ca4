"""The settings of OpenID Connect are read, or refused with what is wrong and where."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.errors import ConfigError
from chalicelib.experiment.config.openid_settings import RoleRule, providers_in
from chalicelib.experiment.config.problems import SettingsError

UNIVERSITY = {"issuer": "https://login.example.edu", "client_id": "petri"}


def _text(**fields: Any) -> str:
    return f"oidc_providers = {json.dumps({'university': UNIVERSITY | fields})}"


def test_a_provider_is_read_with_its_secret_and_defaults(load) -> None:
    rules = [{"role": "Researcher", "email_domain": "Example.edu"}]
    lines = [_text(rules=rules), 'oidc_client_secrets = {"university": "shh"}']
    (found,) = providers_in(load("\n".join(lines)))
    assert (found.name, found.label, found.issuer) == (
        "university",
        "University",
        "https://login.example.edu",
    )
    assert (found.secret, found.scopes) == ("shh", "openid email profile")
    assert found.rules == (RoleRule("Researcher", email_domain="example.edu"),)


def test_without_the_setting_there_are_no_providers(load) -> None:
    assert providers_in(load("")) == ()


def test_providers_can_be_written_in_a_file_of_their_own(load, folder) -> None:
    (folder / "sign-in.json").write_text(json.dumps({"orcid": UNIVERSITY}), encoding="utf-8")
    (found,) = providers_in(load("oidc_providers = file:sign-in.json"))
    assert found.name == "orcid"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("oidc_providers = university", "must be a JSON object"),
        ('oidc_providers = ["university"]', "must be a JSON object"),
        ('oidc_providers = {"Uni/versity": {}}', "lower-case letters"),
        ('oidc_providers = {"university": 3}', "must give 'university' no other fields"),
        (_text(isuer="x"), "must give 'university' no other fields"),
        (_text(issuer="http://login.example.edu"), "https address of the issuer of 'university'"),
        (_text(issuer="https://login.example.edu?a=b"), "https address of the issuer of 'university'"),
        (_text(issuer="https://me@login.example.edu"), "https address of the issuer of 'university'"),
        (_text(issuer="https://login.example.edu/{tenantid}/v2.0"), "issuer of one organisation"),
        (_text(client_id=""), "the client_id of 'university'"),
        (_text(label="two\nlines"), "one line as the label of 'university'"),
        (_text(scopes="email"), "must have openid among the scopes"),
        (_text(rules={}), "must have a list of rules for 'university'"),
        (_text(rules=[{"role": "Researcher"}]), "must have rules of 'university' with a role and"),
        (_text(rules=[{"role": "Boss", "email_domain": "example.edu"}]), "one of these roles"),
        (_text(rules=[{"role": "Viewer", "email_domain": "edu"}]), "domains such as example.edu"),
        (_text(rules=[{"role": "Viewer", "email_domain": "*.example.edu"}]), "domains such as example.edu"),
        (_text(rules=[{"role": "Viewer", "claim": "groups", "value": ["a"]}]), "as the value of each claim"),
        (
            f"oidc_providers = {json.dumps({'one': UNIVERSITY, 'two': UNIVERSITY})}",
            "must name each issuer once",
        ),
        ("oidc_client_secrets = shh", "must be a JSON object with a secret for each provider"),
        (
            f"{_text()}\noidc_client_secrets = {json.dumps({'univercity': 'shh'})}",
            "a secret for 'univercity', which oidc_providers doesn't name",
        ),
        (
            f"mode = live\n{_text(issuer='http://127.0.0.1:4444')}",
            "the issuer of 'university' is on this machine, which is allowed in debug mode only",
        ),
    ],
)
def test_a_provider_that_is_not_valid_is_refused(load, line: str, problem: str) -> None:
    with pytest.raises((SettingsError, ConfigError)) as refused:
        load(line)
    assert problem in str(refused.value)
    assert "shh" not in str(refused.value)


@pytest.mark.parametrize(
    ("claims", "gets_it"),
    [
        ({"email": "ada@example.edu", "email_verified": True}, True),
        ({"email": "Ada@EXAMPLE.edu", "email_verified": "true"}, True),
        ({"email": "ada@example.edu", "email_verified": False}, False),
        ({"email": "ada@example.edu"}, False),
        ({"email": "ada@example.edu", "email_verified": 1.5}, False),
        ({"email": "ada@sub.example.edu", "email_verified": True}, False),
        ({"email": "ada@example.edu.attacker.org", "email_verified": True}, False),
        ({"email": "ada@attacker-example.edu", "email_verified": True}, False),
        ({"email": ["ada@example.edu"], "email_verified": True}, False),
        ({}, False),
    ],
)
def test_a_rule_on_the_domain_needs_a_verified_address_of_exactly_this_domain(
    claims: dict[str, Any], gets_it: bool
) -> None:
    assert RoleRule("Viewer", email_domain="example.edu").applies_to(claims) is gets_it


@pytest.mark.parametrize(
    ("value", "claims", "gets_it"),
    [
        ("lab", {"groups": ["staff", "lab"]}, True),
        ("lab", {"groups": "lab"}, True),
        ("lab", {"groups": ["laboratory"]}, False),
        ("lab", {"groups": "laboratory"}, False),
        ("lab", {"groups": {"lab": 1}}, False),
        (True, {"groups": 1}, False),
        (1, {"groups": True}, False),
        ("lab", {}, False),
    ],
)
def test_a_rule_on_a_claim_needs_exactly_its_value(value: Any, claims: dict[str, Any], gets_it: bool) -> None:
    assert RoleRule("Viewer", claim="groups", value=value).applies_to(claims) is gets_it
