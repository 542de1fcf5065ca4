"""Manages participant groups of people who have taken part, whom later studies can exclude.

Source: docs.prolific.com, "Participant Groups", "Add participants to a participant group" (members are
ignored when they are added again).
"""

from __future__ import annotations

from dataclasses import dataclass

from .client import ProlificClient


@dataclass(frozen=True)
class ParticipantGroups:
    """The groups of one workspace, by name."""

    client: ProlificClient
    workspace: str

    def add(self, worker_id: str, name: str) -> None:
        """Add a participant to a group; idempotent."""
        path = f"/participant-groups/{self.find_or_create(name)}/participants/"
        self.client.post(path, {"participant_ids": [worker_id]})

    def find_or_create(self, name: str) -> str:
        """Return the id of the group of this name."""
        for group in self.client.list("/participant-groups/", workspace_id=self.workspace):
            if group.get("name") == name and not group.get("is_deleted"):
                return str(group["id"])
        group = self.client.post("/participant-groups/", {"name": name, "workspace_id": self.workspace})
        return str(group["id"])
