"""Defines the base classes of an author's bots.

`HighPerformanceBotBase` uses HTTP and sockets; hundreds of them fit into one process. `BotBase` drives a
real browser through the pages, one for each bot. An author subclasses one of them, calls the subclass
`Bot` and defines `participate()`.
"""

from __future__ import annotations

import uuid
from typing import Any

from chalicelib.errors import errors_only

from .api_client import BotError
from .browser_bot import BotBase
from .http_bot import Dismissed, HttpBot

__all__ = ["BotBase", "BotError", "HighPerformanceBotBase"]


class HighPerformanceBotBase(HttpBot):
    """A bot that uses HTTP requests and (`subscribe`, `publish`) a socket, without a browser.

    A subclass defines `participate()`, most simply with `create_agent()`, `received_infos(node_id)` and
    `create_info(node_id, contents)`. A request is retried while the network or the server fails, or while
    the participant ahead is still working. A request that the server refuses (4xx) raises `BotError`.
    """

    def run_experiment(self) -> bool:
        """Sign up, take part and sign off.

        An error in the bot's own code is added to `problems`, reported to the server as a failed
        participant, and raised.

        Returns:
            True when the bot succeeded; False when `problems` says what went wrong.

        """
        try:
            with errors_only():
                self._run_phases()
        except BotError as error:
            self.note(str(error))
            self._give_up()
        except Exception as error:
            self.note(f"{type(self).__name__} stopped at {type(error).__name__}: {error}")
            self._give_up()
            raise
        finally:
            self.hang_up()
            self.line.close()
        return not self.problems

    def _run_phases(self) -> None:
        try:
            self.sign_up()
            if not self.skip_experiment:
                self.participate()
        except Dismissed:
            self.log("was released")
        signed_off = not self.problems and self.sign_off()
        self.complete_experiment("worker_complete" if signed_off else "worker_failed")

    def _give_up(self) -> None:
        """Report the failure to the server, if possible, so that the place opens for another participant."""
        if not self.participant_id:
            return
        try:
            self.complete_experiment("worker_failed")
        except BotError as error:
            self.note(str(error))

    # The phases

    def sign_up(self) -> int | str:
        """Create the participant (POST /participant) and wait for the group, if there is a waiting room.

        Returns:
            The participant's number.

        Raises:
            BotError: The server refused a request, or no retry succeeded.

        """
        self.log("signing up")
        answer = self.post("/participant", self.entry_fields())
        self.participant_id = answer["participant"]["id"]
        self.line.token = answer.get("token", "")
        room = answer.get("quorum")
        # The response counts this participant already, but the room opens a moment later: a bot that went on
        # before it opens would be missing from it.
        if room and not (self._is_decided(room) and ("room" in room or self.skip_experiment)):
            self.wait_for_quorum()
        self.on_signup(answer)
        return self.participant_id

    def entry_fields(self) -> dict[str, Any]:
        """Override to add fields to POST /participant, such as a consent.

        Returns:
            The form fields.

        """
        return {
            "recruiter": f"bots:{type(self).__name__}",
            "assignment_id": self.assignment_id,
            "worker_id": self.worker_id,
            "hit_id": self.hit_id,
            "mode": self.mode,
            "fingerprint_hash": uuid.uuid5(uuid.NAMESPACE_URL, self.unique_id).hex,
        }

    def on_signup(self, data: dict[str, Any]) -> None:
        """Override to use the response to POST /participant.

        Args:
            data: The JSON object of the response.

        """

    def sign_off(self) -> bool:
        """Submit the questionnaire.

        Returns:
            True when it was submitted.

        Raises:
            BotError: The server refused the request, or no retry succeeded.

        """
        self.log("signing off")
        return self.complete_questionnaire()

    def complete_questionnaire(self) -> bool:
        """Answer the questionnaire (POST /question/<participant_id>) with `question_responses`.

        Returns:
            True when it was submitted.

        Raises:
            BotError: The server refused the request, or no retry succeeded.

        """
        answers = dict(self.question_responses)
        self.post(f"/question/{self.participant_id}", {"question": "questionnaire", "answers": answers})
        return True

    def complete_experiment(self, status: str) -> dict[str, Any]:
        """Report that the participant is at the end.

        Args:
            status: `"worker_complete"` or `"worker_failed"`.

        Returns:
            The JSON object of the response.

        Raises:
            BotError: The server refused the request, or no retry succeeded.

        """
        self.log(status)
        return self.get(f"/{status}", {"participant_id": self.participant_id})

    # What a participant's page does

    def create_agent(self) -> dict[str, Any] | None:
        """Join the next network (POST /node/<participant_id>).

        Returns:
            The new node, or None when no network is left for this participant.

        Raises:
            BotError: The server refused the request, or no retry succeeded.

        """
        try:
            node: dict[str, Any] = self.post(f"/node/{self.participant_id}")["node"]
        except BotError as error:
            if error.reason == "no_network":
                return None
            raise
        return node

    def create_info(
        self, node_id: int, contents: str, info_type: str = "Info", **fields: object
    ) -> dict[str, Any]:
        """Make an info at a node (POST /info/<node_id>).

        Args:
            node_id: The id of the node.
            contents: The contents of the info.
            info_type: The type of the info.
            **fields: More fields: `details` (a dict) and `property1` to `property5`.

        Returns:
            The new info.

        Raises:
            BotError: The server refused the request, or no retry succeeded.

        """
        answer = self.post(f"/info/{node_id}", {"contents": contents, "info_type": info_type, **fields})
        info: dict[str, Any] = answer["info"]
        return info

    def received_infos(self, node_id: int, info_type: str = "Info") -> list[dict[str, Any]]:
        """Return the infos that a node has received (GET /node/<node_id>/received_infos).

        Args:
            node_id: The id of the node.
            info_type: The type of the infos.

        Returns:
            The infos, oldest first.

        Raises:
            BotError: The server refused the request, or no retry succeeded.

        """
        parameters: dict[str, Any] = {"info_type": info_type}
        infos: list[dict[str, Any]] = []
        while True:
            answer = self.get(f"/node/{node_id}/received_infos", parameters)
            infos += answer["infos"]
            # A list that exceeds the size of one response is paginated.
            if "next_offset" not in answer:
                return infos
            parameters["offset"] = answer["next_offset"]
