"""Defines an operation of the API: its address, its right, its parameters, its answer, and what it runs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Generic, Literal, TypeVar

from chalicelib.access.rights import Right
from chalicelib.errors import ConfigError
from chalicelib.operations.listings.listing import Listing
from chalicelib.operations.shared.context import Context
from chalicelib.services import App

Parameters = TypeVar("Parameters")
Answer = TypeVar("Answer")
Method = Literal["GET", "POST", "PATCH", "DELETE"]

#: The parameter that comes from the address.
ID: Final = "id"


class Shape(StrEnum):
    """The shapes of addresses: Chalice and CloudFront know only these."""

    LIST = "/api/v1/{resource}"
    ITEM = "/api/v1/{resource}/{id}"
    VERB = "/api/v1/{resource}/{id}/{verb}"


@dataclass(frozen=True, slots=True)
class ApiOperation(Generic[Parameters, Answer]):
    """One entry of the table. One without a right, or with parameters that its address lacks, is refused.

    An operation of a whole resource has the shape ITEM and a verb in place of the id: `recruitment/open`.
    """

    #: The resource and what is done: `payments.retry`.
    name: str
    method: Method
    resource: str
    shape: Shape
    right: Right
    #: A frozen dataclass; `field(metadata={"help": ..., "max": ...})` describes a parameter.
    parameters: type[Parameters]
    #: A frozen dataclass, or a `Listing` of one.
    answer: type[Answer]
    #: An operation of `chalicelib.operations`, which runs in one unit of work.
    run: Callable[[Context, Parameters], Answer] | Callable[[Context, Parameters], Any]
    #: One sentence for the documents.
    summary: str
    verb: str | None = None
    #: The records that a change is about, as (kind, id), for the audit; by default the one in the address.
    records: Callable[[Parameters], Sequence[tuple[str, str]]] | None = None
    #: Kinds of records that only Petri's own code changes in this operation, whatever their rules say.
    changed_by_petri: frozenset[str] = frozenset()
    #: Whether `run` writes the entry of the audit log itself, because commands call the same operation.
    records_itself: bool = False
    #: The rest of an operation that calls a service, after the unit of work: it gets the app and `run`'s
    #: result. A change makes it after the commit, so its answer can't be stored for repeated requests.
    outside: Callable[[App, Any], Answer] | None = None
    #: Whether the answer contains a secret that is shown once: it isn't stored for repeated requests.
    has_secret_answer: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.right, Right):
            raise ConfigError(f"The operation {self.name} has no right. Name the right that it requires.")
        has_id = ID in {each.name for each in dataclasses.fields(self.parameters)}  # type: ignore[arg-type]
        if has_id != (ID in self.path_parameters):
            raise ConfigError(
                f"The operation {self.name} has the address {self.path}: its parameters must have the field "
                f"{ID!r} exactly if the address has it."
            )
        if self.outside is not None and self.changes and not self.has_secret_answer:
            raise ConfigError(
                f"The operation {self.name} calls a service, so it must not change anything, unless its "
                "answer isn't stored."
            )
        if self.verb is None and self.shape is Shape.VERB:
            raise ConfigError(f"The operation {self.name} has the shape {self.shape}, which needs a verb.")
        if self.verb is not None and self.shape is Shape.LIST:
            raise ConfigError(f"The operation {self.name} has the shape {self.shape}, which takes no verb.")

    @property
    def changes(self) -> bool:
        """Whether the operation changes something: such a call is audited in the same commit."""
        return self.method != "GET"

    @property
    def has_etag(self) -> bool:
        """Whether answers carry an ETag: those about single things do, lists don't."""
        return not self.changes and getattr(self.answer, "__origin__", self.answer) is not Listing

    @property
    def path(self) -> str:
        """The address with a variable for the id: `/api/v1/payments/{id}/retry`."""
        if self.shape is Shape.LIST:
            return f"/api/v1/{self.resource}"
        if self.shape is Shape.VERB:
            return f"/api/v1/{self.resource}/{{{ID}}}/{self.verb}"
        return f"/api/v1/{self.resource}/{self.verb or f'{{{ID}}}'}"

    @property
    def path_parameters(self) -> tuple[str, ...]:
        """The names of the variables in the address."""
        return (ID,) if f"{{{ID}}}" in self.path else ()

    def touched(self, parameters: Parameters) -> Sequence[tuple[str, str]]:
        """Return the records that a call is about, as (kind, id)."""
        if self.records is not None:
            return self.records(parameters)
        return ((self.resource, str(getattr(parameters, ID, ""))),)


AnyOperation = ApiOperation[Any, Any]
