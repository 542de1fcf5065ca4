"""Items with a picture, a program or a file: area, code, upload."""

from __future__ import annotations

import fnmatch
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Any, ClassVar, Final, Unpack

from markupsafe import Markup

from .answer_rules import AnswerError, as_json, author_number, clean_text
from .choice_items import ChoicesItem, Option, option_problems
from .grading import Grade, grade_share
from .item import CommonFields, Frame, Item, item_kind
from .markup import shown_text, tag

#: The shapes of regions: how many numbers each has, None for pairs of any number.
SHAPES: Final = MappingProxyType({"rect": 4, "circle": 3, "polygon": None})
FEWEST_CORNERS: Final = 3


@item_kind
@dataclass(frozen=True, kw_only=True)
class AreaItem(ChoicesItem):
    """Regions of a picture; a list of their labels beside it does the same without a mouse."""

    kind: ClassVar[str] = "area"
    fits_table: ClassVar[bool] = False
    dynamic: ClassVar[tuple[str, ...]] = ()
    options_part: ClassVar[str] = "regions"

    picture: str = ""
    regions: Any = ()
    size: Any = ()
    alt: str = ""
    most: int | None = 1

    @property
    def listed(self) -> tuple[Option, ...]:
        regions = self.regions if isinstance(self.regions, Mapping) else {}
        return tuple(Option(str(key), str(_region(each).get("label", key))) for key, each in regions.items())

    def files(self) -> list[str]:
        return [*super().files(), self.picture]

    def validate(self, raw: Any) -> list[Any]:
        return super().validate([raw] if isinstance(raw, str) else raw)

    def value(self, stored: Any) -> Any:
        return stored[0] if self.most == 1 and stored else list(stored)

    def codebook(self) -> dict[str, Any]:
        return {**super().codebook(), "picture": self.picture}

    def own_problems(self) -> list[str]:
        found = []
        if not self.picture or not self.alt:
            found.append("an area needs `picture`, and `alt` with what the picture shows")
        if self.options or self.other:
            found.append("an area has `regions` in place of `options` and `other`")
        if not _is_size(self.size):
            found.append("`size` must be width and height of the picture, as [800, 600]")
        if not isinstance(self.regions, Mapping) or not self.regions:
            return [*found, '`regions` must be an object such as {"ear": {"rect": [10, 20, 30, 40]}}']
        for key, region in self.regions.items():
            found += [f"the region {key!r} {each}" for each in _region_problems(_region(region))]
        return found or super().own_problems()

    def list_problems(self) -> list[str]:
        return option_problems({key: str(key) for key in self.regions})

    def render(self, frame: Frame) -> Markup:
        picture = tag(
            "img",
            src=frame.media(self.picture),
            class_="item-area-picture",
            alt=self.text_in(frame.language, "alt", self.alt),
        )
        shapes = [_shape(str(key), _region(each)) for key, each in self.regions.items()]
        width, height = self.size
        drawing = tag(
            "svg", *shapes, viewBox=f"0 0 {width} {height}", class_="item-area-shapes", aria_hidden="true"
        )
        chosen = frame.value if isinstance(frame.value, list | tuple) else [frame.value]
        is_single = self.most == 1
        controls = self.controls(
            frame, "radio" if is_single else "checkbox", [each for each in chosen if each is not None]
        )
        shown = tag("div", picture, drawing, class_="item-picture")
        return self.group(frame, shown, controls, role="radiogroup" if is_single else None)


def _is_size(size: Any) -> bool:
    numbers = [author_number(each) or 0 for each in size] if isinstance(size, list | tuple) else []
    return len(numbers) == 2 and min(numbers) > 0  # noqa: PLR2004 - width and height


def _region(region: Any) -> Mapping[str, Any]:
    return region if isinstance(region, Mapping) else {}


