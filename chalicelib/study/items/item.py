"""Defines what all items have in common: `Item`, its frame on a page, and the registry of kinds."""

from __future__ import annotations

import difflib
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any, ClassVar, Final, Self, TypedDict, TypeVar

from markupsafe import Markup

from .answer_rules import AnswerError, AuthorError, as_json, author_number, is_blank, require_json
from .grading import COUNTS, FEEDBACK_TIMES, GRADINGS, PEER_RULES, Grade
from .markup import id_of, join, lines, shown_text, tag

_MEDIA_TAGS: Final = MappingProxyType(
    {
        "audio": (".mp3", ".m4a", ".ogg", ".oga", ".wav", ".flac", ".aac"),
        "video": (".mp4", ".webm", ".ogv", ".mov"),
    }
)
#: What each kind defines itself, besides its section in docs/items.md.
PARTS: Final = ("validate", "grade", "render", "bot_answer", "codebook")
#: Fields that participants read, in every kind.
TEXT_FIELDS: Final = (
    *("prompt", "help", "text", "pattern_help", "placeholder", "unit", "low", "high", "alt", "feedback"),
)


def _same(text: str) -> str:
    return text


@dataclass(frozen=True)
class Frame:
    """What an item is rendered with.

    `order`: the keys in the participant's order, None for the author's. `value`: a draft or earlier answer.
    `text` translates built-in text; `media` returns the address of a static file.
    """

    language: str = "en"
    order: Sequence[str] | None = None
    value: Any = None
    text: Callable[[str], str] = _same
    media: Callable[[str], str] = _same


class CommonFields(TypedDict, total=False):
    """What each kind of item takes besides its own arguments.

    name: The name in answers and data; the attribute of the study gives it.
    help: A sentence below the prompt.
    required: Whether an answer is needed.
    show_if: Ask only if this holds: an expression, a method's name, or a function of the player.
    default: The answer that counts when time is up and nothing was answered.
    points: The points for a right answer.
    right: The right answer or answers; never sent to the browser.
    feedback: A text, or texts by option, or by "correct" and "incorrect".
    shuffle: Show the options in an order that is drawn once for each participant.
    tags: Words or values for analyses, such as {"difficulty": 2}.
    media: Pictures, sounds or videos in `static/`, each a path or {"file": path, "alt": text}.
    translations: Texts by language: {"de": {"prompt": "...", "options": {"yes": "Ja"}}}.
    check: A method's name, or a function of study, player and value, that returns what is wrong or None.
    pass_on: Whether the answer is what the next participant of a chain receives.
    grading: all_or_nothing, percent, interaction, manual or peer.
    count: The attempt that counts: first, last, best or all.
    feedback_when: at_once, section or never.
    peers: With grading="peer", what becomes the grade: the median or the mean of the peers' grades.
    """

    name: str
    help: str
    required: bool
    show_if: Any
    default: Any
    points: int | Decimal
    right: Any
    feedback: str | Mapping[str, str] | None
    shuffle: bool
    tags: Any
    media: Any
    translations: Mapping[str, Mapping[str, Any]]
    check: str | Callable[..., str | None] | None
    pass_on: bool
    grading: str
    count: str
    feedback_when: str
    peers: str


