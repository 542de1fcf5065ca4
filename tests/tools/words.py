"""`python -m tests.tools.words`: counts old habits and standard terms in the project's own texts.

The limits are per 1,000 words. `--list` prints each place of an old habit, `--list PATH` those below a path.
"""

from __future__ import annotations

import argparse
import ast
import io
import re
import subprocess
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
#: Wording that CONTRIBUTING.md replaces with standard terms.
HABITS: Final = {
    "somebody, nobody, whoever": r"\b(?:some|no|any|every)body\b|\bwhoever\b",
    "Put off:": r"\bPut off:",
    "mend": r"\bmend(?:s|ed|ing)?\b",
    "is no X": r"(?<!there )\b(?:is|are|was|were) no (?!longer\b|more\b|less\b|matter\b|one\b)[a-z]",
    "anew, all the same": r"\b(?:anew|all the same)\b",
    "is told, is heard": r"\b(?:is|are|was|were|be) (?:told|heard|said)\b(?! to be)",
    "hand in": r"\bhand(?:s|ed|ing)?(?: it| them)? in\b",
    "Who ...": r"(?:^|(?<=[.!?:;]\s))[Ww]ho (?![^.!]*\?)\w+",
}
#: Standard terms for what the product consists of.
TERMS: Final = (
    r"\b(?:retr(?:y|ies|ied|ying)|idempoten(?:t|cy|ce)|cache[sd]?|caching|handlers?|contexts?|validat\w+"
    r"|serializ\w+"
    r"|registr(?:y|ies)|adapters?|backoff|rate[ -]limit\w*|state machines?|transitions?|schedul(?:e|es|er|ed)"
    r"|outbox|dead[ -]letters?|snapshots?|lazy|lazily|migrations?|headcounts?|inventor(?:y|ies)|transactions?"
    r"|conditional"
    r"|queues?|webhooks?|callbacks?|throttl\w+|timeouts?|concurren\w+|atomic\w*|partitions?|deploy\w*|releases?|alias"
    r"|endpoints?|routes?|payload|listings?|effects?|lifecycle|dispatch\w*|polls?|polling)\b"
)
MOST_HABITS: Final = 0.3
LEAST_TERMS: Final = 4.0
_CODE: Final = ("app.py", "chalicelib/", "infra/", "petri/", "demos/", "bench/", "tests/")
#: Not the product's own text: a quoted page, stories, third-party code, a printed tutorial.
_OTHERS: Final = (
    "tests/tools/words.py",
    "tests/browser/tutorial_bartlett/",
    "/stimuli/",
    "vendor/",
    "/licenses/",
)
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z'-]*")


@dataclass(frozen=True)
class Text:
    """A comment, docstring, message or paragraph, with its location."""

    path: str
    line: int
    text: str


def files(*suffixes: str) -> Iterator[str]:
    """Yield the repository's own files that end with one of the suffixes."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in sorted(filter(None, listed.stdout.split("\0"))):
        if name.endswith(suffixes) and (ROOT / name).is_file() and not any(each in name for each in _OTHERS):
            yield name


@dataclass(frozen=True)
class PythonTexts:
    """The texts of a Python file."""

    comments_and_docstrings: tuple[Text, ...]
    #: The names of classes, functions and tests, as words.
    names: tuple[Text, ...]
    #: Texts for output and errors: the literals of more than two words.
    messages: tuple[Text, ...]


@cache
def python_texts(path: str) -> PythonTexts:
    """Read a Python file, once."""
    source = (ROOT / path).read_text(encoding="utf-8")
    texts = [
        Text(path, token.start[0], token.string.lstrip("#: "))
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT and not token.string.startswith(("#!", "# noqa", "# type:"))
    ]
    names: list[Text] = []
    literals: list[ast.Constant] = []
    docstrings: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant):
            literals.append(node)
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if node.body and isinstance(node.body[0], ast.Expr):
            docstrings.add(id(node.body[0].value))
        if written := ast.get_docstring(node):
            texts.append(Text(path, node.body[0].lineno, written))
        if not isinstance(node, ast.Module):
            words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", node.name).replace("_", " ").strip()
            names.append(Text(path, node.lineno, re.sub(r"^test ", "", words)))
    messages = [
        Text(path, node.lineno, node.value if len(_WORD.findall(node.value)) > 2 else "")
        for node in literals
        if isinstance(node.value, str) and id(node) not in docstrings
    ]
    return PythonTexts(tuple(texts), tuple(names), tuple(messages))


def comments_and_docstrings() -> Iterator[Text]:
    """Yield the comments and docstrings of all Python files."""
    for path in files(".py"):
        yield from python_texts(path).comments_and_docstrings


def names() -> Iterator[Text]:
    """Yield the names of classes, functions and tests as words."""
    for path in files(".py"):
        yield from python_texts(path).names


def messages() -> Iterator[Text]:
    """Yield texts for output and errors: the literals of more than two words."""
    for path in files(".py"):
        if not path.startswith(("tests/", "bench/")):
            yield from python_texts(path).messages


def documents() -> Iterator[Text]:
    """Yield the paragraphs of documents, pages and templates of resources, without their code."""
    for path in files(".md", ".html", ".yaml"):
        if path.startswith("tests/"):
            continue
        text = (ROOT / path).read_text(encoding="utf-8")
        text = re.sub(r"(?ms)^```.*?^```|<script.*?</script>|<style.*?</style>", _blank, text)
        text = re.sub(r"`[^`\n]*`|<[^>]*>|\{\{.*?\}\}|\{%.*?%\}", _blank, text)
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip():
                yield Text(path, number, line.strip(" #*-|>0123456789."))


def comments_of_scripts() -> Iterator[Text]:
    """Yield the comments of the pages' scripts."""
    for path in files(".js", ".ts"):
        source = (ROOT / path).read_text(encoding="utf-8")
        for match in re.finditer(r"/\*.*?\*/|(?<![:\\\"'])//[^\n]*", source, re.DOTALL):
            lines = (line.strip(" /*") for line in match[0].splitlines())
            yield Text(path, source.count("\n", 0, match.start()) + 1, "\n".join(lines))


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match[0])


