"""An offer of places (a HIT) has ended: what nobody took is given up, and recruitment goes on."""

from __future__ import annotations

import logging
from datetime import timedelta

from chalicelib.ports import Offered

from . import budget, deadlines, offers
from .recruitment import give_up_places, is_closed, open_places, plan
from .unit import Unit

logger = logging.getLogger("petri.recruitment")

#: Clocks differ, and Mechanical Turk reckons in seconds.
ABOUT = timedelta(minutes=1)
REVIEWABLE = "HITReviewable"


def is_open(unit: Unit, hit_id: str) -> bool:
    """Whether the end of an offer would be news."""
    return not offers.has_ended(unit, hit_id)


def see_to(unit: Unit, recruiter: str, hit_id: str, event_type: str | None, offered: Offered | None) -> None:
    """Handle what is reported of an offer, or its time; again: nothing.

    `offered`: what its recruiter shows; None when it knows of no such offer of this run.
    """
    if event_type == REVIEWABLE and (offered is not None or offers.has_ended(unit, hit_id)):
        deadlines.ask_about_all_of(unit, recruiter, hit_id)
    if offers.has_ended(unit, hit_id):
        return
    if offered is None:
        _see_to_unknown(unit, recruiter, hit_id)
    elif offered.ends > unit.now:
        offers.note_end(unit, recruiter, hit_id, offered.ends)
    else:
        _end(unit, recruiter, hit_id, offered)


def _see_to_unknown(unit: Unit, recruiter: str, hit_id: str) -> None:
    if offers.ends_at(unit, hit_id) is None:
        logger.info("%s reports of a HIT that isn't this run's; nothing is done", recruiter)
        return
    offers.note_ended(unit, hit_id)
    budget.tell(
        unit,
        f"HIT {hit_id} isn't to be found at {recruiter} any more, so nobody comes from it. If people are "
        "still wanted, ask for them with: petri recruit",
    )


def _end(unit: Unit, recruiter: str, hit_id: str, offered: Offered) -> None:
    expected = offers.ends_at(unit, hit_id)
    offers.note_ended(unit, hit_id)
    if is_closed(unit):
        return
    lost = give_up_places(unit, recruiter, offered.left)
    said = f"HIT {hit_id} at {recruiter} has ended with {_places(lost)} that nobody took"
    if lost and expected is not None and offered.ends < expected - ABOUT:
        budget.tell(
            unit,
            f"{said}: somebody ended it before its time. It is not replaced; to go on, ask for people with: "
            "petri recruit",
        )
    elif lost:
        _go_on(unit, said, lost)


def _go_on(unit: Unit, said: str, lost: int) -> None:
    """Offer as many places anew as there are seats for, and money."""
    wanted = plan(unit, lost).opened
    if unit.config.get("auto_recruit", True):
        open_places(unit, lost)
        then = f"{_places(wanted)} {'is' if wanted == 1 else 'are'} offered anew."
    else:
        then = "auto_recruit is off; to go on, use: petri recruit"
    if wanted:
        budget.tell(unit, f"{said}. {then}")


def _places(count: int) -> str:
    return f"{count} place{'' if count == 1 else 's'}"
