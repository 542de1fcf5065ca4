"""Items whose answer is an arrangement: order, match, categorise.

What participants see first must not show the right answer, which authors often write in order: without a
drawn order, pieces are shown in the order of their hashes.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar, Final, Unpack

from markupsafe import Markup

from .answer_rules import AnswerError, is_blank, parse_number
from .choice_items import MAX_KEY, Option, Options, as_options, duplicates, option_problems
from .grading import Grade, grade_share
from .item import CommonFields, Frame, Item, is_count, item_kind
from .markup import id_of, lines, tag

MAX_LEVELS: Final = 10


def scrambled(keys: Iterable[str], salt: str) -> list[str]:
    """Return keys in an order that says nothing about the author's."""
    return sorted(keys, key=lambda key: hashlib.sha256(f"{salt}\0{key}".encode()).digest())


def in_drawn_order(options: Sequence[Option], order: Sequence[str] | None, salt: str | None) -> list[Option]:
    """Return options in the participant's order; without one scrambled, or as the author has them."""
    by_key = {each.key: each for each in options}
    keys = [key for key in dict.fromkeys(order or ()) if key in by_key]
    if len(keys) != len(by_key):
        keys = list(by_key) if salt is None else scrambled(by_key, salt)
    return [by_key[key] for key in keys]


@dataclass(frozen=True)
class Piece:
    """A piece to be put in order, and its level of indentation in the right order."""

    key: str
    label: str
    level: int = 0


