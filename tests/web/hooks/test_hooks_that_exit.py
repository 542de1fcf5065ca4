"""Hooks that raise what would end the process: their request fails, and the run goes on."""

from __future__ import annotations

import pytest

from tests.web.conftest import NewWorld
from tests.web.experiments import Talk
from tests.web.world import OPERATOR_TOKEN


@pytest.mark.parametrize("ending", [SystemExit(3), SystemExit(), KeyboardInterrupt()])
def test_a_hook_that_exits_the_program_is_an_error(world: NewWorld, ending: BaseException) -> None:
    class Ending(Talk):
        def info_post_request(self, **_: object) -> None:
            raise ending

        def data_check(self, **_: object) -> bool:
            raise ending

    here = world(Ending)
    person = here.arrive()
    node = person.join()
    said = person.post(f"/info/{node}", {"contents": "a"})
    assert (said.status, said.code) == (500, "internal_error")
    assert here.get("/summary", token=OPERATOR_TOKEN).status == 200
