"""What an app stores of a lab, and the sign-ins that it used, on each engine."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.access.rights import Right
from chalicelib.errors import Forbidden
from chalicelib.identity.lab_assertions import new_key_pair
from chalicelib.operations.accounts.actors import find_actor
from chalicelib.operations.labs.lab_records import AssertionPurpose, LabAssertion, TrustedLab
from chalicelib.operations.labs.lab_users import user_of_assertion
from chalicelib.operations.labs.trusted_labs import find_trusted_lab, trust_lab, trusted_labs
from chalicelib.operations.shared.context import OPERATOR_CALLER
from chalicelib.services import App
from chalicelib.storage.engine import Engine
from tests.contract.factories import not_launched

RIGHTS = frozenset({Right.VIEW, Right.GRADE})


def _trust(app: App, key_id: str, public: dict[str, str]) -> TrustedLab:
    now = app.clock.now()
    lab = TrustedLab("physics", "Physics Lab", "https://lab.example.edu", RIGHTS, (), now)
    return app.run(
        trust_lab, lab, key_id, public, retire_others=now + timedelta(hours=1), caller=OPERATOR_CALLER
    )


def test_a_lab_and_its_keys_are_stored_in_each_engine(engine: Engine) -> None:
    app = not_launched(engine)
    first, second = new_key_pair(), new_key_pair()
    _trust(app, first.id, first.public)
    stored = _trust(app, second.id, second.public)
    assert app.run(find_trusted_lab, "physics") == stored
    assert app.run(trusted_labs) == [stored]
    assert [key.retires is None for key in stored.keys] == [False, True]
    assert dict(stored.keys[1].public) == second.public
    assert app.run(find_trusted_lab, "chemistry") is None


def test_an_assertion_makes_a_user_once_in_each_engine(engine: Engine) -> None:
    app = not_launched(engine)
    pair = new_key_pair()
    _trust(app, pair.id, pair.public)
    ends = app.clock.now() + timedelta(minutes=5)
    purpose = AssertionPurpose.SIGN_IN
    assertion = LabAssertion("a1", "physics", pair.id, "mira/1", "mira", "Mira", RIGHTS, purpose, ends)
    assert app.run(user_of_assertion, assertion) == "mira"
    actor = app.run(find_actor, "user:mira")
    assert actor is not None
    assert actor.rights == RIGHTS
    with pytest.raises(Forbidden, match="was used before"):
        app.run(user_of_assertion, assertion)
