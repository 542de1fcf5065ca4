"""Defines what all bots have in common: ids, random draws and problems."""

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
    """The server's address and the ids of the recruiter's link with which a bot signs up."""

    host: str
    recruiter: str
    assignment_id: str
    worker_id: str
    hit_id: str
    mode: str


def read_identity(url: str, assignment_id: str = "", worker_id: str = "", hit_id: str = "") -> BotIdentity:
    """Read the ids from a recruiter's link; arguments take precedence, and missing ids are generated."""
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
    """The base class of all bots."""

    #: The bot's answers to the questionnaire at the end of the experiment.
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
        """Make a bot for a recruiter's link.

        Args:
            URL: The recruiter's link; ids that aren't passed are read from its query.
            assignment_id: The recruiter's id of the assignment.
            worker_id: The recruiter's id of the worker.
            participant_id: The number of a participant who has signed up already.
            hit_id: The recruiter's id of the listing.
            seed: The seed of `self.random`; by default the worker id, so that a bot with the same id
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
        #: The random generator for the bot's choices; the same seed gives the same draws.
        self.random = random.Random(str(self.worker_id if seed is None else seed))
        #: What went wrong, in sentences; empty when the bot succeeded.
        self.problems: list[str] = []
        #: What the bot is waiting for; empty when it isn't waiting.
        self.waiting_for = ""

    def participate(self) -> bool | None:
        """Override to take part in the experiment. This is the only method that every bot has to define.

        Returns:
            False when the bot couldn't take part; None and True both mean that it did.

        Raises:
            ExperimentError: The bot's class doesn't define `participate()`.

        """
        raise ExperimentError(
            f"The bot {type(self).__name__} has no participate() method; write one that does what "
            "a participant does on the experiment's page."
        )

    def stop(self) -> None:
        """Stop the bot: it sends no more requests."""

    def log(self, text: str) -> None:
        """Write a line to the log, with the bot's class and its participant's number.

        Args:
            text: What to write.

        """
        logger.info("%s %s: %s", type(self).__name__, self.participant_id or "(not signed up)", text)

    def stochastic_sleep(self, mean: float = 0.5, longest: float = 5.0) -> None:
        """Sleep for a random time.

        Args:
            mean: The mean of the exponential distribution, in seconds.
            longest: The maximum, in seconds.

        """
        # The module's generator is used, so that sleeping doesn't change the bot's choices.
        time.sleep(min(random.expovariate(1 / mean), longest))

    def note(self, problem: str) -> None:
        """Add a problem to `problems`, for the report of the run, and log it.

        Args:
            problem: What went wrong, in a sentence.

        """
        self.problems.append(problem)
        logger.warning("%s %s: %s", type(self).__name__, self.participant_id or "(not signed up)", problem)
