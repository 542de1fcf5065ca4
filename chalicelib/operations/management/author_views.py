"""What an experiment adds to its dashboard: calls the author's hooks, and checks what they return."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from chalicelib.errors import ExperimentError, NotFound, PetriError
from chalicelib.experiment.dashboard_hooks import find_record
from chalicelib.operations.shared.access import read_canonical_id
from chalicelib.operations.shared.context import Context

#: The longest HTML that a hook may return, in characters.
MAX_HTML: Final = 1_000_000
#: The most rows and columns of a table that a hook may return, and the longest text of a cell.
MAX_TABLE_ROWS: Final = 10_000
MAX_TABLE_COLUMNS: Final = 200
MAX_CELL: Final = 10_000
#: After so many characters a page of a table ends, whatever its limit is.
PAGE_CHARACTERS: Final = 1_000_000
#: The base classes of records that can be visualized.
KINDS: Final = ("Network", "Node", "Info", "Participant")


@dataclass(frozen=True, slots=True)
class AuthorPanel:
    """A panel of the author, as HTML."""

    title: str
    html: str


@dataclass(frozen=True, slots=True)
class AuthorStatistic:
    """A number, a text, or rows of the author, by name."""

    title: str
    rows: dict[str, Any]


@dataclass(frozen=True, slots=True)
class AuthorPanels:
    """What an experiment shows beside its networks."""

    panels: list[AuthorPanel]
    statistics: list[AuthorStatistic]


@dataclass(frozen=True, slots=True)
class AuthorTab:
    """The content of an author's tab: HTML, or rows of a table."""

    title: str
    route: str
    html: str | None
    rows: list[dict[str, Any]]
    #: The tabs below it, as (route, title).
    children: list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class AuthorAction:
    """An action of the author for records that are selected."""

    name: str
    title: str


@dataclass(frozen=True, slots=True)
class AuthorTable:
    """The columns and rows of the author for a type of records."""

    columns: list[str]
    rows: list[dict[str, Any]]
    #: The cursor of the next page; None on the last one.
    next: str | None
    #: How many rows the table has.
    total: int


def read_panels(ctx: Context, parameters: Mapping[str, str]) -> AuthorPanels:
    """Return the author's panels and statistics; ExperimentError says which hook failed, and how."""
    panels = _called(ctx.experiment.monitoring_panels, **parameters)
    statistics = _called(ctx.experiment.monitoring_statistics, **parameters)
    return AuthorPanels(
        [
            AuthorPanel(str(title), _html(html, "monitoring_panels"))
            for title, html in _pairs(panels, "panels")
        ],
        [AuthorStatistic(str(title), _rows_of(value)) for title, value in _pairs(statistics, "statistics")],
    )


def visualize(ctx: Context, kind: str, record_id: int) -> str:
    """Return the author's HTML for a record; "" without any. NotFound for an unknown record."""
    if kind not in KINDS:
        raise NotFound(f"Records of type {kind[:40]!r} have no picture; {', '.join(KINDS)} can have one.")
    found = _called(ctx.experiment.node_visualization_html, kind, record_id)
    return _html(found, "node_visualization_html")


def read_arrangement(ctx: Context) -> str | None:
    """Return how the author wants networks arranged; None without a wish."""
    options = _called(ctx.experiment.node_visualization_options)
    layout = options.get("layout") if isinstance(options, Mapping) else None
    if isinstance(layout, Mapping):
        return "layers" if layout.get("hierarchical") else None
    return str(layout) if layout else None


def read_tab(ctx: Context, route: str) -> AuthorTab:
    """Return the content of an author's tab; NotFound for an unknown route."""
    kind = type(ctx.experiment)
    tab = kind.dashboard_tabs.find(route)
    if tab is None:
        raise NotFound(f"The experiment has no dashboard tab with the route {route[:60]!r}.")
    children = [{"route": one.route_name, "title": one.title} for one in tab.children]
    view = _view_of(ctx, tab.route_name)
    if view is None and children:
        return AuthorTab(tab.title, tab.route_name, None, [], children)
    if view is None:
        name = tab.route_name.replace("-", "_")
        raise ExperimentError(
            f"The dashboard tab {tab.title!r} shows nothing: add a method {name}() to your Experiment, or "
            f"a function with @dashboard_tab({tab.title!r})."
        )
    found = _called(view)
    if isinstance(found, str):
        return AuthorTab(tab.title, tab.route_name, _html(found, route), [], children)
    return AuthorTab(tab.title, tab.route_name, None, _table(found), children)


def _view_of(ctx: Context, route: str) -> Callable[..., Any] | None:
    """Return the function of a tab: a marked one, or the method with the name of the route."""
    marked = type(ctx.experiment).dashboard_views.get(route)
    name = route.replace("-", "_") if marked is None else marked.__name__
    method: Callable[..., Any] | None = getattr(ctx.experiment, name, None)
    return marked if method is None else method


