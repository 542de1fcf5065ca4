"""A scrubbed export says nowhere who took part, was invited or runs the study, with any recruiter."""

from __future__ import annotations

import base64
import binascii
import io
import json
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes, urlsplit

import pytest

from chalicelib import services
from chalicelib.messaging.local_queue import LocalQueue
from chalicelib.workers import queue_consumer
from infra.cli.served_run import opened_with_log
from infra.local.lifecycle import run_outcome
from infra.local.lifecycle.run import Run, RunOptions, chalice_app
from infra.local.lifecycle.run_paths import RunPaths
from infra.local.lifecycle.run_session import captured_log
from tests.money.conftest import connection, line
from tests.money.prolific import AtProlific
from tests.money.sides import Side
from tests.money.turk import Turk
from tests.web.clock import HandClock
from tests.web.world import World

__all__ = ["connection", "line"]

EXPERIMENT = """
from petri import Empty, Experiment, get_config


def extra_parameters():
    get_config().register("assistants", str, personal=True)


class Study(Experiment):
    initial_recruitment_size = 2
    experiment_repeats = 1

    def create_network(self):
        return Empty(max_size=9)

    def create_participant(self, **entry):
        participant = super().create_participant(**entry)
        self.log(f"{participant.worker_id} came with {participant.entry_information}")
        participant.details = {"met": {participant.worker_id: participant.hit_id}}
        participant.property1 = participant.assignment_id
        self.state["newest"] = participant.worker_id
        return participant

    def bonus(self, participant):
        raise LookupError(f"{participant.unique_id} has no bonus")
"""
CONFIG = """
[Experiment]
base_payment = 1.50
link_workers = file:pool.txt
contact_email_on_error = prof.quine@lab.example.org
dallinger_email_address = robot@lab.example.org
smtp_username = quine-mailbox
dashboard_user = willard-quine
assistants = Ruth Barcan, Saul K.
"""
POOL = ("zoe-q-1971", "ümit.öz", "P00L-4711", "never-came-88")
ALWAYS = (
    *POOL,
    "prof.quine@lab.example.org",
    "robot@lab.example.org",
    "quine-mailbox",
    "willard-quine",
    "Ruth Barcan",
)
#: What pages and links tell besides; no participant writes it as an answer.
MORE = {"mail": "ann.o'nym@home.example.org", "matriculation": "MATR-2040-x", "name": "Ann Ö. Nym"}
STRANGERS = {"assignment": "ASG-OF-A-STRANGER", "hit": "HIT-OF-A-STRANGER"}
RECRUITERS = ("hotair", "cli", "bots", "multi", "link", "mturk", "prolific")
_TOKEN = re.compile(rb"[A-Za-z0-9+/_-]{8,}={0,2}")


def bytes_of(archive: bytes, place: str = "") -> Iterator[tuple[str, bytes]]:
    """Every file in a zip and in the zips inside it; names of files too."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        for name in opened.namelist():
            contents = opened.read(name)
            yield f"{place}{name} (its name)", name.encode()
            if zipfile.is_zipfile(io.BytesIO(contents)):
                yield from bytes_of(contents, f"{place}{name}/")
            yield f"{place}{name}", contents


def decoded(contents: bytes) -> Iterator[bytes]:
    """What base64 says in it, compressed or not, as signed links have it."""
    for token in _TOKEN.findall(contents):
        try:
            plain = base64.b64decode(token.rstrip(b"=") + b"==", b"-_" if b"+" not in token else b"+/")
        except binascii.Error:
            continue
        yield plain
        try:
            yield zlib.decompress(plain)
        except zlib.error:
            continue


def readings(contents: bytes) -> Iterator[bytes]:
    """Return contents as they stand, URL-decoded once and twice, without JSON's escapes; base64 of each."""
    plain = [contents, unquote_to_bytes(contents), unquote_to_bytes(unquote_to_bytes(contents))]
    plain.append(re.sub(rb"\\u([0-9a-fA-F]{4})", lambda sign: chr(int(sign[1], 16)).encode(), contents))
    for each in plain:
        yield each
        yield from decoded(each)


def told_in(archive: bytes, words: set[str]) -> list[tuple[str, str]]:
    """Where any of the words occurs."""
    wanted = [(word, word.encode()) for word in sorted(words)]
    return sorted(
        {
            (place, word)
            for place, contents in bytes_of(archive)
            for reading in readings(contents)
            for word, written in wanted
            if written in reading
        }
    )