def as_pieces(pieces: Any, *, indented: bool) -> tuple[Piece, ...]:
    """Return an author's pieces: labels by key, a list of labels, or the lines of a text.

    A label is its own key; the second of two equal labels has the key "label#2".
    """
    if isinstance(pieces, Mapping):
        return tuple(Piece(each.key, each.label) for each in as_options(pieces))
    if isinstance(pieces, str):
        pieces = [line.rstrip() for line in pieces.split("\n") if line.strip()]
    if not isinstance(pieces, Iterable):
        return ()
    labels = [str(each) for each in pieces]
    depths = [len(label) - len(label.lstrip(" ")) for label in labels] if indented else [0] * len(labels)
    unit = min((depth for depth in depths if depth), default=1)
    counts: Counter[str] = Counter()
    made = []
    for label, depth in zip(labels, depths, strict=True):
        shown = label.strip() if indented else label
        counts[shown] += 1
        key = shown if counts[shown] == 1 else f"{shown}#{counts[shown]}"
        made.append(Piece(key, shown, depth // unit))
    return tuple(made)


@item_kind
@dataclass(frozen=True, kw_only=True)
class OrderItem(Item):
    """Pieces to be put in order: a ranking, or lines of a text or program (a Parsons problem)."""

    kind: ClassVar[str] = "order"
    dynamic: ClassVar[tuple[str, ...]] = ("pieces",)

    pieces: Any = field(default=(), kw_only=False)
    distractors: Any = ()
    indentation: bool = False
    levels: int = 4
    code: bool = False
    shuffle: bool = True

    @property
    def listed(self) -> tuple[Piece, ...]:
        """All pieces, distractors last."""
        own = as_pieces(self.pieces, indented=self.indentation)
        return (*own, *(Piece(each.key, each.label) for each in self._wrong()))

    def _wrong(self) -> tuple[Piece, ...]:
        return as_pieces(self.distractors, indented=self.indentation)

    def order_keys(self) -> tuple[str, ...]:
        return tuple(each.key for each in self.listed)

    def solution(self) -> list[Any]:
        """Return the right order as it would be stored; `right=True` stands for the author's."""
        pieces = as_pieces(self.pieces, indented=self.indentation)
        if self.right is True:
            return [[each.key, each.level] if self.indentation else each.key for each in pieces]
        return [self._normal(each) for each in self.right]

    def _normal(self, each: Any) -> Any:
        if not self.indentation:
            return each
        return [each[0], each[1]] if _is_pair(each) else [each, 0]

    def validate(self, raw: Any) -> list[Any]:
        if not isinstance(raw, list | tuple):
            raise AnswerError("Put the pieces in an order.")
        if len(raw) > len(self.listed):
            raise AnswerError("Use each piece once.")
        stored = [self._placed(each) for each in raw]
        keys = [each[0] if self.indentation else each for each in stored]
        if len(set(keys)) != len(keys):
            raise AnswerError("Use each piece once.")
        if not self.distractors and len(keys) < len(self.listed):
            raise AnswerError("Give each piece a place.")
        return stored

    def _placed(self, each: Any) -> Any:
        has_level = self.indentation and _is_pair(each)
        key = each[0] if has_level else each
        if not isinstance(key, str) or key not in self.order_keys():
            raise AnswerError("There is a piece that does not belong here.")
        if not self.indentation:
            return key
        level = parse_number(each[1], decimals=0) if has_level else Decimal(0)
        if not 0 <= level <= self.levels:
            raise AnswerError("The indentation can be {maximum} at most.", maximum=self.levels)
        return [key, int(level)]

    def value(self, stored: Any) -> list[Any]:
        return [tuple(each) if isinstance(each, list) else each for each in stored]

    def grade(self, stored: Any) -> Grade:
        ungraded = self.ungraded(stored)
        if ungraded is not None:
            return ungraded
        right = self.solution()
        answer = [self._normal(each) for each in stored]
        common = _longest_common(answer, right)
        whole = max(len(answer), len(right))
        partial = self.grading == "percent"
        comment = self.comment(common == whole)
        return grade_share(common, whole, Decimal(self.points), partial=partial, comment=comment)

    def bot_answer(self, random: random.Random) -> list[Any]:
        keys = list(self.order_keys())
        random.shuffle(keys)
        if self.distractors:
            keys = keys[: random.randint(1, len(keys))]
        return [[key, random.randint(0, self.levels)] for key in keys] if self.indentation else keys

    def public(self) -> dict[str, Any]:
        rules = {"pieces": scrambled(self.order_keys(), self.name), "can_leave_out": bool(self.distractors)}
        return {**super().public(), **rules, "levels": self.levels if self.indentation else 0}

    def codebook(self) -> dict[str, Any]:
        stored = "list of key and level" if self.indentation else "list of keys"
        labels = {each.key: str(each.label) for each in self.listed}
        return {**super().codebook(), "type": stored, "labels": dict(sorted(labels.items()))}

    def own_problems(self) -> list[str]:
        if not 0 < self.levels <= MAX_LEVELS:
            return [f"levels={self.levels!r} must be from 1 to {MAX_LEVELS}"]
        if self._unresolved():
            return []
        keys = self.order_keys()
        problems = [] if len(keys) > 1 else ["it has fewer than two pieces; give more"]
        problems += [f"two pieces have the key {key!r}; rename one" for key in duplicates(keys)]
        problems += [
            f"the key {key[:30]!r}... has more than {MAX_KEY} characters; give keys"
            for key in keys
            if len(key) > MAX_KEY
        ]
        if not self.has_right:
            return (
                [*problems, "distractors need a right order; set right=True"]
                if self.distractors
                else problems
            )
        return problems or self._right_problems(keys)

    def _right_problems(self, keys: Sequence[str]) -> list[str]:
        if self.right is not True and not isinstance(self.right, list | tuple):
            return [f"right={self.right!r} must be True, for the order of `pieces`, or a list of keys"]
        placed = [each if self.indentation else [each, 0] for each in self.solution()]
        if not all(is_count(level) for _, level in placed):
            return ["`right` must be a list of keys, or of keys and levels"]
        problems = [
            f"the right order has {key!r}, which isn't a piece" for key, _ in placed if key not in keys
        ]
        deep = [key for key, level in placed if not 0 <= level <= self.levels]
        return problems + [
            f"the right indentation of {key!r} is above levels={self.levels}; raise it" for key in deep
        ]

    # HTML.

    def render(self, frame: Frame) -> Markup:
        options = [Option(each.key, each.label) for each in self.listed]
        hides = self.has_right or self.shuffle
        shown = in_drawn_order(options, frame.order, self.name if hides else None)
        places = self._places(frame.value)
        pieces = [
            self._piece(each, number, places.get(each.key), frame) for number, each in enumerate(shown, 1)
        ]
        return self.group(frame, tag("ol", *pieces, class_="item-pieces"))

    def _places(self, value: Any) -> dict[Any, tuple[int, Any]]:
        """Return place and level of each piece in a draft."""
        if not isinstance(value, list | tuple):
            return {}
        places: dict[Any, tuple[int, Any]] = {}
        for place, each in enumerate(value, 1):
            pair = each if _is_pair(each) else (each, 0)
            if isinstance(pair[0], str):
                places[pair[0]] = (place, pair[1])
        return places

    def _piece(self, piece: Option, number: int, placed: tuple[int, Any] | None, frame: Frame) -> Markup:
        text_id = id_of(self.name, f"{number}-text")
        shown = lines(self.text_in(frame.language, "pieces", piece.label, piece.key))
        text = tag("code" if self.code else "span", shown, id=text_id, class_="item-piece-text")
        empty = frame.text("not used") if self.distractors else frame.text("Place")
        places = [("", empty), *((str(place), str(place)) for place in range(1, len(self.listed) + 1))]
        select = tag(
            "select",
            *_options(places, str(placed[0]) if placed else ""),
            id=id_of(self.name, str(number)),
            name=f"{self.name}.{number}",
            class_="item-place",
            aria_labelledby=text_id,
            aria_describedby=id_of(self.name, "error"),
        )
        level = self._level(number, text_id, placed[1] if placed else 0, frame) if self.indentation else None
        return tag("li", text, " ", select, level, class_="item-piece", data_key=piece.key)

    def _level(self, number: int, text_id: str, level: Any, frame: Frame) -> Markup:
        levels = [(str(each), str(each)) for each in range(self.levels + 1)]
        return tag(
            "select",
            *_options(levels, str(level)),
            id=id_of(self.name, f"{number}-indent"),
            name=f"{self.name}.{number}.indent",
            class_="item-indent",
            aria_label=frame.text("Indentation"),
            aria_describedby=text_id,
        )


def _options(options: Iterable[tuple[str, str]], chosen: str) -> list[Markup]:
    return [tag("option", label, value=value, selected=value == chosen) for value, label in options]


def _longest_common(one: Sequence[Any], other: Sequence[Any]) -> int:
    """Return the length of the longest common subsequence."""
    row = [0] * (len(other) + 1)
    for each in one:
        before = row[:]
        for place, its in enumerate(other, 1):
            row[place] = before[place - 1] + 1 if each == its else max(before[place], row[place - 1])
    return row[-1]


def order(
    prompt: str,
    pieces: Options | str = (),
    *,
    distractors: Options | str = (),
    indentation: bool = False,
    levels: int = 4,
    code: bool = False,
    **common: Unpack[CommonFields],
) -> OrderItem:
    """Ask to put pieces in order: a ranking, or a Parsons problem.

    Args:
        prompt: The question.
        pieces: Labels by key, a list of labels, the lines of a text, or a method of the study.
        distractors: Pieces that don't belong to the right order; then pieces can be left out.
        indentation: Whether pieces are indented too, as lines of a program; leading spaces say how.
        levels: How far a piece can be indented.
        code: Whether pieces are shown in the font of programs.
        common: What every item takes. `right=True` says that `pieces` are in the right order; a list of keys
            is another one. Without `right` it is a ranking.

    Returns:
        The item. Its answer is the list of keys, and with indentation a list of (key, level).

    """
    return OrderItem(
        prompt,
        pieces,
        distractors=distractors,
        indentation=indentation,
        levels=levels,
        code=code,
        **common,
    )


@dataclass(frozen=True, kw_only=True)
class _AssignItem(Item):
    """What match and categorise share: each row gets one of the targets."""

    #: The fields with the labels, by which translations name them.
    rows_part: ClassVar[str] = "rows"
    targets_part: ClassVar[str] = "options"

    shuffle: bool = True

    @property
    def rows(self) -> tuple[Option, ...]:
        """What is to be assigned."""
        raise NotImplementedError

    @property
    def targets(self) -> tuple[Option, ...]:
        """What it can be assigned to."""
        raise NotImplementedError

    @property
    def reuses(self) -> bool:
        """Whether a target can be chosen twice."""
        raise NotImplementedError

    def solution(self) -> dict[str, str]:
        """Return the right assignment."""
        right = self.right if isinstance(self.right, Mapping) else {}
        return {str(key): str(target) for key, target in right.items()}

    def is_blank(self, raw: Any) -> bool:
        return super().is_blank(raw) or (
            isinstance(raw, Mapping) and all(map(super().is_blank, raw.values()))
        )

    def validate(self, raw: Any) -> dict[str, str]:
        keys = [each.key for each in self.rows]
        if not isinstance(raw, Mapping) or not all(key in keys for key in raw):
            raise AnswerError("This answer does not have the expected form.")
        chosen = {key: raw[key] for key in keys if key in raw and not is_blank(raw[key])}
        allowed = [each.key for each in self.targets]
        if not all(target in allowed for target in chosen.values()):
            raise AnswerError("Choose one of the options.")
        if not self.reuses and len(set(chosen.values())) != len(chosen):
            raise AnswerError("Each option can be used once.")
        if self.required and len(chosen) < len(keys):
            raise AnswerError("Choose an option for each of the {number} rows.", number=len(keys))
        return chosen

    def value(self, stored: Any) -> dict[str, str]:
        return dict(stored)

    def grade(self, stored: Any) -> Grade:
        ungraded = self.ungraded(stored)
        if ungraded is not None:
            return ungraded
        solution = self.solution()
        right = sum(stored.get(key) == target for key, target in solution.items())
        partial = self.grading == "percent"
        comment = self.comment(right == len(solution))
        return grade_share(right, len(solution), Decimal(self.points), partial=partial, comment=comment)

    def public(self) -> dict[str, Any]:
        return {**super().public(), "keys": len(self.rows), "reuse": self.reuses}

    def codebook(self) -> dict[str, Any]:
        rows = {each.key: str(each.label) for each in self.rows}
        labels = {each.key: str(each.label) for each in self.targets}
        return {**super().codebook(), "type": "object", "rows": rows, "labels": dict(sorted(labels.items()))}

    def solution_problems(self) -> list[str]:
        """Return what is wrong with the right assignment."""
        if not self.has_right:
            return []
        if self.right is not None and not isinstance(self.right, Mapping):
            return ["`right` must be an object with the right option by row"]
        rows, targets = ([each.key for each in several] for several in (self.rows, self.targets))
        solution = self.solution()
        problems = [
            f"the right answer names {key!r}, which isn't a row" for key in solution if key not in rows
        ]
        problems += [
            f"the right answer for {key!r} is {target!r}, which isn't an option"
            for key, target in solution.items()
            if target not in targets
        ]
        missing = [key for key in rows if key not in solution]
        return problems + ([f"the right answer lacks {', '.join(missing)}"] if missing else [])

    def pairs_of(self, frame: Frame, rows: Sequence[Option], targets: Sequence[Option]) -> Markup:
        """Return the HTML: one drop-down list for each row."""
        value = frame.value if isinstance(frame.value, Mapping) else {}
        choices = [("", frame.text("Please choose"))]
        choices += [
            (each.key, self.text_in(frame.language, self.targets_part, each.label, each.key))
            for each in targets
        ]
        pairs = [
            self._pair(each, number, choices, value.get(each.key), frame)
            for number, each in enumerate(rows, 1)
        ]
        return self.group(frame, tag("div", *pairs, class_="item-pairs"))

    def _pair(
        self, row: Option, number: int, choices: list[tuple[str, str]], value: Any, frame: Frame
    ) -> Markup:
        id_ = id_of(self.name, str(number))
        label = tag(
            "label", lines(self.text_in(frame.language, self.rows_part, row.label, row.key)), for_=id_
        )
        select = tag(
            "select",
            *_options(choices, value if isinstance(value, str) else ""),
            id=id_,
            name=f"{self.name}.{number}",
            aria_required="true" if self.required else None,
            aria_describedby=id_of(self.name, "error"),
        )
        return tag("div", label, " ", select, class_="item-pair", data_key=row.key)


@item_kind
@dataclass(frozen=True, kw_only=True)
class MatchItem(_AssignItem):
    """Pairs: each row gets another option."""

    kind: ClassVar[str] = "match"
    rows_part: ClassVar[str] = "left"

    pairs: Any = field(default=(), kw_only=False)
    extra: Any = ()
    left: Any = ()
    options: Any = ()
    reuse: bool = False

    def _paired(self) -> list[tuple[str, str]]:
        pairs = list(self.pairs.items() if isinstance(self.pairs, Mapping) else self.pairs)
        return [(str(each[0]), str(each[1])) for each in pairs if _is_pair(each)]

    @property
    def rows(self) -> tuple[Option, ...]:
        return as_options([key for key, _ in self._paired()]) if self.pairs else as_options(self.left)

    @property
    def targets(self) -> tuple[Option, ...]:
        if not self.pairs:
            return as_options(self.options)
        return as_options(
            list(dict.fromkeys([*(target for _, target in self._paired()), *map(str, self.extra)]))
        )

    @property
    def reuses(self) -> bool:
        return self.reuse

    @property
    def has_right(self) -> bool:
        return bool(self.pairs) or super().has_right

    def solution(self) -> dict[str, str]:
        return dict(self._paired()) if self.pairs else super().solution()

    def order_keys(self) -> tuple[str, ...]:
        return tuple(each.key for each in self.targets)

    def bot_answer(self, random: random.Random) -> dict[str, str]:
        keys, targets = [each.key for each in self.rows], [each.key for each in self.targets]
        drawn = random.choices(targets, k=len(keys)) if self.reuse else random.sample(targets, len(keys))
        return dict(zip(keys, drawn, strict=True))

    def own_problems(self) -> list[str]:
        wrong = self._pair_problems()
        if wrong:
            return wrong
        problems = [
            f"in `pairs` or `left`, {each}" for each in option_problems([each.key for each in self.rows])
        ]
        problems += [f"in `options`, {each}" for each in option_problems([each.key for each in self.targets])]
        if not problems and not self.reuse and len(self.targets) < len(self.rows):
            problems.append("it has fewer options than rows; add options, or set reuse=True")
        return problems or self.solution_problems()

    def _pair_problems(self) -> list[str]:
        if self.pairs and (self.left or self.options or self.right is not None):
            return ["`pairs` says what is right; remove `left`, `options` and `right`, or `pairs`"]
        if not isinstance(self.pairs, Mapping | list | tuple):
            return ["`pairs` must be an object, or a list of pairs"]
        if len(self._paired()) < len(self.pairs):
            return ["each of `pairs` must have two texts"]
        if not isinstance(self.extra, list | tuple):
            return [f"extra={self.extra!r} must be a list of options"]
        return []

    def render(self, frame: Frame) -> Markup:
        return self.pairs_of(frame, self.rows, in_drawn_order(self.targets, frame.order, self.name))


def match(
    prompt: str,
    pairs: Mapping[str, str] | Sequence[Sequence[str]] = (),
    *,
    extra: Sequence[str] = (),
    left: Options = (),
    options: Options = (),
    reuse: bool = False,
    **common: Unpack[CommonFields],
) -> MatchItem:
    """Ask which belong together.

    Args:
        prompt: The question.
        pairs: The right pairs, as an object or a list of two texts each, which are the keys too.
        extra: More options, which belong to no row.
        left: In place of `pairs`: the rows, as labels by key.
        options: In place of `pairs`: the options, as labels by key.
        reuse: Whether an option can be chosen for two rows.
        common: What every item takes. With `left` and `options`, `right` has the right option by row.

    Returns:
        The item. Its answer is a dict: the option's key by row.

    """
    return MatchItem(prompt, pairs, extra=extra, left=left, options=options, reuse=reuse, **common)


def _is_pair(each: Any) -> bool:
    return isinstance(each, list | tuple) and len(each) == 2  # noqa: PLR2004 - a pair


@item_kind
@dataclass(frozen=True, kw_only=True)
class CategoriseItem(_AssignItem):
    """Things that are put into bins."""

    kind: ClassVar[str] = "categorise"
    rows_part: ClassVar[str] = "things"
    targets_part: ClassVar[str] = "bins"

    bins: Any = field(default=(), kw_only=False)
    things: Any = ()

    def _sorted_bins(self) -> dict[str, list[str]]:
        """Return the things by bin, when `bins` says both."""
        if self.things or not isinstance(self.bins, Mapping):
            return {}
        return {
            str(bin_): [str(each) for each in things]
            for bin_, things in self.bins.items()
            if isinstance(things, list | tuple)
        }

    @property
    def rows(self) -> tuple[Option, ...]:
        own = [thing for things in self._sorted_bins().values() for thing in things]
        return as_options(own or self.things)

    @property
    def targets(self) -> tuple[Option, ...]:
        return as_options(list(self._sorted_bins()) or self.bins)

    @property
    def reuses(self) -> bool:
        return True

    @property
    def has_right(self) -> bool:
        return bool(self._sorted_bins()) or super().has_right

    def solution(self) -> dict[str, str]:
        own = {thing: bin_ for bin_, things in self._sorted_bins().items() for thing in things}
        return own or super().solution()

    def order_keys(self) -> tuple[str, ...]:
        return tuple(each.key for each in self.rows)

    def bot_answer(self, random: random.Random) -> dict[str, str]:
        targets = [each.key for each in self.targets]
        return {each.key: random.choice(targets) for each in self.rows}

    def own_problems(self) -> list[str]:
        if self._sorted_bins() and self.right is not None:
            return ["`bins` says what is right; remove `right`, or list the things in `things`"]
        problems = [f"in `bins`, {each}" for each in option_problems(self._sorted_bins() or self.bins)]
        if not self._sorted_bins():
            problems += [f"in `things`, {each}" for each in option_problems(self.things)]
        else:
            problems += [f"in `bins`, {each}" for each in option_problems([each.key for each in self.rows])]
        return problems or self.solution_problems()

    def render(self, frame: Frame) -> Markup:
        hides = self.has_right or self.shuffle
        rows = in_drawn_order(self.rows, frame.order, self.name if hides else None)
        return self.pairs_of(frame, rows, self.targets)


def categorise(
    prompt: str,
    bins: Mapping[str, Any] | Sequence[str] = (),
    *,
    things: Options = (),
    **common: Unpack[CommonFields],
) -> CategoriseItem:
    """Ask to put things into bins.

    Args:
        prompt: The question.
        bins: The things that belong into each bin, as {"animals": ["cat", "dog"], "plants": ["oak"]}; or with
            `things`, the bins alone, as labels by key or a list.
        things: The things, as labels by key or a list.
        common: What every item takes. With `things`, `right` has the right bin by thing.

    Returns:
        The item. Its answer is a dict: the bin's key by thing.

    """
    return CategoriseItem(prompt, bins, things=things, **common)
