"""An app, a user or a role that is removed while something is granted keeps no grant."""

from __future__ import annotations

from functools import partial

import pytest

from chalicelib.access.rights import RESEARCHER, ROLES, VIEWER, Right
from chalicelib.errors import Refused
from chalicelib.model import keys
from chalicelib.operations.accounts import roles, users
from chalicelib.operations.labs import lab_apps
from chalicelib.operations.labs.lab_apps import LabApp
from chalicelib.storage.engine import Engine
from tests.contract.accounts.meanwhile import InterruptedEngine
from tests.contract.accounts.people import People
from tests.contract.factories import not_launched


@pytest.mark.parametrize("removed", ["app", "user", "role"])
def test_a_grant_whose_app_user_or_role_is_removed_meanwhile_is_refused(engine: Engine, removed: str) -> None:
    between = InterruptedEngine(engine)
    people, others = People(not_launched(between)), People(not_launched(engine))
    app = LabApp(
        "colours", "https://colours.example", ROLES[RESEARCHER], "k", "", "/", people.app.clock.now()
    )
    people.do(lab_apps.put_app, app)
    people.add("ada", VIEWER)
    people.do(roles.make_role, "Grader", [Right.VIEW, Right.GRADE])
    remove = {
        "app": (keys.lab_app("colours"), partial(others.do, lab_apps.remove_app, "colours")),
        "user": (keys.user("ada"), partial(others.do, users.remove_user, "ada")),
        "role": (keys.role("grader"), partial(others.do, roles.delete_role, "Grader")),
    }
    key, act = remove[removed]
    with between.act_after_reading(key, act), pytest.raises(Refused):
        people.do(lab_apps.grant_in_app, "colours", "ada", ["Grader"])
    assert people.do(lab_apps.grants_in_app, "colours") == []
