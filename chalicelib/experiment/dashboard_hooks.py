"""The hooks by which an experiment adds to its dashboard: panels, statistics, pictures, tables, actions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from chalicelib.errors import BadRequest

from .dashboard_tabs import DashboardTabs

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalicelib.model.record import Record
    from chalicelib.model.repository import Repository


class DashboardHooks:
    """What the dashboard asks an experiment for. Every hook has a default; override those that you need.

    HTML that a hook returns is shown in a frame without scripts, apart from the dashboard.
    """

    work: Any
    #: The author's tabs, and the functions that show them by route; the loader sets both.
    dashboard_tabs: ClassVar[DashboardTabs] = DashboardTabs()
    dashboard_views: ClassVar[Mapping[str, Callable[..., Any]]] = {}

    def monitoring_panels(self, **parameters: Any) -> Mapping[str, str]:  # noqa: ARG002 - overriding methods use them
        """Override to show panels of your own beside the networks.

        Args:
            **parameters: The parameters of the page's address.

        Returns:
            HTML by the panel's title, in the order in which they are shown.

        """
        return {}

    def monitoring_statistics(self, **parameters: Any) -> Mapping[str, Any]:  # noqa: ARG002 - overriding methods use them
        """Override to show numbers of your own beside the networks; they are shown as tables.

        Args:
            **parameters: The parameters of the page's address.

        Returns:
            A number, a text, a list or a dictionary by its title, in the order in which they are shown.

        """
        return {}

    def node_visualization_html(self, object_type: str, obj_id: int) -> str:
        """Override to show a record in your own way on its page.

        Args:
            object_type: The base class of the record: Network, Node, Info, Participant and so on.
            obj_id: The record's id.

        Returns:
            HTML; by default the record's `visualization_html`.

        """
        return str(find_record(self.work, object_type, obj_id).visualization_html or "")

    def node_visualization_options(self) -> Mapping[str, Any]:
        """Override to choose how the picture of a network is arranged.

        Returns:
            A dictionary with `layout`: "chain", "star", "layers", "circle" or "grid". Options of vis.js with
            `{"layout": {"hierarchical": ...}}` mean "layers"; other options of vis.js have no effect.

        """
        return {}

    def table_data(self, **parameters: Any) -> Mapping[str, Any] | None:  # noqa: ARG002 - overriding methods use them
        """Override to change what the page Data shows of a type of records.

        Args:
            **parameters: The parameters of the page's address; `model_type` is the type of records.

        Returns:
            `{"data": [...], "columns": [...]}`, where a row is a dictionary and a column has `name` and
            `data`; None, the default, to show every column of the records.

        """
        return None

    def dashboard_database_actions(self) -> Sequence[Mapping[str, str]]:
        """Override to add actions to the page Data, for the records that are selected there.

        Returns:
            A dictionary for each action: `title`, and `name`, the method that is called with the records.

        """
        return [{"title": "Fail", "name": "dashboard_fail"}]

    def dashboard_fail(self, data: Sequence[Mapping[str, Any]]) -> dict[str, str]:
        """Fail the selected records; the action that the page Data has by default.

        Args:
            data: The records, as the page shows them: each has `object_type` and `id`.

        Returns:
            A `message` for the person who did it.

        """
        found = [find_record(self.work, str(row["object_type"]), int(row["id"])) for row in data]
        alive = [record for record in found if not record.failed]
        for record in alive:
            # A record may have failed with one before it.
            if not record.failed:
                record.fail(reason="failed on the dashboard")
        already = len(found) - len(alive)
        rest = f"; {already} had failed before" if already else ""
        return {"message": f"{len(alive)} failed{rest}"}


def find_record(work: Repository, object_type: str, record_id: int) -> Record:
    """Return a record by its base class; NotFound for an unknown one, BadRequest for other classes."""
    find: dict[str, Callable[[int], Record]] = {
        "Network": work.network,
        "Node": work.node,
        "Info": work.info,
        "Participant": work.participant,
    }
    if object_type not in find:
        raise BadRequest(f"Records can be a {', a '.join(find)}; {object_type[:40]!r} isn't one of these.")
    return find[object_type](record_id)