@dataclass(frozen=True, kw_only=True)
class Item:
    """A typed question: its texts, the rules of its answer, and how it is shown, graded and described.

    A kind of one's own is a frozen dataclass with `@item_kind` that sets `kind` and defines the methods in
    `PARTS`. Its fields are what authors set.
    """

    kind: ClassVar[str] = ""
    #: Whether it can be the item of a table's rows.
    fits_table: ClassVar[bool] = False
    #: Fields that may be a method's name or a function of study and player; `resolved` replaces them.
    dynamic: ClassVar[tuple[str, ...]] = ()

    prompt: str = field(kw_only=False)
    name: str = ""
    help: str = ""
    required: bool = True
    show_if: Any = None
    default: Any = None
    points: int | Decimal = 1
    right: Any = None
    feedback: str | Mapping[str, str] | None = None
    shuffle: bool = False
    tags: Any = ()
    media: Any = ()
    translations: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    check: str | Callable[..., str | None] | None = None
    pass_on: bool = False
    grading: str = "all_or_nothing"
    count: str = "last"
    feedback_when: str = "at_once"
    peers: str = "median"

    # What a kind defines.

    def validate(self, raw: Any) -> Any:
        """Return the answer as it is stored, as JSON; AnswerError if it breaks a rule."""
        raise NotImplementedError

    def value(self, stored: Any) -> Any:
        """Return a stored answer as the type that the item declares, such as Decimal or date."""
        return stored

    def is_blank(self, raw: Any) -> bool:
        """Say whether nothing was answered."""
        return is_blank(raw)

    def grade(self, stored: Any) -> Grade:
        """Return the grade of a stored answer; None stands for no answer."""
        raise NotImplementedError

    def public(self) -> dict[str, Any]:
        """Return the rules for the browser, without right answers, points or feedback."""
        return {"kind": self.kind, "required": self.required}

    def render(self, frame: Frame) -> Markup:
        """Return the item's HTML."""
        raise NotImplementedError

    def bot_answer(self, random: random.Random) -> Any:
        """Return a raw answer that is valid, as a bot gives it."""
        raise NotImplementedError

    def codebook(self) -> dict[str, Any]:
        """Return what a reader of the data needs to know about the item."""
        entry: dict[str, Any] = {"name": self.name, "kind": self.kind, "prompt": str(self.prompt)}
        if self.help:
            entry["help"] = str(self.help)
        if self.tags:
            entry["tags"] = as_json(self.tags)
        return {**entry, "required": self.required}

    def own_problems(self) -> list[str]:
        """Return what is wrong with this kind's fields, each as the end of a sentence with the fix."""
        return []

    def order_keys(self) -> tuple[str, ...]:
        """Return the keys that can be shown in another order, in the author's."""
        return ()

    # What all kinds share.

    def named(self, name: str) -> Self:
        """Return a copy with a name."""
        return replace(self, name=name)

    def resolved(self, study: Any, player: Any) -> Self:
        """Return a copy whose fields are set for a player: methods' names and functions are called."""
        values = {name: self._call(getattr(self, name), study, player) for name in self._unresolved()}
        return replace(self, **values) if values else self

    def in_language(self, language: str) -> Self:
        """Return a copy whose texts are in a language, so that errors and hashes are about what is shown.

        Labels of options stay; `render` translates them by their keys.
        """
        texts: dict[str, Any] = {}
        for name in TEXT_FIELDS:
            value = getattr(self, name, None)
            translated = self.text_in(language, name, value) if value and is_text(value) else value
            texts |= {name: translated} if translated != value else {}
        if isinstance(self.feedback, Mapping):
            feedback = {
                key: self.text_in(language, "feedback", text, key) for key, text in self.feedback.items()
            }
            texts |= {"feedback": feedback} if feedback != self.feedback else {}
        return replace(self, **texts) if texts else self

    def methods(self) -> list[str]:
        """Return the names of the study's methods that the item calls, to be checked at load."""
        names = [getattr(self, name) for name in self._unresolved()] + [self.check]
        return [each for each in names if isinstance(each, str)]

    def as_sent(self, rules: Mapping[str, Any]) -> Self:
        """Return a copy whose fields are set from what the browser was sent, as a bot sees it."""
        values: dict[str, Any] = {name: rules.get(name) for name in self._unresolved()}
        return replace(self, **values) if values else self

    def files(self) -> list[str]:
        """Return the static files that the item shows, to be loaded before it."""
        return [str(each["file"]) for each in media_of(self.media) if each.get("file")]

    def _unresolved(self) -> list[str]:
        return [name for name in self.dynamic if self.is_dynamic(getattr(self, name))]

    def is_dynamic(self, value: Any) -> bool:
        """Say whether a field's value is called for each player."""
        return callable(value) or (isinstance(value, str) and value.isidentifier())

    @staticmethod
    def _call(value: Any, study: Any, player: Any) -> Any:
        return getattr(study, value)(player) if isinstance(value, str) else value(study, player)

    def own_check(self, study: Any, player: Any, value: Any) -> str | None:
        """Return what the item's `check` says is wrong with a value; None if nothing is."""
        if self.check is None:
            return None
        if isinstance(self.check, str):
            problem: str | None = getattr(study, self.check)(player, value)
            return problem
        return self.check(study, player, value)

    def draw_order(self, random: random.Random) -> list[str] | None:
        """Draw the order in which a participant sees the keys; None if the author's order is kept."""
        keys = list(self.order_keys())
        if not self.shuffle or len(keys) < 2:  # noqa: PLR2004 - one key has one order
            return None
        random.shuffle(keys)
        return keys

    @property
    def has_right(self) -> bool:
        """Whether there is a right answer to compare with."""
        return self.right is not None

    @property
    def is_graded(self) -> bool:
        """Whether answers get points: there is a right answer, or another rule of grading."""
        return self.has_right or self.grading in ("interaction", "manual", "peer")

    def ungraded(self, stored: Any, *keys: str) -> Grade | None:
        """Return the grade that doesn't depend on a right answer; None if the kind must compare."""
        if self.grading in ("manual", "peer"):
            return Grade()
        if self.grading == "interaction":
            is_answered = stored is not None
            return Grade(
                None,
                Decimal(int(is_answered)),
                Decimal(self.points) * int(is_answered),
                self.comment(None, *keys),
            )
        if not self.has_right:
            return Grade(comment=self.comment(None, *keys))
        if stored is None:
            return Grade(correct=False, percent=Decimal(0), comment=self.comment(correct=False))
        return None

    def comment(self, correct: bool | None, *keys: str) -> str:
        """Return the feedback for an answer: for its option, or for a right or wrong one."""
        if not isinstance(self.feedback, Mapping):
            return str(self.feedback or "")
        chosen = [str(self.feedback[key]) for key in keys if key in self.feedback]
        general = self.feedback.get("correct" if correct else "incorrect", "") if correct is not None else ""
        return "\n".join(chosen) or str(general)

    def text_in(self, language: str, part: str, original: Any, key: str | None = None) -> str:
        """Return a text of the author's in a language, such as ("de", "options", "Yes", "yes")."""
        for code in (language, language.partition("-")[0]):
            translated: Any = self.translations.get(code, {}).get(part)
            if key is not None:
                translated = _by_key(translated, key)
            if translated:
                return str(translated)
        # A text may be a lazy translation, which has its language only now.
        return original if hasattr(original, "__html__") else str(original)

    # HTML that kinds share.

    def single(self, frame: Frame, control: Any) -> Markup:
        """Return the HTML of an item with one control, which has the id `id_of(self.name)`."""
        label = tag("label", *self._heading(frame), for_=id_of(self.name), class_="item-prompt")
        return self._framed("div", label, control, frame)

    def group(self, frame: Frame, *controls: Any, role: str | None = None) -> Markup:
        """Return the HTML of an item with several controls, as a group with a legend."""
        legend = tag("legend", *self._heading(frame), class_="item-prompt")
        return self._framed("fieldset", legend, join(controls), frame, role=role, described=True)

    def text_field(self, frame: Frame) -> Markup:
        """Return a text field with a draft or an earlier answer, for `single`."""
        return tag("input", type="text", value=shown_text(frame.value), **self.control_attributes())

    def _heading(self, frame: Frame) -> list[Any]:
        optional = tag("span", frame.text("(optional)"), class_="item-optional")
        prompt = self.text_in(frame.language, "prompt", self.prompt)
        return [lines(prompt), None if self.required else join([" ", optional])]

    def _framed(
        self,
        element: str,
        heading: Markup,
        control: Any,
        frame: Frame,
        *,
        role: str | None = None,
        described: bool = False,
    ) -> Markup:
        aids = [heading]
        if self.help:
            shown = lines(self.text_in(frame.language, "help", self.help))
            aids.append(tag("p", shown, id=id_of(self.name, "help"), class_="item-help"))
        aids += [show_media(each, frame) for each in media_of(self.media)]
        error = tag("p", id=id_of(self.name, "error"), class_="item-error", hidden=True)
        # A row of a table is named after both; the script reads it with its table.
        table, dot, row = self.name.partition(".")
        return tag(
            element,
            *aids,
            control,
            error,
            class_="item-row" if dot else "item",
            data_item=None if dot else table,
            data_row=row if dot else None,
            data_kind=self.kind,
            role=role,
            aria_required=("true" if self.required else None) if role == "radiogroup" else None,
            aria_describedby=self.described_by() if described else None,
        )

    def described_by(self, *more: str) -> str:
        """Return the value of aria-describedby for a control: help, error and other parts."""
        help_id = [id_of(self.name, "help")] if self.help else []
        return " ".join([*help_id, *more, id_of(self.name, "error")])

    def control_attributes(self) -> dict[str, Any]:
        """Return the attributes of an item's only control: id, name, description."""
        return {
            "id": id_of(self.name),
            "name": self.name,
            "aria_describedby": self.described_by(),
            "aria_required": "true" if self.required else None,
        }

    # What an author got wrong.

    def problems(self) -> list[str]:
        """Return what is wrong with the item, one sentence with the fix for each problem."""
        problems = _type_problems(self) or [*self._common_problems(), *self.own_problems()]
        problems += self._default_problems() if not problems else []
        what = f"The item {self.name}" if self.name else f"An item of kind {self.kind}"
        return [f"{what}: {each}." for each in problems]

    def _common_problems(self) -> list[str]:
        problems = []
        if self.name and not self.name.isidentifier():
            problems.append("its name must be letters, digits and '_', and can't begin with a digit")
        if not str(self.prompt).strip():
            problems.append("it has no prompt; write the question as the first argument")
        if not is_points(self.points):
            problems.append(f"points={self.points!r} isn't a whole number or a Decimal")
        for field_name, allowed in (
            ("grading", GRADINGS),
            ("count", COUNTS),
            ("feedback_when", FEEDBACK_TIMES),
            ("peers", PEER_RULES),
        ):
            if getattr(self, field_name) not in allowed:
                value = getattr(self, field_name)
                problems.append(f"{field_name}={value!r} is unknown; use one of {', '.join(allowed)}")
        if self.grading == "percent" and not self.has_right:
            problems.append("grading='percent' needs a right answer; set `right`")
        return problems + self._text_problems()

    def _text_problems(self) -> list[str]:
        problems = []
        feedback: Any = self.feedback
        if not isinstance(feedback, str | Mapping | None):
            problems.append("`feedback` must be a text, or texts by option")
        forms: Any = self.translations
        if not isinstance(forms, Mapping) or not all(isinstance(each, Mapping) for each in forms.values()):
            problems.append('`translations` must be texts by language: {"de": {"prompt": "..."}}')
        check: Any = self.check
        if not (check is None or callable(check) or isinstance(check, str)):
            problems.append("`check` must be a method's name or a function of study, player and value")
        problems += [f"media {each!r} needs a file" for each in media_of(self.media) if not each.get("file")]
        return problems

    def _default_problems(self) -> list[str]:
        if self.default is None or self._unresolved() or callable(self.default):
            return []
        try:
            check_answer(self, self.default)
        except AnswerError as error:
            return [f"the default {self.default!r} isn't a valid answer: {str(error).rstrip('.')}"]
        return []

    @classmethod
    def from_yaml(cls, prompt: str, body: Mapping[Any, Any], name: str) -> Self:
        """Return the item that a directive in a page declares; AuthorError for keys that the kind lacks."""
        accepted = {each.name for each in fields(cls)} - {"prompt", "name"}
        for key in body:
            if key not in accepted:
                raise AuthorError(_unknown_key(cls.kind, name, key, accepted))
        arguments = {str(key): value for key, value in body.items()}
        points = arguments.get("points")
        if isinstance(points, float | str):
            arguments["points"] = author_number(points) or points
        return cls(prompt, name=name, **arguments)