def _region_problems(region: Mapping[str, Any]) -> list[str]:
    named = [shape for shape in SHAPES if shape in region]
    if len(named) != 1 or not set(region) <= {"label", *SHAPES}:
        return [f"needs a `label` and one of {', '.join(SHAPES)}"]
    shape, numbers = named[0], region[named[0]]
    if not isinstance(numbers, list | tuple):
        return [f"has {shape}={numbers!r}; give a list of numbers"]
    if shape == "polygon":
        if len(numbers) < FEWEST_CORNERS or not all(_is_corner(each) for each in numbers):
            return ["needs at least three corners, as [[0, 0], [10, 0], [5, 8]]"]
        return []
    are_numbers = len(numbers) == SHAPES[shape] and all(author_number(each) is not None for each in numbers)
    return [] if are_numbers else [f"needs {SHAPES[shape]} numbers in {shape}"]


def _is_corner(corner: Any) -> bool:
    is_pair = isinstance(corner, list | tuple) and len(corner) == 2  # noqa: PLR2004 - x and y
    return is_pair and all(author_number(each) is not None for each in corner)


def _shape(key: str, region: Mapping[str, Any]) -> Markup:
    if "rect" in region:
        x, y, width, height = region["rect"]
        return tag("rect", x=x, y=y, width=width, height=height, data_key=key)
    if "circle" in region:
        x, y, radius = region["circle"]
        return tag("circle", cx=x, cy=y, r=radius, data_key=key)
    points = " ".join(f"{x},{y}" for x, y in region["polygon"])
    return tag("polygon", points=points, data_key=key)


def area(
    prompt: str,
    picture: str,
    regions: Mapping[str, Mapping[str, Any]],
    *,
    size: Sequence[int],
    alt: str,
    least: int | None = None,
    most: int | None = 1,
    **common: Unpack[CommonFields],
) -> AreaItem:
    """Ask for one or several regions of a picture.

    Args:
        prompt: The question.
        picture: The picture, a file in `static/`.
        regions: The regions by key, each with a label and one shape in pixels of the picture: `rect`
            [x, y, width, height], `circle` [x, y, radius], or `polygon` [[x, y], ...].
        size: Width and height of the picture in pixels.
        alt: What the picture shows, for participants who can't see it.
        least: How many regions have to be chosen.
        most: How many can be chosen.
        common: What every item takes, such as `help`, `required` and `right`.

    Returns:
        The item. Its answer is the key of the region, or with `most` above 1 the list of keys.

    """
    return AreaItem(
        prompt, picture=picture, regions=regions, size=size, alt=alt, least=least, most=most, **common
    )


MAX_CODE: Final = 10_000
MOST_RUNS: Final = 50
MAX_ERROR: Final = 2000
MAX_RUN_SECONDS: Final = 86_400
_TEST_KEYS: Final = frozenset({"name", "run", "expect"})
_RUN_KEYS: Final = frozenset({"text", "passed", "failed", "error", "seconds"})


