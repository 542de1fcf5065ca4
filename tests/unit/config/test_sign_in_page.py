"""The examples of the page on sign-in are valid settings that do what the page says."""

from __future__ import annotations

import re

import pytest

from chalicelib.experiment.config.openid_settings import OpenIdProvider, check_secrets, providers_in
from tests.docs.blocks import DOCS

TEXT = (DOCS / "sign-in.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)


def _provider(name: str) -> OpenIdProvider:
    found = [each for text in EXAMPLES for each in providers_in({"oidc_providers": text})]
    return next(each for each in found if each.name == name)


@pytest.mark.parametrize("text", EXAMPLES)
def test_each_example_is_a_valid_setting(text: str) -> None:
    (provider,) = providers_in({"oidc_providers": text})
    assert f"/dashboard/sign-in/openid/{provider.name}" in TEXT


def test_the_example_of_the_secret_is_a_valid_setting() -> None:
    found = re.search(r"oidc_client_secrets = (.*)", TEXT)
    assert found is not None
    check_secrets(found[1])


@pytest.mark.parametrize(
    ("name", "claims", "roles"),
    [
        ("university", {"email": "ada@example.edu", "email_verified": True}, {"Viewer"}),
        ("university", {"email": "ada@example.edu"}, set()),
        ("university", {"groups": ["memory-lab", "staff"]}, {"Lab admin"}),
        ("orcid", {"sub": "0000-0002-1825-0097"}, {"Researcher"}),
        ("google", {"email": "ada@example.edu", "email_verified": True}, set()),
        ("google", {"hd": "example.edu"}, {"Viewer"}),
    ],
)
def test_the_rules_give_the_roles_that_the_page_says(
    name: str, claims: dict[str, object], roles: set[str]
) -> None:
    assert _provider(name).roles_for(claims) == roles
