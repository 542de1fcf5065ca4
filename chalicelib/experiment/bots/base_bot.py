"""Who a bot is: the ids it came with, what it draws, what went wrong."""

from __future__ import annotations

import logging
import random
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from chalicelib.errors import ExperimentError

logger = logging.getLogger("petri.bots")


@dataclass(frozen=True)
class BotIdentity:
    """Who a bot says it is: the server's address and the ids of the recruiter's link."""

    host: str
    recruiter: str
    assignment_id: str
    worker_id: str
    hit_id: str
    mode: str


def read_identity(url: str, assignment_id: str = "", worker_id: str = "", hit_id: str = "") -> BotIdentity:
    """Read the ids from a recruiter's link; ids given by hand win, missing ones are made up."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)

    def first(*names: str) -> str:
        return next((query[name][0] for name in names if name in query), "")

    return BotIdentity(
        host=f"{parts.scheme}://{parts.netloc}",
        recruiter=first("recruiter"),
        assignment_id=assignment_id or first("assignment_id", "assignmentId") or uuid.uuid4().hex,
        worker_id=worker_id or first("worker_id", "workerId") or uuid.uuid4().hex,
        hit_id=hit_id or first("hit_id", "hitId") or uuid.uuid4().hex,
        mode=first("mode") or "debug",
    )


class BaseBot:
    """What both kinds of bot know about themselves."""

    #: What a bot answers in the questionnaire that ends every experiment.
    question_responses: Mapping[str, Any] = {"engagement": 4, "difficulty": 3}

    def __init__(
        self,
        URL: str,  # noqa: N803 - the word by which authors' bots and recruiters pass it
        assignment_id: str = "",
        worker_id: str = "",
        participant_id: int | str = "",
        hit_id: str = "",
        *,
        seed: object = None,
    ) -> None:
        """Take the recruiter's link; ids that are not given are read from its query.

        `seed` fixes what `self.random` draws; without one the worker id does, so a bot of the same name
        behaves the same in every run.
        """
        entry = read_identity(URL, assignment_id, worker_id, hit_id)
        self.URL = URL
        self.host = entry.host
        self.recruiter = entry.recruiter
        self.assignment_id = entry.assignment_id
        self.worker_id = entry.worker_id
        self.hit_id = entry.hit_id
        self.mode = entry.mode
        self.unique_id = f"{self.worker_id}:{self.assignment_id}"
        self.participant_id = participant_id
        #: For the bot's own choices: the same seed draws the same.
        self.random = random.Random(str(self.worker_id if seed is None else seed))
        #: What went wrong, in sentences; empty when the bot came through.
        self.problems: list[str] = []
        #: What the bot waits for at this moment; empty while it waits for nothing.
        self.waiting_for = ""

    def participate(self) -> bool | None:
        """Take part in the experiment: the one method that every bot writes itself.

        Returns False when the bot could not take part; None and True both mean that it did.
        """
        raise ExperimentError(
            f"The bot {type(self).__name__} has no participate() method; write one that does what "
            "a participant does on the experiment's page."
        )

    def stop(self) -> None:
        """Let the bot ask the server for nothing more; its time is over."""

    def log(self, text: str) -> None:
        """Write a line to the log, with the bot's class and its participant's number."""
        logger.info("%s %s: %s", type(self).__name__, self.participant_id or "(not signed up)", text)

    def stochastic_sleep(self, mean: float = 0.5, longest: float = 5.0) -> None:
        """Wait a little, by chance: `mean` seconds on average and never more than `longest`."""
        # Drawn from the module's generator, so that waiting never changes what the bot decides.
        time.sleep(min(random.expovariate(1 / mean), longest))

    def note(self, problem: str) -> None:
        """Keep a problem for the report of the run, and log it."""
        self.problems.append(problem)
        logger.warning("%s %s: %s", type(self).__name__, self.participant_id or "(not signed up)", problem)
