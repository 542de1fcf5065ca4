"""Defines compiled pages, and their JSON in `pages.json`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from chalicelib.errors import ExperimentError

#: The file of the compiled pages in a staged or archived folder.
PAGES_FILE: Final = "pages.json"
#: The format of that file: another Petri may not read it.
FORMAT: Final = 1
_VERSION_DIGITS: Final = 12


@dataclass(frozen=True)
class Problem:
    """One thing that an author has to fix in a page."""

    #: the path of the file in the experiment's folder
    file: str
    #: the line in the file, from 1
    line: int
    #: what is wrong, and what to do, as sentences
    message: str
    fix: str = ""

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.message} {self.fix}".rstrip()


@dataclass(frozen=True)
class CompiledItem:
    """A question that a directive defines, such as `:::{choice} colour`."""

    name: str
    kind: str
    prompt: str
    #: the rest of the directive's YAML
    body: Mapping[str, Any] = field(default_factory=dict)
    #: the directive's line in the file of its page
    line: int = 1
    #: the shared bank from which it was taken; "" for an item of the study's own
    bank: str = ""

    @property
    def version(self) -> str:
        """The first 12 digits of the SHA-256 of its kind, prompt and settings, in whatever order they are."""
        body = {str(key): self.body[key] for key in sorted(self.body, key=str)}
        text = json.dumps([self.kind, self.prompt, body], ensure_ascii=False, default=str)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_VERSION_DIGITS]


@dataclass(frozen=True)
class CompiledPage:
    """One page in one language, as a Jinja template that is rendered with autoescape."""

    name: str
    #: the language's tag, such as "de"; "" for the pages that the folder has outside of language folders
    language: str
    template: str
    #: what the front matter or the `:::{page}` block sets, by the names of the arguments of Page(...)
    settings: Mapping[str, Any] = field(default_factory=dict)
    items: tuple[CompiledItem, ...] = ()
    #: the path of the source in the experiment's folder
    file: str = ""
    #: the line of the source for each line of the template
    lines: tuple[int, ...] = ()
    #: the items that the template places with ask("..."), in order
    asks: tuple[str, ...] = ()

    def source_line(self, line: int) -> int:
        """Return the line of the source from which a line of the template was made, from 1."""
        if not self.lines:
            return max(line, 1)
        return self.lines[min(max(line, 1), len(self.lines)) - 1]


@dataclass(frozen=True)
class CompiledAsset:
    """A picture, a sound or a video in the study's folder `assets/`."""

    #: the path below assets/, such as "faces/happy.png"
    name: str
    sha256: str
    #: in bytes
    size: int
    #: "picture", "sound" or "video"
    group: str
    ending: str
    alt: str = ""
    is_decorative: bool = False
    #: in pixels; 0 where they aren't known
    width: int = 0
    height: int = 0

    @property
    def file_name(self) -> str:
        """The name of the file in the site, which changes with its content."""
        stem = self.name.rpartition("/")[2].rpartition(".")[0] or "asset"
        return f"{stem.replace('.', '-')}-{self.sha256[:32]}.{self.ending}"

    @property
    def address(self) -> str:
        """Where participants load it."""
        return f"/static/assets/{self.file_name}"


@dataclass(frozen=True)
class StudyFile:
    """A `study.md`: its front matter, and its pages and ends in order."""

    #: title, language, conditions, points_per_dollar ...
    settings: Mapping[str, Any] = field(default_factory=dict)
    #: steps such as {"page": "welcome", "line": 9} and {"end": "screen_out", "if": "age < 18", "line": 20}
    sequence: tuple[Mapping[str, Any], ...] = ()
    file: str = "study.md"


@dataclass(frozen=True)
class CompiledPages:
    """All pages of a folder, by language and name, and its `study.md` if it has one."""

    pages: Mapping[tuple[str, str], CompiledPage] = field(default_factory=lambda: MappingProxyType({}))
    study: StudyFile | None = None
    #: what the author has to fix; pages with problems may be missing
    problems: tuple[Problem, ...] = ()
    #: the hash of the files from which they were compiled
    sources: str = ""
    #: the files of the item bank, `items/`, and of shared banks, of which only the items count
    bank: tuple[CompiledPage, ...] = ()
    #: the assets of the folder `assets/`, by name
    assets: Mapping[str, CompiledAsset] = field(default_factory=lambda: MappingProxyType({}))
    #: the names of the assets that Python files of the folder show, by file
    assets_in_code: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))

    def to_json(self) -> str:
        """Return the pages as the text of `pages.json`: the same pages give the same text."""
        document = {
            "format": FORMAT,
            "sources": self.sources,
            "pages": [asdict(page) for _, page in sorted(self.pages.items())],
            "study": asdict(self.study) if self.study else None,
            "problems": [asdict(problem) for problem in self.problems],
            "bank": [asdict(page) for page in self.bank],
            "assets": [asdict(asset) for _, asset in sorted(self.assets.items())],
            "assets_in_code": {file: list(names) for file, names in sorted(self.assets_in_code.items())},
        }
        return json.dumps(document, ensure_ascii=False, indent=1, default=float) + "\n"

    @classmethod
    def from_json(cls, text: str) -> CompiledPages:
        """Read the text of `pages.json`; ExperimentError when another version of Petri wrote it."""
        try:
            document = json.loads(text)
            if document["format"] != FORMAT:
                raise ExperimentError(
                    f"{PAGES_FILE} has the format {document['format']}, and this Petri reads {FORMAT}; "
                    "stage the experiment again with this Petri."
                )
            pages = [_page(each) for each in document["pages"]]
            study = _study(document["study"]) if document["study"] else None
            problems = tuple(Problem(**each) for each in document["problems"])
            sources = str(document["sources"])
            bank = tuple(_page(each) for each in document.get("bank", ()))
            assets = {each["name"]: CompiledAsset(**each) for each in document.get("assets", ())}
            in_code = {file: tuple(names) for file, names in document.get("assets_in_code", {}).items()}
        except (ValueError, TypeError, KeyError) as error:
            raise ExperimentError(
                f"{PAGES_FILE} can't be read ({error}); stage the experiment again."
            ) from error
        by_name = {(page.language, page.name): page for page in pages}
        return cls(
            MappingProxyType(by_name),
            study,
            problems,
            sources,
            bank,
            MappingProxyType(assets),
            MappingProxyType(in_code),
        )


def _page(record: dict[str, Any]) -> CompiledPage:
    page = CompiledPage(**record)
    items = tuple(CompiledItem(**{**each, "body": exact(each["body"])}) for each in record["items"])
    return replace(page, items=items, lines=tuple(page.lines), asks=tuple(page.asks))


def _study(record: dict[str, Any]) -> StudyFile:
    study = StudyFile(**record)
    return replace(study, sequence=tuple(study.sequence))


def exact(value: Any) -> Any:
    """Return a value of an item with Decimals in place of floats: 0.1 stays 0.1 in rules and points."""
    if isinstance(value, Mapping):
        return {key: exact(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [exact(each) for each in value]
    return Decimal(str(value)) if isinstance(value, float) else value
