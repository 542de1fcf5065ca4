"""The hooks by which an experiment adds to its dashboard: panels, statistics, pictures, tables, actions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from .dashboard_tabs import DashboardTabs

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalicelib.model.repository import Repository as _Repository


class DashboardHooks:
    """What the dashboard asks an experiment for. Every hook has a default; override those that you need.

    HTML that a hook returns is shown in a frame without scripts, apart from the dashboard.
    """

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
        record = self._find_record(object_type, obj_id)
        return str(record.visualization_html or "") if record is not None else ""

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
        failed = 0
        for row in data:
            record = self._find_record(str(row.get("object_type", "")), int(row["id"]))
            if record is not None and not record.failed:
                record.fail(reason="failed on the dashboard")
                failed += 1
        already = len(data) - failed
        rest = f"; {already} had failed before, or can't fail" if already else ""
        return {"message": f"{failed} failed{rest}"}

    def _find_record(self, object_type: str, record_id: int) -> Any:
        """Return a record by its base class; None for a class whose records can't be failed or shown."""
        work: _Repository = self.work  # type: ignore[attr-defined]  # Experiment has it
        find = {
            "Network": work.network,
            "Node": work.node,
            "Info": work.info,
            "Participant": work.participant,
        }.get(object_type)
        return None if find is None else find(record_id)