def _by_key(texts: Any, key: str) -> Any:
    """Return the text of a key: YAML has numbers as keys too, and a list has the texts of steps from 1."""
    by_key = dict(enumerate(texts, 1)) if isinstance(texts, list | tuple) else texts
    return (
        {str(each): text for each, text in by_key.items()}.get(key) if isinstance(by_key, Mapping) else None
    )


def _unknown_key(kind: str, name: str, key: Any, accepted: set[str]) -> str:
    similar = difflib.get_close_matches(str(key), accepted, 1) or [
        each for each in sorted(accepted) if isinstance(key, str) and key and each.startswith(key)
    ]
    hint = f"did you mean `{similar[0]}`?" if similar else f"it can have {', '.join(sorted(accepted))}."
    return f"The item {name}: a {kind} has no `{key}`; {hint}"


def _type_problems(item: Item) -> list[str]:
    """Return the fields that have a value of another type than they declare."""
    problems = []
    for each in fields(item):
        is_valid, expected = _TYPES.get(str(each.type), (None, ""))
        value = getattr(item, each.name)
        if is_valid is not None and not is_valid(value):
            problems.append(f"{each.name}={value!r} must be {expected}")
    return problems


def is_text(value: Any) -> bool:
    """Say whether an author's value is a text; a lazy translation is one too."""
    return value is not None and not isinstance(value, bool | int | float | Decimal | Mapping | list | tuple)


