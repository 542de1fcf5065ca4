r"""Matches an author's regular expressions in linear time, in the same way as the browser.

Python's `re` backtracks: "(a+)+b" takes minutes for thirty letters, and a participant chooses the letters.
Here a pattern is a set of states that advances once for each character. Groups, classes, alternatives and
repeats are supported; lookaround and backreferences, which need backtracking, are refused at load.

The whole text has to match. As in JavaScript, `\d` and `\w` are ASCII and `$` is the end of the text.
"""

from __future__ import annotations

import importlib
import random
import re
import string
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

MAX_STATES: Final = 2000
MAX_PATTERN: Final = 1000
_ATTEMPTS: Final = 60
#: Python's own parser of regular expressions; its names are stable since Python 3.11.
_PARSER: Final[Any] = importlib.import_module("re._parser")
_UNICODE_ONLY: Final = int(re.UNICODE)
_WORD: Final = frozenset(string.ascii_letters + string.digits + "_")
#: What JavaScript takes for white space; Python's `isspace` differs by some control characters.
_SPACES: Final = frozenset(
    "\t\n\v\f\r \u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(map(chr, range(0x2000, 0x200B)))
)
_SAMPLES: Final = string.ascii_letters + string.digits + " .,-_:;!?'\"()[]{}<>@#$%&*+=/\\|~^`" + "é漢"
_CATEGORIES: Final = {
    "CATEGORY_DIGIT": (r"\d", lambda character: "0" <= character <= "9"),
    "CATEGORY_NOT_DIGIT": (r"\D", lambda character: not "0" <= character <= "9"),
    "CATEGORY_WORD": (r"\w", lambda character: character in _WORD),
    "CATEGORY_NOT_WORD": (r"\W", lambda character: character not in _WORD),
    "CATEGORY_SPACE": (r"\s", lambda character: character in _SPACES),
    "CATEGORY_NOT_SPACE": (r"\S", lambda character: character not in _SPACES),
}
_PLACES: Final = {
    "AT_BEGINNING": "^",
    "AT_BEGINNING_STRING": "^",
    "AT_END": "$",
    "AT_END_STRING": "$",
    "AT_BOUNDARY": r"\b",
    "AT_NON_BOUNDARY": r"\B",
}
_Test = Callable[[str], bool]


class _Unsupported(Exception):
    """A part of a pattern that can't be matched in linear time, or a pattern that is too large."""


@dataclass
class _State:
    """A state: it consumes a character that passes `test`, or leads on at once, perhaps only at a place."""

    test: _Test | None = None
    place: str = ""
    after: list[int] = field(default_factory=list)


def pattern_problem(pattern: Any) -> str:
    """Return what is wrong with a pattern, as the end of a sentence with the fix; empty if nothing is."""
    if not isinstance(pattern, str):
        return "isn't a text; put it in quotes"
    if len(pattern) > MAX_PATTERN:
        return f"is longer than {MAX_PATTERN} characters; shorten it"
    try:
        _program(pattern)
    except _Unsupported as problem:
        return str(problem)
    return ""


def matches(pattern: str, text: str) -> bool:
    """Say whether the whole text matches, in time proportional to its length."""
    states = _program(pattern)
    current = _closure(states, [0], text, 0)
    for place, character in enumerate(text):
        advanced = []
        for number in current:
            state = states[number]
            if state.test is not None and state.test(character):
                advanced += state.after
        if not advanced:
            return False
        current = _closure(states, advanced, text, place + 1)
    return len(states) - 1 in current


def _closure(states: list[_State], begin: Iterable[int], text: str, place: int) -> set[int]:
    """Return the states that are reached without consuming a character."""
    reached: set[int] = set()
    waiting = list(begin)
    while waiting:
        number = waiting.pop()
        if number in reached:
            continue
        reached.add(number)
        state = states[number]
        if state.test is None and (not state.place or _is_at(state.place, text, place)):
            waiting += state.after
    return reached


def _is_at(mark: str, text: str, place: int) -> bool:
    if mark == "^":
        return place == 0
    if mark == "$":
        return place == len(text)
    before = place > 0 and text[place - 1] in _WORD
    after = place < len(text) and text[place] in _WORD
    return (before != after) == (mark == r"\b")


@lru_cache(maxsize=512)
def _program(pattern: str) -> list[_State]:
    """Return the states of a pattern; the first is its beginning, the last its end."""
    states = [_State()]
    ends = _Builder(states).add(_parsed(pattern), [0])
    states.append(_State())
    _lead(states, ends, len(states) - 1)
    return states


