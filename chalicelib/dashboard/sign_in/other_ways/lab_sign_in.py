"""Signs in with an assertion of a lab, which a page of the lab sends: a page asks, and its button acts.

Any site can make a browser send a form here. So the first request, which is the only POST that may come from
another site, changes nothing: it shows who would be signed in. Its button posts from this dashboard itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from chalicelib import services
from chalicelib.dashboard.dashboard_request import DashboardRequest
from chalicelib.dashboard.page_call import Rendered, redirect
from chalicelib.dashboard.rendering import render_alone
from chalicelib.dashboard.sign_in.complete import complete
from chalicelib.dashboard.sign_in.cookies import FormCookie
from chalicelib.errors import Forbidden
from chalicelib.operations.accounts.identities.openid_accounts import BlockedAccount
from chalicelib.operations.labs.lab_records import (
    LAB_SESSION_LIFETIME,
    AssertionPurpose,
    LabAssertion,
    TrustedLab,
)
from chalicelib.operations.labs.lab_users import user_of_assertion
from chalicelib.operations.labs.trusted_labs import trusted_labs
from chalicelib.operations.shared.context import Request

from .failed_sign_in import show_failed
from .packages import require_package

NAME: Final = "lab"
#: The last segments of the addresses: where a lab sends its form, and where the button of the page posts.
ASSERTION, ENTER = "assertion", "enter"
_BLOCKED: Final = "Your access to this app was removed. If you need it again, ask a person who manages it."


def comes_from_lab(request: DashboardRequest) -> bool:
    """Whether this is the request that a page of a lab may send, although it is another site."""
    return request.tab == "sign-in" and request.id == NAME and request.part == ASSERTION


def has_labs() -> bool:
    """Whether this app trusts a lab."""
    return bool(services.current().run(trusted_labs))


def lab_links() -> Sequence[tuple[str, str]]:
    """Return the label and the address of a link to each lab."""
    labs: list[TrustedLab] = services.current().run(trusted_labs)
    return [(f"Sign in with {lab.name}", f"{lab.address}/dashboard/apps") for lab in labs]


def answer_lab(request: DashboardRequest) -> Rendered:
    """Show who would be signed in, or sign them in."""
    if not request.is_change or request.part not in (ASSERTION, ENTER):
        return redirect("/dashboard/sign-in")
    labs: list[TrustedLab] = services.current().run(trusted_labs)
    try:
        assertion = _verified(request, labs)
        lab = next(lab for lab in labs if lab.id == assertion.lab_id)
        if request.part == ASSERTION:
            return _ask(request, lab, assertion)
        username = services.current().run(
            user_of_assertion, assertion, request=Request(address=request.address)
        )
    except BlockedAccount as refused:
        return show_failed("a lab", _BLOCKED, "blocked", refused.status)
    except Forbidden as refused:
        reason = str(getattr(refused, "reason", refused.code))
        return show_failed("a lab", str(refused), reason, refused.status)
    return complete(request, username, how=f"lab {lab.name}", lifetime=LAB_SESSION_LIFETIME)


def _verified(request: DashboardRequest, labs: Sequence[TrustedLab]) -> LabAssertion:
    require_package("joserfc")
    # Lazy import: it needs packages that only sign-in needs.
    from chalicelib.identity.lab_assertions import verified_assertion

    app = services.current()
    sent = request.one("assertion")
    return verified_assertion(sent, labs, app.app_id, AssertionPurpose.SIGN_IN, app.clock.now())


def _ask(request: DashboardRequest, lab: TrustedLab, assertion: LabAssertion) -> Rendered:
    cookie = FormCookie.of(request)
    return render_alone(
        "sign_in_lab.html",
        headers={} if cookie.is_sent else {"Set-Cookie": cookie.header},
        lab=lab,
        name=assertion.name or assertion.username,
        rights=sorted(assertion.rights),
        assertion=request.one("assertion"),
        csrf=cookie.token,
    )
