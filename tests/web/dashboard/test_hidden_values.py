"""What actors without some right don't see of personal data."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from chalicelib.access.rights import OPERATOR_ACTOR, ROLES, VIEWER, Actor, Right
from chalicelib.dashboard.operation_calls import run_for_each, run_operation
from chalicelib.dashboard.page_call import PageCall
from chalicelib.dashboard.pages.data import show_data
from chalicelib.operations.schedule import ticks
from tests.web.conftest import NewWorld
from tests.web.paying_runs import Till, paying

VIEWS = Actor("user:vic", "Vic", ROLES[VIEWER])
_VIEWS_AND_EXPORTS = {Right.VIEW, Right.VIEW_PERSONAL_DATA, Right.EXPORT}


@pytest.mark.parametrize(
    ("rights", "has_ids"),
    [(_VIEWS_AND_EXPORTS, False), (_VIEWS_AND_EXPORTS | {Right.EXPORT_PERSONAL_DATA}, True)],
)
def test_a_file_of_records_has_ids_of_people_for_those_only_who_may_export_them(
    world: NewWorld, rights: set[Right], has_ids: bool
) -> None:
    till = Till(world, paying())
    till.finish()
    actor = Actor("user:eve", "Eve", frozenset(rights))

    def run(name: str, **parameters: Any) -> Any:
        return run_operation(actor, "", name, **parameters)

    each = partial(run_for_each, actor, "")
    call = PageCall(actor, "data", "participants", "json", "GET", {}, run, each, is_fragment=False, csrf="")
    (row,) = json.loads(show_data(call).html)
    assert (row["worker_id"] is not None) is has_ids


def test_a_viewer_sees_no_references_of_recruiters_and_no_errors_of_jobs(world: NewWorld) -> None:
    till = Till(world, paying())
    till.finish()
    till.work()
    now = int(till.here.clock.now().timestamp() // 60)
    till.here.app.run(ticks.record_run, "scheduled x", now, "failed: KeyError: 'Ada wrote'")
    seen = {
        name: (
            run_operation(actor, "", "payments.read", id="1-base").payment.reference is not None,
            run_operation(actor, "", "jobs.list").rows[0].result,
        )
        for name, actor in {"viewer": VIEWS, "operator": OPERATOR_ACTOR}.items()
    }
    assert seen == {"viewer": (False, "failed"), "operator": (True, "failed: KeyError: 'Ada wrote'")}
