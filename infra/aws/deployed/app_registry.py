"""Finds deployed apps: one by its id, or all of a region."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from chalicelib.errors import BadRequest, PetriError
from chalicelib.model.record import iso
from infra.aws.account.aws_errors import plainly
from infra.aws.account.local_registry import AppEntry, LocalRegistry
from infra.aws.account.names import STAGES, Names, Stage
from infra.aws.account.session import Account, connect
from infra.aws.resources.post_deploy_settings import PostDeploySettings
from infra.aws.resources.regions import names_in, not_here
from infra.aws.resources.stacks import APP_TAG, STAGE_TAG, Stack

from .releases import Release, served_release

_BASE = "-base"


@dataclass(frozen=True)
class AppLocation:
    """Where to look for an app; what is None comes from the local registry or from AWS."""

    app: str
    stage: Stage | None = None
    profile: str | None = None
    region: str | None = None


@dataclass(frozen=True)
class LocatedApp:
    """One deployed app."""

    account: Account
    names: Names
    #: its entry on this machine
    note: AppEntry | None = None
    #: whether it was also deployed from this machine to another region
    is_one_of_several: bool = False

    @property
    def export_id(self) -> str:
        """The name of its export, which differs between stages and regions."""
        stage = "" if self.names.stage == "live" else f"-{self.names.stage}"
        region = f"-{self.account.region}" if self.is_one_of_several else ""
        return f"{self.names.app}{stage}{region}"


@dataclass(frozen=True)
class AppListing:
    """An app as a list shows it."""

    names: Names
    #: ready, asleep, under way, or half-made
    state: str
    since: datetime
    #: the release that it serves; None for one that was deployed before releases were recorded
    release: Release | None = None
    #: the dashboard's address; empty for an app without one
    dashboard_url: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {
            "app": self.names.app,
            "stage": self.names.stage,
            "state": self.state,
            "since": iso(self.since),
            "release": None if self.release is None else self.release.summary(),
            "dashboard": self.dashboard_url or None,
        }


def find(where: AppLocation, home: LocalRegistry | None = None, *, half_made: bool = False) -> LocatedApp:
    """Find an app; raises BadRequest when several match.

    Raises OperatorProblem when it isn't in the region, with the region where it is, if that is known.
    `half_made`: an incomplete app is accepted too, when its stage is named or in the local registry.
    """
    home = home or LocalRegistry()
    note = home.find(where.app, where.stage, where.region)
    account = connect(
        where.profile or (note.profile if note else None), where.region or (note.region if note else None)
    )
    if note is not None and (note.account, note.region) != (account.number, account.region):
        note = None
    stage = where.stage or (note.stage if note else None)
    with plainly():
        found = stage if stage and half_made else _stage_of(account, replace(where, stage=stage))
        names = names_in(account, where.app, found)
    return LocatedApp(account, names, note, len(home.notes(where.app, found)) > 1)


def _stage_of(account: Account, where: AppLocation) -> Stage:
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
        raise not_here(account, Names(app, where.stage or "live"), any_stage=where.stage is None)
    return found[0]


def every(account: Account) -> Iterator[AppListing]:
    """Yield the apps of a region, found by their stacks' tags."""
    for page in account.client("cloudformation").get_paginator("describe_stacks").paginate():
        for stack in page["Stacks"]:
            names = _names_of(stack)
            if names is not None:
                # An app's own names may contain a region, which its tags don't.
                own = names_in(account, names.app, names.stage)
                front = Stack(account, own.front_stack)
                state = _state_of(account, own, str(stack["StackStatus"]), has_front=front.look() is not None)
                served = served_release(account, own)
                dashboard = front.outputs().get("DashboardUrl", "")
                yield AppListing(own, state, stack["CreationTime"], served, dashboard)


def _names_of(stack: dict[str, Any]) -> Names | None:
    tags = {tag["Key"]: tag["Value"] for tag in stack.get("Tags", ())}
    if APP_TAG not in tags or STAGE_TAG not in tags or not stack["StackName"].endswith(_BASE):
        return None
    if stack["StackStatus"] == "DELETE_COMPLETE":
        return None
    try:
        names = Names(tags[APP_TAG], tags[STAGE_TAG])
    except PetriError:
        # Tags of another program.
        return None
    return names if stack["StackName"] == names.base_stack else None


def _state_of(account: Account, names: Names, status: str, *, has_front: bool) -> str:
    if status.endswith("_IN_PROGRESS"):
        return "under way"
    if not has_front or "ROLLBACK" in status or "FAILED" in status:
        return "half-made"
    return "ready" if PostDeploySettings(account, names).takes_messages() else "asleep"
