"""A request works on its participant's own nodes: what others do meanwhile doesn't make it run again."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.model.info import Info
from chalicelib.model.node import Node
from tests.web.conftest import NewWorld
from tests.web.experiments import Islands, with_hooks


@pytest.mark.parametrize(("reads", "times"), [("its own infos", 1), ("all infos", 2)])
def test_a_request_that_reads_its_own_node_does_not_run_again_when_another_participant_posts(
    world: NewWorld, reads: str, times: int
) -> None:
    mine: list[str] = []

    def hook(self: Any, node: Node, info: Info) -> None:
        if node.id == other_node:
            assert node.network.nodes()
            return
        mine.append(info.contents)
        assert node.infos() if reads == "its own infos" else node.network.infos()
        if len(mine) == 1:
            other.answer(other_node)

    here = world(with_hooks(Islands, info_post_request=hook))
    person, other = here.arrive(), here.arrive()
    node, other_node = person.join(), other.join()
    person.answer(node, "mine")
    assert mine == ["mine"] * times
