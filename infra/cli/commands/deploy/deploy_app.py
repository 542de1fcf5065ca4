"""Implements `petri deploy` and `petri sandbox`."""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import typer

from chalicelib.errors import BadRequest, ExperimentError
from infra.aws.account import capacity
from infra.aws.account.aws_errors import plainly
from infra.aws.account.certificates import Domain, checked_domain, choose
from infra.aws.account.local_registry import LocalRegistry
from infra.aws.account.names import LONGEST_APP_ID, Names, PriceClass, Stage
from infra.aws.account.session import Account, connect
from infra.aws.deployed import deployment_info
from infra.aws.lifecycle import rights
from infra.aws.lifecycle.deployment import Deployed, Deployment, DeploySpec, described
from infra.aws.resources import regions
from infra.aws.resources.app_secrets import OperatorTokens
from infra.cli.output import err, out
from infra.cli.step_output import StepOutput
from infra.problems import OperatorProblem


@dataclass(frozen=True, kw_only=True)
class DeployOptions:
    """The command's options as the operator gave them."""

    directory: Path
    stage: Stage
    app: str
    archive: Path | None
    participants: int | None
    alarm_email: str
    spend_limit: float | None
    protect: bool | None
    price_class: PriceClass | None
    domain: str | None
    certificate: str
    profile: str | None
    region: str | None
    preflight: bool
    yes: bool
    dry_run: bool
    at_a_time: int | None = None
    rotate_secrets: bool = False


def deploy_app(options: DeployOptions) -> None:
    """Check, preview and confirm a deployment, then run it and print the app's address."""
    if options.directory.is_file():
        options = replace(options, directory=unpacked(options.directory, LocalRegistry()))
    app = Names(options.app or app_id_of(options.directory), options.stage).app
    _check_domain(options)
    account = connect(options.profile, options.region)
    with plainly():
        names = regions.names_in(account, app, options.stage)
    check_rights(account, names, limits=bool(options.spend_limit), domain=bool(options.domain))
    domain = _domain(account, options)
    spec = DeploySpec(
        folder=options.directory,
        names=names,
        archive=options.archive,
        alarm_email=options.alarm_email,
        spend_limit=options.spend_limit,
        protected=options.protect,
        price_class=options.price_class,
        domain=domain,
        rotate_secrets=options.rotate_secrets,
    )
    deployment = Deployment(account, spec, StepOutput())
    if options.dry_run:
        show_plan(account, deployment)
        return
    if options.preflight:
        _show_preflight(options)
    else:
        _verify(options.directory)
    _accept_capacity(account, options)
    if not options.yes:
        show_changes(deployment)
        typer.confirm(question_for(account, names), err=True, abort=True)
    _print_result(names, deployment.run())
    if options.stage == "live":
        _report(options.directory, account, names)


def _report(folder: Path, account: Account, names: Names) -> None:
    """Report the first deployment of a copied study to its library; later ones count as the same run."""
    # Lazy import: few studies are copies.
    from infra.study_library.play_reports import report_play

    if said := report_play(folder, f"{account.number}/{account.region}/{names.app}"):
        err().print(said, markup=False)


def _accept_capacity(account: Account, options: DeployOptions) -> None:
    """Require confirmation of how many concurrent participants a small account can serve.

    `--yes` doesn't confirm this: a script passes --at-a-time.
    """
    found = capacity.look_up(account) if options.stage == "live" else None
    if found is None or not found.is_small:
        return
    if options.at_a_time is not None and options.at_a_time <= found.people:
        return
    err().print(found.warning, markup=False)
    if options.yes or options.at_a_time is not None:
        raise OperatorProblem(
            f"Nothing was deployed. If {found.people} concurrent participants are enough, pass "
            f"--at-a-time {found.people}; otherwise request a higher quota first."
        )
    typed = typer.prompt(
        f"To deploy anyway, type the number of concurrent participants it can serve ({found.people})",
        err=True,
    )
    if str(typed).strip() != str(found.people):
        raise OperatorProblem(
            f"The number entered is not {found.people}. Nothing was deployed; run the command again."
        )