def list_actions(ctx: Context) -> list[AuthorAction]:
    """Return the actions of the author; ExperimentError for one without a name or without a method."""
    found = _called(ctx.experiment.dashboard_database_actions)
    for one in found:
        if not callable(getattr(ctx.experiment, str(one.get("name")), None)):
            raise ExperimentError(f"dashboard_database_actions() names {one!r:.100}, which isn't a method.")
    return [_action(one) for one in found]


def _action(declared: Mapping[str, Any]) -> AuthorAction:
    name = str(declared["name"])
    shown = declared.get("title")
    return AuthorAction(name, name if shown is None else str(shown))


def run_action(ctx: Context, name: str, object_type: str, ids: Sequence[str]) -> str:
    """Call an action of the author with records; return its message. NotFound for an unknown action."""
    if name not in {one.name for one in list_actions(ctx)}:
        raise NotFound(f"The experiment has no action {name[:60]!r} in dashboard_database_actions().")
    if object_type not in KINDS:
        raise NotFound(f"Actions take records of the types {', '.join(KINDS)}, not {object_type[:40]!r}.")
    records = [find_record(ctx.uow, object_type, _id(one)) for one in ids]
    data = [{**record.as_json(), "object_type": object_type} for record in records]
    answer = _called(getattr(ctx.experiment, name), data)
    if not isinstance(answer, Mapping) or "message" not in answer:
        raise ExperimentError(f'{name}() must return a dictionary with "message", not {answer!r:.100}.')
    return str(answer["message"])


def read_table(
    ctx: Context, model_type: str, after: str | None = None, limit: int = 50
) -> AuthorTable | None:
    """Return a page of the author's table of a type of records; None when they leave it to Petri.

    The hook returns the whole table each time, so a cursor is the number of rows before it. ExperimentError
    for a table that is too large.
    """
    found = _called(ctx.experiment.table_data, model_type=model_type)
    if found is None:
        return None
    if not isinstance(found, Mapping) or not {"data", "columns"} <= found.keys():
        raise ExperimentError(f"table_data() must return data and columns, not {found!r:.100}.")
    columns = [str(one["data"] if isinstance(one, Mapping) else one) for one in found["columns"]]
    data = list(islice(found["data"], MAX_TABLE_ROWS + 1))
    _require_table_size(len(data), len(columns), "table_data()")
    begin = int(after or 0)
    rows: list[dict[str, Any]] = []
    size = 0
    for row in data[begin : begin + limit]:
        rows.append({name: _plain(row.get(name)) for name in ("id", *columns)})
        size += sum(len(str(value)) for value in rows[-1].values())
        if size > PAGE_CHARACTERS:
            break
    end = begin + len(rows)
    return AuthorTable(columns, rows, str(end) if end < len(data) else None, len(data))


def _require_table_size(rows: int, columns: int, name: str) -> None:
    if rows > MAX_TABLE_ROWS or columns > MAX_TABLE_COLUMNS:
        raise ExperimentError(
            f"{name} returned a table with more than {MAX_TABLE_ROWS:,} rows or {MAX_TABLE_COLUMNS} columns. "
            "Leave some out: an export has all data."
        )


def _id(text: str) -> int:
    number = read_canonical_id(text, "record")
    if number is None:
        raise NotFound(f"There is no record {text[:40]!r}.", code="record_not_found")
    return number


def _called(hook: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Call a hook; its errors name it, since they are shown far from the author's code."""
    try:
        return hook(*arguments, **named)
    except PetriError:
        raise
    except Exception as error:
        name = getattr(hook, "__name__", "a hook")
        raise ExperimentError(f"{name}() failed: {type(error).__name__}: {error}") from error


def _pairs(found: Any, what: str) -> list[tuple[Any, Any]]:
    if not isinstance(found, Mapping):
        raise ExperimentError(f"monitoring_{what}() must return a dictionary by title, not {found!r:.100}.")
    return list(found.items())


def _html(found: Any, name: str) -> str:
    html = "" if found is None else str(found)
    if len(html) > MAX_HTML:
        raise ExperimentError(f"{name}() returned {len(html):,} characters of HTML; {MAX_HTML:,} are shown.")
    return html


def _rows_of(value: Any) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return {str(number): _plain(each) for number, each in enumerate(value, start=1)}
    return {"": _plain(value)}


def _table(found: Any) -> list[dict[str, Any]]:
    if isinstance(found, Mapping):
        return [{"name": str(name), "value": _plain(value)} for name, value in found.items()]
    if isinstance(found, list | tuple) and all(isinstance(row, Mapping) for row in found):
        _require_table_size(len(found), max(map(len, found), default=0), "The function of a dashboard tab")
        return [{str(name): _plain(value) for name, value in row.items()} for row in found]
    raise ExperimentError(
        f"A dashboard tab shows HTML, a dictionary, or a list of dictionaries, not {found!r:.100}."
    )


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = str(value)
    return text if len(text) <= MAX_CELL else f"{text[: MAX_CELL - 1]}\N{HORIZONTAL ELLIPSIS}"
