"""Creates, publishes, enlarges and stops the study at Prolific.

Sources: docs.prolific.com, "Create a draft study", "Publish a study", "Update a study"; only the internal
name and the number of places of a published study can change, and the places can only grow (mephisto.ai,
"Prolific API oddities").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from chalicelib.errors import VendorRefused
from chalicelib.ports import RecruitmentResult

from .client import ProlificClient, status_in
from .completion_codes import CompletionCodes
from .participant_groups import ParticipantGroups
from .prolific_settings import ProlificSettings

#: How many tokens of openings are remembered: far more than can be in progress at once.
REMEMBERED = 200
UNPUBLISHED = "UNPUBLISHED"
#: Statuses of studies that new participants can't see any more.
ENDED = ("AWAITING REVIEW", "COMPLETED")


@dataclass(frozen=True)
class Studies:
    """Opens and closes places. Its state is in the results that it returns and gets back.

    State: {"studies": [{"id", "places", "closed"}], "tokens": [...]}. A closed study stays closed: enlarging
    it would open its remaining places again, so the next places are a new study.
    """

    client: ProlificClient
    settings: ProlificSettings
    codes: CompletionCodes
    groups: ParticipantGroups
    #: The address at which the experiment is served.
    base: Callable[[], str]

    def open(self, n: int, token: str, recruiter_state: Mapping[str, Any]) -> RecruitmentResult:
        """Open n more places, once for each token."""
        known = [dict(study) for study in recruiter_state.get("studies", ())]
        tokens = list(recruiter_state.get("tokens", ()))
        if token in tokens:
            return RecruitmentResult(
                "These places are open at Prolific already.", recruiter_state=dict(recruiter_state)
            )
        if known and not known[-1]["closed"]:
            known[-1]["places"] += n
            message = self._enlarge(known[-1]["id"], known[-1]["places"])
        else:
            study = self._study_of(token, n, [study["id"] for study in known])
            known.append({"id": study["id"], "places": n, "closed": False})
            message = self._publish(study)
        return RecruitmentResult(
            message, recruiter_state={"studies": known, "tokens": [*tokens, token][-REMEMBERED:]}
        )

    def close(self, recruiter_state: Mapping[str, Any]) -> RecruitmentResult:
        """Stop the study; participants who have begun can finish."""
        known = [dict(study) for study in recruiter_state.get("studies", ())]
        if not known or known[-1]["closed"]:
            return RecruitmentResult("No study is open at Prolific.", recruiter_state=dict(recruiter_state))
        study_id = known[-1]["id"]
        status = status_in(self.client.get(f"/studies/{study_id}/"))
        if status not in (*ENDED, UNPUBLISHED):
            self.client.post(f"/studies/{study_id}/transition/", {"action": "STOP"})
        known[-1]["closed"] = True
        return RecruitmentResult(
            f"Prolific's study {study_id} takes no more participants.",
            recruiter_state={**recruiter_state, "studies": known},
        )

    def _enlarge(self, study_id: str, places: int) -> str:
        # The request contains the final number, so a retry after a lost response adds nothing, and places
        # that were added by hand count.
        if int(self.client.get(f"/studies/{study_id}/")["total_available_places"]) < places:
            self.client.patch(f"/studies/{study_id}/", {"total_available_places": places})
        return f"Prolific's study {study_id} has {places} places now."

    def _study_of(self, token: str, n: int, earlier: list[str]) -> dict[str, Any]:
        """Find the study that an earlier attempt has created, or create it."""
        name = self._internal_name(token)
        path = f"/projects/{self.settings.project}/studies/" if self.settings.project else "/studies/"
        for study in self.client.list(path):
            if study.get("internal_name") == name:
                return self.client.get(f"/studies/{study['id']}/")
        return self.client.post("/studies/", self._description(name, n, earlier))

    def _internal_name(self, token: str) -> str:
        """Name a study after its run, which the secret distinguishes from others, and its opening."""
        return f"petri {self.codes.code('study')} {token}"

    def _publish(self, study: dict[str, Any]) -> str:
        currency = study.get("presentment_currency_code") or self.settings.currency
        if currency != self.settings.currency:
            raise VendorRefused(
                f"Prolific's study {study['id']} is paid in {currency}, and prolific_currency is "
                f"{self.settings.currency}; set it to {currency} and all amounts of the experiment with it."
            )
        if self.settings.mode != "live":
            return f"Prolific's study {study['id']} is a draft: outside live mode none is published."
        if status_in(study) == UNPUBLISHED:
            self.client.post(f"/studies/{study['id']}/transition/", {"action": "PUBLISH"})
        return f"Prolific's study {study['id']} is published."

    def _description(self, name: str, n: int, earlier: list[str]) -> dict[str, Any]:
        settings = self.settings
        described: dict[str, Any] = {
            "device_compatibility": ["desktop", "tablet", "mobile"],
            "peripheral_requirements": [],
            **settings.more,
            "name": settings.title,
            "internal_name": name,
            "description": settings.description,
            "external_study_url": self._address(),
            "prolific_id_option": "url_parameters",
            "completion_codes": self.codes.declared(settings),
            "total_available_places": n,
            "estimated_completion_time": settings.minutes,
            "reward": settings.reward,
            "filters": [*settings.more.get("filters", ()), *self._exclusions(earlier)],
        }
        if settings.most_minutes is not None:
            described["maximum_allowed_time"] = settings.most_minutes
        if settings.project:
            described["project"] = settings.project
        return described

    def _address(self) -> str:
        base = self.base().rstrip("/")
        if not base.startswith("https://"):
            raise VendorRefused(
                f"Prolific's participants can't reach {base}; deploy the experiment, or serve it at an "
                "https address that is open to the internet."
            )
        named = urlencode({"recruiter": "prolific", "mode": self.settings.mode})
        # Prolific replaces these placeholders, which it wouldn't recognise if they were encoded.
        filled = "PROLIFIC_PID={{%PROLIFIC_PID%}}&STUDY_ID={{%STUDY_ID%}}&SESSION_ID={{%SESSION_ID%}}"
        return f"{base}/ad?{named}&{filled}"

    def _exclusions(self, earlier: list[str]) -> list[dict[str, Any]]:
        """Exclude people who have already taken part: the experiment would refuse them without pay."""
        filters = []
        if earlier:
            filters.append({"filter_id": "previous_studies_blocklist", "selected_values": earlier})
        blocked = [self.groups.find_or_create(name) for name in self.settings.blocked_groups]
        if blocked:
            filters.append({"filter_id": "participant_group_blocklist", "selected_values": blocked})
        return filters