@item_kind
@dataclass(frozen=True, kw_only=True)
class CodeItem(Item):
    """A program that the participant's browser runs against tests.

    The browser gets the tests and reports how many passed: the grade is the client's, and marked so.
    """

    kind: ClassVar[str] = "code"

    tests: Any = field(default=(), kw_only=False)
    starter: str = ""
    max_length: int = MAX_CODE
    seconds: int = 5
    grading: str = "percent"

    @property
    def listed(self) -> list[dict[str, Any]]:
        """The tests: name, expression, and the value that it must have."""
        return [
            {
                "name": str(each.get("name") or each["run"]),
                "run": each["run"],
                "expect": as_json(each.get("expect", True)),
            }
            for each in self.tests
            if isinstance(each, Mapping) and "run" in each
        ]

    @property
    def has_right(self) -> bool:
        return bool(self.tests)

    def is_blank(self, raw: Any) -> bool:
        return super().is_blank(raw) or (isinstance(raw, Mapping) and super().is_blank(raw.get("text")))

    def validate(self, raw: Any) -> dict[str, Any]:
        if not isinstance(raw, Mapping) or not set(raw) <= {"text", "passed", "failed", "runs"}:
            raise AnswerError("This answer does not have the expected form.")
        runs = raw.get("runs", [])
        if not isinstance(runs, list | tuple) or len(runs) > MOST_RUNS:
            raise AnswerError("This answer does not have the expected form.")
        stored = {"text": clean_text(raw.get("text"), most=self.max_length), **self._counts(raw)}
        return {**stored, "runs": [self._run(each) for each in runs]}

    def _counts(self, raw: Mapping[str, Any]) -> dict[str, int]:
        counts = {name: raw.get(name, 0) for name in ("passed", "failed")}
        if any(isinstance(each, bool) or not isinstance(each, int) or each < 0 for each in counts.values()):
            raise AnswerError("This answer does not have the expected form.")
        if sum(counts.values()) not in (0, len(self.listed)):
            raise AnswerError("Run the tests again, and send the answer then.")
        return counts

    def _run(self, raw: Any) -> dict[str, Any]:
        if not isinstance(raw, Mapping) or not set(raw) <= _RUN_KEYS:
            raise AnswerError("This answer does not have the expected form.")
        seconds = raw.get("seconds", 0)
        if (
            isinstance(seconds, bool)
            or not isinstance(seconds, int | float)
            or not 0 <= seconds <= MAX_RUN_SECONDS
        ):
            raise AnswerError("This answer does not have the expected form.")
        return {
            "text": clean_text(raw.get("text", ""), most=self.max_length),
            **self._counts(raw),
            "error": clean_text(raw.get("error") or "", most=MAX_ERROR),
            "seconds": round(seconds),
        }

    def value(self, stored: Any) -> str:
        return str(stored["text"])

    def grade(self, stored: Any) -> Grade:
        given = self.ungraded(stored)
        if given is not None:
            return given
        passed = int(stored["passed"])
        partial = self.grading == "percent"
        comment = self.comment(passed == len(self.listed))
        made = grade_share(passed, len(self.listed), Decimal(self.points), partial=partial, comment=comment)
        return Grade(made.correct, made.percent, made.points, made.comment, by="client")

    def bot_answer(self, random: random.Random) -> dict[str, Any]:
        passed = random.randint(0, len(self.listed))
        text = f"{self.starter}\n// a bot"[-self.max_length :]
        run = {"text": text, "passed": passed, "failed": len(self.listed) - passed}
        return {**run, "runs": [{**run, "error": "", "seconds": 1}]}

    def public(self) -> dict[str, Any]:
        rules = {"max_length": self.max_length, "tests": self.listed, "seconds": self.seconds}
        return {**super().public(), **rules, "most_runs": MOST_RUNS}

    def codebook(self) -> dict[str, Any]:
        stored = "text, passed, failed, and the runs, as the participant's browser reports them"
        return {**super().codebook(), "type": stored, "tests": [each["name"] for each in self.listed]}

    def own_problems(self) -> list[str]:
        found = ["`right` isn't used; write `tests`"] if self.right is not None else []
        if not isinstance(self.tests, list | tuple) or not self.tests:
            return [*found, '`tests` must be a list such as [{"run": "add(1, 2)", "expect": 3}]']
        for number, test in enumerate(self.tests, 1):
            if (
                not isinstance(test, Mapping)
                or not isinstance(test.get("run"), str)
                or not set(test) <= _TEST_KEYS
            ):
                found.append(f"test {number} needs `run`, and can have `name` and `expect`")
        for name, high in (("max_length", MAX_CODE), ("seconds", 60)):
            number = getattr(self, name)
            if not 0 < number <= high:
                found.append(f"{name}={number!r} must be a whole number from 1 to {high}")
        return found

    def render(self, frame: Frame) -> Markup:
        draft = frame.value.get("text") if isinstance(frame.value, Mapping) else frame.value
        # HTML drops the first line break of a textarea.
        text = tag(
            "textarea",
            "\n",
            shown_text(draft) or self.starter,
            class_="item-code",
            rows=12,
            spellcheck="false",
            autocapitalize="off",
            autocomplete="off",
            maxlength=self.max_length,
            **self.control_attributes(),
        )
        button = tag("button", frame.text("Run the tests"), type="button", class_="item-run")
        output = tag("output", class_="item-code-output", for_=self.control_attributes()["id"])
        return self.single(frame, tag("div", text, tag("div", button, class_="item-code-bar"), output))


