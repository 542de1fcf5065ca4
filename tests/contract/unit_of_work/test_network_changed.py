"""A commit says whether it changed a network: waiting participants poll only then."""

from __future__ import annotations

from chalicelib.model.info import Info
from chalicelib.model.node import Node
from chalicelib.storage.engine import Engine
from tests.contract.factories import an_app, arrived, begin


def test_a_join_changes_its_network(engine: Engine) -> None:
    (ann,) = arrived(an_app(engine), 1)
    with begin(engine) as work:
        Node(work.network(1), work.participant(ann))
        work.commit()
        assert work.network_changed


def test_a_nodes_infos_change_no_network(engine: Engine) -> None:
    (ann,) = arrived(an_app(engine), 1)
    with begin(engine) as work:
        node_id = Node(work.network(1), work.participant(ann)).id
        work.commit()
    with begin(engine) as work:
        Info(origin=work.node(node_id), contents="a story")
        work.commit()
        assert not work.network_changed


def test_the_running_app_counts_changes_of_networks(engine: Engine) -> None:
    app = an_app(engine)
    before = app.network_changes
    arrived(app, 2)
    assert app.network_changes == before
