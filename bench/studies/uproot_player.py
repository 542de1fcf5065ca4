"""A player of the ultimatum game on uproot, and the project that it plays."""

from __future__ import annotations

import http.client
import json
import random
import re
import time
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from .timings import Timings

POLL = 0.1
KEY: Final = "bench"
MAIN = f"""
import uproot.deployment as deployment
from uproot.cli import cli
from uproot.server import load_config, uproot_server

load_config(uproot_server, config="ultimatum", apps=["ultimatum"])
deployment.API_KEYS.add("{KEY}")
if __name__ == "__main__":
    cli()
"""
APP = """
from uproot.fields import *
from uproot.smithereens import *

DESCRIPTION = "Dividing points"


class Welcome(Page):
    pass


class Pair(GroupCreatingWait):
    group_size = 2


class Propose(Page):
    fields = dict(offer=IntegerField(label="How much do you offer?", min=0, max=10))

    @classmethod
    def show(page, player):
        return player.member_id == 0


class WaitOffer(SynchronizingWait):
    pass


class Respond(Page):
    fields = dict(accept=RadioField(label="Do you accept?", choices=[(True, "Yes"), (False, "No")]))

    @classmethod
    def show(page, player):
        return player.member_id == 1


class WaitReply(SynchronizingWait):
    @classmethod
    def all_here(page, group):
        proposer, responder = group.players
        proposer.payoff = 10 - proposer.offer if responder.accept else 0
        responder.payoff = proposer.offer if responder.accept else 0


class Result(Page):
    pass


page_order = [Welcome, Pair, Rounds(Propose, WaitOffer, Respond, WaitReply, Result, n=3)]
"""
TEMPLATE = (
    '{% extends "Base.html" %}{% block title %}Page{% endblock title %}'
    "{% block main %}{% if form %}{{ fields() }}{% endif %}{% endblock main %}"
)
#: What a page tells its script: the number of the page, and the key that a form carries.
_PAGE: Final = re.compile(r'"key":"([^"]+)".*?"thisis":(-?\d+)')
#: What pages have: a wait, a form, and the start.
_WAIT: Final = 'id="wait-progress"'
_BUTTON: Final = 'id="uproot-button-next"'
_BEGIN: Final = '"thisis":-1'


def write_project(folder: Path) -> None:
    """Write the project: one app with a template for each page."""
    app = folder / "ultimatum"
    app.mkdir(parents=True)
    (folder / "main.py").write_text(MAIN, encoding="utf-8")
    (folder / ".env").write_text(f"UPROOT_ADMIN_PASSWORD={KEY}\n", encoding="utf-8")
    (folder / "uproot_license.txt").touch()
    (app / "__init__.py").write_text(APP, encoding="utf-8")
    for page in ("Welcome", "Propose", "Respond", "Result"):
        (app / f"{page}.html").write_text(TEMPLATE, encoding="utf-8")


def new_session(port: int, participants: int) -> tuple[str, list[str]]:
    """Make a session by uproot's API, once the server answers; return its name and the players'."""
    wanted = {"config": "ultimatum", "n_players": participants}
    for _ in range(120):
        try:
            made = _api(port, "POST", "/sessions/", wanted)
            return made["sname"], list(_api(port, "GET", f"/sessions/{made['sname']}/players/"))
        except (ConnectionError, http.client.HTTPException):
            time.sleep(0.5)
    raise SystemExit("uproot didn't start; see its log.")


def _api(port: int, method: str, path: str, body: Any = None) -> Any:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    line.request(method, f"/admin/api/v1{path}", json.dumps(body) if body else None, headers)
    return json.loads(line.getresponse().read())


def play(port: int, session: str, player: str, number: int, timings: Timings, think: float = 0.0) -> None:
    """Take part from the first page to the end; a wait is asked again, as its page would without a socket."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    draw = random.Random(number)
    path = f"/p/{session}/{player}/"
    html = _ask(line, "GET", path)
    while _WAIT in html or _BUTTON in html or _BEGIN in html:
        if _WAIT in html:
            time.sleep(POLL)
            html = _ask(line, "GET", path)
            continue
        if think:
            time.sleep(think)
        body = urlencode(_fields(html, session, player, draw))
        with timings.measured():
            html = _ask(line, "POST", path, body)
    line.close()


def _fields(html: str, session: str, player: str, draw: random.Random) -> dict[str, str]:
    found = _PAGE.search(html)
    if found is None:
        raise SystemExit(f"uproot: a page without its number: {html[:300]!r}")
    key, page = found.groups()
    fields = {"_uproot_csrf": f"{session}+{player}+{key}", "_uproot_from": page}
    if 'name="offer"' in html:
        fields["offer"] = str(draw.randint(0, 10))
    elif 'name="accept"' in html:
        fields["accept"] = draw.choice(["True", "False"])
    return fields


def _ask(line: http.client.HTTPConnection, method: str, path: str, body: str | None = None) -> str:
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if body is not None else {}
    line.request(method, path, body, headers)
    reply = line.getresponse()
    text = reply.read().decode()
    if reply.status != http.client.OK:
        raise SystemExit(f"uproot: {method} {path} answered {reply.status}: {text[:300]!r}")
    return text
