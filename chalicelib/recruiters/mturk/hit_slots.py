"""Opens and closes places: adds them to the newest HIT, or creates a new HIT if that can't grow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.errors import VendorUnreachable
from chalicelib.operations.shared.settings import SettingsLike
from chalicelib.ports import Clock, Listing, RecruitmentResult

from .hit_questions import external_question
from .hits import PAST, Hit, HitClient, HitTemplate
from .mturk_errors import TurkRefused
from .qualifications import QualificationTypes
from .request_tokens import annotation
from .requester import Requester

#: The ARN of the SNS topic for events, or a function that returns it when needed.
Topic = Callable[[], str | None] | str | None
#: The kind of HIT for participants.
PLACES = "places"
#: Errors because of which a HIT can't grow, so that another is needed.
_CANT_GROW = frozenset(
    {
        "InvalidMaximumAssignmentsIncrease",
        "HITTooOldForExtension",
        "HITDoesNotExist",
        "InvalidHITState",
    }
)


class HitSlots:
    """The places of one run at Mechanical Turk."""

    def __init__(
        self,
        requester: Requester,
        config: SettingsLike,
        clock: Clock,
        ad: Callable[[], str],
        app_id: str,
        topic: Topic,
    ) -> None:
        """`ad` returns the address that a HIT shows; `topic`: the ARN of the topic for events."""
        self._requester = requester
        self._hits = HitClient(requester)
        self._config = config
        self._clock = clock
        self._ad = ad
        self._app_id = app_id
        self._topic = topic if callable(topic) else lambda: topic

    def open(self, n: int, token: str, recruiter_state: Mapping[str, Any]) -> RecruitmentResult:
        """Open n more places, once for each token."""
        hits = self.known(recruiter_state)
        note = annotation(self._app_id, PLACES, token)
        made_before = next((hit for hit in hits if hit.annotation == note), None)
        if made_before is not None:
            return self._result(hits, f"HIT {made_before.id} was opened before")
        if hits and self._may_grow(hits[-1]) and self._grow(hits[-1], n, token):
            hits[-1] = self._hits.get(hits[-1].id)
            return self._result(hits, f"HIT {hits[-1].id} has {n} more places, {hits[-1].places} in all")
        hit = self._make(n, token, note)
        return self._result([*hits, hit], f"HIT {hit.id} was opened with {n} places")

    def _may_grow(self, hit: Hit) -> bool:
        """Whether places may be added to a HIT: an expired one would offer its remaining places again."""
        return not hit.has_ended and hit.expires > self._clock.now()

    def _grow(self, hit: Hit, n: int, token: str) -> bool:
        """Extend a HIT's expiration, and add places; False when it can't grow.

        Mechanical Turk decides whether it can: it recognises a repeated token, even at the limit. The
        expiration is extended first, so that the HIT is still visible when a lost response causes a retry.
        """
        offer = HitTemplate.from_config(self._config)
        now = self._clock.now()
        try:
            if hit.expires < now + offer.duration:
                self._hits.show_until(hit.id, now + offer.lifetime)
            self._hits.grow(hit.id, n, f"{self._app_id} {token}")
        except TurkRefused as refused:
            if refused.reason in _CANT_GROW:
                return False
            raise
        return True

    def _make(self, n: int, token: str, note: str) -> Hit:
        offer = HitTemplate.from_config(self._config).of_run(self._app_id)
        question = external_question(self._ad())
        requirements = QualificationTypes(self._requester).requirements(self._config)
        type_id = self._hits.make_type(offer, requirements, self._topic())
        hit = self._hits.make(type_id, question, n, offer.lifetime, f"{self._app_id} {token}", note)
        if hit is None:
            raise VendorUnreachable(
                "Mechanical Turk has opened these places before but doesn't list their HIT yet; "
                "it is asked again later."
            )
        return hit

    def close(self, recruiter_state: Mapping[str, Any]) -> RecruitmentResult:
        """Expire all HITs of the run."""
        hits = self.known(recruiter_state)
        ended = self._hits.expire(hits, self._clock.now())
        message = f"HITs that were closed: {', '.join(ended)}." if ended else "No HIT was open."
        return RecruitmentResult(message, recruiter_state=_facts(hits), ended=[hit.id for hit in hits])

    def look(self, hit_id: str) -> Listing | None:
        """Return one HIT of this run's places; None for another."""
        try:
            hit = self._hits.get(hit_id)
        except TurkRefused as refused:
            if refused.reason == "HITDoesNotExist":
                return None
            raise
        if not hit.is_of(self._app_id, PLACES):
            return None
        return Listing(PAST if hit.has_ended else hit.expires, self._left(hit))

    def _left(self, hit: Hit) -> int:
        """The number of free places. The HIT's counts don't include submissions that aren't reviewed yet."""
        return max(0, hit.places - hit.pending - self._hits.count_submitted(hit.id))

    def known(self, recruiter_state: Mapping[str, Any]) -> list[Hit]:
        """Return the run's HITs, oldest first: the listed ones, and newer ones from the recruiter's state."""
        listed = self._hits.of_run(self._app_id, PLACES)
        ids = {hit.id for hit in listed}
        for one in recruiter_state.get("hits", ()):
            if one["id"] not in ids:
                listed += self._remembered(one["id"])
        return sorted(listed, key=lambda hit: (hit.created, hit.id))

    def _remembered(self, hit_id: str) -> list[Hit]:
        try:
            return [self._hits.get(hit_id)]
        except TurkRefused as refused:
            if refused.reason == "HITDoesNotExist":
                return []
            raise

    def has_pending(self, recruiter_state: Mapping[str, Any]) -> bool:
        """Whether an assignment is in progress: of the HIT in the recruiter's state, else of this run."""
        hits = self.known(recruiter_state)
        own = [hit for hit in hits if hit.id == recruiter_state.get("hit_id")]
        return any(hit.pending for hit in own or hits)

    def _result(self, hits: list[Hit], message: str) -> RecruitmentResult:
        hit = hits[-1]
        address = f"{self._requester.worker_site}/projects/{hit.group}/tasks" if hit.group else ""
        where = f": {address}" if address else "."
        return RecruitmentResult(
            message + where, [address] if address else [], _facts(hits), ends={hit.id: hit.expires}
        )


def _facts(hits: list[Hit]) -> dict[str, Any]:
    return {"hits": [{"id": hit.id, "places": hit.places} for hit in hits]}