@lru_cache(maxsize=512)
def _parsed(pattern: str) -> Any:
    try:
        parsed = _PARSER.parse(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise _Unsupported(f"isn't a regular expression: {error}") from None
    if parsed.state.flags != _UNICODE_ONLY:
        raise _Unsupported("has flags such as (?i); write [Aa] instead")
    return parsed


def _lead(states: list[_State], sources: Iterable[int], target: int) -> None:
    for source in sources:
        states[source].after.append(target)


class _Builder:
    """Adds the states of a parsed pattern; each method returns the states that lead on to what follows."""

    def __init__(self, states: list[_State]) -> None:
        self.states = states

    def add(self, parts: Any, begin: list[int]) -> list[int]:
        for operation, argument in parts:
            begin = self._part(str(operation), argument, begin)
        return begin

    def _part(self, operation: str, argument: Any, begin: list[int]) -> list[int]:
        if operation in ("MAX_REPEAT", "MIN_REPEAT"):
            return self._repeat(argument, begin)
        if operation == "BRANCH":
            return [end for parts in argument[1] for end in self.add(parts, self._step(begin, _State()))]
        if operation == "SUBPATTERN":
            _group, added, removed, parts = argument
            if added or removed:
                raise _Unsupported("has flags such as (?i:...); write [Aa] instead")
            return self.add(parts, begin)
        if operation == "AT":
            return self._step(begin, _State(place=_PLACES[str(argument)]))
        return self._step(begin, _State(test=_test_of(operation, argument)))

    def _step(self, begin: list[int], state: _State) -> list[int]:
        if len(self.states) > MAX_STATES:
            raise _Unsupported("repeats too much; lower the numbers in braces")
        self.states.append(state)
        _lead(self.states, begin, len(self.states) - 1)
        return [len(self.states) - 1]

    def _repeat(self, argument: Any, begin: list[int]) -> list[int]:
        least, most, parts = argument
        for _ in range(least):
            begin = self.add(parts, self._step(begin, _State()))
        if most is _PARSER.MAXREPEAT or int(most) > MAX_STATES:
            loop = self._step(begin, _State())
            _lead(self.states, self.add(parts, loop), loop[0])
            return loop
        ends = list(begin)
        for _ in range(int(most) - least):
            begin = self.add(parts, self._step(begin, _State()))
            ends += begin
        return ends


def _test_of(operation: str, argument: Any) -> _Test:
    if operation == "ANY":
        return lambda character: character != "\n"
    if operation == "LITERAL":
        literal = chr(argument)
        return lambda character: character == literal
    if operation == "NOT_LITERAL":
        refused = chr(argument)
        return lambda character: character != refused
    if operation == "IN":
        is_negated = str(argument[0][0]) == "NEGATE"
        tests = [_member_test(str(kind), value) for kind, value in argument[is_negated:]]
        return lambda character: any(test(character) for test in tests) != is_negated
    raise _Unsupported("has lookaround, a backreference or an atomic group; write it without")


def _member_test(kind: str, value: Any) -> _Test:
    if kind == "RANGE":
        low, high = map(chr, value)
        return lambda character: low <= character <= high
    if kind == "CATEGORY":
        return _CATEGORIES[str(value)][1]
    return _test_of(kind, value)


# The same pattern for the browser.


def browser_pattern(pattern: str) -> str:
    """Return the pattern as JavaScript reads it, with the flags u and v alike."""
    return _script(_parsed(pattern))


def _script(parts: Any) -> str:
    return "".join(_script_part(str(operation), argument) for operation, argument in parts)


def _script_part(operation: str, argument: Any) -> str:
    if operation in ("MAX_REPEAT", "MIN_REPEAT"):
        least, most, parts = argument
        upper = "" if most is _PARSER.MAXREPEAT else int(most)
        return f"(?:{_script(parts)}){{{least},{upper}}}"
    if operation == "BRANCH":
        return f"(?:{'|'.join(_script(parts) for parts in argument[1])})"
    if operation == "SUBPATTERN":
        return f"(?:{_script(argument[3])})"
    if operation == "AT":
        return _PLACES[str(argument)]
    if operation == "ANY":
        # Python's dot lacks the line feed only, JavaScript's other line breaks too.
        return r"[^\n]"
    members = argument if operation == "IN" else [(operation, argument)]
    is_negated = str(members[0][0]) in ("NEGATE", "NOT_LITERAL")
    inner = "".join(_script_member(str(kind), value) for kind, value in members if str(kind) != "NEGATE")
    return f"[{'^' if is_negated else ''}{inner}]" if operation != "LITERAL" else inner


def _script_member(kind: str, value: Any) -> str:
    if kind == "CATEGORY":
        return _CATEGORIES[str(value)][0]
    if kind == "RANGE":
        return f"{_script_character(value[0])}-{_script_character(value[1])}"
    return _script_character(value)


def _script_character(code: int) -> str:
    return chr(code) if chr(code) in _WORD else f"\\u{{{code:x}}}"


# A text that matches, for bots.


def example_of(pattern: str, random: random.Random, *, least: int = 0, most: int = MAX_PATTERN) -> str | None:
    """Return a text that matches and has a length within bounds; None if none was found."""
    for attempt in range(_ATTEMPTS):
        text = _example(_parsed(pattern), random, 2 + least * attempt // (_ATTEMPTS // 2))
        if least <= len(text) <= most and matches(pattern, text):
            return text
    return None


def _example(parts: Any, random: random.Random, more: int) -> str:
    return "".join(_example_part(str(operation), argument, random, more) for operation, argument in parts)


def _example_part(operation: str, argument: Any, random: random.Random, more: int) -> str:
    if operation in ("MAX_REPEAT", "MIN_REPEAT"):
        least, most, parts = argument
        times = random.randint(least, min(int(most), least + more))
        return "".join(_example(parts, random, more) for _ in range(times))
    if operation == "BRANCH":
        return _example(random.choice(argument[1]), random, more)
    if operation == "SUBPATTERN":
        return _example(argument[3], random, more)
    if operation == "AT":
        return ""
    test = _test_of(operation, argument)
    fitting = [character for character in _SAMPLES if test(character)] or _listed_characters(
        operation, argument
    )
    return random.choice(fitting) if fitting else ""


def _listed_characters(operation: str, argument: Any) -> list[str]:
    """Return characters that a part names itself, for scripts other than Latin."""
    members = argument if operation == "IN" else [(operation, argument)]
    codes = [value[0] if str(kind) == "RANGE" else value for kind, value in members]
    return [chr(code) for code in codes if isinstance(code, int)]
