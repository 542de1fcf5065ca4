"""A player of the ultimatum game on oTree, and the project that it plays."""

from __future__ import annotations

import http.client
import random
import time
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from .timings import Timings

POLL = 0.1
SETTINGS = """
SESSION_CONFIGS = [dict(name="ultimatum", app_sequence=["ultimatum"], num_demo_participants=2)]
SESSION_CONFIG_DEFAULTS = dict(real_world_currency_per_point=0.05, participation_fee=1.00, doc="")
LANGUAGE_CODE = "en"
REAL_WORLD_CURRENCY_CODE = "USD"
USE_POINTS = True
ADMIN_USERNAME = "admin"
ADMIN_PASSWORD = "bench"
SECRET_KEY = "bench"
PARTICIPANT_FIELDS = []
SESSION_FIELDS = []
"""
APP = """
from otree.api import *


class C(BaseConstants):
    NAME_IN_URL = "ultimatum"
    PLAYERS_PER_GROUP = 2
    NUM_ROUNDS = 3
    PROPOSER_ROLE = "Proposer"
    RESPONDER_ROLE = "Responder"


class Subsession(BaseSubsession):
    pass


class Group(BaseGroup):
    offer = models.IntegerField(min=0, max=10, label="How much do you offer?")
    accept = models.BooleanField(label="Do you accept?")


class Player(BasePlayer):
    pass


def pay(group):
    kept = 10 - group.offer if group.accept else 0
    given = group.offer if group.accept else 0
    group.get_player_by_role(C.PROPOSER_ROLE).payoff = kept
    group.get_player_by_role(C.RESPONDER_ROLE).payoff = given


class Welcome(Page):
    @staticmethod
    def is_displayed(player):
        return player.round_number == 1


class Propose(Page):
    form_model = "group"
    form_fields = ["offer"]

    @staticmethod
    def is_displayed(player):
        return player.role == C.PROPOSER_ROLE


class WaitOffer(WaitPage):
    pass


class Respond(Page):
    form_model = "group"
    form_fields = ["accept"]

    @staticmethod
    def is_displayed(player):
        return player.role == C.RESPONDER_ROLE


class WaitReply(WaitPage):
    after_all_players_arrive = pay


class Result(Page):
    pass


class Debrief(Page):
    @staticmethod
    def is_displayed(player):
        return player.round_number == C.NUM_ROUNDS


page_sequence = [Welcome, Propose, WaitOffer, Respond, WaitReply, Result, Debrief]
"""
TEMPLATE = (
    "{{ block title }}Page{{ endblock }}{{ block content }}{{ formfields }}{{ next_button }}{{ endblock }}"
)


def write_project(folder: Path) -> None:
    """Write the project: one app with a template for each page."""
    app = folder / "ultimatum"
    app.mkdir(parents=True)
    (folder / "_static").mkdir()
    (folder / "_templates").mkdir()
    (folder / "settings.py").write_text(SETTINGS, encoding="utf-8")
    (app / "__init__.py").write_text(APP, encoding="utf-8")
    for page in ("Welcome", "Propose", "Respond", "Result", "Debrief"):
        (app / f"{page}.html").write_text(TEMPLATE, encoding="utf-8")


def play(host: str, port: int, code: str, number: int, timings: Timings, think: float = 0.0) -> None:
    """Take part from the first page to the last."""
    line = http.client.HTTPConnection(host, port, timeout=120)
    draw = random.Random(number)
    path = _follow(line, "GET", f"/InitializeParticipant/{code}")
    while "/p/" in path and "OutOfRange" not in path and "Debrief" not in path:
        if "/Wait" in path:
            time.sleep(POLL)
            path = _follow(line, "GET", path)
            continue
        if think:
            time.sleep(think)
        fields = {}
        if "Propose" in path:
            fields = {"offer": draw.randint(0, 10)}
        elif "Respond" in path:
            fields = {"accept": draw.choice(["True", "False"])}
        with timings.measured():
            path = _follow(line, "POST", path, urlencode(fields))
    line.close()


def _follow(line: http.client.HTTPConnection, method: str, path: str, body: str | None = None) -> str:
    """Send a request, follow its redirections, and return the path of the page that is shown."""
    for _ in range(10):
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if body is not None else {}
        line.request(method, path, body, headers)
        reply = line.getresponse()
        text = reply.read()
        if reply.status in (301, 302, 303, 307, 308):
            where = urlsplit(reply.headers["Location"])
            method, path, body = "GET", where.path, None
            continue
        if reply.status != http.client.OK:
            raise SystemExit(f"oTree: {method} {path} answered {reply.status}: {text[:300]!r}")
        return path
    raise SystemExit(f"oTree redirects for ever at {path}.")
