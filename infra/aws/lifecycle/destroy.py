"""Deletes an app step by step, from whatever state it is in, and reports what is left."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from chalicelib.errors import PetriError
from infra.aws.account.aws_errors import REFUSALS, plainly, problem
from infra.aws.account.local_registry import LocalRegistry
from infra.aws.account.lock import Lock, held
from infra.aws.account.names import Names
from infra.aws.account.session import Account
from infra.aws.account.steps import Progress, Step, carry_out
from infra.aws.deployed import data_export, deployment_info
from infra.aws.deployed.seal_bucket import SealBucket
from infra.aws.package.layer_versions import LayerVersions
from infra.aws.resources import app_secrets, regions, resource_inventory
from infra.aws.resources.site_upload import empty
from infra.aws.resources.stacks import Stack
from infra.problems import OperatorProblem

from . import shutdown

AGAIN = "Run the same command again: it continues where it stopped."


@dataclass(frozen=True)
class DestroySpec:
    """Which app to delete, and what to keep of it."""

    names: Names
    #: where to export the run's data to first; None: no export
    export_to: Path | None
    #: whether personal data is removed from the export
    scrub: bool = False
    #: continue even if recruitment can't be closed
    force: bool = False


class Teardown:
    """One destroy."""

    def __init__(
        self, account: Account, order: DestroySpec, progress: Progress, home: LocalRegistry | None = None
    ) -> None:
        """`home`: this machine's registry of apps."""
        self._account = account
        self._order = order
        self._names = order.names
        self._progress = progress
        self._home = home or LocalRegistry()
        self._open = ExitStack()
        self._lock: Lock | None = None
        self._keep = order.names.keep_bucket(account.number)
        self._seals = SealBucket(account, order.names)
        #: What can't be deleted yet, in a sentence; empty when everything could.
        self.kept = ""

    def steps(self) -> list[Step]:
        """Return the steps in order."""
        export = [] if self._order.export_to is None else [Step("export the data", self._export)]
        return [
            Step("close recruitment and end HITs", self._close),
            *export,
            Step("delete CloudFront and the alarms", self._delete_front),
            Step("delete functions and APIs", self._delete_functions),
            Step("delete table, queues, topics and buckets", self._delete_base),
            Step("delete secrets and logs", self._delete_secrets_and_logs),
            Step("delete seals of the audit log", self._delete_seals),
        ]

    def run(self) -> list[str]:
        """Run every step and return the resources that are left, which should be none.

        Raises OperatorProblem with the failed step, the reason and what to do, and for an app that doesn't
        exist.
        """
        with plainly():
            self._check()
        with self._open:
            carry_out(self.steps(), self._progress, AGAIN)
        with plainly():
            left = resource_inventory.find(self._account, self._names)
        if not left:
            app_secrets.OperatorTokens().forget(self._names, self._account.region)
            self._home.forget(self._names, self._account.number, self._account.region)
        return left

    def _check(self) -> None:
        if not resource_inventory.find(self._account, self._names) and not self._seals.exists():
            raise regions.not_here(self._account, self._names)
        for name in (self._names.base_stack, self._names.front_stack):
            stack = Stack(self._account, name)
            if stack.look() is not None and not stack.belongs_to(self._names):
                raise OperatorProblem(
                    f"The stack {name} doesn't belong to this app, so Petri won't delete it."
                )
        if regions.has_bucket(self._account, self._keep):
            self._lock = self._open.enter_context(held(Lock(self._account, self._keep), "destroy"))

    # -- the steps ------------------------------------------------------------------------------

    def _close(self) -> None:
        try:
            shutdown.close(self._account, self._names, self._progress.tell)
        except (PetriError, *REFUSALS) as error:
            if not self._order.force:
                raise OperatorProblem(f"{_said(error)} Use --force to delete the app anyway.") from error
            self._progress.tell(f"recruitment may still be open: {_said(error)}")

    def _export(self) -> None:
        if self._order.export_to is None or deployment_info.read(self._account, self._names) is None:
            self._progress.tell("there is no data")
            return
        path = data_export.export(
            self._account, self._names, self._order.export_to, scrub=self._order.scrub, uploads=True
        )
        self._progress.tell(f"the data is in {path}")

    def _delete_front(self) -> None:
        if not Stack(self._account, self._names.front_stack).delete(self._progress.tell):
            self._progress.tell("there is none")

    def _delete_functions(self) -> None:
        resource_inventory.delete_functions(self._account, self._names, self._progress.tell)
        if LayerVersions(self._account, self._names).delete():
            self._progress.tell(f"layer {self._names.layer} is deleted")

    def _delete_base(self) -> None:
        account, names, tell = self._account, self._names, self._progress.tell
        resource_inventory.unprotect(account, names)
        tell(f"{empty(account, names.site_bucket(account.number))} files of pages are deleted")
        if self._lock is not None:
            # The lock is in the bucket that is deleted now; from here on CloudFormation refuses concurrent
            # changes.
            self._lock.give_back()
        empty(account, self._keep)
        empty(account, names.files_bucket(account.number))
        Stack(account, names.base_stack).delete(tell)
        resource_inventory.delete_strays(account, names, tell)

    def _delete_secrets_and_logs(self) -> None:
        if app_secrets.forget(self._account, self._names):
            self._progress.tell(f"parameters below {self._names.parameters} are deleted")
        resource_inventory.delete_logs(self._account, self._names, self._progress.tell)

    def _delete_seals(self) -> None:
        if locked := self._seals.remove():
            again = f"petri destroy --app {self._names.app} --stage {self._names.stage}"
            self.kept = (
                f"Bucket {self._seals.name} is kept: it has {locked} locked seals of the audit log, which no "
                f"user of the account can delete before {self._seals.locked_until():%Y-%m-%d}. Run `{again}` "
                "after that day; storing them costs less than a cent a month."
            )
            self._progress.tell(self.kept)


def _said(error: Exception) -> str:
    """Return a failure's message in plain words."""
    return str(problem(error) if isinstance(error, REFUSALS) else error).strip()
