"""What `petri deploy` and `petri sandbox` do."""

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


@dataclass(frozen=True)
class DeployOptions:
    """What somebody asked of the command, word for word."""

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


def deploy_app(asked: DeployOptions) -> None:
    """Deploy as asked: look first, ask, then make, and say where it is."""
    if asked.directory.is_file():
        asked = replace(asked, directory=unpacked(asked.directory, LocalRegistry()))
    app = Names(asked.app or app_id_of(asked.directory), asked.stage).app
    _check_domain(asked)
    account = connect(asked.profile, asked.region)
    with plainly():
        names = regions.names_in(account, app, asked.stage)
    _check_rights(account, names, limits=bool(asked.spend_limit), domain=bool(asked.domain))
    domain = _domain(account, asked)
    order = DeploySpec(
        asked.directory,
        names,
        asked.archive,
        asked.alarm_email,
        asked.spend_limit,
        asked.protect,
        asked.price_class,
        domain=domain,
        rotate_secrets=asked.rotate_secrets,
    )
    deploying = Deployment(account, order, StepOutput())
    if asked.dry_run:
        _show_plan(account, deploying)
        return
    if asked.preflight:
        _show_preflight(asked)
    else:
        _verify(asked.directory)
    _accept_capacity(account, asked)
    if not asked.yes:
        _show_changes(deploying)
        typer.confirm(_question(account, names), err=True, abort=True)
    _tell(names, deploying.run())


def _accept_capacity(account: Account, asked: DeployOptions) -> None:
    """Have it typed how many participants a small account carries at a time, before real people come.

    `--yes` doesn't answer this: a script says it with --at-a-time.
    """
    found = capacity.look_up(account) if asked.stage == "live" else None
    if found is None or not found.is_small:
        return
    if asked.at_a_time is not None and asked.at_a_time <= found.people:
        return
    err().print(found.warning, markup=False)
    if asked.yes or asked.at_a_time is not None:
        raise OperatorProblem(
            f"Nothing was made. If about {found.people} participants at a time are enough, give "
            f"--at-a-time {found.people}; otherwise have the quota raised first."
        )
    typed = typer.prompt(
        f"To deploy all the same, type how many at a time it carries ({found.people})", err=True
    )
    if str(typed).strip() != str(found.people):
        raise OperatorProblem(f"That wasn't {found.people}, so nothing was made.")


def _question(account: Account, names: Names) -> str:
    with plainly():
        there = deployment_info.read(account, names)
        others = [] if there else regions.other_regions(account, names)
    if others:
        return (
            f"{names.app} is deployed as {names.stage} in {' and in '.join(others)}. Deploy a second, "
            f"separate one to {account.region}?"
        )
    if there is None:
        return f"Deploy {names.app} as {names.stage} to {account.region}?"
    of = f"{there.deployed_at[:16].replace('T', ' ')} UTC, of the experiment {there.version.get('name', '?')}"
    return f"{names.app} is there as {names.stage} in {account.region}, deployed at {of}. Update it in place?"


def unpacked(archive: Path, home: LocalRegistry) -> Path:
    """Unpack the code of an export, once, and return the experiment's folder."""
    # Lazy import: only who deploys an export needs it.
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
    """Make an app's id of a folder's name."""
    return re.sub(r"[^a-z0-9]+", "-", folder.name.lower()).strip("-")[:LONGEST_APP_ID].rstrip("-")


def _check_domain(asked: DeployOptions) -> None:
    """Check what can be checked without AWS."""
    if asked.certificate and not asked.domain:
        raise BadRequest("--certificate is the certificate of a domain; give the domain with --domain.")
    if asked.domain:
        checked_domain(asked.domain)


def _domain(account: Account, asked: DeployOptions) -> Domain | None:
    return None if asked.domain is None else choose(account, asked.domain, asked.certificate)


def _check_rights(account: Account, names: Names, *, limits: bool, domain: bool) -> None:
    found = rights.look_up(account, names, limits=limits, domain=domain)
    if found.unknown:
        err().print(
            f"note: whether you have all rights couldn't be looked up: {found.unknown.rstrip('.')}. "
            "If one is missing, the step that needs it says so.",
            markup=False,
        )
    found.demand()


def _show_plan(account: Account, deploying: Deployment) -> None:
    console = out()
    console.print(f"In account {account.number}, region {account.region}:", markup=False)
    for line in described(deploying.steps()):
        console.print(line, markup=False)
    _show_changes(deploying)
    console.print("Nothing was made.")


def _show_changes(deploying: Deployment) -> None:
    """Show what an update would change in the app's stacks, before anything is changed."""
    with plainly():
        previews = deploying.preview()
    if previews:
        out().print("What CloudFormation would change:", markup=False)
    for line in (line for preview in previews for line in preview.lines()):
        out().print(f"  {line}", markup=False)


def _verify(folder: Path) -> None:
    """Refuse a folder that can't run; the preflight does the same."""
    # Lazy import: it brings the storage and the pages along.
    from infra.verify import verify

    wrong = [f"{each.where}: {each.what} {each.fix}" for each in verify(folder) if each.level == "error"]
    if wrong:
        raise ExperimentError("\n".join(wrong))


def _show_preflight(asked: DeployOptions) -> None:
    # Lazy import: it brings a whole run along.
    from infra.preflight import AccountAccess, PreflightOptions, preflight

    doors = AccountAccess(aws=lambda: connect(asked.profile, asked.region))
    for line in preflight(
        asked.directory, asked.participants, PreflightOptions(asked.stage, doors=doors)
    ).lines():
        out().print(line, markup=False)


def _tell(names: Names, deployed: Deployed) -> None:
    console = out()
    own = f"--app {names.app} --stage {names.stage}"
    console.print(f"{names.app} ({names.stage}) is at {deployed.site_url}", markup=False)
    console.print(
        f"  operator's token: in {OperatorTokens().path}, and in SSM at {names.secrets}", markup=False
    )
    console.print(f"  watch it:  petri monitor {own}", markup=False)
    console.print(f"  its data:  petri export {own}", markup=False)
    console.print(f"  end it:    petri destroy {own}", markup=False)
