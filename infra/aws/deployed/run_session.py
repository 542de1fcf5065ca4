"""Opens a deployed run for operator commands, which use the app's own operations and table.

Messages of an operation go to the app's queue, whose consumer handles them; with `here`, they are handled on
this machine, in case the functions are broken or about to be deleted.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from chalicelib.bootstrap import RUN_SECRETS, SECRETS, local
from chalicelib.experiment.config.configuration import Configuration
from chalicelib.experiment.config.known_settings import KNOWN_SETTINGS
from chalicelib.experiment.experiment import Experiment
from chalicelib.experiment.loader.experiment_folder import load_experiment
from chalicelib.messaging.eventbridge_schedule import EventBridgeSchedule
from chalicelib.messaging.local_queue import LocalQueue, LocalSchedule
from chalicelib.messaging.sqs import SQSQueue
from chalicelib.messaging.system_clock import SystemClock
from chalicelib.operations.shared.settings import SettingsLike
from chalicelib.services import SLOW_HOOK_WARNING, use
from chalicelib.storage.engine import Engine, Item, Key
from chalicelib.storage.engine_wrapper import EngineWrapper
from infra.aws.account.names import Names
from infra.aws.account.session import Account
from infra.aws.resources import app_secrets
from infra.local.lifecycle.run_session import RunSession

from . import deployment_info
from .deployment_info import DeploymentInfo
from .lab_key_store import DeployedLabKeys
from .seal_bucket import seals_of
from .upload_store import files_of

_KNOWN = {key.name for key in KNOWN_SETTINGS if key.effective}
#: An empty folder without config.txt: all settings are those that were deployed.
_NOWHERE = Path(__file__).parents[1] / "templates"


class DeployedStore(EngineWrapper):
    """The engine of a deployed app, which adds the secrets from SSM, since they aren't in the table."""

    def __init__(self, engine: Engine, kept: Mapping[str, Any]) -> None:
        """`engine`: the table's."""
        super().__init__(engine)
        self._secrets: Item = {"pk": SECRETS[0], "sk": SECRETS[1], "kind": "secrets", "v": 1}
        self._secrets |= {name: kept.get(name, "") for name in (app_secrets.SIGNING, app_secrets.TOKEN)}

    def get(self, keys: Iterable[Key]) -> dict[Key, Item]:
        """Return the items that exist under these keys."""
        wanted = list(keys)
        found = self._engine.get([key for key in wanted if key != SECRETS]) if wanted != [SECRETS] else {}
        return {**found, SECRETS: self._secrets} if SECRETS in wanted else found


@contextmanager
def opened(
    account: Account, names: Names, *, folder: Path | None = None, here: bool = False
) -> Iterator[RunSession]:
    """Open a deployed run for the block.

    `folder`: the experiment's, if its code is needed; `here`: handle messages on this machine. Raises
    OperatorProblem for an app that isn't deployed, and ExperimentError for errors in its code.
    """
    deployed = deployment_info.demand(account, names)
    kept = app_secrets.read(account, names)
    settings = settings_of(deployed, kept, names)
    if here:
        # The operator must be able to end a run even when mail can't be sent.
        settings["mailer"] = "log"
    with ExitStack() as stack:
        experiment: type[Experiment] = Experiment
        config: SettingsLike = configured(settings)
        if folder is not None:
            loaded = load_experiment(folder, runtime=_known_to(settings))
            stack.enter_context(contextlib.chdir(loaded.folder))
            experiment, config = loaded.experiment_class, loaded.config
        engine = stack.enter_context(contextlib.closing(account.engine(names.table)))
        clock = SystemClock()
        app = local(
            experiment,
            config,
            app_id=names.app,
            engine=DeployedStore(engine, kept),
            base=lambda: deployed.site_url,
            clock=clock,
            files=files_of(account, names),
            queue=LocalQueue(clock) if here else SQSQueue(names.queues, clock, lambda: account.client("sqs")),
            schedule=LocalSchedule()
            if here
            else EventBridgeSchedule(names.tick_rule, lambda: account.client("events")),
        )
        app.seals = seals_of(account, names)
        if deployed.dashboard_url:
            app.dashboard_url = lambda: deployed.dashboard_url
        stack.callback(use, None)
        stack.enter_context(quiet_slow_warnings())
        yield RunSession(
            names.app,
            app,
            None if here else deployed.site_url,
            deployed.site_url,
            folder,
            DeployedLabKeys(account, names),
        )


@contextmanager
def quiet_slow_warnings() -> Iterator[None]:
    """Suppress warnings about slow hooks: from the operator's machine, each call to the table takes long."""
    platform = logging.getLogger("petri")

    def is_wanted(record: logging.LogRecord) -> bool:
        return record.msg != SLOW_HOOK_WARNING

    platform.addFilter(is_wanted)
    try:
        yield
    finally:
        platform.removeFilter(is_wanted)


def settings_of(deployed: DeploymentInfo, kept: Mapping[str, Any], names: Names) -> dict[str, Any]:
    """Return the settings of a deployed app, secret ones included."""
    config = dict(deployed.version.get("config", {}))
    own = {name: value for name, value in kept.items() if name not in RUN_SECRETS}
    return {**config, **own, "mode": names.stage}


def configured(settings: Mapping[str, Any]) -> Configuration:
    """Return Petri's own settings with their defaults; an experiment's own settings need its code."""
    config = Configuration()
    config.load_for(_NOWHERE, _known_to(settings), environ={}, home=_NOWHERE)
    return config


def _known_to(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name in _KNOWN}
