"""Base classes for participants that are programs.

`HighPerformanceBotBase` speaks HTTP with the experiment's server; hundreds of them fit into one process.
`BotBase` drives a real browser through the pages, one browser for each bot.
An author subclasses one of them, calls the subclass `Bot` and writes `participate()`.
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
    """A bot that talks to the server directly, over HTTP and (`subscribe`, `publish`) over a socket.

    A subclass writes `participate()`, most simply with `create_agent()`, `received_infos(node_id)` and
    `create_info(node_id, contents)`. Requests are repeated while the line or the server is not ready, and
    wait while somebody ahead still works; what the server refuses (4xx) is never repeated: `BotError`.
    """

    def run_experiment(self) -> bool:
        """Sign up, take part, sign off; True when all went well, else `problems` says what didn't.

        An error in the bot's own code is noted too, reported to the server as a failed participant, raised.
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
            self.log("was let go")
        signed_off = not self.problems and self.sign_off()
        self.complete_experiment("worker_complete" if signed_off else "worker_failed")

    def _give_up(self) -> None:
        """Tell the server, where it can still be told, so that the place opens for somebody else."""
        if not self.participant_id:
            return
        try:
            self.complete_experiment("worker_failed")
        except BotError as error:
            self.note(str(error))

    # The phases

    def sign_up(self) -> int | str:
        """Create the participant (POST /participant), wait for the others, and return its number."""
        self.log("signing up")
        answer = self.post("/participant", self.entry_fields())
        self.participant_id = answer["participant"]["id"]
        self.line.token = answer.get("token", "")
        room = answer.get("quorum")
        # The answer counts the newcomer already, but the room opens a moment later: a bot that went on before
        # it opens would be missing from it.
        if room and not (self._is_decided(room) and ("room" in room or self.skip_experiment)):
            self.wait_for_quorum()
        self.on_signup(answer)
        return self.participant_id

    def entry_fields(self) -> dict[str, Any]:
        """Return what POST /participant is sent; a bot that consents to something adds it here."""
        return {
            "recruiter": f"bots:{type(self).__name__}",
            "assignment_id": self.assignment_id,
            "worker_id": self.worker_id,
            "hit_id": self.hit_id,
            "mode": self.mode,
            "fingerprint_hash": uuid.uuid5(uuid.NAMESPACE_URL, self.unique_id).hex,
        }

    def on_signup(self, data: dict[str, Any]) -> None:
        """Do what is needed with the answer to POST /participant; nothing by default."""

    def sign_off(self) -> bool:
        """Hand in the questionnaire; True when it arrived."""
        self.log("signing off")
        return self.complete_questionnaire()

    def complete_questionnaire(self) -> bool:
        """Answer the questionnaire (POST /question/<participant_id>) with `question_responses`."""
        answers = dict(self.question_responses)
        self.post(f"/question/{self.participant_id}", {"question": "questionnaire", "answers": answers})
        return True

    def complete_experiment(self, status: str) -> dict[str, Any]:
        """Report the end; `status` is "worker_complete" or "worker_failed"."""
        self.log(status)
        return self.get(f"/{status}", {"participant_id": self.participant_id})

    # What a participant's page does

    def create_agent(self) -> dict[str, Any] | None:
        """Ask for the next place (POST /node/<participant_id>); None when nothing is left for this bot."""
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
        """Answer at a node (POST /info/<node_id>); `fields` may hold details (a dict) and property1 to 5."""
        answer = self.post(f"/info/{node_id}", {"contents": contents, "info_type": info_type, **fields})
        info: dict[str, Any] = answer["info"]
        return info

    def received_infos(self, node_id: int, info_type: str = "Info") -> list[dict[str, Any]]:
        """Return what was sent to a node (GET /node/<node_id>/received_infos), oldest first."""
        asked: dict[str, Any] = {"info_type": info_type}
        infos: list[dict[str, Any]] = []
        while True:
            answer = self.get(f"/node/{node_id}/received_infos", asked)
            infos += answer["infos"]
            # A list that is longer than one answer may be comes in pages.
            if "next_offset" not in answer:
                return infos
            asked["offset"] = answer["next_offset"]
