"""Checks the dashboard of a rehearsed app: its own host, the operator's sign-in, and the API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import requests

from infra.aws.account.names import Names
from infra.aws.account.session import Account
from infra.aws.deployed.app_registry import LocatedApp
from infra.aws.lifecycle.deployment import Deployed
from infra.operator.dashboard_access import sign_in_link_of
from petri.client import ApiError, Client

#: Seconds to wait for a response.
TIMEOUT = 30
_API = "/api/v1/payments"
_STYLE = re.compile(r'<link rel="stylesheet" href="([^"]+)"')


class DashboardCheck:
    """Uses the dashboard as an operator's browser and a program do, and yields every problem."""

    def __init__(self, account: Account, names: Names, deployed: Deployed) -> None:
        self._found = LocatedApp(account, names)
        self._deployed = deployed
        address = urlsplit(deployed.dashboard_url)
        self._own = f"{address.scheme}://{address.netloc}"
        self._bearer = {"Authorization": f"Bearer {deployed.token}"}

    def problems(self) -> Iterator[str]:
        """Yield what doesn't work, and what is served where it shouldn't be."""
        with requests.Session() as browser:
            yield from self._sign_in(browser)
            yield from self._overview(browser)
        yield from self._ask_client()
        yield from self._statuses()

    def _sign_in(self, browser: requests.Session) -> Iterator[str]:
        link = sign_in_link_of(self._found)
        page = browser.get(link, timeout=TIMEOUT)
        ticket = link.partition("ticket=")[2]
        if page.status_code != requests.codes.ok or ticket not in page.text:
            yield f"the link to sign in answered {page.status_code}"
        posted = browser.post(
            f"{self._own}/dashboard/sign-in",
            {"ticket": ticket},
            headers={"Origin": self._own, "Sec-Fetch-Site": "same-origin"},
            timeout=TIMEOUT,
            allow_redirects=False,
        )
        cookie = posted.headers.get("set-cookie", "")
        if posted.status_code != requests.codes.see_other or not cookie.startswith("__Host-petri-"):
            yield f"signing in answered {posted.status_code}"
        if "Secure" not in cookie:
            yield "the cookie of the session isn't Secure"

    def _overview(self, browser: requests.Session) -> Iterator[str]:
        page = browser.get(f"{self._own}/dashboard/overview", timeout=TIMEOUT)
        if page.status_code != requests.codes.ok or "sign-out" not in page.text:
            yield f"the first page of the dashboard answered {page.status_code}"
        if "unsafe-inline" in page.headers.get("content-security-policy", "unsafe-inline"):
            yield "the dashboard doesn't have the application's Content-Security-Policy"
        if "strict-transport-security" not in page.headers:
            yield "the dashboard has no Strict-Transport-Security"
        style = _STYLE.search(page.text)
        if style is None:
            yield "the dashboard has no style sheet"
            return
        file = browser.get(f"{self._own}{style[1]}", timeout=TIMEOUT)
        if file.status_code != requests.codes.ok or "immutable" not in file.headers.get("cache-control", ""):
            yield f"the dashboard's style sheet answered {file.status_code}"

    def _ask_client(self) -> Iterator[str]:
        client = Client(self._deployed.dashboard_url, self._deployed.token, timeout=TIMEOUT)
        try:
            list(client.payments.list())
        except ApiError as error:
            yield f"the client of the API got an error: {error}"

    def _statuses(self) -> Iterator[str]:
        site, rest = self._deployed.site_url, self._deployed.rest_url.rstrip("/")
        expected = {
            f"{self._own}{_API}": requests.codes.ok,
            f"{self._own}/exp": requests.codes.not_found,
            f"{self._own}/experiment_property/title": requests.codes.not_found,
            f"{rest}{_API}": requests.codes.not_found,
            f"{rest}/dashboard": requests.codes.not_found,
            f"{site}{_API}": requests.codes.not_found,
            f"{site}/dashboard": requests.codes.not_found,
        }
        for address, status in expected.items():
            got = requests.get(address, headers=self._bearer, timeout=TIMEOUT).status_code
            if got != status:
                yield f"{address} answered {got} instead of {status}"
