"""The language check finds each old habit, counts standard terms, and keeps its limits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.tools.words import HABITS, Text, comments_and_docstrings, faults_of, names, read


def texts(*lines: str) -> Iterator[Text]:
    yield from (Text("a.py", number, line) for number, line in enumerate(lines, 1))


@pytest.mark.parametrize(
    ("habit", "line"),
    [
        ("somebody, nobody, whoever", "Waits until some" + "body comes."),
        ("somebody, nobody, whoever", "No" + "body is connected."),
        ("Put off:", "Put " + "off: boto3 is slow to import."),
        ("mend", "It men" + "ds what is certain."),
        ("is no X", "'x' is n" + "o UUID."),
        ("anew, all the same", "The file is read a" + "new."),
        ("is told, is heard", "The operator is to" + "ld of it."),
        ("hand in", "The worker hands" + " it in."),
        ("Who ...", "Reads the page. W" + "ho closes it loses the seat."),
        ("Who ...", "W" + "ho finished is paid."),
    ],
)
def test_an_old_habit_is_found(habit: str, line: str) -> None:
    assert read("text", texts(line)).habits == {habit: 1}


@pytest.mark.parametrize(
    "line",
    [
        "There is no such run.",
        "The run is no longer served.",
        "Who may call this?",
        "A participant who closes the page loses their seat.",
        "Amendments are recorded.",
    ],
)
def test_plain_english_is_not_a_habit(line: str) -> None:
    assert read("text", texts(line)).habits == {}


def test_standard_terms_are_counted() -> None:
    reading = read("text", texts("Retries with backoff; the handler is idempotent and reads the cache."))
    assert (reading.terms, reading.words) == (5, 11)


def test_every_habit_has_a_limit_for_each_kind_of_text() -> None:
    old = read("comments and docstrings", texts(*["Waits for some" + "body."] * 3))
    plain = read("messages", texts("The queue is empty."))
    assert faults_of([old, plain]) == [
        "comments and docstrings: too many old habits.",
        "comments and docstrings: too few standard terms; at least 4.0 per 1,000 words.",
    ]


def test_comments_docstrings_and_names_of_the_project_are_read() -> None:
    assert {each.path for each in comments_and_docstrings()} >= {"app.py", "tests/unit/test_words.py"}
    assert "an old habit is found" in {each.text for each in names()}
    assert len(HABITS) == 8
