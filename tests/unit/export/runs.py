"""A run with something of everything in it, written through the unit of work as operations do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from chalicelib.experiment.infos import Meme, TrackingEvent
from chalicelib.experiment.networks import Burst, Chain
from chalicelib.experiment.nodes import Source
from chalicelib.model import keys
from chalicelib.model.network import Network
from chalicelib.model.node import Node
from chalicelib.model.participant import Participant
from chalicelib.model.question import Question
from chalicelib.model.record import iso
from chalicelib.model.run_records import Notification, Payment, Recruitment
from chalicelib.storage.engine import Engine
from chalicelib.storage.unit_of_work import EngineUnitOfWork

BEGIN = datetime(2024, 5, 17, 9, 30, tzinfo=UTC)
STRANGE = 'He said "go",\nand\r\nwent; 😀 \u202etfel'


class Story(Source):
    """A source with a story."""

    type = "story_of_exports"

    def _contents(self) -> str:
        return "Once upon a time"


def at_minute(engine: Engine, minutes: float) -> EngineUnitOfWork:
    """A unit of work so many minutes after the run began."""
    return EngineUnitOfWork(engine, BEGIN + timedelta(minutes=minutes))


def a_person(work: EngineUnitOfWork, name: str) -> Participant:
    """A participant as POST /participant makes one."""
    person = Participant(
        "mturk", f"W{name}", f"A{name}", "H1", "live", f"FP{name}", {"email": f"{name}@example.org"}
    )
    work.save(person)
    work.put_if_unchanged(keys.assignment(f"A{name}"), "assignment", {"participant_id": person.id})
    work.put_if_unchanged(keys.worker(f"W{name}"), "worker", {"participant_ids": [person.id]})
    work.update_status_index(person)
    return person


def begin(engine: Engine) -> None:
    """Make the networks: a chain that will stand, a burst that will fail, one that stays empty."""
    with at_minute(engine, 0) as work:
        chain, burst, empty = Chain(max_size=5), Burst(max_size=10, role="practice"), Network(max_size=3)
        empty.property1, empty.details = "left alone", {"why": ["nobody", 1, None]}
        for network in (chain, burst, empty):
            work.save(network)
            if network is not empty:
                Story(network)
        work.save(Recruitment("mturk", "open", 4))
        work.state["launched"] = iso(work.now)
        work.commit()


def join(engine: Engine, number: int) -> None:
    """Let a participant join both networks, read, retell and answer a question."""
    with at_minute(engine, number) as work:
        person = a_person(work, str(number))
        person.consent = {"time": "2024-05-17T09:29:00.000000Z", "hash": f"h{number}"}
        for network_id in (1, 2):
            network = work.network(network_id)
            node = Node(network, person)
            network.add_node(node)
            for parent in node.neighbors(direction="from"):
                parent.transmit(to_whom=node)
            received = node.receive()
            retold = Meme(origin=node, contents=f"{STRANGE} {number}")
            node.replicate(received[0].info)
            TrackingEvent(origin=node, details={"key": "a", "n": 1.5})
            retold.property2 = "kept"
            node.answered = number != 3
        Question(person, "How?", '{"engagement": 4}', 1)
        Question(person, "Why?", "", 2)
        work.commit()


def finish(engine: Engine, number: int) -> None:
    """Pay a participant."""
    with at_minute(engine, 10 + number) as work:
        person = work.participant(number)
        person.status, person.end_time = "approved", work.now
        person.base_pay, person.bonus = Decimal("1.50"), Decimal("0.1")
        work.update_status_index(person)
        paid = Payment(number, "base", Decimal("1.50"), "Thank you")
        paid.status, paid.recruiter_reference, paid.sent_time = "paid", f"ref-A{number}", work.now
        work.save(paid, Payment(number, "bonus", Decimal("0.1")))
        work.save(Notification(f"A{number}", "AssignmentSubmitted"))
        work.commit()


def fail(engine: Engine) -> None:
    """Fail a node, an info, a participant's question, and in the end a whole network."""
    with at_minute(engine, 30) as work:
        work.node(100_003).fail("left")
        work.node(200_002).fail()
        work.commit()
    with at_minute(engine, 31) as work:
        work.node(200_001).fail("the older end of a vector, failed second")
        work.node(100_004).infos()[0].fail("nonsense")
        work.participant(2).questions()[0].fail("joke")
        work.commit()
    with at_minute(engine, 32) as work:
        work.network(2).fail("power cut")
        work.commit()


def a_run(engine: Engine) -> None:
    """Everything: three people, two of them paid, and failures of each kind."""
    begin(engine)
    for number in (1, 2, 3):
        join(engine, number)
    for number in (1, 2):
        finish(engine, number)
    fail(engine)


def write_messages(engine: Engine) -> None:
    """Write to one participant and to all, as the dashboard does; two of them see it."""
    sent: list[dict[str, Any]] = [
        {"audience": "participants", "participant_ids": [2], "recipients": 1, "text": "Dear Ann, W2 is paid"},
        {"audience": "all", "participant_ids": [], "recipients": 3, "text": 'Write to "ann@example.org", A1'},
    ]
    with at_minute(engine, 40) as work:
        for number, fields in enumerate(sent, start=1):
            common = {
                "id": number,
                "creation_time": iso(work.now),
                "last_participant": 3,
                "includes_later": number > 1,
                "author": "user:ada",
                "author_name": "Ada",
            }
            work.put_item(keys.run_message(number), "run_message", {**common, **fields})
        header = {"last": 2, "to_many": [2], "recent": []}
        work.put_item(keys.MESSAGES_HEADER, "message_header", header)
        work.put_item(keys.message_box(2), "message_box", {"numbers": [1]})
        for number, person, closed in ((1, 2, None), (2, 1, iso(work.now)), (2, 2, None)):
            receipt = {"participant_id": person, "seen": iso(work.now), "closed": closed}
            work.put_item(keys.message_receipt(number, person), "message_receipt", receipt)
        work.commit()
