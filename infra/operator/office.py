"""How a command reaches a run: it opens the run's own file and acts through the same operations.

A run that isn't here may be an app that was deployed from this machine; then its table is opened.

What an operation leaves to do is recorded with it. A host that serves the run finds it by its sweep, within
seconds; where nobody serves the run, the command carries it out itself.
"""

from __future__ import annotations

import contextlib
import logging
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from chalicelib.bootstrap import local
from chalicelib.experiment.experiment import Experiment
from chalicelib.experiment.loader import load_experiment
from chalicelib.messaging.local import LocalQueue
from chalicelib.model.errors import BadRequest, NotFound, PetriError
from chalicelib.model.shareable import FOR_OPERATOR
from chalicelib.operations.settings import Gettable
from chalicelib.services import App, use
from chalicelib.storage.sqlite import SQLiteEngine
from chalicelib.workers import messages
from infra.aws.at_home import AtHome, Note
from infra.aws.errors import plainly
from infra.local import origin
from infra.local.places import Places


@dataclass(frozen=True)
class Carried:
    """What became of what an operation left to do."""

    done: int
    failed: int
    #: Whether a host serves the run and sees to it.
    by_host: bool
    #: What recruiters said.
    said: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        if self.by_host:
            return "The run is being served: its host carries this out within seconds."
        if not self.failed:
            return f"Nobody serves this run, so it was carried out here: {_count(self.done)}."
        return (
            f"Nobody serves this run, so it was carried out here: {_count(self.done)}. {self.failed} more "
            "failed; they are kept, and tried again when the run is served."
        )


@dataclass(frozen=True)
class Office:
    """A run that a command works on."""

    run_id: str
    app: App
    #: Where the run is served; None when nobody serves it.
    address: str | None
    #: The address that links are given with: where it is served, was served last, or would be.
    base: str = ""
    #: What the run is made of; None when it was opened without its code.
    folder: Path | None = None

    @property
    def how_to_serve(self) -> str:
        """The command after which links work that were given while nobody served the run."""
        port = urlsplit(self.base).port
        folder = shlex.quote(str(self.folder or "DIR"))
        return f"petri debug {folder} --id {self.run_id}{'' if port is None else f' --port {port}'}"

    def carry_out(self) -> Carried:
        """See to what was left to do: leave it to the host, or do it here."""
        if self.address is not None:
            return Carried(0, 0, by_host=True)
        queue = self.app.queue
        if not isinstance(queue, LocalQueue):
            raise PetriError("A local run needs the local queue; build its app with bootstrap.local().")
        done = failed = 0
        with _heard() as said:
            while (message := queue.take()) is not None:
                if messages.consume(LocalQueue.as_event(message))["batchItemFailures"]:
                    failed += 1
                else:
                    done += 1
        return Carried(done, failed, by_host=False, said=said)


@contextmanager
def opened(
    run_id: str | None, places: Places, *, with_code: bool = True, region: str | None = None
) -> Iterator[Office]:
    """Open a run, by default the latest, while the block lasts.

    Without its code an experiment that is being changed at the moment doesn't matter: enough to look.
    A deployed app is opened by its id. `region` says where it is deployed; then no run of this machine
    is meant. NotFound when there is no such run; ExperimentError for what is wrong with its code.
    """
    if region is not None and run_id is None:
        raise BadRequest("Which app? Give its id with --app; `petri apps` lists them.")
    note = _deployed(run_id, places, region)
    if run_id is not None and (note is not None or region is not None):
        # Put off: AWS's clients take a while to import.
        from infra.aws import finding
        from infra.aws.office import opened as opened_there

        stage, place = (None, region) if note is None else (note.stage, note.region)
        there = finding.find(finding.Where(run_id, stage, region=place))
        code = Path(note.folder) if with_code and note is not None else None
        with plainly(), opened_there(there.account, there.names, folder=code) as office:
            yield office
        return
    found = places.existing(run_id)
    address = _address(found, places)
    with contextlib.ExitStack() as stack:
        experiment: type[Experiment] = Experiment
        config: Gettable = {}
        folder: Path | None = None
        if with_code:
            made_of = origin.read(found, places)
            loaded = load_experiment(made_of.folder, runtime={"mode": "debug", **made_of.settings})
            stack.enter_context(contextlib.chdir(loaded.folder))
            experiment, config, folder = loaded.experiment_class, loaded.config, made_of.folder
        engine = stack.enter_context(contextlib.closing(SQLiteEngine(places.database(found))))
        base = address or places.last_address(found) or f"http://127.0.0.1:{config.get('port', None) or 5000}"
        app = local(experiment, config, app_id=found, engine=engine, base=lambda: base)
        stack.callback(use, None)
        yield Office(found, app, address, base, folder)


def _deployed(run_id: str | None, places: Places, region: str | None) -> Note | None:
    """Return the note of an app that was deployed from this machine, when no run here has this id.

    With a region, an app that is deployed there is meant, whatever runs are here.
    """
    if run_id is None or (region is None and places.has(run_id)):
        return None
    return AtHome().find(run_id, region=region)


def _address(run_id: str, places: Places) -> str | None:
    try:
        return places.address(run_id)
    except NotFound:
        return None


class _Ear(logging.Handler):
    """Keeps what workers log about their doings."""

    def __init__(self, said: list[str]) -> None:
        super().__init__(logging.INFO)
        self._said = said

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno == logging.INFO:
            self._said.append(str(getattr(record, FOR_OPERATOR, record.getMessage())))


@contextmanager
def _heard() -> Iterator[list[str]]:
    """Give what recruiters answer while the block lasts; they say it in the workers' log."""
    said: list[str] = []
    worker, ear = logging.getLogger("petri.worker"), _Ear(said)
    before = worker.level
    worker.setLevel(logging.INFO)
    worker.addHandler(ear)
    try:
        yield said
    finally:
        worker.removeHandler(ear)
        worker.setLevel(before)


def _count(messages_done: int) -> str:
    return f"{messages_done} message{'' if messages_done == 1 else 's'}"
