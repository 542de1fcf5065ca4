"""Patterns match as in Python and JavaScript, in linear time; others are refused at load."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest
import quickjs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.study.items.patterns import browser_pattern, example_of, matches, pattern_problem

ALIKE = [
    r"",
    r"a",
    r"ab|c",
    r"a*",
    r"a+b?",
    r"(ab)*c",
    r"(?:a|b)+",
    r"a{2}",
    r"a{2,}",
    r"a{,2}b",
    r"a{1,3}b",
    r"[abc]+",
    r"[^abc]+",
    r"[^a]b?",
    r"(?:[^a]|a[^b])*",
    r"[a-c0-2]*",
    r"[\w-]+",
    r"\d{2}:\d{2}",
    r"\s*\S+\s*",
    r".*a.*",
    r"^ab$",
    r"\bab\b.*",
    r"a\Bb",
    r"(a*)*b",
    r"((a|ab)(c|bcd))*",
    r"(a?){3}a{3}",
    r"[.+*?()\[\]{}|/\\^$-]+",
    r"\.\-\/",
    r"a*?b+?",
    r"|a",
    r"(?P<letter>a)b",
]
TEXTS = st.text(alphabet="abc012:.-+*()[] \n\\/", max_size=7)


@pytest.mark.parametrize("pattern", ALIKE)
@given(text=TEXTS)
@settings(max_examples=40)
def test_a_pattern_matches_what_python_matches(pattern: str, text: str):
    # Python's dollar also stands before a last line break, unlike JavaScript's.
    expected = re.fullmatch(pattern.removesuffix("$"), text, re.ASCII)
    assert matches(pattern, text) == (expected is not None)


@pytest.mark.parametrize(
    "pattern", ["(a+)+b", "(a|a)*b", "(a*)*b", "(.*a){12}b", "(a|ab?)+c", "(?:a?){50}a{50}b"]
)
def test_a_pattern_that_backtracks_for_ever_elsewhere_is_decided(pattern: str):
    assert pattern_problem(pattern) == ""
    assert not matches(pattern, "a" * 3000)


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("(", "isn't a regular expression"),
        ("a{2,1}", "isn't a regular expression"),
        ("[z-a]", "isn't a regular expression"),
        ("(?=a)b", "has lookaround"),
        ("(?<!a)b", "has lookaround"),
        (r"(a)\1", "backreference"),
        ("(?>a+)b", "atomic group"),
        ("(?i)a", "write [Aa] instead"),
        ("(?i:a)", "write [Aa] instead"),
        ("a{5000}", "repeats too much"),
        ("((a{50}){50}){50}", "repeats too much"),
        ("a" * 1001, "longer than 1000"),
        (5, "put it in quotes"),
    ],
)
def test_a_pattern_that_cannot_be_used_is_refused_with_the_reason(pattern: object, said: str):
    assert said in pattern_problem(pattern)


def test_digits_and_letters_are_ascii_as_in_the_browser():
    assert not matches(r"\d", "٣")
    assert not matches(r"\w", "é")
    assert matches(r"[é漢]", "漢")


@pytest.mark.parametrize(
    ("pattern", "script"),
    [
        ("[A-Z]{3}-[0-9]+", r"(?:[A-Z]){3,3}\u{2d}(?:[0-9]){1,}"),
        ("(?P<n>a|b)", "(?:[ab])"),
        (r"[\w.-]*", r"(?:[\w\u{2e}\u{2d}]){0,}"),
        ("ab|cd", "(?:ab|cd)"),
        ("[^a]", "[^a]"),
        (".$", r"[^\n]$"),
    ],
)
def test_the_browser_gets_the_same_pattern_in_its_own_syntax(pattern: str, script: str):
    assert browser_pattern(pattern) == script


@pytest.fixture(scope="module")
def script() -> Any:
    """A JavaScript engine's test of a pattern and a text, as the page of a study does it."""
    return quickjs.Context().eval(
        "(pattern, flags, text) => new RegExp(`^(?:${pattern})$`, flags).test(text)"
    )


@pytest.mark.parametrize("flags", ["u", "v"])
@pytest.mark.parametrize("pattern", ALIKE)
@given(text=TEXTS | st.text(max_size=5))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_browser_matches_the_same_texts(script: Any, pattern: str, flags: str, text: str):
    assert script(browser_pattern(pattern), flags, text) == matches(pattern, text)


@pytest.mark.parametrize("pattern", ALIKE)
@given(seed=st.integers(0, 2**32))
@settings(max_examples=15)
def test_an_example_matches_its_pattern(pattern: str, seed: int):
    example = example_of(pattern, random.Random(seed))
    assert example is not None
    assert matches(pattern, example)


def test_an_example_has_the_length_that_is_asked_for():
    example = example_of("[a-z]+", random.Random(1), least=40, most=60)
    assert example is not None
    assert 40 <= len(example) <= 60


def test_there_is_no_example_of_what_nothing_matches():
    assert example_of("a{9}", random.Random(1), least=0, most=5) is None
    assert example_of(r"a\bb", random.Random(1)) is None


@pytest.mark.parametrize("pattern", ["[\u0430-\u044f]+", "日本|中国", "ü{3}", "[^a-zA-Z]"])
def test_an_example_is_found_in_other_scripts_too(pattern: str):
    example = example_of(pattern, random.Random(1))
    assert example
    assert re.fullmatch(pattern, example)
