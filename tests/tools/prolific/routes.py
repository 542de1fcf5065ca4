"""The API's routes: maps method and path to operations of the world."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from .world import Refusal, World

PAGE = 3
Answer = tuple[int, dict[str, Any] | None, dict[str, str]]


@dataclass(frozen=True)
class Call:
    body: dict[str, Any]
    query: dict[str, str]
    key: str = ""


Handler = Callable[[Call], Answer]


def ok(body: dict[str, Any], status: int = 200, **headers: str) -> Answer:
    return status, body, {name.replace("_", "-"): value for name, value in headers.items()}


class Routes:
    """Handles requests. Lists have pages of three, so that every client has to paginate."""

    def __init__(self, world: World, origin: Callable[[], str]) -> None:
        self.world = world
        self.origin = origin
        self.table: list[tuple[str, str, Handler]] = [
            ("POST", r"/studies/", self._create_study),
            ("GET", r"/studies/", self._list_studies),
            ("GET", r"/projects/[^/]+/studies/", self._list_studies),
            ("GET", r"/studies/([^/]+)/", lambda call: ok(world.study(call.key))),
            ("PATCH", r"/studies/([^/]+)/", lambda call: ok(world.update_study(call.key, call.body))),
            (
                "POST",
                r"/studies/([^/]+)/transition/",
                lambda call: ok(world.transition_study(call.key, call.body.get("action", ""))),
            ),
            (
                "GET",
                r"/studies/([^/]+)/submissions/counts/",
                lambda call: ok(world.count_submissions(call.key)),
            ),
            ("GET", r"/workspaces/([^/]+)/balance/", lambda call: ok(world.shown_balance(call.key))),
            ("GET", r"/submissions/", self._list_submissions),
            ("GET", r"/submissions/([^/]+)/", lambda call: ok(world.shown(call.key))),
            (
                "POST",
                r"/submissions/([^/]+)/transition/",
                lambda call: ok(world.transition_submission(call.key, call.body)),
            ),
            ("POST", r"/submissions/bonus-payments/", lambda call: ok(world.set_up_bonus(call.body), 201)),
            ("POST", r"/bulk-bonus-payments/([^/]+)/pay/", self._pay_bonus),
            ("GET", r"/participant-groups/", self._list_groups),
            ("POST", r"/participant-groups/", self._create_group),
            ("POST", r"/participant-groups/([^/]+)/participants/", self._add_to_group),
            ("POST", r"/messages/", self._send_message),
            ("GET", r"/hooks/secrets/", lambda _: ok({"results": world.secrets})),
            ("POST", r"/hooks/secrets/", self._create_secret),
            (
                "GET",
                r"/hooks/subscriptions/",
                lambda call: self._page(world.subscriptions, call.query, "hooks/subscriptions"),
            ),
            ("POST", r"/hooks/subscriptions/", self._subscribe),
            ("POST", r"/hooks/subscriptions/([^/]+)/", self._confirm),
        ]

    def answer(self, method: str, path: str, body: dict[str, Any], query: dict[str, str]) -> Answer:
        for verb, pattern, handler in self.table:
            found = re.fullmatch(pattern, path)
            if verb == method and found:
                return handler(Call(body, query, *found.groups()))
        raise Refusal(404, f"No route {method} {path}.")

    def _page(self, records: dict[str, Any], query: dict[str, str], path: str) -> Answer:
        start = int(query.get("offset", 0))
        remaining = list(records.values())
        links = {}
        if start + PAGE < len(remaining):
            more = "&".join(f"{k}={v}" for k, v in {**query, "offset": str(start + PAGE)}.items())
            links = {"next": {"href": f"{self.origin()}/{path}/?{more}"}}
        return ok(
            {"results": remaining[start : start + PAGE], "_links": links, "meta": {"count": len(remaining)}}
        )

    def _create_study(self, call: Call) -> Answer:
        return ok(self.world.create_study(call.body), 201)

    def _list_studies(self, call: Call) -> Answer:
        short = {
            key: {k: s[k] for k in ("id", "name", "internal_name", "status")}
            for key, s in self.world.studies.items()
        }
        return self._page(short, call.query, "studies")

    def _list_submissions(self, call: Call) -> Answer:
        if "study" not in call.query:
            raise Refusal(400, "A study id is required.")
        of_study = {k: s for k, s in self.world.submissions.items() if s["study_id"] == call.query["study"]}
        return self._page(of_study, call.query, "submissions")

    def _pay_bonus(self, call: Call) -> Answer:
        self.world.pay_bonus(call.key)
        return 202, None, {}

    def _list_groups(self, call: Call) -> Answer:
        return self._page(self.world.groups, call.query, "participant-groups")

    def _create_group(self, call: Call) -> Answer:
        if not call.body.get("workspace_id"):
            raise Refusal(400, "Either a workspace or organisation ID must be specified.")
        group = {"id": self.world.new_id("group"), "name": call.body["name"], "members": []}
        self.world.groups[group["id"]] = group
        return ok(group, 201)

    def _add_to_group(self, call: Call) -> Answer:
        members = self.world.groups[call.key]["members"]
        members.extend(each for each in call.body["participant_ids"] if each not in members)
        return ok({"results": [{"participant_id": member} for member in members]})

    def _send_message(self, call: Call) -> Answer:
        who, study = call.body["recipient_id"], call.body["study_id"]
        if not any(
            (s["participant_id"], s["study_id"]) == (who, study) for s in self.world.submissions.values()
        ):
            raise Refusal(400, "The recipient has no submission for this study.")
        self.world.messages.append((who, call.body["body"]))
        return ok({}, 201)

    def _create_secret(self, call: Call) -> Answer:
        created = {
            "id": self.world.new_id("secret"),
            "value": secrets.token_hex(8),
            "workspace_id": call.body["workspace_id"],
        }
        # A workspace has one active secret at a time.
        self.world.secrets[:] = [created]
        return ok(created, 201)

    def _subscribe(self, call: Call) -> Answer:
        if urlsplit(call.body["target_url"]).scheme != "https":
            raise Refusal(400, "target_url must use https.")
        created = {
            **call.body,
            "id": self.world.new_id("hook"),
            "is_enabled": False,
            "_secret": secrets.token_hex(8),
        }
        self.world.subscriptions[created["id"]] = created
        return ok({"id": created["id"]}, 201, X_Hook_Secret=created["_secret"])

    def _confirm(self, call: Call) -> Answer:
        subscription = self.world.subscriptions[call.key]
        if call.body.get("secret") != subscription["_secret"]:
            raise Refusal(400, "The secret isn't that of the subscription.")
        subscription["is_enabled"] = True
        return ok(subscription)
