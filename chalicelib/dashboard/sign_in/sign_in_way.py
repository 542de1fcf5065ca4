"""A way to sign in, as the registry lists it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chalicelib.dashboard.dashboard_request import DashboardRequest
from chalicelib.dashboard.page_call import Rendered


@dataclass(frozen=True, slots=True)
class SignInWay:
    """A way to sign in that has a button of its own on the sign-in page, such as that of a university."""

    #: The segment of the address: /dashboard/sign-in/<name>.
    name: str
    #: What the button says.
    label: str
    #: Answers the POST of the button. The form's token has been checked.
    begin: Callable[[DashboardRequest], Rendered]
    #: Whether the run has set it up.
    is_available: Callable[[], bool]
    #: Answers the requests to /dashboard/sign-in/<name>/<part>, such as the redirect of a provider. The token
    #: of a POST has been checked; for a GET, the way checks itself what began it.
    resume: Callable[[DashboardRequest], Rendered] | None = None
    #: Returns the labels and addresses of several buttons instead of the one: those of providers.
    links: Callable[[], Sequence[tuple[str, str]]] | None = None
