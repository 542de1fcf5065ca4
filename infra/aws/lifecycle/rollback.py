"""Serves an earlier release again: its functions, routes and pages. The run's data is not changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from infra.aws.account.aws_errors import plainly
from infra.aws.account.lock import Lock, held
from infra.aws.account.names import Names
from infra.aws.account.session import Account
from infra.aws.account.steps import Progress, Step, carry_out
from infra.aws.deployed import deployment_info
from infra.aws.deployed.releases import KEPT, Release, Releases
from infra.aws.resources import regions
from infra.aws.resources.chalice_record import rest_apis, websocket_apis
from infra.aws.resources.function_aliases import Aliases
from infra.aws.resources.site_upload import SiteFile, SiteUpload
from infra.aws.resources.stacks import Stack
from infra.problems import OperatorProblem

from .cutover import Target, record_and_cut_over

AGAIN = "Run the same command again."


@dataclass(frozen=True)
class Plan:
    """The release that is served now, and the one to serve again."""

    #: None: the release that is served has no record, because its deploy was interrupted
    current: Release | None
    target: Release

    @property
    def warnings(self) -> list[str]:
        """What the operator should know before the rollback."""
        if self.current is None or self.current.petri == self.target.petri:
            return []
        text = (
            f"Release {self.target.number} was deployed by Petri {self.target.petri}, and "
            f"{self.current.petri} runs now. Records that it wrote are kept; the other version ignores "
            "attributes that it doesn't know."
        )
        return [text]


def listed(account: Account, names: Names) -> tuple[list[Release], Release | None]:
    """Return the stored releases, oldest first, and the one that is served."""
    with plainly():
        deployment_info.demand(account, names)
        releases = Releases(account, names)
        known = releases.all()
        return known, releases.current(known)


def plan(account: Account, names: Names, number: int | None = None) -> Plan:
    """Choose the release to serve again, by default the one before the current one.

    Raises OperatorProblem when it doesn't exist, is already served, or has lost parts.
    """
    known, current = listed(account, names)
    target = _interrupted(known, current, number)
    if target is None:
        target = _named(known, number) if number is not None else _before(known, current)
        if current is not None and target.serves_the_same_as(current):
            raise OperatorProblem(
                f"Release {target.number} is served already. `petri rollback --list` shows the others."
            )
    with plainly():
        gone = Aliases(account, names).exist(target.functions)
        apis = rest_apis(account, names)
    if gone or target.rest_api not in apis:
        what = ", ".join(gone) if gone else "its REST API"
        raise OperatorProblem(
            f"Release {target.number} can't be served again: {what} was deleted since. Deploy its code "
            "again instead."
        )
    return Plan(current, target)


def _interrupted(known: list[Release], current: Release | None, number: int | None) -> Release | None:
    """Return the release that an interrupted rollback serves, if this one is to continue it."""
    if current is None or not current.pending or number not in (None, current.of):
        return None
    return next((one for one in known if one.number == current.of), None)


def _named(known: list[Release], number: int) -> Release:
    found = next((one for one in known if one.number == number), None)
    if found is None:
        numbers = ", ".join(str(one.number) for one in known) or "none"
        raise OperatorProblem(
            f"There is no release {number}. The last {KEPT} are kept; there are: {numbers}."
        )
    return found


def _before(known: list[Release], current: Release | None) -> Release:
    older = [
        one
        for one in known
        if current is None or (one.number < current.number and not one.serves_the_same_as(current))
    ]
    if not older:
        raise OperatorProblem("There is no earlier release to roll back to.")
    return older[-1]


class Rollback:
    """One rollback."""

    def __init__(self, account: Account, names: Names, chosen: Plan, progress: Progress) -> None:
        """`chosen`: what `plan` returned."""
        self._account = account
        self._names = names
        self._target = chosen.target
        self._progress = progress
        self._releases = Releases(account, names)
        self._made: Release | None = None
        keep = names.keep_bucket(account.number)
        self._site = SiteUpload(account, names.site_bucket(account.number), keep)
        self._lock = Lock(account, keep)

    def steps(self) -> list[Step]:
        """Return the steps in order."""
        return [
            Step("restore the files that pages need", self._restore_files),
            Step("serve the functions and routes of the release", self._serve),
            Step("record the version", self._note),
            Step("restore the pages", self._restore_pages),
        ]

    def run(self) -> None:
        """Run every step; raises OperatorProblem with the failed step, the reason and what to do."""
        with plainly(), held(self._lock, "rollback"):
            carry_out(self.steps(), self._progress, AGAIN)

    def _restore_files(self) -> None:
        self._restore(pages=False)

    def _serve(self) -> None:
        sockets = websocket_apis(self._account, self._names)
        if not sockets:
            raise regions.not_here(self._account, self._names)
        target = self._target
        place = Target(target.functions, target.rest_api, target.rest_deployment, sockets[0])
        self._made = record_and_cut_over(self._account, self._names, place, _again(target))

    def _note(self) -> None:
        known = deployment_info.demand(self._account, self._names)
        deployment_info.write(
            self._account,
            self._names,
            replace(known, version=self._target.version, deployed_at="", deployed_by=""),
        )
        self._releases.restore_code(self._target)

    def _restore_pages(self) -> None:
        changed = self._restore(pages=True)
        self._site.retire(_files(self._target))
        if changed:
            self._site.refresh(Stack(self._account, self._names.front_stack).outputs()["DistributionId"])
        self._progress.tell(f"{changed} pages are restored")
        if self._made is not None:
            # Until now, the same command would have continued this rollback.
            made = self._releases.confirm(self._made)
            self._progress.tell(f"this is release {made.number} now")

    def _restore(self, *, pages: bool) -> int:
        wanted = {file.key: file for file in _files(self._target) if file.is_page == pages}
        digests = {key: self._target.site[key] for key in wanted}
        return self._site.restore(digests, self._releases.page)


def _files(release: Release) -> list[SiteFile]:
    return [SiteFile(Path(key), key) for key in release.site]


def _again(release: Release) -> Release:
    """Return a new record of a release that says which one it repeats."""
    return Release(
        0,
        "",
        release.version,
        release.functions,
        release.rest_api,
        release.rest_deployment,
        release.site,
        release.code,
        of=release.of or release.number,
    )