def is_count(value: Any) -> bool:
    """Say whether an author's value is a whole number."""
    return isinstance(value, int) and not isinstance(value, bool)


#: How the declared types of fields are checked, and how a problem names them.
_TYPES: Final[Mapping[str, tuple[Callable[[Any], bool], str]]] = MappingProxyType(
    {
        "bool": (lambda value: isinstance(value, bool), "true or false"),
        "int": (is_count, "a whole number"),
        "int | None": (lambda value: value is None or is_count(value), "a whole number"),
        "str": (is_text, "a text; put it in quotes"),
        "bool | str": (lambda value: isinstance(value, bool) or is_text(value), "true, false or a text"),
    }
)


def is_points(value: Any) -> bool:
    """Say whether an author's value can be points."""
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def media_of(media: Any) -> list[Mapping[str, Any]]:
    """Return an author's media as a list of {"file": ..., "alt": ...}."""
    several = media if isinstance(media, list | tuple) else [media] if media else []
    return [each if isinstance(each, Mapping) else {"file": str(each)} for each in several]


def show_media(medium: Mapping[str, Any], frame: Frame) -> Markup:
    """Return the HTML of a picture, a sound or a video."""
    address = frame.media(str(medium["file"]))
    alternative = str(medium.get("alt", ""))
    for element, endings in _MEDIA_TAGS.items():
        if str(medium["file"]).lower().endswith(endings):
            return tag(
                element,
                src=address,
                controls=True,
                preload="auto",
                class_="item-media",
                aria_label=alternative or None,
            )
    return tag("img", src=address, alt=alternative, class_="item-media")


