"""/api/v1/panels, visualizations, tabs, actions: what the experiment adds to its dashboard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from chalicelib.access.rights import Right
from chalicelib.api.api_operation import AnyOperation, ApiOperation, Shape
from chalicelib.api.common_parameters import ID_TEXT, LIMIT, NUMBER_CURSOR, NoParameters, One
from chalicelib.errors import NotFound
from chalicelib.operations.listings.listing import Listing
from chalicelib.operations.management import author_views
from chalicelib.operations.management.author_views import AuthorAction, AuthorPanels, AuthorTab, AuthorTable
from chalicelib.operations.shared.context import Context

_PAIR: Final[Mapping[str, Any]] = {
    "help": "Parameters for the author's hooks, each as name=value.",
    "pattern": r"^[A-Za-z_][A-Za-z0-9_]*=[^\x00]*$",
}


@dataclass(frozen=True, slots=True)
class PanelParameters:
    """What the author's hooks are called with."""

    parameters: tuple[str, ...] = field(default=(), metadata=_PAIR)


@dataclass(frozen=True, slots=True)
class Visualization:
    """HTML of the author; "" without any."""

    html: str


@dataclass(frozen=True, slots=True)
class Arranged:
    """How the author wants networks arranged; None without a wish."""

    arrangement: str | None


@dataclass(frozen=True, slots=True)
class TableOfAuthor:
    """The author's table of a type of records; None when they leave it to Petri."""

    table: AuthorTable | None


@dataclass(frozen=True, slots=True)
class TableParameters:
    """A type of records, and which page of its table."""

    id: str = field(metadata=ID_TEXT)
    after: str | None = field(default=None, metadata=NUMBER_CURSOR)
    limit: int = field(default=50, metadata=LIMIT)


@dataclass(frozen=True, slots=True)
class ActionParameters:
    """An action of the author, and the records that it gets."""

    id: str = field(metadata=ID_TEXT)
    object_type: str = field(metadata={"min": 1, "max": 40, "help": "Network, Node, Info or Participant."})
    ids: tuple[str, ...] = field(metadata={"max": 200, "help": "The ids of the records."})


@dataclass(frozen=True, slots=True)
class ActionDone:
    """What the action says."""

    message: str


def _panels(ctx: Context, asked: PanelParameters) -> AuthorPanels:
    pairs = (each.partition("=") for each in asked.parameters)
    return author_views.read_panels(ctx, {name: value for name, _, value in pairs if name.isidentifier()})


def _all(rows: list[AuthorAction]) -> Listing[AuthorAction]:
    return Listing(rows, None, len(rows), is_partial=False)


def _visualization(ctx: Context, one: One) -> Visualization:
    kind, _, number = one.id.partition("-")
    if not (number.isascii() and number.isdigit() and len(number) <= 15):  # noqa: PLR2004 - as long as ids are
        raise NotFound("Name a record by its type and id, such as Node-100002.", code="record_not_found")
    return Visualization(author_views.visualize(ctx, kind, int(number)))


OPERATIONS: Final[tuple[AnyOperation, ...]] = (
    ApiOperation(
        name="panels.read",
        method="GET",
        resource="panels",
        shape=Shape.LIST,
        right=Right.VIEW,
        parameters=PanelParameters,
        answer=AuthorPanels,
        run=_panels,
        summary="Returns the panels and statistics of the experiment's author.",
    ),
    ApiOperation(
        name="visualizations.read",
        method="GET",
        resource="visualizations",
        shape=Shape.ITEM,
        right=Right.VIEW_PERSONAL_DATA,
        parameters=One,
        answer=Visualization,
        run=_visualization,
        summary="Returns the author's HTML for a record, such as Node-100002.",
    ),
    ApiOperation(
        name="arrangement.read",
        method="GET",
        resource="arrangement",
        shape=Shape.LIST,
        right=Right.VIEW,
        parameters=NoParameters,
        answer=Arranged,
        run=lambda ctx, _: Arranged(author_views.read_arrangement(ctx)),
        summary="Returns how the author wants networks arranged.",
    ),
    ApiOperation(
        name="tabs.read",
        method="GET",
        resource="tabs",
        shape=Shape.ITEM,
        right=Right.VIEW_PERSONAL_DATA,
        parameters=One,
        answer=AuthorTab,
        run=lambda ctx, one: author_views.read_tab(ctx, one.id),
        summary="Returns the content of a tab of the experiment's author.",
    ),
    ApiOperation(
        name="tables.read",
        method="GET",
        resource="tables",
        shape=Shape.ITEM,
        right=Right.VIEW_PERSONAL_DATA,
        parameters=TableParameters,
        answer=TableOfAuthor,
        run=lambda ctx, asked: TableOfAuthor(
            author_views.read_table(ctx, asked.id, asked.after, asked.limit)
        ),
        summary="Returns a page of the author's table of a type of records.",
    ),
    ApiOperation(
        name="actions.list",
        method="GET",
        resource="actions",
        shape=Shape.LIST,
        right=Right.VIEW,
        parameters=NoParameters,
        answer=Listing[AuthorAction],
        run=lambda ctx, _: _all(author_views.list_actions(ctx)),
        summary="Lists the actions of the experiment's author for selected records.",
    ),
    ApiOperation(
        name="actions.run",
        method="POST",
        resource="actions",
        shape=Shape.VERB,
        verb="run",
        right=Right.EDIT_PARTICIPANTS,
        parameters=ActionParameters,
        answer=ActionDone,
        run=lambda ctx, asked: ActionDone(
            author_views.run_action(ctx, asked.id, asked.object_type, asked.ids)
        ),
        records=lambda asked: [(asked.object_type.lower(), one) for one in asked.ids],
        summary="Runs an action of the experiment's author with selected records.",
    ),
)
