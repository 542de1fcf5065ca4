"""Networks: how full each is, its picture, and everything that its nodes have made."""

from __future__ import annotations

from typing import Any

from chalicelib.access.rights import Right
from chalicelib.dashboard.network_map.drawing import draw
from chalicelib.dashboard.network_map.layout import Arrangement
from chalicelib.dashboard.page_call import DashboardPage, PageCall, Rendered, redirect
from chalicelib.dashboard.record_notes import CHANGE, VERBS, NotedRecord, act_on_note, notes_of
from chalicelib.dashboard.rendering import render
from chalicelib.errors import BadRequest, NotFound, PetriError
from chalicelib.operations.management.notes import NoteAbout

#: How many networks one page shows as cards.
CARDS = 60
NODE = "node"


def show_networks(call: PageCall) -> Rendered:
    """Show all networks as cards, one network, or one of its nodes."""
    if call.id is None:
        return _show_all(call)
    if call.id == NODE:
        if call.part is None:
            raise NotFound("Name a node: /dashboard/networks/node/<id>.")
        return _change_node(call, call.part) if call.method == "POST" else _show_node(call, call.part)
    if call.part == "fail" and call.method == "POST":
        call.run("networks.fail", id=call.id)
        return redirect(f"/dashboard/networks/{call.id}")
    if call.part is not None:
        raise NotFound("A network has no such part.")
    return _show_network(call, call.id)


def _show_all(call: PageCall) -> Rendered:
    filters = {"status": call.one("status") or None, "text": call.one("text") or None}
    found = call.run("networks.list", **filters, after=call.one("after") or None, limit=CARDS)
    panels = None if call.is_fragment else _panels(call)
    return render("networks.html", call, networks=found, filters=filters, panels=panels)


def _panels(call: PageCall) -> dict[str, Any]:
    """Return the author's panels and statistics, or why there are none."""
    try:
        found = call.run("panels.read", parameters=_as_pairs(call))
    except PetriError as error:
        return {"panels": [], "statistics": [], "problem": str(error)}
    return {"panels": found.panels, "statistics": found.statistics, "problem": ""}


def _as_pairs(call: PageCall) -> tuple[str, ...]:
    return tuple(f"{name}={values[0]}" for name, values in call.query.items() if values)


def _show_network(call: PageCall, network_id: str) -> Rendered:
    chosen = call.one("arrange")
    if chosen and chosen not in set(Arrangement):
        raise BadRequest(f"Nodes can be arranged as {', '.join(Arrangement)}, not as {chosen[:40]!r}.")
    asked = {name: _number(call, name) for name in ("first", "last", "around", "generation")}
    network = call.run("networks.map", id=network_id, **asked)
    wished = None if chosen else call.run("arrangement.read").arrangement
    arrangement = next((each for each in Arrangement if each == (chosen or wished)), None)
    return render(
        "network.html",
        call,
        map=network,
        drawing=draw(network, arrangement),
        arrangements=list(Arrangement),
        chosen=chosen,
        asked=asked,
    )


def _show_node(call: PageCall, node_id: str) -> Rendered:
    node = call.run("nodes.read", id=node_id)
    noted = _noted(node_id, str(node.network_id))
    if call.one("do") == CHANGE:
        return act_on_note(call, noted, CHANGE)
    records: dict[str, Any] = {
        kind: call.run(f"{kind}.list", node_id=node.id, limit=100)
        for kind in ("infos", "transmissions", "transformations", "vectors")
    }
    has_picture = call.actor.may(Right.VIEW_PERSONAL_DATA) and _has_picture(call, node.id)
    return render(
        "node.html", call, node=node, records=records, has_picture=has_picture, **notes_of(call, noted)
    )


def _noted(node_id: str, network_id: str) -> NotedRecord:
    networks = "/dashboard/networks"
    trail = ((networks, "Networks"), (f"{networks}/{network_id}", f"Network {network_id}"))
    address = f"{networks}/{NODE}/{node_id}"
    return NotedRecord(NoteAbout.NODE, node_id, f"Node {node_id}", address, trail, has_parts=False)


def _has_picture(call: PageCall, node_id: int) -> bool:
    """Whether the author shows a node in their own way; an error of theirs is shown in its place."""
    try:
        return bool(call.run("visualizations.read", id=f"Node-{node_id}").html)
    except PetriError:
        return True


def _change_node(call: PageCall, node_id: str) -> Rendered:
    if call.one("do") in VERBS:
        return act_on_note(call, _noted(node_id, ""), call.one("do"))
    if call.one("do") != "fail":
        raise BadRequest("A node can be failed, and notes be written about it; nothing else is done here.")
    call.run("nodes.fail", id=node_id)
    return redirect(f"/dashboard/networks/node/{node_id}")


def _number(call: PageCall, name: str) -> int | None:
    text = call.one(name)
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 15):  # noqa: PLR2004 - as many digits as ids have
        raise BadRequest(f"{name} must be a whole number, not {text[:40]!r}.")
    return int(text)


PAGE = DashboardPage("networks", "Networks", Right.VIEW, show_networks, nav="Results")
