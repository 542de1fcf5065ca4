"""/join/lti/{platform}: a learning platform opens the study for one of its students, by LTI 1.3."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from chalice.app import Blueprint, Response
from markupsafe import Markup

from chalicelib import services
from chalicelib.errors import Forbidden, Refused, VendorError
from chalicelib.web.routing import HttpCall, endpoint
from chalicelib.web.standalone.standalone_page import PROBLEM, standalone_headers, standalone_page

if TYPE_CHECKING:
    from chalicelib.experiment.config.lti_settings import LtiPlatform
    from chalicelib.identity.lti.launches import PendingLaunch

routes = Blueprint(__name__)
logger = logging.getLogger("petri.lti")

_PURPOSE: Final = "lti launch"
_COOKIE: Final = "petri-lti"
_LOGIN_FIELDS: Final = ("iss", "login_hint", "lti_message_hint", "client_id")
_LAUNCH_FIELDS: Final = ("id_token", "state", "error")
_OK: Final = 200
_BAD_GATEWAY: Final = 502
_NOTE: Final = Markup("<p>{}</p>")
_NOT_BEGUN: Final = (
    "Your browser didn't keep what it needs to open the study: it was opened in a frame, or took longer than "
    "ten minutes. Open it in a new window from your learning platform, and allow cookies."
)
_TEACHES: Final = (
    "You teach this course. Manage the class and its grades on the dashboard of the study; students who open "
    "this link take part."
)


@endpoint(routes, "/join/lti/{platform}/login", ("GET", "POST"))
def begin_lti_launch(call: HttpCall) -> Response:
    """Send the browser to the platform, which proves who the person is."""
    return _shown(lambda: _begin(call))


@endpoint(routes, "/join/lti/{platform}/launch", ("POST",))
def finish_lti_launch(call: HttpCall) -> Response:
    """Take the platform's launch, and send the person to the study with their own link."""
    return _shown(lambda: _finish(call))


@endpoint(routes, "/join/lti/{platform}/keys")
def lti_tool_keys(call: HttpCall) -> dict[str, Any]:
    """Return the public key with which this run proves to the platform who sends scores."""
    _platform_of(call)
    # Lazy imports, here and below: only LTI needs them.
    from chalicelib.identity.lti.platform_client import public_part
    from chalicelib.identity.lti.tool_key import tool_key

    return {"keys": [public_part(tool_key(services.current().run))]}


def _begin(call: HttpCall) -> Response:
    from chalicelib.identity.lti.launches import LIFETIME, begin_launch
    from chalicelib.operations.classes.lti_tool import launch_address

    platform = _platform_of(call)
    given = {name: value for name in _LOGIN_FIELDS if (value := call.parameters.text(name))}
    app = services.current()
    back = call.run(launch_address, platform.name)
    address, pending = begin_launch(platform, given, back)
    ends = (app.clock.now() + LIFETIME).isoformat()
    sealed = app.tokens.seal(_PURPOSE, {"pending": asdict(pending), "ends": ends})
    # The platform's form comes from another site, so the cookie is for requests from other sites too.
    cookie = (
        f"{_COOKIE}-{platform.name}={sealed}; Path=/join/lti; HttpOnly; Secure; SameSite=None; "
        f"Max-Age={int(LIFETIME.total_seconds())}"
    )
    return Response("", {"Location": address, "Set-Cookie": cookie, "Cache-Control": "no-store"}, 303)


def _finish(call: HttpCall) -> Response:
    from chalicelib.identity.lti.launches import verified_launch
    from chalicelib.identity.lti.platform_client import platform_client
    from chalicelib.operations.classes.lti_members import join_by_launch

    platform = _platform_of(call)
    pending = _pending(call, platform)
    if pending is None:
        return _page("Open the study in a new window", _NOT_BEGUN, 400)
    given = {name: value for name in _LAUNCH_FIELDS if (value := call.parameters.text(name))}
    client = platform_client()
    launch = verified_launch(
        platform,
        pending,
        given,
        lambda is_fresh: client.keys(platform, is_fresh=is_fresh),
        services.current().clock.now(),
    )
    if launch.teaches:
        return _page("For your students", _TEACHES, 200)
    address = call.run(join_by_launch, launch)
    # The address is the member's own: it must not be stored, or passed on as a referrer.
    headers = {"Location": address, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return Response("", headers, 303)


def _platform_of(call: HttpCall) -> LtiPlatform:

    from chalicelib.dashboard.sign_in.other_ways.packages import require_package
    from chalicelib.experiment.config.lti_settings import platforms_in

    name = call.parameters.path["platform"]
    found = next((one for one in platforms_in(services.current().config) if one.name == name), None)
    if found is None:
        raise Forbidden("This study knows no such learning platform.", code="lti_platform_unknown")
    require_package("joserfc")
    return found


def _pending(call: HttpCall, platform: LtiPlatform) -> PendingLaunch | None:
    """Return the launch that this browser has begun within ten minutes; None without one."""
    from chalicelib.dashboard.own_host import read_cookie
    from chalicelib.identity.lti.launches import PendingLaunch

    app = services.current()
    content = app.tokens.unseal(_PURPOSE, read_cookie(call.headers, f"{_COOKIE}-{platform.name}"))
    if content is None or app.clock.now() >= datetime.fromisoformat(content["ends"]):
        return None
    return PendingLaunch(**content["pending"])


def _shown(answer: Callable[[], Response]) -> Response:
    """Return an answer, or a page with what is wrong: a person reads it, in a window of their platform."""
    try:
        return answer()
    except Refused as refused:
        logger.info("an LTI launch was refused (%s)", refused.code)
        return _page("The study can't be opened", str(refused), refused.status)
    except VendorError as error:
        logger.warning("an LTI launch failed (%s)", type(error).__name__)
        return _page("The study can't be opened", str(error), _BAD_GATEWAY)


def _page(title: str, text: str, status: int) -> Response:
    paragraph = _NOTE if status == _OK else PROBLEM
    # Platforms may show the answer in a frame of theirs.
    headers = standalone_headers(form_action="'none'", frame_ancestors="*")
    return Response(standalone_page(title, paragraph.format(text)), headers, status)
