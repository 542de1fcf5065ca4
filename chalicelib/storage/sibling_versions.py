"""Records which items were written together, so that a reader can detect a half-visible commit.

DynamoDB's GetItem, BatchGetItem and Query return the committed state of each item, but not of a transaction
as a whole: a reader may see one item of a commit in its new state and another in its old one. So each item of
a commit names its siblings, the other items of that commit, with their new versions. A unit of work compares
these versions with the items that it has read: an item that is missing, or older than a sibling says, means
that it has read half a commit, and the operation is retried.

Items of which a network has thousands, such as infos, name only the heads among their siblings: networks,
nodes, participants, the run's state, rooms. Heads name all of them. Named items are never deleted, except the
entries of the list of participants, which are compared only if they exist.

This follows RAMP transactions: Bailis et al. (2014), Scalable atomic visibility with RAMP transactions,
SIGMOD.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final

from chalicelib.errors import Conflict
from chalicelib.model import keys
from chalicelib.model.question import PARTICIPANT_SPAN

from .engine import Item, Key, Put, Write

#: The attribute in which an item names its siblings, as "n100002=1 r1=5": a letter, numbers, the version.
SIBLINGS: Final = "w"
#: Kinds that name all of their siblings, and that all others name.
HEADS: Final = frozenset(
    {"network", "networks_header", "node", "participant", "experiment", "room", "rooms_header"}
)
#: Heads that many requests write one after the other. They keep the newest versions from earlier commits,
#: since a reader may see the next commit before all of the previous one.
KEEPS_EARLIER: Final = frozenset({"network", "experiment"})
MAX_KEPT: Final = 12
#: Kinds that name the heads, and are not named themselves.
ONLY_NAMES: Final = frozenset({"assignment", "worker", "waiting"})
LISTED: Final = "l"

#: The name of an item, by its kind.
_NAMES: Final[Mapping[str, Callable[[Item], str]]] = {
    "network": lambda item: f"r{item['id']}",
    "networks_header": lambda _: "h",
    "node": lambda item: f"n{item['id']}",
    "info": lambda item: f"i{item['id']}",
    "transformation": lambda item: f"m{item['id']}",
    "vector": lambda item: f"v{item['id']}:{item['origin_id']}:{item['destination_id']}",
    "transmission": lambda item: f"t{item['id']}:{item['destination_id']}",
    "sent": lambda item: f"s{item['transmission_id']}:{int(item['sk'][3:13])}",
    "participant": lambda item: f"p{item['id']}",
    "question": lambda item: f"q{item['id']}",
    "payment": lambda item: f"y{item['participant_id']}:{item['payment_kind']}",
    "experiment": lambda _: "x",
    "rooms_header": lambda _: "R",
    "room": lambda item: f"o{item['id']}",
    "listed": lambda item: f"{LISTED}{item['id']}",
}
#: The keys that a name refers to, by its letter.
_KEYS: Final[Mapping[str, Callable[[Sequence[str]], tuple[Key, ...]]]] = {
    "r": lambda parts: (keys.root(int(parts[0])),),
    "h": lambda _: (keys.HEADER,),
    "n": lambda parts: (keys.node(int(parts[0])),),
    "i": lambda parts: (keys.info(int(parts[0])),),
    "m": lambda parts: (keys.transformation(keys.node_of(int(parts[0])), int(parts[0])),),
    "v": lambda parts: keys.vector_ends(int(parts[0]), int(parts[1]), int(parts[2])),
    "t": lambda parts: (keys.transmission(int(parts[0]), int(parts[1])),),
    "s": lambda parts: (keys.sent(int(parts[0]), int(parts[1])),),
    "p": lambda parts: (keys.participant(int(parts[0])),),
    "q": lambda parts: (keys.question(int(parts[0]) // PARTICIPANT_SPAN, int(parts[0])),),
    "y": lambda parts: (keys.payment(int(parts[0]), parts[1]),),
    "x": lambda _: (keys.EXPERIMENT,),
    "R": lambda _: (keys.ROOMS_HEADER,),
    "o": lambda parts: (keys.room(int(parts[0])),),
    LISTED: lambda parts: (keys.listed(int(parts[0])),),
}


def add_sibling_versions(writes: Sequence[Write], before: Callable[[Key], Item | None]) -> list[Write]:
    """Return a commit's writes with each item's siblings added.

    `before`: the item that was read under a key, whose siblings from earlier commits are kept.
    """
    named = {
        name(write.item): write.item
        for write in writes
        if isinstance(write, Put) and (name := _NAMES.get(write.item["kind"])) is not None
    }
    heads = [f"{name}={item['v']}" for name, item in named.items() if item["kind"] in HEADS]
    everything = [f"{name}={item['v']}" for name, item in named.items()]
    return [_with_names(write, heads, everything, before) for write in writes]


def _with_names(
    write: Write, heads: Sequence[str], everything: Sequence[str], before: Callable[[Key], Item | None]
) -> Write:
    if not isinstance(write, Put):
        return write
    kind = write.item["kind"]
    if kind not in _NAMES and kind not in ONLY_NAMES:
        return write
    own = _NAMES[kind](write.item) if kind in _NAMES else ""
    named = everything if kind in HEADS else heads
    siblings = [each for each in named if each.partition("=")[0] != own]
    if kind in KEEPS_EARLIER:
        siblings += _earlier(before(write.key), {each.partition("=")[0] for each in (*siblings, own)})
    return Put({**write.item, SIBLINGS: " ".join(siblings)}, write.expect) if siblings else write


def _earlier(stored: Item | None, known: set[str]) -> list[str]:
    text: str = (stored or {}).get(SIBLINGS) or ""
    return [each for each in text.split() if each.partition("=")[0] not in known][:MAX_KEPT]


@lru_cache(maxsize=4096)
def siblings_in(text: str) -> tuple[tuple[Key, int], ...]:
    """Return the keys that an item names, each with its minimum version."""
    return tuple(_read(text))


def _read(text: str) -> Iterator[tuple[Key, int]]:
    for each in text.split():
        name, _, version = each.partition("=")
        for key in _KEYS[name[0]](name[1:].split(":")):
            yield key, int(version)


class ReadVersions:
    """Compares the versions that one unit of work has read with those that their siblings name."""

    def __init__(self) -> None:
        """Begin with no versions."""
        #: The version of each item that was read; 0 for a missing item.
        self._seen: dict[Key, int] = {}
        #: The minimum version of an item, according to its siblings.
        self._least: dict[Key, int] = {}
        #: Key ranges of collections that were read to their end.
        self._ranges: dict[str, list[str]] = {}

    @property
    def versions(self) -> Mapping[Key, int]:
        """The version of each item that was read; 0 for a missing item."""
        return self._seen

    @property
    def ranges(self) -> list[tuple[str, str]]:
        """The key ranges of collections that were read to their end, by partition and prefix."""
        return [(pk, prefix) for pk, prefixes in self._ranges.items() for prefix in prefixes]

    def see(self, item: Item, *, again: bool = False) -> None:
        """Record an item that was read; `again`: it replaces an earlier read of it."""
        key = (item["pk"], item["sk"])
        if key in self._seen and not again:
            return
        self._seen[key] = item["v"]
        if self._least:
            self._compare(key)
        text = item.get(SIBLINGS)
        if text:
            for sibling, version in siblings_in(text):
                if version > self._least.get(sibling, 0):
                    self._least[sibling] = version
                    self._compare(sibling)

    def miss(self, key: Key) -> None:
        """Record that no item exists under a key."""
        if key not in self._seen:
            self._seen[key] = 0
            self._compare(key)

    def see_end(self, pk: str, prefix: str) -> None:
        """Record that all items of a collection whose sk begins with the prefix were read."""
        self._ranges.setdefault(pk, []).append(prefix)
        for key in [key for key in self._least if key[0] == pk and key[1].startswith(prefix)]:
            self._compare(key)

    def _compare(self, key: Key) -> None:
        least = self._least.get(key)
        if not least:
            return
        seen = self._seen.get(key)
        if seen is None and any(key[1].startswith(prefix) for prefix in self._ranges.get(key[0], ())):
            seen = 0
        if seen is None or seen >= least or (seen == 0 and key[0].startswith("listed#")):
            return
        raise Conflict(f"Half of a commit was seen: {key} has version {seen}, and {least} was written.")


def versions_of(items: Iterable[Item]) -> dict[Key, int]:
    """Return the version of each item."""
    return {(item["pk"], item["sk"]): item["v"] for item in items}