@dataclass
class Reading:
    """The counts for one kind of text."""

    name: str
    words: int
    habits: Counter[str]
    terms: int
    places: list[tuple[str, Text]]

    @property
    def habits_per_thousand(self) -> float:
        """Old habits per 1,000 words."""
        return 1000 * sum(self.habits.values()) / max(self.words, 1)

    @property
    def terms_per_thousand(self) -> float:
        """Standard terms per 1,000 words."""
        return 1000 * self.terms / max(self.words, 1)

    def line(self) -> str:
        """Describe the reading in one line."""
        counts = ", ".join(f"{name} {number}" for name, number in self.habits.most_common())
        return (
            f"{self.name}: {self.words:,} words; per 1,000: old habits {self.habits_per_thousand:.2f}"
            f" (at most {MOST_HABITS}), standard terms {self.terms_per_thousand:.1f}"
            + (f"; {counts}" if counts else "")
        )


def read(name: str, texts: Iterator[Text]) -> Reading:
    """Count words, habits and terms in texts."""
    reading = Reading(name, 0, Counter(), 0, [])
    for text in texts:
        reading.words += len(_WORD.findall(text.text))
        reading.terms += len(re.findall(TERMS, text.text, re.IGNORECASE))
        for habit, pattern in HABITS.items():
            matches = re.findall(pattern, text.text, re.MULTILINE if habit == "Who ..." else re.IGNORECASE)
            if matches:
                reading.habits[habit] += len(matches)
                reading.places.append((habit, text))
    return reading


def faults_of(readings: list[Reading]) -> list[str]:
    """Describe the limits that aren't met."""
    faults = [
        f"{each.name}: too many old habits." for each in readings if each.habits_per_thousand > MOST_HABITS
    ]
    if readings[0].terms_per_thousand < LEAST_TERMS:
        faults.append(f"{readings[0].name}: too few standard terms; at least {LEAST_TERMS} per 1,000 words.")
    return faults


def main() -> int:
    """Print the readings; exit code 1 when a limit isn't met."""
    parser = argparse.ArgumentParser(
        description="Count old habits and standard terms in the project's own texts."
    )
    parser.add_argument(
        "--list", nargs="?", const="", metavar="PATH", help="print each place of an old habit"
    )
    arguments = parser.parse_args()
    readings = [
        read("comments and docstrings", comments_and_docstrings()),
        read("names", names()),
        read("messages", messages()),
        read("documents and pages", documents()),
        read("comments of scripts", comments_of_scripts()),
    ]
    for each in readings:
        sys.stdout.write(each.line() + "\n")
        for habit, text in each.places if arguments.list is not None else []:
            if text.path.startswith(arguments.list):
                sys.stdout.write(f"  {text.path}:{text.line}: {habit}: {' '.join(text.text.split())[:150]}\n")
    faults = faults_of(readings)
    for fault in faults:
        sys.stderr.write(f"{fault} `python -m tests.tools.words --list` prints each place.\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
