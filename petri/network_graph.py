"""Networks of a run as a graph of networkx, which the extra `[data]` installs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.export.data_errors import DataError

Row = Mapping[str, Any]


def network_graph(
    networks: Iterable[Row],
    nodes: Iterable[Row],
    vectors: Iterable[Row],
    transmissions: Iterable[Row],
    infos: Iterable[Row],
) -> Any:
    """Return a networkx.DiGraph of rows.

    Nodes are node ids with the columns of their rows, and `infos`. Edges are vectors with the columns of
    their rows, and `transmissions`, each with the `contents` of what was sent. `graph.graph["networks"]` has
    the rows of the networks by id.
    """
    try:
        # Lazy import: networkx takes a while to import, and is an optional dependency.
        import networkx as nx  # type: ignore[import-untyped]
    except ImportError as error:
        raise DataError(
            f"{error.name or error} isn't installed, which graph() needs: pip install 'petri[data]'."
        ) from error
    graph = nx.DiGraph(networks={row["id"]: dict(row) for row in networks})
    for row in nodes:
        graph.add_node(row["id"], **row, infos=[])
    contents = {}
    for row in infos:
        contents[row["id"]] = row["contents"]
        if row["origin_id"] in graph:
            graph.nodes[row["origin_id"]]["infos"].append(dict(row))
    for row in vectors:
        graph.add_edge(row["origin_id"], row["destination_id"], **row, transmissions=[])
    for row in transmissions:
        ends = row["origin_id"], row["destination_id"]
        if graph.has_edge(*ends):
            sent = {**row, "contents": contents.get(row["info_id"])}
            graph.edges[ends]["transmissions"].append(sent)
    return graph
