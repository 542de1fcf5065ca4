"""Connects a lab with apps: each app gets the lab's public key, and the lab learns where the app is.

The app is changed first. A command that ends between the two is run again: each step can be repeated.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from chalicelib.access.rights import ROLES, Right
from chalicelib.errors import BadRequest, NotFound, PetriError
from chalicelib.identity.lab_assertions import LabKeyPair
from chalicelib.operations.accounts.account_records import User
from chalicelib.operations.accounts.actors import find_user
from chalicelib.operations.labs import trusted_labs
from chalicelib.operations.labs.lab_apps import (
    AppGrant,
    LabApp,
    find_app,
    grant_in_app,
    grants_in_app,
    list_apps,
    put_app,
    remove_app,
    revoke_in_app,
    subject_of,
)
from chalicelib.operations.labs.lab_records import TrustedLab
from chalicelib.operations.shared.context import OPERATOR_CALLER
from chalicelib.services import App
from infra.local.lifecycle.run_session import RunSession
from infra.problems import OperatorProblem

from .lab_keys import LabKeyRing
from .lab_places import RunPlace, dashboard_origin, opened_at

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class LabFacts:
    """What an app has to know of a lab."""

    id: str
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class AppOutcome:
    """What came of a change in one app; `problem` is "" for success."""

    app: str
    problem: str = ""


def add(lab: RunPlace, app: RunPlace, rights: Collection[Right]) -> LabApp:
    """Let an app trust a lab, with its newest key and a limit of rights, and note the app in the lab.

    Raises OperatorProblem for a lab that isn't one, and for a deployed app without the package that verifies.
    """
    if app == lab:
        raise OperatorProblem("A lab can't be added to itself. Add another app.")
    if lab.region and not app.region:
        raise OperatorProblem(
            f"{app.run_id} is a run on this machine, which a deployed lab can't reach. Deploy it, or add it "
            "to a lab that you serve from this machine: petri lab serve"
        )
    with opened_at(lab, with_code=True) as session:
        facts, key = _facts(session), LabKeyRing(session).current()
    address = _trust(app, facts, key, frozenset(rights), retire_others=None)
    with opened_at(lab) as session:
        made = LabApp(
            app.run_id,
            address,
            frozenset(rights),
            key.id,
            app.region,
            app.folder,
            session.app.clock.now(),
        )
        return _run(session.app, put_app, made)


def prepare(lab: RunPlace) -> None:
    """Make the first key of a lab, if it has none."""
    with opened_at(lab, with_code=True) as session:
        _facts(session)
        LabKeyRing(session).current()


def remove_all(lab: RunPlace) -> list[AppOutcome]:
    """Let no app of a lab trust it any more, and forget those that don't.

    Returns:
        What came of it in each app; one that can't be opened stays in the lab.

    """
    return [_removed(lab, app.id) for app, _ in apps_of(lab)]


def apps_of(lab: RunPlace) -> list[tuple[LabApp, list[AppGrant]]]:
    """Return the apps of a lab, each with what is granted in it."""
    with opened_at(lab) as session:
        apps: list[LabApp] = _run(session.app, list_apps)
        return [(app, list(_run(session.app, grants_in_app, app.id))) for app in apps]


def remove(lab: RunPlace, app_id: str, *, even_if_gone: bool = False) -> None:
    """Let an app trust the lab no more, end the sessions of the lab's users there, and forget the app.

    `even_if_gone`: forget an app that can't be opened any more.
    """
    app = _app(lab, app_id)
    try:
        with opened_at(RunPlace.of(app)) as session:
            _end_all(session.app, lab.run_id)
    except PetriError as error:
        if not even_if_gone:
            raise OperatorProblem(
                f"{app_id} can't be opened, so it still trusts the lab ({error}). Try again, or forget an "
                "app that no longer exists with --gone."
            ) from error
    with opened_at(lab) as session:
        _run(session.app, remove_app, app_id)


def grant(lab: RunPlace, app_id: str, username: str, what: Collection[str]) -> AppGrant:
    """Grant roles or rights in an app to a user of the lab."""
    with opened_at(lab) as session:
        return _run(session.app, grant_in_app, app_id, username, list(what))


def revoke(lab: RunPlace, app_id: str, username: str) -> AppOutcome:
    """Revoke what a user of the lab may do in an app, and end their sessions there.

    In an app that can't be opened, the session ends by itself within two hours; the outcome says so.
    """
    with opened_at(lab) as session:
        user: User | None = session.app.run(find_user, username)
        app: LabApp = _run(session.app, find_app, app_id)
        _run(session.app, revoke_in_app, app_id, username)
    if user is None:
        return AppOutcome(app_id)
    try:
        with opened_at(RunPlace.of(app)) as session:
            theirs = _run(session.app, trusted_labs.user_of_subject, lab.run_id, subject_of(user))
            if theirs is not None:
                _run(session.app, trusted_labs.end_lab_user, lab.run_id, theirs)
    except PetriError as error:
        return AppOutcome(app_id, str(error))
    return AppOutcome(app_id)


def rotate_keys(lab: RunPlace, *, at_once: bool = False) -> list[AppOutcome]:
    """Make a new key, and give it to each app of the lab; the old one verifies for another hour.

    An app that can't be opened keeps the old key, with which the lab goes on to sign for it.

    Args:
        lab: The lab.
        at_once: Whether the old keys verify nothing from now on, since one may have leaked.

    Returns:
        What came of it in each app.

    """
    with opened_at(lab, with_code=True) as session:
        ring = LabKeyRing(session)
        facts, key = _facts(session), ring.add()
        apps: list[LabApp] = _run(session.app, list_apps)
        now = session.app.clock.now()
    retire = now if at_once else now + trusted_labs.KEY_OVERLAP
    outcomes = [_give_key(lab, app, facts, key, retire) for app in apps]
    if at_once and not any(each.problem for each in outcomes):
        with opened_at(lab) as session:
            LabKeyRing(session).keep_only(frozenset({key.id}))
    return outcomes


def rights_for(roles: Iterable[str]) -> frozenset[Right]:
    """Return the rights of built-in roles and of single rights; BadRequest for another name."""
    found: set[Right] = set()
    for each in roles:
        if each in ROLES:
            found |= ROLES[each]
        elif each in set(Right):
            found.add(Right(each))
        else:
            raise BadRequest(
                f"{each[:40]!r} is neither a built-in role nor a right. Use {', '.join(ROLES)}, or a right."
            )
    return frozenset(found)


def _removed(lab: RunPlace, app_id: str) -> AppOutcome:
    try:
        remove(lab, app_id)
    except PetriError as error:
        return AppOutcome(app_id, str(error))
    return AppOutcome(app_id)


def _give_key(lab: RunPlace, app: LabApp, facts: LabFacts, key: LabKeyPair, retire: datetime) -> AppOutcome:
    try:
        _trust(RunPlace.of(app), facts, key, app.rights, retire_others=retire)
    except PetriError as error:
        return AppOutcome(app.id, str(error))
    with opened_at(lab) as session:
        _run(session.app, put_app, replace(app, key_id=key.id))
    return AppOutcome(app.id)


def _trust(
    place: RunPlace,
    facts: LabFacts,
    key: LabKeyPair,
    rights: frozenset[Right],
    *,
    retire_others: datetime | None,
) -> str:
    """Store a lab in an app, and return the address of the app's dashboard."""
    with opened_at(place) as session:
        if place.region and not session.app.config.get("lab_sign_in", False):
            raise OperatorProblem(
                f"{place.run_id} was deployed without the package that verifies assertions of labs. Set "
                "lab_sign_in = true in its config.txt, deploy it again, and then add it."
            )
        lab = TrustedLab(facts.id, facts.name, facts.address, rights, (), session.app.clock.now())
        _run(session.app, trusted_labs.trust_lab, lab, key.id, key.public, retire_others=retire_others)
        return dashboard_origin(session)


def _end_all(app: App, lab_id: str) -> None:
    """Let an app trust a lab no more, and take what the lab gave to its users."""
    users = _run(app, trusted_labs.users_of_lab, lab_id)
    # An earlier command may have done this, and ended before the rest.
    with contextlib.suppress(NotFound):
        _run(app, trusted_labs.distrust_lab, lab_id)
    for username in users:
        _run(app, trusted_labs.end_lab_user, lab_id, username)


def _app(lab: RunPlace, app_id: str) -> LabApp:
    with opened_at(lab) as session:
        return _run(session.app, find_app, app_id)


def _facts(session: RunSession) -> LabFacts:
    config = session.app.config
    if not config.get("is_lab", False):
        raise OperatorProblem(
            f"{session.run_id} is no lab. Serve one with: petri lab serve, deploy one with: petri lab "
            "deploy, or name one with --lab."
        )
    title = str(config.get("title", "") or "")
    return LabFacts(session.run_id, title or session.run_id, dashboard_origin(session))


def _run(app: App, operation: Callable[..., Answer], *args: Any, **named: Any) -> Answer:
    return app.run(operation, *args, caller=OPERATOR_CALLER, **named)