class Played:
    """A run of the study with one recruiter, from its launch to its export."""

    def __init__(self, run: Run, recruiter: str, side: Side | None, log: Path) -> None:
        self.run, self.recruiter, self.side, self.log = run, recruiter, side, log
        self.spawned: list[str] = []
        self.world = World(run.app, run.engine, HandClock(), chalice_app())
        run.app.recruiters.recruiters["bots"]._spawn = self.spawned.append  # type: ignore[attr-defined]
        if side is not None:
            run.app.recruiters.recruiters[side.nickname] = side.recruiter

    def work(self) -> None:
        queue = self.run.app.queue
        assert isinstance(queue, LocalQueue)
        while (message := queue.take()) is not None:
            queue_consumer.consume(LocalQueue.as_event(message))

    def entries(self) -> list[dict[str, str]]:
        """The ids of those who come, as their recruiter hands them out."""
        if self.side is not None:
            taken = [(worker, *self.side.take(worker)) for worker in ("WORKER-ONE-Q7", "WORKER-TWO-Q8")]
            return [dict(zip(("workerId", "assignmentId", "hitId"), each, strict=True)) for each in taken]
        logged = re.findall(r"http://[^\s\"\\]+/ad\?[^\s\"\\]+", "\n".join(self.said))
        return [dict(parse_qsl(urlsplit(address).query)) for address in [*logged, *self.spawned]]

    def play(self) -> set[str]:
        """Launch, take part, end, report; return every id, name and address that was given anywhere."""
        operator = {"token": self.run.operator_token}
        assert self.world.post("/launch", **operator).status == 200
        with captured_log() as self.said:
            self.work()
        entries = self.entries()
        assert len(entries) >= 2
        for number, entry in enumerate(entries):
            self._take_part({"recruiter": self.recruiter, **entry}, number)
        self._report(operator)
        self.work()
        values = {entry[name] for entry in entries for name in ("workerId", "assignmentId", "hitId")}
        signed = {entry["entry"] for entry in entries if "entry" in entry}
        prints = {f"fingerprint-of-{number}-q" for number in range(len(entries))}
        return {*values, *signed, *MORE.values(), *prints, *STRANGERS.values(), *ALWAYS}

    def _take_part(self, entry: dict[str, str], number: int) -> None:
        person = self.world.arrive(**entry, **MORE, fingerprint_hash=f"fingerprint-of-{number}-q")
        person.answer(person.join())
        person.post("/question/1", {"question": "age", "response": "33", "question_id": "1"})
        if number:
            person.finish()
        else:
            complaint = {"participant_id": person.id, "worker_id": person.worker_id, "text": "It broke."}
            person.post("/handle-error", complaint)
        self.work()

    def _report(self, operator: dict[str, str]) -> None:
        stranger = {"Event.1.AssignmentId": STRANGERS["assignment"], "Event.1.HITId": STRANGERS["hit"]}
        for event in ("AssignmentReturned", "AssignmentSubmitted", "HITExpired"):
            self.world.post("/notifications", {"Event.1.EventType": event, **stranger}, **operator)
        for report in self.side.reports() if self.side is not None else ():
            assert self.side is not None
            self.side.deliver(report)


@pytest.fixture
def play(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """Plays the study with a recruiter; returns the zip's bytes and what must not be in it."""
    folder = tmp_path / "study"
    folder.mkdir()
    (folder / "experiment.py").write_text(EXPERIMENT, encoding="utf-8")
    (folder / "config.txt").write_text(CONFIG, encoding="utf-8")
    (folder / "pool.txt").write_text("\n".join(POOL), encoding="utf-8")
    places = RunPaths(tmp_path)

    def played(recruiter: str, *, scrub: bool = True) -> tuple[bytes, set[str]]:
        side: Side | None = None
        if recruiter == "mturk":
            side = Turk(request.getfixturevalue(connection.__name__))
        elif recruiter == "prolific":
            side = AtProlific(request.getfixturevalue(line.__name__))
        settings = {"recruiter": recruiter, "recruiters": "cli: 1, link: 2, bots: 1"}
        with opened_with_log(RunOptions(folder, "trial", settings=settings), places) as run:
            words = Played(run, recruiter, side, places.log(run.id)).play()
            return run_outcome.export(run.engine, run.id, places, scrub=scrub).read_bytes(), words

    yield played
    services.use(None)


@pytest.mark.parametrize("recruiter", RECRUITERS)
def test_no_person_is_named_in_any_byte_of_an_export(play: Callable[..., Any], recruiter: str) -> None:
    archive, words = play(recruiter)
    assert told_in(archive, words) == []


def test_the_search_finds_what_an_export_without_scrubbing_says(play: Callable[..., Any]) -> None:
    archive, words = play("link", scrub=False)
    assert {word for _, word in told_in(archive, words)} >= words


def test_the_manifest_says_which_settings_were_left_out(play: Callable[..., Any]) -> None:
    with zipfile.ZipFile(io.BytesIO(play("link")[0])) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        log = archive.read("run.log").decode()
    assert {"assistants", "contact_email_on_error", "link_workers"} <= set(manifest["settings_left_out"])
    assert manifest["settings"]["base_payment"] == 1.5
    assert "The recruiter link responded with 2 links." in log