def code(
    prompt: str,
    tests: Sequence[Mapping[str, Any]],
    *,
    starter: str = "",
    max_length: int = MAX_CODE,
    seconds: int = 5,
    **common: Unpack[CommonFields],
) -> CodeItem:
    """Ask for a program in JavaScript, which the participant's browser runs against tests.

    Args:
        prompt: The task.
        tests: The tests, each {"run": "add(1, 2)", "expect": 3} and perhaps a name. Participants can
            read them.
        starter: The text in the field at first.
        max_length: How many characters the program can have.
        seconds: After how many seconds a run is stopped.
        common: What every item takes. The grade is the share of tests that passed, as the browser reports it.

    Returns:
        The item. Its answer is the text; what is stored has the counts and the runs too.

    """
    return CodeItem(prompt, tests, starter=starter, max_length=max_length, seconds=seconds, **common)


SOURCES: Final = MappingProxyType(
    {
        "file": (),
        "picture": ("image/png", "image/jpeg", "image/webp", "image/gif"),
        "sound": ("audio/*",),
        "video": ("video/*",),
        "drawing": ("image/png",),
    }
)
MAX_MEGABYTES: Final = 1000
_CAPTURES: Final = MappingProxyType({"picture": "environment", "sound": "user", "video": "user"})
_REFERENCE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(?:[./][A-Za-z0-9_-]+)*")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_MEDIA_TYPE: Final = re.compile(r"[a-z]+/[a-z0-9.+*-]+")
_ENDING: Final = re.compile(r"\.[A-Za-z0-9]+")
MAX_REFERENCE: Final = 200


