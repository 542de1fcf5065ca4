"""One random run: people, workers and the clock at the same time, over the handlers of HTTP requests.

What each thread does follows from the seed; how the threads interleave does not, so a failure may need
some repetitions to come again.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from chalicelib.errors import PetriError, VendorUnreachable
from chalicelib.experiment.experiment import Experiment
from chalicelib.experiment.networks import Chain, Empty
from chalicelib.experiment.nodes import Source
from chalicelib.messages import FormRooms, to_body
from chalicelib.model.network import Network
from chalicelib.model.node import Node
from chalicelib.ports import TRANSIENT, Message, Transfer
from chalicelib.storage.engine import Engine
from chalicelib.workers import queue_consumer, scheduler
from tests.tools.torn import LONGEST
from tests.tools.vendor import Vendor
from tests.web.world import OPERATOR_TOKEN, Said, World, build_world

#: How many of the messages are delivered twice, and how many are lost: the sweep brings those again.
TWICE: Final = 0.10
LOST: Final = 0.03
#: How often a request is sent twice at the same moment, with one request id.
DOUBLED: Final = 0.10
#: How many of the payments are made and the answer is lost, and as many aren't made at first.
UNANSWERED: Final = 0.10
#: How far the clock may go back between two looks at it, in seconds.
BACK: Final = 1.5
#: How often a participant leaves at a step, in one way or another.
LEAVING: Final = 0.05
HALF: Final = 0.5
PEOPLE: Final = 30
DOORS: Final = 6
WORKERS: Final = 3
PATIENCE: Final = 60
BUSY: Final = 503
FAULT: Final = 500
GOOD: Final = 200


class Told(Source):
    """The source of a chain."""

    type = "told_in_checker"

    def _contents(self) -> str:
        return "once upon a time"


class Retelling(Experiment):
    """Chains that pass on what they have received."""

    def configure(self) -> None:
        self.experiment_repeats = 2
        self.initial_recruitment_size = 2

    def create_network(self) -> Network:
        return Chain(max_size=6)

    def setup(self) -> None:
        if not self.networks():
            super().setup()
            for network in self.networks():
                Told(network)

    def add_node_to_network(self, node: Node, network: Network) -> None:
        network.add_node(node)
        for parent in node.neighbors(direction="from"):
            parent.transmit(to_whom=node)
        node.receive()

    def bonus(self, participant: Any) -> float:
        return 0.25


class Meeting(Retelling):
    """People who wait for each other, and then sit in networks of four."""

    room_size = 3
    min_size = 2
    waiting_timeout = 1

    def create_network(self) -> Network:
        return Empty(max_size=4)

    def add_node_to_network(self, node: Node, network: Network) -> None:
        network.add_node(node)

    def setup(self) -> None:
        Experiment.setup(self)


class RandomClock:
    """Goes on with the machine's clock, and back by a moment now and then, as several machines' clocks do."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(f"{seed}|clock")
        self._ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead - timedelta(seconds=self._random.uniform(0, BACK))

    def turn(self, **by: float) -> None:
        """Go on by so many minutes or seconds."""
        self._ahead += timedelta(**by)


class RandomQueue:
    """Hands messages out in random order, some twice, and loses some; the sweep finds what was lost."""

    tracks_pending = True

    def __init__(self, seed: str, clock: RandomClock) -> None:
        self._random = random.Random(f"{seed}|queue")
        self._clock = clock
        self._guard = threading.Lock()
        self._waiting: list[Message] = []
        self._under_way = 0
        self.lost = 0
        #: Whether some messages are still lost.
        self.is_lossy = True

    def send(self, *sent: Message) -> None:
        with self._guard:
            for message in sent:
                if message.due is not None and message.due > self._clock.now() + timedelta(seconds=5):
                    continue
                draw = self._random.random()
                if draw < LOST and self.is_lossy:
                    self.lost += 1
                    continue
                self._waiting += [message, message] if draw < LOST + TWICE else [message]

    def retry_later(self, receipt: str, tries: int, source: str = "") -> None:
        """Messages that fail are put back by the worker that had them."""

    def take(self) -> Message | None:
        with self._guard:
            if not self._waiting:
                return None
            self._under_way += 1
            return self._waiting.pop(self._random.randrange(len(self._waiting)))

    def done(self, again: Message | None = None) -> None:
        with self._guard:
            self._under_way -= 1
            if again is not None:
                self._waiting.append(again)

    @property
    def is_idle(self) -> bool:
        with self._guard:
            return not self._waiting and not self._under_way


