"""Signing in with a provider and with a passkey, in a real browser under the dashboard's own policy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pytest_socket import enable_socket
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.virtual_authenticator import Transport, VirtualAuthenticatorOptions
from selenium.webdriver.support.expected_conditions import element_to_be_clickable
from selenium.webdriver.support.ui import WebDriverWait

from tests.browser import accessibility
from tests.demos.serving import serving
from tests.tools.signing_in.standin import CLIENT, SECRET, StandInProvider

pytestmark = pytest.mark.e2e

WITHIN_SECONDS = 30


@dataclass(frozen=True)
class RunWithProvider:
    """A run in which people sign in with a provider."""

    dashboard: str
    provider: StandInProvider


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunWithProvider]:
    enable_socket()
    folder: Path = tmp_path_factory.mktemp("run")
    with StandInProvider.running() as provider:
        fields = {
            "label": "Example University",
            "issuer": provider.issuer,
            "client_id": CLIENT,
            "contact": "it@example.edu",
            "rules": [{"role": "Viewer", "email_domain": "example.edu"}],
        }
        settings = {
            "oidc_providers": json.dumps({"university": fields}),
            "oidc_client_secrets": json.dumps({"university": SECRET}),
            "passkeys": "true",
        }
        with serving("bartlett1932", folder, **settings) as address:
            port = urlsplit(address).port
            yield RunWithProvider(f"http://localhost:{port}/dashboard", provider)


def _press(browser: Chrome, text: str) -> None:
    where = By.XPATH, f"//*[self::a or self::button][normalize-space()='{text}']"
    WebDriverWait(browser, WITHIN_SECONDS).until(element_to_be_clickable(where)).click()


def _until(browser: Chrome, text: str) -> None:
    """Wait for a text, in whichever page is loaded then."""
    WebDriverWait(browser, WITHIN_SECONDS).until(
        lambda b: text in b.execute_script("return document.body ? document.body.innerText : ''")
    )


def _look(browser: Chrome, name: str) -> None:
    assert accessibility.problems(browser, f"sign-in-{name}") == []


def test_a_person_signs_in_with_a_provider_and_then_with_a_passkey(
    browser: Chrome, run: RunWithProvider
) -> None:
    browser.get(f"{run.dashboard}/sign-in")
    _look(browser, "ways")
    _press(browser, "Sign in with Example University")
    _press(browser, "Continue as Ada")
    assert "GET /authorize" in run.provider.calls
    _until(browser, "Overview")
    options = VirtualAuthenticatorOptions(
        transport=Transport.INTERNAL,
        has_resident_key=True,
        has_user_verification=True,
        is_user_verified=True,
    )
    browser.add_virtual_authenticator(options)
    try:
        browser.get(f"{run.dashboard}/account")
        _press(browser, "Add a passkey")
        label = WebDriverWait(browser, WITHIN_SECONDS).until(
            element_to_be_clickable((By.ID, "passkey-label"))
        )
        label.send_keys("My laptop")
        _look(browser, "new-passkey")
        _press(browser, "Make the passkey")
        _until(browser, "The passkey is added.")
        _look(browser, "account")
        browser.delete_all_cookies()
        browser.get(f"{run.dashboard}/sign-in")
        _press(browser, "Sign in with a passkey")
        _look(browser, "passkey")
        _press(browser, "Use a passkey")
        _until(browser, "Overview")
    finally:
        browser.remove_virtual_authenticator()
    log = [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    assert log == []


def test_a_person_without_access_reads_whom_to_ask(browser: Chrome, run: RunWithProvider) -> None:
    run.provider.person = {"sub": "eve-1", "name": "Eve", "email": "eve@else.example", "email_verified": True}
    browser.get(f"{run.dashboard}/sign-in/openid/university")
    _press(browser, "Continue as Ada")
    _until(browser, "Ask it@example.edu for access")
    _look(browser, "no-access")
    run.provider.error = "access_denied"
    browser.get(f"{run.dashboard}/sign-in/openid/university")
    _press(browser, "Continue as Ada")
    _until(browser, "The sign-in was cancelled at Example University.")
    _look(browser, "failed")
