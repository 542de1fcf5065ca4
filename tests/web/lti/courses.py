"""A run with one class, and a learning platform that opens it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib.identity.lti.platform_client import platform_client
from chalicelib.operations.classes.class_records import create_class
from chalicelib.operations.shared.context import OPERATOR_CALLER, Context
from chalicelib.study.classes.study_class import StudyClass
from petri.study import End, Form, Study, number
from tests.study.studies import OpenStudy, open_study
from tests.web.lti.standin import ADA, StandInPlatform
from tests.web.world import Person, Said, World

__all__ = ["open_study"]


class Course(Study):
    """One question."""

    half = number("What is half of ten?", right=5)
    timeline = (Form("half", ask="half"), End())


@dataclass
class Course101:
    """A run with one class, and the platform that opens it."""

    here: World
    platform: StandInPlatform
    code: str

    def login(self, **changed: Any) -> Said:
        """Begin a launch, as the platform's page does."""
        given = {"iss": self.platform.url, "login_hint": "hint-1", "lti_message_hint": "m", **changed}
        return self.here.get("/join/lti/moodle/login", given)

    def launch(
        self, said: Said, person: dict[str, str] = ADA, *, cookie: str | None = None, **changed: Any
    ) -> Said:
        """Send the launch that follows a login; `changed`: claims, or `id_token` and `state` of the form."""
        query = parse_qs(urlsplit(said.headers["location"]).query)
        form = {name: changed.pop(name) for name in ("id_token", "state", "error") if name in changed}
        now = int(self.here.clock.now().timestamp())
        changed = {"iat": now, "exp": now + 300, "nonce": query["nonce"][0], **changed}
        claims = self.platform.claims(person, self.code, **changed)
        fields = {"id_token": self.platform.signed(claims), "state": query["state"][0], **form}
        sent = said.headers["set-cookie"].partition(";")[0] if cookie is None else cookie
        return self.here.post("/join/lti/moodle/launch", fields, headers={"cookie": sent})

    def members(self) -> list[dict[str, Any]]:
        return self.here.items("class_member")

    def begin(self, said: Said) -> Person:
        """Begin the study with the link to which a launch leads."""
        assert said.status == 303, said
        query = {name: each[0] for name, each in parse_qs(urlsplit(said.headers["location"]).query).items()}
        names = ("workerId", "hitId", "assignmentId", "entry", "mode", "recruiter")
        return self.here.arrive(**{name: query[name] for name in names})


@pytest.fixture
def course(open_study: OpenStudy) -> Iterator[Course101]:
    with StandInPlatform.running() as platform:
        platform_client.cache_clear()
        settings = json.dumps({"moodle": platform.fields()})
        here = open_study(Course, mode="debug", recruiter="link", mailer="log", lti_platforms=settings)
        made = here.app.run(a_class, caller=OPERATOR_CALLER)
        found = Course101(here, platform, made.join_code)
        platform.launch_url = f"{site_of(here)}/join/lti/moodle/launch"
        platform.tool_keys = here.get("/join/lti/moodle/keys").body["keys"]
        yield found


def a_class(ctx: Context) -> StudyClass:
    return create_class(ctx, StudyClass(0, "Economics 101", ""))


def site_of(here: World) -> str:
    address = urlsplit(here.app.recruiters.entry_address("link", "x", "join"))
    return f"{address.scheme}://{address.netloc}"
