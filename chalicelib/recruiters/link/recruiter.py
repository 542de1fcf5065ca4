"""The link recruiter: you bring your own participants (a class, a lab, SONA), and Petri makes the links."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.model.participant import Participant
from chalicelib.model.run_records import BASE
from chalicelib.model.statuses import AssignmentStatus
from chalicelib.ports import Capabilities, RecruitmentResult, Transfer
from chalicelib.recruiters.null_recruiter import NullRecruiter

from .signed_links import LinkIds, SignedLinks, fill_template
from .sona_credit import SonaCredit

#: The value of the setting `link_workers` with which all participants use the same address.
ANY = "any"
#: SONA replaces this with the participant's id (sona-systems.com, "Integrating with external studies").
PLACEHOLDER = "%SURVEY_CODE%"


class LinkRecruiter(NullRecruiter):
    """Makes entry links that can't be forged or used by another person, and sends no payments."""

    nickname = "link"

    def __init__(
        self,
        links: SignedLinks,
        base: Callable[[], str],
        mode: str,
        workers: str,
        way_out: str,
        credit: SonaCredit | None = None,
    ) -> None:
        """`workers`: ids of your own, or "any"; `way_out`: the address for participants at the end, or "".

        `credit`: grants credit to participants whose ids are SONA's.
        """
        self.capabilities = Capabilities(signs_entries=True, grants_credit=credit is not None)
        self._credit = credit
        self._links = links
        self._base = base
        self._mode = mode
        self._is_for_all = workers.strip().lower() == ANY
        self._workers = [] if self._is_for_all else [one for one in re.split(r"[,\s]+", workers) if one]
        self._way_out = way_out

    def recruit(self, n: int, token: str, recruiter_state: Mapping[str, Any]) -> RecruitmentResult:
        """Return n links, the same for the same token."""
        if self._is_for_all:
            address = self._links.open_address(self._base().rstrip("/"), self._mode, PLACEHOLDER)
            return RecruitmentResult(f"The address for all participants: {address}", [address])
        openings = dict(recruiter_state.get("openings", {}))
        if self._workers and token not in openings:
            openings[token] = self._next_workers(n, openings)
        workers = openings.get(token) or self._made_up(n, token)
        addresses = [self._address(worker) for worker in workers if worker is not None]
        return RecruitmentResult(
            _describe(addresses, n), addresses, {"openings": openings} if openings else {}
        )

    def _next_workers(self, n: int, openings: Mapping[str, list[str]]) -> list[str]:
        used = {worker for workers in openings.values() for worker in workers}
        return [worker for worker in dict.fromkeys(self._workers) if worker not in used][:n]

    def _made_up(self, n: int, token: str) -> list[str]:
        if self._workers:
            return []
        return [f"link-{self._links.made_from(f'worker|{token}|{i}')}" for i in range(n)]

    def _address(self, worker_id: str) -> str:
        return self.entry_address(worker_id, "ad")

    def entry_address(self, worker_id: str, page: str, serial: int = 0) -> str:
        """Return the link of one worker to a page of the run, such as the study's.

        `serial`: how often it was renewed. The HIT id says so, and an entry is compared with it.
        """
        base = self._base().rstrip("/")
        return self._links.address(base, self._mode, self._links.ids_of(worker_id, serial), page)

    def entry_hit(self, serial: int) -> str:
        """Return the HIT id in links that were renewed so many times."""
        return self._links.hit_of(serial)

    def check_entry(self, worker_id: str, hit_id: str, assignment_id: str, signed: str | None) -> None:
        """Refuse participants without a link of this run or with another's; `signed` is its `entry`."""
        self._links.check(LinkIds(worker_id, assignment_id, hit_id), signed)

    def read_entry(self, link: str) -> tuple[str, str, str]:
        """Return worker id, assignment id and `entry` of a link; Forbidden for a forged one."""
        ids = self._links.read(link)
        return ids.worker_id, ids.assignment_id, self._links.signed_part(link)

    def close_recruitment(self, recruiter_state: Mapping[str, Any]) -> RecruitmentResult:
        """Confirm that recruitment is closed; the ad page refuses later arrivals."""
        return RecruitmentResult(
            "Links that were handed out can't be used any more.", recruiter_state=dict(recruiter_state)
        )

    def pay(self, transfer: Transfer) -> str:
        """Send no money: you pay participants yourself, using the ledger's list. SONA's credit is granted."""
        if self._credit is not None and transfer.kind == BASE:
            return self._credit.grant(transfer.worker_id)
        return f"by-hand:{transfer.token}"

    def assignment_status(self, assignment_id: str, recruiter_state: Mapping[str, Any]) -> str | None:
        """Return abandoned: this is asked only about participants who no longer respond."""
        del assignment_id, recruiter_state
        return AssignmentStatus.ABANDONED

    def submit_address(self, participant: Participant) -> str:
        """Return the address to which the exit page leads: `link_exit_address`, filled in."""
        return fill_template(
            self._way_out, worker_id=participant.worker_id, assignment_id=participant.assignment_id
        )


def _describe(addresses: list[str], n: int) -> str:
    lines = [f"New participant requested: {address}" for address in addresses]
    if len(addresses) < n:
        lines.append(f"{n - len(addresses)} more were asked for, and link_workers has no id left: add some.")
    return "\n".join(lines)
