"""Schedules groups in which no two people meet twice: round-robin tournaments and their generalizations.

Each construction numbers the people from 0 and returns rounds; each round is a partition into groups. A pair
tournament is the circle method. Larger groups come from transversal designs: person `row * m + column` meets,
in a round, one person of each other row, along a line whose slope is the round's: in arithmetic modulo m, or
in the finite field of m elements. People of one row never meet on these lines, so the rows are scheduled in
the same way. A search adds rounds where there may be more.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import combinations, product

Schedule = tuple[tuple[tuple[int, ...], ...], ...]
Multiply = Callable[[int, int], int]

#: How often the search begins again, how many groups it tries for each round, and for how many people at
#: most: it takes some tenths of a second.
MOST_STARTS, MOST_TRIES, MOST_SEARCHED = 4, 500, 36


def most_rounds(size: int, group_size: int) -> int:
    """Return an upper bound of the rounds: in each, a person meets `group_size - 1` others.

    The members of a group must be in different groups of the next round, so there must be as many groups.
    """
    if size < group_size**2:
        return 1
    return (size - 1) // (group_size - 1)


@lru_cache(maxsize=64)
def stranger_schedule(size: int, group_size: int, rounds: int | None = None) -> Schedule:
    """Return rounds of groups for this many people; always the same ones.

    Without `rounds`, as many as are known; with it, no longer search than until there are so many.
    """
    if size % group_size:
        return ()
    if group_size == 2:  # noqa: PLR2004 - pairs
        return _pairs(size)
    best = _lines(size, group_size)
    most = most_rounds(size, group_size)
    if len(best) < min(most, most if rounds is None else rounds) and size <= MOST_SEARCHED:
        for begun in (best, ()):
            best = max(best, _searched(size, group_size, begun), key=len)
    return best


def draw_schedule(people: Sequence[int], group_size: int, rounds: int, seed: str) -> list[list[list[int]]]:
    """Return a schedule of so many rounds for these people, with people and rounds in a drawn order."""
    generator = random.Random(seed)
    order = list(people)
    generator.shuffle(order)
    known = list(stranger_schedule(len(order), group_size, rounds))
    generator.shuffle(known)
    return [[[order[one] for one in group] for group in groups] for groups in known[:rounds]]


def _pairs(size: int) -> Schedule:
    """Return the circle method: one person stays, the others move on by one place in each round."""
    ring = size - 1
    return tuple(
        (
            (ring, turn),
            *(((turn + step) % ring, (turn - step) % ring) for step in range(1, size // 2)),
        )
        for turn in range(ring)
    )


def _lines(size: int, group_size: int) -> Schedule:
    """Return the rounds of a transversal design, and those of its rows."""
    columns = size // group_size
    slopes, times = max(_slopes(columns, group_size), key=lambda found: len(found[0]))
    add = _adder(columns, times)
    rounds = [
        tuple(
            tuple(row * columns + add(column, times(slope, row)) for row in range(group_size))
            for column in range(columns)
        )
        for slope in slopes
    ]
    if columns % group_size == 0 and columns >= group_size:
        inside = _lines(columns, group_size) if columns > group_size else ((tuple(range(columns)),),)
        rounds += [
            tuple(
                tuple(row * columns + one for one in group) for row in range(group_size) for group in groups
            )
            for groups in inside
        ]
    return tuple(rounds)


def _slopes(columns: int, rows: int) -> Iterator[tuple[list[int], Multiply]]:
    """Yield slopes of which no two lines meet twice, with the multiplication in which they do not."""

    def modulo(one: int, other: int) -> int:
        return one * other % columns

    slopes: list[int] = []
    for slope in range(columns):
        if all(modulo(slope - other, row) for other in slopes for row in range(1, rows)):
            slopes.append(slope)
    yield slopes, modulo
    power = _prime_power(columns)
    if power is not None and power[1] > 1 and rows <= columns:
        yield list(range(columns)), _field(*power)


def _adder(columns: int, times: Multiply) -> Callable[[int, int], int]:
    """Return the addition that belongs to a multiplication: digit by digit in a field of a prime's power."""
    power = _prime_power(columns)
    if power is None or getattr(times, "__name__", "") == "modulo":
        return lambda one, other: (one + other) % columns
    prime, degree = power
    return lambda one, other: _number(
        [
            (a + b) % prime
            for a, b in zip(_digits(one, prime, degree), _digits(other, prime, degree), strict=True)
        ],
        prime,
    )


