"""Who gets into the dashboard: its host, tickets, sessions, and forms of other sites."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest

from chalicelib.access.origin_header import ORIGIN_HEADER
from chalicelib.dashboard import sessions
from tests.web.conftest import NewWorld
from tests.web.world import Said, World

OWN = {"host": "localhost:5000"}
FROM_OWN_PAGE = {**OWN, "origin": "http://localhost:5000", "sec-fetch-site": "same-origin"}
OVER_HTTPS = {**OWN, "origin": "https://localhost:5000"}
OK, REDIRECTED, NOT_CHANGED, SIGNED_OUT, FORBIDDEN, NOT_FOUND = 200, 303, 304, 401, 403, 404


def new_ticket(here: World) -> str:
    return here.app.run(sessions.create_ticket)


def sign_in(here: World, ticket: str, headers: dict[str, str] = FROM_OWN_PAGE, **how: str) -> Said:
    return here.post("/dashboard/sign-in", {"ticket": ticket}, headers=headers, **how)


def cookie_of(said: Said) -> str:
    return said.headers["set-cookie"].partition(";")[0]


def signed_in(here: World) -> dict[str, str]:
    """Return the headers of a browser that has signed in."""
    return {**FROM_OWN_PAGE, "cookie": cookie_of(sign_in(here, new_ticket(here)))}


def csrf_of(here: World, browser: dict[str, str]) -> str:
    page = here.get("/dashboard/overview", headers=browser).raw.decode()
    return re.search(r'name="csrf" value="(\w+)"', page)[1]


@pytest.mark.parametrize("host", ["127.0.0.1:5000", "192.168.1.4", "localhost.evil.example", ""])
@pytest.mark.parametrize("path", ["/dashboard", "/dashboard/overview", "/dashboard/sign-in"])
def test_the_dashboard_is_on_its_own_host_only(world: NewWorld, host: str, path: str) -> None:
    here = world()
    browser = {**signed_in(here), "host": host}
    assert here.get(path, headers=browser).status == NOT_FOUND


@pytest.mark.parametrize("sent", [{}, {ORIGIN_HEADER: "another"}])
def test_the_dashboard_of_a_deployed_app_needs_the_key_of_its_distribution(
    world: NewWorld, sent: dict[str, str]
) -> None:
    here = world()
    browser = signed_in(here)
    here.app.origin_keys = lambda: ["key"]
    assert here.get("/dashboard", headers={**browser, **sent}).status == NOT_FOUND


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://d2.cloudfront.net", REDIRECTED),
        ("https://d1.cloudfront.net", FORBIDDEN),
        ("https://api.example", FORBIDDEN),
        ("http://d2.cloudfront.net", FORBIDDEN),
    ],
)
def test_a_sign_in_at_a_deployed_app_comes_from_the_dashboards_address(
    world: NewWorld, origin: str, status: int
) -> None:
    here = world()
    here.app.origin_keys, here.app.dashboard_url = (
        lambda: ["key"],
        lambda: "https://d2.cloudfront.net/dashboard",
    )
    behind = {"host": "api.example", "origin": origin, ORIGIN_HEADER: "key"}
    said = sign_in(here, new_ticket(here), headers=behind, scheme="https")
    assert said.status == status
    if status == REDIRECTED:
        cookie = said.headers["set-cookie"]
        assert cookie.startswith("__Host-petri-")
        assert {"Path=/", "HttpOnly", "Secure", "SameSite=Lax"} <= set(cookie.split("; "))


def test_a_ticket_signs_in_once(world: NewWorld) -> None:
    here = world()
    ticket = new_ticket(here)
    assert sign_in(here, ticket).status == REDIRECTED
    again = sign_in(here, ticket)
    assert (again.status, cookie_of(again).partition("=")[0]) == (SIGNED_OUT, f"petri-{here.app.app_id}-form")


def test_a_program_that_opens_a_link_does_not_use_it_up(world: NewWorld) -> None:
    here = world()
    ticket = new_ticket(here)
    with here.unchanged():
        page = here.get("/dashboard/sign-in", {"ticket": ticket}, headers=OWN)
    assert (page.status, ticket in page.raw.decode()) == (OK, True)
    assert sign_in(here, ticket).status == REDIRECTED


def test_a_ticket_expires_after_two_minutes(world: NewWorld) -> None:
    here = world()
    ticket = new_ticket(here)
    here.clock.turn(minutes=2)
    assert sign_in(here, ticket).status == SIGNED_OUT


def test_an_unknown_ticket_is_not_shown_again(world: NewWorld) -> None:
    page = world().get("/dashboard/sign-in", {"ticket": '"><img src=x>'}, headers=OWN)
    assert b"img" not in page.raw
    assert b"petri dashboard" in page.raw


def test_only_hashes_of_tickets_and_sessions_are_stored(world: NewWorld) -> None:
    here = world()
    ticket = new_ticket(here)
    assert ticket not in str(here.items())
    token = cookie_of(sign_in(here, ticket)).partition("=")[2]
    assert len(token) > 40
    assert token not in str(here.items())


def test_expired_tickets_and_sessions_are_deleted(world: NewWorld) -> None:
    here = world()
    signed_in(here)
    new_ticket(here)
    here.clock.turn(hours=12)
    signed_in(here)
    assert (len(here.items("ticket")), len(here.items("session"))) == (0, 1)


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(world: NewWorld) -> None:
    here = world()
    cookie = sign_in(here, new_ticket(here)).headers["set-cookie"]
    assert cookie.startswith(f"petri-{here.app.app_id}=")
    assert cookie.endswith("; Path=/; HttpOnly; SameSite=Lax")


def test_over_https_the_cookie_is_never_sent_without_encryption(world: NewWorld) -> None:
    here = world()
    said = sign_in(here, new_ticket(here), OVER_HTTPS, scheme="https")
    assert said.headers["set-cookie"].startswith(f"__Host-petri-{here.app.app_id}=")
    assert "; Secure" in said.headers["set-cookie"]
    assert here.get("/dashboard", headers={**OWN, "cookie": cookie_of(said)}, scheme="https").status == OK


def test_a_session_that_began_over_https_is_refused_over_http(world: NewWorld) -> None:
    here = world()
    said = sign_in(here, new_ticket(here), OVER_HTTPS, scheme="https")
    stolen = cookie_of(said).removeprefix("__Host-")
    assert here.get("/dashboard", headers={**OWN, "cookie": stolen}).status == SIGNED_OUT


def test_a_session_ends_after_twelve_hours(world: NewWorld) -> None:
    here = world()
    browser = signed_in(here)
    assert here.get("/dashboard", headers=browser).status == OK
    here.clock.turn(hours=12)
    page = here.get("/dashboard", headers=browser)
    assert (page.status, b"petri dashboard" in page.raw) == (SIGNED_OUT, True)
    fragment = here.get("/dashboard", headers={**browser, "hx-request": "true"})
    assert (fragment.status, fragment.headers["hx-redirect"]) == (SIGNED_OUT, "/dashboard/sign-in")


def test_signing_out_ends_the_session(world: NewWorld) -> None:
    here = world()
    browser = signed_in(here)
    said = here.post("/dashboard/sign-out", {"csrf": csrf_of(here, browser)}, headers=browser)
    assert "Max-Age=0" in said.headers["set-cookie"]
    assert here.get("/dashboard", headers=browser).status == SIGNED_OUT


def test_signing_in_again_ends_the_former_session(world: NewWorld) -> None:
    here = world()
    browser = signed_in(here)
    sign_in(here, new_ticket(here), browser)
    assert here.get("/dashboard", headers=browser).status == SIGNED_OUT


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example", "sec-fetch-site": "cross-site"},
        {"origin": "http://127.0.0.1:5000", "sec-fetch-site": "cross-site"},
        {"origin": "https://localhost:5000"},
        {"origin": "http://localhost:5001"},
        {"origin": "null"},
        {"origin": ""},
        {"sec-fetch-site": "same-site"},
    ],
    ids=str,
)
def test_a_form_of_another_site_changes_nothing(world: NewWorld, headers: dict[str, str]) -> None:
    here = world()
    browser = signed_in(here)
    csrf, ticket = csrf_of(here, browser), new_ticket(here)
    with here.unchanged():
        for path, fields in (("sign-out", {"csrf": csrf}), ("sign-in", {"ticket": ticket})):
            said = here.post(f"/dashboard/{path}", fields, headers={**browser, **headers})
            assert said.status == FORBIDDEN


@pytest.mark.parametrize("csrf", ["", "0" * 24, "é"])
def test_a_form_without_the_token_of_the_session_changes_nothing(world: NewWorld, csrf: str) -> None:
    here = world()
    browser = signed_in(here)
    with here.unchanged():
        assert here.post("/dashboard/sign-out", {"csrf": csrf}, headers=browser).status == FORBIDDEN


def test_a_form_with_the_token_of_another_session_changes_nothing(world: NewWorld) -> None:
    here = world()
    browser, other = signed_in(here), signed_in(here)
    with here.unchanged():
        said = here.post("/dashboard/sign-out", {"csrf": csrf_of(here, other)}, headers=browser)
        assert said.status == FORBIDDEN


def test_every_page_may_load_from_its_own_host_only(world: NewWorld) -> None:
    here = world()
    browser = signed_in(here)
    for path in ("/dashboard", "/dashboard/sign-in", "/dashboard/nowhere"):
        headers = here.get(path, headers=browser).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'self';")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert (headers["x-frame-options"], headers["cache-control"]) == ("DENY", "no-store")


def test_a_fragment_that_has_not_changed_is_not_sent_again(world: NewWorld) -> None:
    here = world()
    browser = {**signed_in(here), "hx-request": "true"}
    first = here.get("/dashboard/overview", headers=browser)
    assert b"<html" not in first.raw
    tagged = {**browser, "if-none-match": first.headers["etag"]}
    assert here.get("/dashboard/overview", headers=tagged).status == NOT_CHANGED
    here.arrive()
    assert here.get("/dashboard/overview", headers=tagged).status == OK


def test_an_error_of_a_page_is_a_page_without_its_details(
    world: NewWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = world()
    browser = signed_in(here)
    monkeypatch.setattr("chalicelib.dashboard.pages.overview.render", lambda *_, **__: 1 // 0)
    page = here.get("/dashboard", headers=browser)
    assert page.status == 500
    assert b"ZeroDivisionError" not in page.raw


def test_a_page_that_does_not_exist_is_named_in_escaped_text(world: NewWorld) -> None:
    here = world()
    page = here.get(f"/dashboard/{urlencode({'': '<b hx-get=x>'})[1:]}", headers=signed_in(here))
    assert page.status == NOT_FOUND
    assert b"<b hx" not in page.raw