@item_kind
@dataclass(frozen=True, kw_only=True)
class UploadItem(Item):
    """A file, picture, recording or drawing. What is stored here is its reference, size, type and SHA-256."""

    kind: ClassVar[str] = "upload"

    source: str = "file"
    accept: Any = ()
    max_megabytes: Any = 10
    grading: str = "manual"

    @property
    def accepted(self) -> tuple[str, ...]:
        """The accepted media types and endings; empty for all."""
        patterns = (self.accept,) if isinstance(self.accept, str) else tuple(self.accept)
        return patterns or SOURCES.get(self.source, ())

    @property
    def max_bytes(self) -> int:
        """The largest size in bytes."""
        return int((author_number(self.max_megabytes) or Decimal(0)) * 1_000_000)

    def validate(self, raw: Any) -> dict[str, Any]:
        needed = {"reference", "size", "sha256", "type"}
        if not isinstance(raw, Mapping) or set(raw) != needed:
            raise AnswerError("The file was not sent completely; choose it again.")
        reference, digest, size = raw["reference"], raw["sha256"], raw["size"]
        is_known = (
            _is_text(reference, _REFERENCE) and len(reference) <= MAX_REFERENCE and _is_text(digest, _SHA256)
        )
        if not is_known or isinstance(size, bool) or not isinstance(size, int) or size < 1:
            raise AnswerError("The file was not sent completely; choose it again.")
        if size > self.max_bytes:
            raise AnswerError("The file is larger than {maximum} MB.", maximum=self.max_megabytes)
        if (
            not _is_text(raw["type"], _MEDIA_TYPE)
            or len(raw["type"]) > MAX_REFERENCE
            or not self._takes(raw["type"])
        ):
            raise AnswerError("Files of this type are not accepted here.")
        return {name: raw[name] for name in ("reference", "size", "sha256", "type")}

    def _takes(self, media_type: str) -> bool:
        types = [each for each in self.accepted if not each.startswith(".")]
        # Endings are checked where the name of the file is known: when it is uploaded.
        return (
            len(types) < len(self.accepted)
            or not types
            or any(fnmatch.fnmatchcase(media_type, each) for each in types)
        )

    def check_name(self, media_type: str, ending: str) -> None:
        """Raise AnswerError for a file whose ending isn't accepted; a file without a name has none."""
        if not self.accepted or any(fnmatch.fnmatchcase(media_type, each) for each in self.accepted):
            return
        if ending.lower() not in {each.lower() for each in self.accepted}:
            raise AnswerError("Files of this type are not accepted here.")

    def grade(self, stored: Any) -> Grade:
        return self.ungraded(stored) or Grade()

    def bot_answer(self, random: random.Random) -> dict[str, Any]:
        # A bot that takes part sends a file, and answers with its reference: `StudyBot.answer`.
        types = [each for each in self.accepted if not each.startswith(".")] or ["text/plain"]
        return {
            "reference": f"bot-{random.getrandbits(48):012x}",
            "size": min(self.max_bytes, random.randint(1, 1000)),
            "sha256": f"{random.getrandbits(256):064x}",
            "type": random.choice(types).replace("*", "webm"),
        }

    def public(self) -> dict[str, Any]:
        rules = {"accept": list(self.accepted), "max_bytes": self.max_bytes, "source": self.source}
        return {**super().public(), **rules}

    def codebook(self) -> dict[str, Any]:
        return {**super().codebook(), "type": "reference, size in bytes, SHA-256 and media type of a file"}

    def own_problems(self) -> list[str]:
        found = []
        if self.source not in SOURCES:
            found.append(f"source={self.source!r} is unknown; use one of {', '.join(SOURCES)}")
        if not isinstance(self.accept, str | list | tuple):
            return [*found, '`accept` must be a list, such as ["image/png", ".pdf"]']
        wrong = [
            each for each in self.accepted if not (_is_text(each, _MEDIA_TYPE) or _is_text(each, _ENDING))
        ]
        found += [
            f"accept has {each!r}; write a media type such as image/png or an ending such as .pdf"
            for each in wrong
        ]
        most = author_number(self.max_megabytes)
        if most is None or not 0 < most <= MAX_MEGABYTES:
            found.append(f"max_megabytes={self.max_megabytes!r} must be above 0 and at most {MAX_MEGABYTES}")
        if self.right is not None:
            found.append("an upload can't have a right answer; people grade it")
        if self.default is not None:
            found.append("an upload can't have a default; where nothing may be sent, set required=False")
        return found

    def render(self, frame: Frame) -> Markup:
        control = tag(
            "input",
            type="file",
            accept=",".join(self.accepted) or None,
            capture=_CAPTURES.get(self.source),
            **self.control_attributes(),
        )
        progress = tag("progress", class_="item-progress", hidden=True, aria_label=frame.text("Upload"))
        kept = isinstance(frame.value, Mapping) and _is_text(frame.value.get("reference"), _REFERENCE)
        said = frame.text("A file has been uploaded.") if kept else ""
        status = tag("p", said, class_="item-uploaded", role="status")
        return self.single(frame, tag("div", control, " ", progress, status, class_="item-upload"))


def _is_text(value: Any, pattern: re.Pattern[str]) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def upload(
    prompt: str,
    *,
    source: str = "file",
    accept: str | Sequence[str] = (),
    max_megabytes: int | Decimal = 10,
    **common: Unpack[CommonFields],
) -> UploadItem:
    """Ask for a file, a picture, a recording or a drawing.

    Args:
        prompt: The question.
        source: file, picture, sound, video or drawing.
        accept: The accepted media types and endings, such as ["image/png", ".pdf"]; those of `source` by
            default.
        max_megabytes: The largest size.
        common: What every item takes. The grade is given by hand, unless `grading` says otherwise.

    Returns:
        The item. Its answer is a dict with reference, size, sha256 and type.

    """
    return UploadItem(prompt, source=source, accept=accept, max_megabytes=max_megabytes, **common)
