"""Which cell each slot has, by permuted blocks or draws that follow from the run's seed and the number."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SlotSequence:
    """The cells of slots 1, 2, 3 ..., as positions in the list of cells."""

    seed: str
    #: How often each cell comes in a block, or its weight in a draw.
    weights: Sequence[int]
    #: The maximum number of slots of each cell; None: unlimited.
    limits: Sequence[int | None]
    in_blocks: bool

    @property
    def total(self) -> int | None:
        """The number of slots; None: unlimited."""
        finite_limits = [limit for limit in self.limits if limit is not None]
        return sum(finite_limits) if len(finite_limits) == len(self.limits) else None

    def cell_at(self, number: int) -> int | None:
        """Return the position of a slot's cell, or None when there are fewer slots."""
        if self.total is not None and number > self.total:
            return None
        return self._block_cell(number) if self.in_blocks else self._drawn_cell(number)

    def _block_cell(self, number: int) -> int:
        if all(limit is None for limit in self.limits):
            block, left = divmod(number - 1, sum(self.weights))
            return self._permuted(block)[left]
        block, left = 0, number - 1
        while left >= (size := sum(self._counts(block))):
            block, left = block + 1, left - size
        return self._permuted(block)[left]

    def _counts(self, block: int) -> list[int]:
        """How often each cell comes in a block: less than its weight when its limit is near."""
        return [
            weight if limit is None else max(0, min(weight, limit - block * weight))
            for weight, limit in zip(self.weights, self.limits, strict=True)
        ]

    def _permuted(self, block: int) -> list[int]:
        members = [cell for cell, count in enumerate(self._counts(block)) for _ in range(count)]
        places = sorted(range(len(members)), key=lambda place: self._digest(f"{block}|{place}"))
        return [members[place] for place in places]

    def _drawn_cell(self, number: int) -> int:
        if all(limit is None for limit in self.limits):
            return self._draw(number, self.weights)
        # Earlier draws decide which cells are full.
        counts = [0] * len(self.weights)
        cell = 0
        for each in range(1, number + 1):
            cell = self._draw(each, self._weights_left(counts))
            counts[cell] += 1
        return cell

    def _weights_left(self, counts: Sequence[int]) -> list[int]:
        return [
            0 if limit is not None and count >= limit else weight
            for weight, limit, count in zip(self.weights, self.limits, counts, strict=True)
        ]

    def _draw(self, number: int, weights: Sequence[int]) -> int:
        left = int.from_bytes(self._digest(str(number)), "big") % sum(weights)
        for cell, weight in enumerate(weights):
            if left < weight:
                return cell
            left -= weight
        raise AssertionError("A draw is below the sum of the weights.")

    def _digest(self, text: str) -> bytes:
        """Return random bytes that are the same in every process and version of Python."""
        return hashlib.sha256(f"{self.seed}|{text}".encode()).digest()
