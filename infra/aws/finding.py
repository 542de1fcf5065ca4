"""Deployed apps: one by its id, and all of a region."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.model.errors import BadRequest, PetriError
from infra.aws.account import Account, connect
from infra.aws.at_home import AtHome, Note
from infra.aws.errors import AwsProblem, plainly
from infra.aws.names import STAGES, Names, Stage
from infra.aws.stacks import APP_TAG, STAGE_TAG, Stack
from infra.aws.wiring import Wiring

_BASE = "-base"


@dataclass(frozen=True)
class Where:
    """Where somebody says that an app is; what isn't said is remembered or looked up."""

    app: str
    stage: Stage | None = None
    profile: str | None = None
    region: str | None = None


@dataclass(frozen=True)
class App:
    """One deployed app."""

    account: Account
    names: Names
    #: what this machine remembers of it
    note: Note | None = None

    @property
    def export_id(self) -> str:
        """What its export is named after: a rehearsal's data never replaces the real one's."""
        return self.names.app if self.names.stage == "live" else f"{self.names.app}-{self.names.stage}"


@dataclass(frozen=True)
class Listed:
    """An app as a list shows it."""

    names: Names
    #: ready, asleep, under way, or half-made
    state: str
    since: datetime


def find(where: Where, home: AtHome | None = None, *, half_made: bool = False) -> App:
    """Find an app that is to be worked on; BadRequest when there are two, AwsProblem when there is none.

    `half_made`: with its stage named, an app counts of which only parts are there.
    """
    note = (home or AtHome()).find(where.app, where.stage)
    account = connect(
        where.profile or (note.profile if note else None), where.region or (note.region if note else None)
    )
    if note is not None and note.account == account.number and note.region == account.region:
        return App(account, note.names, note)
    with plainly():
        stage = where.stage if where.stage and half_made else _stage_of(account, where)
    return App(account, Names(where.app, stage))


def _stage_of(account: Account, where: Where) -> Stage:
    app = where.app
    found = [
        stage
        for stage in STAGES
        if where.stage in (None, stage)
        and Stack(account, Names(app, stage).base_stack).belongs_to(Names(app, stage))
    ]
    if len(found) > 1:
        raise BadRequest(f"{app} is deployed as {' and as '.join(found)}. Say which with --stage.")
    if not found:
        raise AwsProblem(
            f"{app} isn't deployed in {account.region}. `petri apps` lists what is; --region and --profile "
            "look elsewhere."
        )
    return found[0]


def every(account: Account) -> Iterator[Listed]:
    """Yield the apps of a region, found by the tags of their stacks."""
    for page in account.client("cloudformation").get_paginator("describe_stacks").paginate():
        for stack in page["Stacks"]:
            names = _names_of(stack)
            if names is not None:
                yield Listed(
                    names, _state_of(account, names, str(stack["StackStatus"])), stack["CreationTime"]
                )


def _names_of(stack: dict[str, Any]) -> Names | None:
    tags = {tag["Key"]: tag["Value"] for tag in stack.get("Tags", ())}
    if APP_TAG not in tags or STAGE_TAG not in tags or not stack["StackName"].endswith(_BASE):
        return None
    if stack["StackStatus"] == "DELETE_COMPLETE":
        return None
    try:
        names = Names(tags[APP_TAG], tags[STAGE_TAG])
    except PetriError:
        # Somebody else's tags.
        return None
    return names if stack["StackName"] == names.base_stack else None


def _state_of(account: Account, names: Names, status: str) -> str:
    if status.endswith("_IN_PROGRESS"):
        return "under way"
    front = Stack(account, names.front_stack).look()
    if front is None or "ROLLBACK" in status or "FAILED" in status:
        return "half-made"
    return "ready" if Wiring(account, names).takes_messages() else "asleep"