def _prime_power(number: int) -> tuple[int, int] | None:
    """Return (p, n) for p to the power of n; None for any other number."""
    prime = next((p for p in range(2, number + 1) if number % p == 0), None)
    if prime is None:
        return None
    degree = 0
    while number % prime == 0:
        number //= prime
        degree += 1
    return (prime, degree) if number == 1 else None


def _field(prime: int, degree: int) -> Multiply:
    """Return the multiplication of the field with `prime ** degree` elements, written as numbers."""
    modulus = next(one for one in product(range(prime), repeat=degree) if _is_field(prime, degree, one))
    return lambda one, other: _times(one, other, prime, degree, modulus)


def _is_field(prime: int, degree: int, modulus: Sequence[int]) -> bool:
    """Whether no product of two elements other than 0 is 0."""
    elements = range(1, prime**degree)
    return all(_times(one, other, prime, degree, modulus) for one in elements for other in elements)


def _times(one: int, other: int, prime: int, degree: int, modulus: Sequence[int]) -> int:
    """Multiply polynomials, where x to the power of the degree is `modulus`."""
    result = [0] * (2 * degree - 1)
    for i, a in enumerate(_digits(one, prime, degree)):
        for j, b in enumerate(_digits(other, prime, degree)):
            result[i + j] = (result[i + j] + a * b) % prime
    for place in range(2 * degree - 2, degree - 1, -1):
        for step, factor in enumerate(modulus):
            target = place - degree + step
            result[target] = (result[target] + result[place] * factor) % prime
    return _number(result[:degree], prime)


def _digits(number: int, base: int, count: int) -> list[int]:
    return [number // base**place % base for place in range(count)]


def _number(digits: Sequence[int], base: int) -> int:
    return sum(digit * base**place for place, digit in enumerate(digits))


def _searched(size: int, group_size: int, begun: Schedule) -> Schedule:
    """Add rounds to those that are known, by a search that is the same each time."""
    most, best = most_rounds(size, group_size), begun
    for start in range(MOST_STARTS):
        if len(best) >= most:
            break
        search = _Search(size, group_size, begun, random.Random(f"{size}|{group_size}|{start}"))
        best = max(best, search.rounds(most), key=len)
    return best


class _Search:
    """Adds round after round, each found by backtracking with a bounded number of tries."""

    def __init__(self, size: int, group_size: int, begun: Schedule, generator: random.Random) -> None:
        self._group_size = group_size
        self._random = generator
        self._size = size
        self._rounds = list(begun)
        self._met: list[set[int]] = [set() for _ in range(size)]
        for groups in begun:
            self._meet(groups)
        self._tries = 0

    def rounds(self, most: int) -> Schedule:
        while len(self._rounds) < most:
            self._tries = MOST_TRIES
            order = list(range(self._size))
            self._random.shuffle(order)
            groups = self._fill(order)
            if groups is None:
                break
            self._rounds.append(tuple(groups))
            self._meet(groups)
        return tuple(self._rounds)

    def _meet(self, groups: Sequence[Sequence[int]]) -> None:
        for group in groups:
            for one, other in combinations(group, 2):
                self._met[one].add(other)
                self._met[other].add(one)

    def _fill(self, left: list[int]) -> list[tuple[int, ...]] | None:
        """Return groups of those who are left; None when there are none, or the tries are over."""
        if not left:
            return []
        # The person who can meet the fewest comes first: a dead end is found early.
        first = min(left, key=lambda one: sum(other not in self._met[one] for other in left))
        open_to = [one for one in left if one != first and one not in self._met[first]]
        for others in combinations(open_to, self._group_size - 1):
            self._tries -= 1
            if self._tries < 0:
                return None
            if any(other in self._met[one] for one, other in combinations(others, 2)):
                continue
            rest = self._fill([one for one in left if one != first and one not in others])
            if rest is not None:
                return [(first, *others), *rest]
        return None
