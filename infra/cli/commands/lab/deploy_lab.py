"""`petri lab deploy`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import typer

from infra.aws.account.aws_errors import plainly
from infra.aws.account.names import Names
from infra.aws.account.session import Account, connect
from infra.aws.deployed import deployment_info
from infra.aws.deployed.deployment_info import DeploymentInfo
from infra.aws.lifecycle.deployment import Deployed, Deployment, DeploySpec
from infra.aws.resources import regions
from infra.cli.commands.deploy.deploy_app import check_rights, question_for, show_changes, show_plan
from infra.cli.output import out
from infra.cli.step_output import StepOutput
from infra.lab.lab_connections import prepare
from infra.lab.lab_keys import require_joserfc
from infra.lab.lab_places import LAB_FOLDER, RunPlace
from infra.local.lifecycle.run_paths import RunPaths
from infra.problems import OperatorProblem


@dataclass(frozen=True)
class LabDeployOptions:
    """The command's options as the operator gave them."""

    lab_id: str
    #: The name that people see; None keeps the one of a deployed lab.
    name: str | None
    profile: str | None
    region: str | None
    yes: bool = False
    dry_run: bool = False


def deploy_lab(options: LabDeployOptions, here: Path) -> None:
    """Deploy a lab to AWS, or update it in place, make its first key, and print its address.

    A lab has the resources of an app, but no participants: while no one uses its dashboard, nothing runs.

    Args:
        options: The options.
        here: The folder in which the command was called.

    """
    _refuse_served(options.lab_id, here)
    Names(options.lab_id, "live")
    require_joserfc()
    account = connect(options.profile, options.region)
    with plainly():
        names = regions.names_in(account, options.lab_id, "live")
        current = deployment_info.read(account, names)
    _refuse_other_app(names, current)
    check_rights(account, names, limits=False, domain=False)
    title = options.name or _title_of(current) or "Lab"
    spec = DeploySpec(folder=LAB_FOLDER, names=names, settings={"title": title})
    deployment = Deployment(account, spec, StepOutput())
    if options.dry_run:
        show_plan(account, deployment)
        return
    if not options.yes:
        show_changes(deployment)
        typer.confirm(question_for(account, names), err=True, abort=True)
    made = deployment.run()
    prepare(RunPlace(names.app, region=account.region))
    _print_result(account, names, title, made)


def _refuse_served(lab_id: str, here: Path) -> None:
    """Refuse the id of a run in this folder: later commands would change that one instead."""
    if RunPaths(here).has(lab_id):
        raise OperatorProblem(
            f"{here} has a run {lab_id} already, which `petri lab` would go on to change. Call the command "
            "in another folder, or choose another id: petri lab deploy --lab ID"
        )


def _refuse_other_app(names: Names, current: DeploymentInfo | None) -> None:
    if current is not None and not current.version.get("config", {}).get("is_lab"):
        raise OperatorProblem(
            f"{names.app} ({names.stage}) is deployed already, and isn't a lab. Choose another id: petri lab "
            "deploy --lab ID"
        )


def _title_of(current: DeploymentInfo | None) -> str:
    return "" if current is None else str(current.version.get("config", {}).get("title") or "")


def _print_result(account: Account, names: Names, title: str, made: Deployed) -> None:
    lab = f"--lab {names.app} " if names.app != "lab" else ""
    for line in (
        f"{title} is deployed at {made.dashboard_url}, in {account.region}.",
        f"  Sign in to it:   petri dashboard --app {names.app} --region {account.region}",
        f"  Add an app:      petri lab add APP {lab}".rstrip(),
        f"  Add a user:      petri users add USERNAME --role Viewer --app {names.app}",
        f"  Delete it:       petri lab destroy {lab}--region {account.region}",
    ):
        out().print(line, markup=False, soft_wrap=True)