class RandomVendor(Vendor):
    """Loses the answer to some payments, and doesn't take others at first."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._random = random.Random(f"{seed}|vendor")
        self._guard = threading.Lock()

    def pay(self, transfer: Transfer) -> str:
        with self._guard:
            draw = self._random.random()
            if draw < 2 * UNANSWERED:
                self.faults.append("answer lost" if draw < UNANSWERED else "unreachable")
            return super().pay(transfer)


@dataclass
class Seen:
    """Responses to clients, which have to stay true."""

    #: Infos that were answered with 200: id and contents.
    infos: dict[int, str] = field(default_factory=dict)
    #: Participants by how they ended, as far as they got a response.
    ended: dict[int, str] = field(default_factory=dict)
    #: Participants who left before a room had opened for them.
    left_waiting: set[int] = field(default_factory=set)
    #: Answers with status 500, and errors of workers.
    faults: list[str] = field(default_factory=list)

    def note_answer(self, info_id: int, contents: str) -> None:
        """Record that a participant received the confirmation of an answer."""
        self.infos[info_id] = contents


@dataclass
class Run:
    """One random run."""

    world: World
    seed: int
    vendor: Vendor
    clock: RandomClock
    queue: RandomQueue
    seen: Seen = field(default_factory=Seen)

    # -- requests -----------------------------------------------------------------------------------

    def ask(self, draw: random.Random, method: str, path: str, fields: dict[str, Any], **how: Any) -> Said:
        """Send a request, now and then twice at once; again while the response is Retry-After."""
        request_id = f"r{draw.getrandbits(64):x}"
        for _ in range(PATIENCE):
            if draw.random() < DOUBLED:
                said = self._twice(method, path, fields, request_id=request_id, **how)
            else:
                said = self._once(method, path, fields, request_id=request_id, **how)
            if said.status != BUSY:
                return said
            time.sleep(draw.uniform(0, 0.05))
        return said

    def _once(self, method: str, path: str, fields: dict[str, Any], **how: Any) -> Said:
        call = self.world.get if method == "GET" else self.world.post
        said = call(path, fields, **how)
        if said.status == FAULT:
            self.seen.faults.append(f"{method} {path}: {said.raw.decode()}")
        return said

    def _twice(self, method: str, path: str, fields: dict[str, Any], **how: Any) -> Said:
        with ThreadPoolExecutor(2) as both:
            first, second = (both.submit(self._once, method, path, fields, **how) for _ in range(2))
            answers = [first.result(), second.result()]
        good = [said for said in answers if said.status < 400]
        return good[0] if good else answers[0]

    # -- a person -----------------------------------------------------------------------------------

    def live(self, number: int) -> None:
        """Let a participant take part, from the arrival to the end or until they leave."""
        draw = random.Random(f"{self.seed}|person|{number}")
        entry = {"workerId": f"w{number}", "hitId": "h", "assignmentId": f"a{number}", "mode": "debug"}
        said = self.ask(draw, "POST", "/participant", {**entry, "recruiter": "vendor"})
        if said.status >= 400:
            return
        person, token = int(said["participant"]["id"]), said["token"]
        if self._wait_for_room(draw, person, token):
            self._take_part(draw, person, token)
        self._end(draw, person, token)

    def _wait_for_room(self, draw: random.Random, person: int, token: str) -> bool:
        """Wait until a room has opened; False for those who are let go, or leave."""
        if not self.world.app.experiment_class.room_size:
            return True
        for _ in range(PATIENCE):
            if draw.random() < LEAVING:
                return False
            said = self.ask(draw, "GET", f"/waiting-room/{person}", {}, token=token)
            state = said.body.get("quorum", said.body)
            if said.status != 200 or state.get("overrecruited") or state.get("released"):
                return False
            if state.get("room"):
                return True
            time.sleep(draw.uniform(0, 0.03))
        return False

    def _take_part(self, draw: random.Random, person: int, token: str) -> None:
        for turn in range(2):
            if draw.random() < LEAVING:
                return
            said = self.ask(draw, "POST", f"/node/{person}", {}, token=token)
            if said.status != 200:
                return
            node = said["node"]["id"]
            if person in self.seen.ended:
                self.seen.faults.append(f"participant {person} got node {node} after their end")
            self.ask(draw, "GET", f"/node/{node}/received_infos", {}, token=token)
            if draw.random() < LEAVING:
                return
            contents = f"{person} says {turn}"
            said = self.ask(draw, "POST", f"/info/{node}", {"contents": contents}, token=token)
            if said.status == 200:
                self.seen.note_answer(said["info"]["id"], contents)

    def _end(self, draw: random.Random, person: int, token: str) -> None:
        how = draw.choices(
            ["complete", "withdraw", "failed", "returned", "vanish"], weights=[12, 2, 1, 1, 1]
        )[0]
        asked: dict[str, tuple[str, str, dict[str, Any], str]] = {
            "complete": ("GET", "/worker_complete", {"participant_id": person}, token),
            "withdraw": ("POST", "/withdraw", {"participant_id": person}, token),
            "failed": ("GET", "/worker_failed", {"participant_id": person}, token),
            "returned": ("POST", "/notifications", self._returned(person), OPERATOR_TOKEN),
        }
        if how in asked:
            method, path, fields, by = asked[how]
            said = self.ask(draw, method, path, fields, token=by)
            if said.status == GOOD and how != "returned":
                self._note_left(person)
        if how == "withdraw":
            self.seen.ended[person] = how
            # Tried again after the end: nothing may be had any more.
            said = self.ask(draw, "POST", f"/node/{person}", {}, token=token)
            if said.status == 200:
                self.seen.faults.append(f"participant {person} got a node after withdrawing")
        if how == "complete":
            report = {**self._returned(person), "Event.1.EventType": "AssignmentSubmitted"}
            self.ask(draw, "POST", "/notifications", report, token=OPERATOR_TOKEN)

    def _note_left(self, person: int) -> None:
        """Record that a participant left without a room, once all earlier commits are visible."""
        time.sleep(2 * LONGEST)
        rooms = [item for item in self.world.engine.query("rooms") if item["kind"] == "room"]
        if not any(person in room["members"] for room in rooms):
            self.seen.left_waiting.add(person)

    def _returned(self, person: int) -> dict[str, Any]:
        found = self.world.get(f"/participant/{person}", token=OPERATOR_TOKEN)["participant"]
        return {"Event.1.EventType": "AssignmentReturned", "Event.1.AssignmentId": found["assignment_id"]}

    # -- workers ------------------------------------------------------------------------------------

    def work(self, until: Callable[[], bool]) -> None:
        """Handle messages until there is nothing left to wait for; what fails comes again."""
        while True:
            message = self.queue.take()
            if message is None:
                if until():
                    return
                time.sleep(0.002)
                continue
            self._handle(message)

    def _handle(self, message: Message) -> None:
        again = None
        try:
            queue_consumer.handle(message)
        except VendorUnreachable:
            again = message
        except PetriError as error:
            if error.status == FAULT:
                self.seen.faults.append(f"message {message.body['kind']}: {error!r}")
            elif message.key[0] != TRANSIENT:
                again = message
        except Exception as error:  # noqa: BLE001 - told as a finding of this run
            self.seen.faults.append(f"message {message.body['kind']}: {error!r}")
        finally:
            self.queue.done(again)

    def launch(self) -> None:
        """Launch the experiment."""
        self._once("POST", "/launch", {}, token=OPERATOR_TOKEN)

    def play_people(self, numbers: Iterable[int]) -> None:
        """Let people take part at the same time, while workers handle what that leaves to do."""
        over = threading.Event()
        with ThreadPoolExecutor(WORKERS) as workers, ThreadPoolExecutor(DOORS) as doors:
            working = [workers.submit(self.work, over.is_set) for _ in range(WORKERS)]
            living = [doors.submit(self.live, number) for number in numbers]
            try:
                for one in living:
                    one.result()
            finally:
                over.set()
            for each in working:
                each.result()

    def settle(self) -> None:
        """Bring what was lost, and let rooms and waiting come to their end.

        Nothing is lost any more: a run goes on sweeping each minute, and this has four sweeps only. A payment
        whose process was killed waits two minutes for the lease, and both sweeps that are left could lose it.
        """
        self.queue.is_lossy = False
        for minutes in (0, 0, 2, 2):
            self.clock.turn(minutes=minutes)
            scheduler.resend_due_messages(min_age=-BACK)
            if self.world.app.experiment_class.room_size:
                self.queue.send(Message((TRANSIENT, "group"), to_body(FormRooms()), None))
            self.work(lambda: self.queue.is_idle)


def opened(engine: Engine, seed: int, vendor: Vendor, part: int = 0) -> Run:
    """Open the run of a seed over an engine; `part`: the number of this process."""
    draw = random.Random(f"{seed}|experiment")
    world = build_world(
        draw.choice([Retelling, Meeting]),
        engine,
        {"auto_recruit": True, "recruiter": "vendor", "base_payment": 1.0},
    )
    random_clock = RandomClock(f"{seed}|{part}")
    queue = RandomQueue(f"{seed}|{part}", random_clock)
    vendor.change(auto_submits=draw.random() < HALF)
    world.app.clock = random_clock
    world.app.queue = queue
    world.app.recruiters.recruiters["vendor"] = vendor
    return Run(world, seed, vendor, random_clock, queue)


def play(engine: Engine, seed: int, *, people: int = PEOPLE) -> Run:
    """Play a run to its end; the caller closes the engine and forgets the app."""
    run = opened(engine, seed, RandomVendor(seed))
    run.launch()
    run.play_people(range(people))
    run.settle()
    return run
