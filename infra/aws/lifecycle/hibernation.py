"""Hibernates an app, so that it costs next to nothing and keeps all its data, and wakes it up again."""

from __future__ import annotations

from chalicelib.operations.run.hibernation_note import note_hibernation
from chalicelib.operations.shared.context import OPERATOR_CALLER
from infra.aws.account import steps
from infra.aws.account.lock import Lock, held
from infra.aws.account.names import Names
from infra.aws.account.session import Account
from infra.aws.account.steps import Progress, Step, carry_out
from infra.aws.deployed import deployment_info
from infra.aws.deployed.monitor import depth
from infra.aws.deployed.run_session import opened
from infra.aws.resources.post_deploy_settings import PostDeploySettings
from infra.problems import OperatorProblem

from . import shutdown

AGAIN = "Run the same command again."
#: How long to wait for messages that are being handled.
_LOOKS, _BETWEEN = 60, 5.0


class Hibernation:
    """Hibernates or wakes up one app."""

    def __init__(self, account: Account, names: Names, progress: Progress) -> None:
        """Raises OperatorProblem for an app that isn't deployed."""
        deployment_info.demand(account, names)
        self._account = account
        self._names = names
        self._progress = progress
        self._wiring = PostDeploySettings(account, names)

    def hibernate_steps(self) -> list[Step]:
        """Return the steps of hibernating."""
        return [
            Step("close recruitment and end HITs", self._close),
            Step("let messages under way be handled", self._drain),
            Step("switch off clock and queues", self._switch_off),
        ]

    def awaken_steps(self) -> list[Step]:
        """Return the steps of waking up; recruitment stays closed until `petri recruit`."""
        return [Step("switch on queues and clock", self._switch_on)]

    def run(self, todo: list[Step], purpose: str) -> None:
        """Run steps under the app's lock."""
        keep = self._names.keep_bucket(self._account.number)
        with held(Lock(self._account, keep), purpose):
            carry_out(todo, self._progress, AGAIN)

    def _close(self) -> None:
        shutdown.close(self._account, self._names, self._progress.tell)

    def _drain(self) -> None:
        if not self._wiring.takes_messages():
            return
        for _ in range(_LOOKS):
            waiting = sum(sum(depth(self._account, name)) for name in self._names.queues.values())
            if not waiting:
                return
            self._progress.tell(f"{waiting} messages wait")
            steps.pause(_BETWEEN)
        self._progress.tell("the remaining messages wait until the app wakes up (14 days at most)")

    def _switch_off(self) -> None:
        self._wiring.switch_rule(on=False)
        self._wiring.switch_mapping(on=False)
        self._note(begins=True)

    def _switch_on(self) -> None:
        if not self._wiring.switch_mapping(on=True):
            raise OperatorProblem("The app is incomplete. Deploy it again with `petri deploy`.")
        # The clock disables itself when it finds nothing to do.
        self._wiring.switch_rule(on=True)
        self._note(begins=False)

    def _note(self, *, begins: bool) -> None:
        with opened(self._account, self._names, here=True) as session:
            session.app.run(note_hibernation, begins=begins, caller=OPERATOR_CALLER)