def check_answer(item: Item, raw: Any) -> Any:
    """Return the answer as it is stored, or None for no answer; AnswerError if it breaks a rule."""
    require_json(raw)
    if item.is_blank(raw):
        if item.required:
            raise AnswerError("Please answer this question.")
        return None
    stored = item.validate(raw)
    # What is stored can be larger than what was sent.
    require_json(stored)
    return stored


# The registry of kinds.

_KINDS: Final[dict[str, type[Item]]] = {}
_BUILT_IN: Final[set[str]] = set()
_T = TypeVar("_T", bound=type[Item])


def item_kind(cls: _T) -> _T:
    """Register a kind of item: a frozen dataclass with `kind` and the methods in `PARTS`."""
    kind = cls.__dict__.get("kind", "")
    if not isinstance(kind, str) or not kind.isidentifier():
        raise AuthorError(f"{cls.__name__} is registered as an item, but has no `kind`; set it to a name.")
    missing = [part for part in PARTS if getattr(cls, part) is getattr(Item, part)]
    if missing:
        raise AuthorError(f"The item kind {kind} lacks {', '.join(missing)}; define each of them.")
    if not getattr(cls.__dict__.get("__dataclass_params__"), "frozen", False):
        raise AuthorError(
            f"{cls.__name__} must be a frozen dataclass; write @dataclass(frozen=True, kw_only=True)."
        )
    if cls.__module__.startswith(f"{__package__}."):
        _BUILT_IN.add(kind)
    elif kind in _BUILT_IN:
        raise AuthorError(f"Petri has an item kind {kind} already; give yours another name.")
    _KINDS[kind] = cls
    return cls


def kinds() -> Mapping[str, type[Item]]:
    """Return the kinds of items by name, an author's included."""
    return MappingProxyType(_KINDS)


def built_in_kinds() -> frozenset[str]:
    """Return the names of the kinds that Petri has itself."""
    return frozenset(_BUILT_IN)