def question_for(account: Account, names: Names) -> str:
    """Return the question that the operator confirms: whether to deploy a new app, or to update one."""
    with plainly():
        current = deployment_info.read(account, names)
        others = [] if current else regions.other_regions(account, names)
    if others:
        return (
            f"{names.app} ({names.stage}) is already deployed in {' and '.join(others)}. Deploy a second, "
            f"separate app to {account.region}?"
        )
    if current is None:
        return f"Deploy {names.app} ({names.stage}) to {account.region}?"
    deployed_at = f"{current.deployed_at[:16].replace('T', ' ')} UTC"
    return (
        f"{names.app} ({names.stage}) is already deployed in {account.region}: experiment "
        f"{current.version.get('name', '?')}, {deployed_at}. Update it in place?"
    )


def unpacked(archive: Path, home: LocalRegistry) -> Path:
    """Unpack the code of an export, once, and return the experiment's folder."""
    # Lazy import: only needed for deployment an export.
    from infra.packaging import provenance

    into = home.root / "unpacked" / hashlib.sha256(archive.read_bytes()).hexdigest()[:12]
    if into.is_dir():
        return next(into.iterdir())
    partial = Path(tempfile.mkdtemp(prefix="petri-unpacked-"))
    try:
        provenance.unpack(archive, partial)
        into.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.move(partial, into)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return next(into.iterdir())


def app_id_of(folder: Path) -> str:
    """Derive an app id from a folder's name."""
    return re.sub(r"[^a-z0-9]+", "-", folder.name.lower()).strip("-")[:LONGEST_APP_ID].rstrip("-")


def _check_domain(options: DeployOptions) -> None:
    """Check what can be checked without AWS."""
    if options.certificate and not options.domain:
        raise BadRequest("--certificate requires a domain; add it with --domain.")
    if options.domain:
        checked_domain(options.domain)


def _domain(account: Account, options: DeployOptions) -> Domain | None:
    return None if options.domain is None else choose(account, options.domain, options.certificate)


def check_rights(account: Account, names: Names, *, limits: bool, domain: bool) -> None:
    """Raise OperatorProblem for an AWS permission that deploying needs and the operator lacks.

    `limits`: whether a spend limit is set; `domain`: whether the app gets a domain of its own.
    """
    found = rights.look_up(account, names, limits=limits, domain=domain)
    if found.unknown:
        err().print(
            f"note: Your AWS permissions couldn't be checked: {found.unknown.rstrip('.')}. "
            "If one is missing, the step that needs it reports it.",
            markup=False,
        )
    found.demand()


def show_plan(account: Account, deployment: Deployment) -> None:
    """Print the steps of a deployment and what it would change, for a dry run."""
    console = out()
    console.print(f"In account {account.number}, region {account.region}:", markup=False)
    for line in described(deployment.steps()):
        console.print(line, markup=False)
    show_changes(deployment)
    console.print("Dry run: nothing was changed.")


def show_changes(deployment: Deployment) -> None:
    """Show what an update would change in the app's stacks, before anything is changed."""
    with plainly():
        previews = deployment.preview()
    if previews:
        out().print("What CloudFormation would change:", markup=False)
    for line in (line for preview in previews for line in preview.lines()):
        out().print(f"  {line}", markup=False)


def _verify(folder: Path) -> None:
    """Refuse a folder that can't run; the preflight does the same."""
    # Lazy import: it imports storage and templates.
    from infra.verify import verify

    wrong = [f"{each.where}: {each.what} {each.fix}" for each in verify(folder) if each.level == "error"]
    if wrong:
        raise ExperimentError("\n".join(wrong))


def _show_preflight(options: DeployOptions) -> None:
    # Lazy import: it imports everything that a run needs.
    from infra.preflight import AccountAccess, PreflightOptions, preflight

    access = AccountAccess(aws=lambda: connect(options.profile, options.region))
    for line in preflight(
        options.directory, options.participants, PreflightOptions(options.stage, doors=access)
    ).lines():
        out().print(line, markup=False)


def _print_result(names: Names, deployed: Deployed) -> None:
    console = out()
    options = f"--app {names.app} --stage {names.stage}"
    console.print(f"{names.app} ({names.stage}) is deployed at {deployed.site_url}", markup=False)
    console.print(f"  Dashboard:         {deployed.dashboard_url}", markup=False)
    console.print(f"  Sign in to it:     petri dashboard --app {names.app}", markup=False)
    console.print(
        f"  Operator's token:  {OperatorTokens().path}, and in SSM under {names.secrets}", markup=False
    )
    console.print(f"  Monitor it:        petri monitor {options}", markup=False)
    console.print(f"  Export its data:   petri export {options}", markup=False)
    console.print(f"  Delete it:         petri destroy {options}", markup=False)
