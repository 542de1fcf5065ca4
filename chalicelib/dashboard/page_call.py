"""What a page of the dashboard is called with, what it returns, and how it is declared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from chalicelib.access.rights import Actor, Right
from chalicelib.errors import BadRequest, Refused
from chalicelib.operations.accounts.profiles.preferences import Preferences

if TYPE_CHECKING:
    from .sessions import DashboardSession


@dataclass(frozen=True, slots=True)
class PageCall:
    """One request for a page: who asks, for what, and how the page reads and changes the run."""

    actor: Actor
    #: The segments of the address: /dashboard/<tab>/<id>/<part>.
    tab: str
    id: str | None
    part: str | None
    method: str
    query: Mapping[str, Sequence[str]]
    #: Runs an operation of the JSON API by its name, with its parameters, for this actor.
    run: Callable[..., Any]
    #: Runs an operation for each of some ids as one bulk action; returns the refused ids, with the refusals.
    run_for_each: Callable[..., list[tuple[str, Refused]]]
    #: Whether htmx asks for the part of the page that changes, not for the whole page.
    is_fragment: bool
    #: The token that each form of this session contains.
    csrf: str
    #: The session in which the page is asked for.
    session: DashboardSession | None = None
    #: The network address of the browser.
    address: str = ""
    #: Where the browser finds the dashboard: scheme and host.
    origin: str = ""

    def one(self, name: str, default: str = "") -> str:
        """Return a parameter that is sent once; BadRequest for different values."""
        values = self.query.get(name, ())
        if len(set(values)) > 1:
            raise BadRequest(f"{name} was sent {len(values)} times; send it once.")
        return values[0].strip() if values else default

    @property
    def preferences(self) -> Preferences:
        """How the user prefers to see the page."""
        return Preferences() if self.session is None else self.session.preferences

    def rows(self, default: int) -> int:
        """Return how many rows a page of a table has: as many as the user prefers, or the default."""
        return self.preferences.rows_per_page or default

    def text(self, name: str) -> str:
        """Return a parameter as it was typed, such as a password, with the spaces at its ends."""
        values = self.query.get(name, ())
        return values[0] if values else ""

    def all(self, name: str) -> list[str]:
        """Return every value of a parameter, such as those of the checkboxes of a table."""
        return [value for value in self.query.get(name, ()) if value]


@dataclass(frozen=True, slots=True)
class Rendered:
    """A response: HTML, the bytes of a file, or a redirect."""

    html: str = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    #: Another site to which a form of the page may post: scheme and host.
    posts_to: str = ""
    #: An origin to which scripts of the page may connect, besides the dashboard's own.
    connects_to: str = ""
    #: The bytes of a file, in place of a text.
    content: bytes = b""
    #: An origin from which the page shows pictures, besides the dashboard's own.
    pictures_from: str = ""

    def posting_to(self, origin: str) -> Rendered:
        """Return the page, whose forms may post to another site."""
        return replace(self, posts_to=origin)


@dataclass(frozen=True, slots=True)
class DashboardPage:
    """One page of the dashboard, as the registry lists it."""

    #: The segment of the address.
    name: str
    #: The page's name in the navigation.
    title: str
    #: What an actor needs to see the page, None: nothing; each change needs the right of its own operation.
    right: Right | None
    render: Callable[[PageCall], Rendered]
    #: The group of the navigation under which the page stands; "" leaves the page out of it.
    nav: str = ""
    #: The page of the navigation to which one that has no entry belongs.
    under: str = ""
    #: Whether runs have the page, and whether labs have it.
    in_runs: bool = True
    in_labs: bool = False

    def is_open_to(self, actor: Actor) -> bool:
        """Whether an actor may see the page."""
        return self.right is None or actor.may(self.right)


def redirect(address: str) -> Rendered:
    """Send the browser to another page of the dashboard, which it gets with GET."""
    return Rendered(status=303, headers={"Location": address})
