"""`petri lab destroy`."""

from __future__ import annotations

import typer

from chalicelib.errors import BadRequest, PetriError
from infra.aws.deployed import app_registry
from infra.aws.lifecycle.destroy import DestroySpec, Teardown
from infra.cli.failures import FAILED
from infra.cli.output import err, out
from infra.cli.step_output import StepOutput
from infra.lab import lab_connections
from infra.lab.lab_places import RunPlace
from infra.problems import OperatorProblem


def destroy_lab(
    lab: RunPlace, profile: str | None, *, yes: bool = False, force: bool = False, dry_run: bool = False
) -> None:
    """Let no app trust a deployed lab any more, and delete it with its users, grants and keys.

    Args:
        lab: The lab.
        profile: The profile of the AWS CLI.
        yes: Whether the operator isn't asked.
        force: Whether it is deleted even if apps can't be opened, which go on to trust it.
        dry_run: Whether only the steps are printed.

    """
    if not lab.region:
        raise OperatorProblem(
            f"{lab.run_id} is a lab that is served from {lab.folder}. To delete it, remove each of its apps "
            "(petri lab remove APP), and then delete the files of its run. Name a deployed lab with --region."
        )
    location = app_registry.AppLocation(lab.run_id, "live", profile, lab.region)
    found = app_registry.find(location, half_made=True)
    teardown = Teardown(found.account, DestroySpec(found.names, None), StepOutput())
    if dry_run:
        for number, step in enumerate(teardown.steps(), start=1):
            out().print(f"{number}. {step.name}", markup=False)
        out().print("Dry run: nothing was changed.")
        return
    if not yes:
        _ask(lab)
    _leave_apps(lab, force=force)
    left = teardown.run()
    for each in left:
        err().print(f"Not deleted: {each}", markup=False)
    if left:
        err().print("Run the command again, or delete what remains in the AWS console.")
        raise typer.Exit(FAILED)
    out().print(f"{lab.run_id} was deleted, with its users, grants and keys.", markup=False)
    if teardown.kept:
        out().print(teardown.kept, markup=False)


def _ask(lab: RunPlace) -> None:
    typed = typer.prompt(
        f"This deletes the lab {lab.run_id} in {lab.region}, its users and what is granted to them. Its apps "
        "stay. Type its name to confirm",
        err=True,
    )
    if typed != lab.run_id:
        raise BadRequest(f"{typed!r} isn't {lab.run_id}. Nothing was changed; run the command again.")


def _leave_apps(lab: RunPlace, *, force: bool) -> None:
    """End the trust of each app; OperatorProblem for a lab that some app still trusts."""
    try:
        outcomes = lab_connections.remove_all(lab)
    except PetriError as error:
        # A lab that is only half deployed or half deleted is deleted as well.
        err().print(f"warning: The apps of the lab can't be read: {error}", markup=False)
        return
    for each in outcomes:
        out().print(each.problem or f"{each.app} doesn't trust the lab any more.", markup=False)
    if any(each.problem for each in outcomes) and not force:
        raise OperatorProblem(
            "Nothing was deleted, since these apps still trust the lab's keys. Try again, or delete the lab "
            "with --force if the apps no longer exist."
        )
