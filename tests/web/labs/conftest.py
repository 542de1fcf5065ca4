"""A lab with one app, which answers over loopback."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

from chalicelib.access.rights import ASSISTANT, LAB_ADMIN, VIEWER
from chalicelib.dashboard.pages.labs import app_questions
from chalicelib.identity.lab_assertions import LabKeyPair, new_key_pair
from chalicelib.operations.accounts.users import add_user
from chalicelib.operations.labs import lab_apps
from chalicelib.operations.labs.stored_keys import write_lab_keys
from chalicelib.operations.shared.context import OPERATOR_CALLER
from tests.web.conftest import NewWorld
from tests.web.labs.lab_world import lab_app
from tests.web.labs.standin_app import StandInApp
from tests.web.world import World


@pytest.fixture
def app() -> Iterator[StandInApp]:
    app_questions._JUST_ASKED.clear()
    with StandInApp.running() as running:
        yield running


@pytest.fixture
def pair() -> LabKeyPair:
    return new_key_pair()


@pytest.fixture
def here(world: NewWorld, app: StandInApp, pair: LabKeyPair) -> World:
    """A lab with one app, and three users."""
    made = world(is_lab=True, launch=False)
    run = partial(made.app.run, caller=OPERATOR_CALLER)
    run(write_lab_keys, [{"id": pair.id, "private": dict(pair.private)}])
    run(lab_apps.put_app, lab_app(made, app.address, pair.id))
    for username, role in (("vic", VIEWER), ("lea", LAB_ADMIN), ("ben", VIEWER)):
        run(add_user, username, username.title(), role=role)
    run(lab_apps.grant_in_app, "colours", "vic", [ASSISTANT])
    return made
