"""Items whose answer is one or several of an author's options: choice, choices, poll."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any, ClassVar, Final, Self, Unpack

from markupsafe import Markup

from .answer_rules import AnswerError, clean_text
from .grading import Grade, grade_share
from .item import CommonFields, Frame, Item, item_kind
from .markup import id_of, lines, tag

STYLES: Final = ("radio", "dropdown", "buttons", "pictures", "yes_no")
OTHER: Final = "other"
MAX_KEY: Final = 100
MAX_OTHER_TEXT: Final = 1000


@dataclass(frozen=True, kw_only=True)
class Option:
    """One option: its key in the data, its label, and perhaps a picture.

    `fixed`: stays at its place when options are shuffled. `alone`: excludes the others, as "none of these".
    """

    key: str = field(kw_only=False)
    label: str = field(kw_only=False, default="")
    picture: str = ""
    alt: str = ""
    fixed: bool = False
    alone: bool = False


Options = Mapping[Any, Any] | Sequence[Any]


def as_options(options: Any) -> tuple[Option, ...]:
    """Return options: from a list of labels, labels by key, or a list of {"key": ..., "label": ...}."""
    if isinstance(options, Mapping):
        return tuple(_as_option(key, label) for key, label in options.items())
    if isinstance(options, str) or not isinstance(options, Iterable):
        return ()
    return tuple(_listed_option(each) for each in options)


def _listed_option(each: Any) -> Option:
    if isinstance(each, Mapping) and "key" not in each and len(each) == 1:
        ((key, label),) = each.items()
        return _as_option(key, label)
    return _as_option(each.get("key", ""), each) if isinstance(each, Mapping) else _as_option(each, each)


def _as_option(key: Any, label: Any) -> Option:
    if isinstance(label, Option):
        return label
    if isinstance(label, Mapping):
        option_fields = {each.name for each in fields(Option)} - {"key"}
        return Option(str(key), **{name: value for name, value in label.items() if name in option_fields})
    return Option(str(key), label)


def option_problems(options: Any) -> list[str]:
    """Return what is wrong with an author's options."""
    if isinstance(options, str) or not isinstance(options, Iterable):
        return [f"`options` must be a list of labels or labels by key, not {options!r}"]
    listed = list(options)
    if not listed:
        return ["it has no options; give at least one"]
    labels = list(options.values()) if isinstance(options, Mapping) else listed
    return [*_unknown_in_options(labels), *_key_problems([each.key for each in as_options(options)], listed)]


def _unknown_in_options(labels: Sequence[Any]) -> list[str]:
    option_fields = {each.name for each in fields(Option)}
    unknown = [
        str(name)
        for label in labels
        if isinstance(label, Mapping) and len(label) > 1
        for name in label
        if name not in option_fields
    ]
    return [f"an option has no `{name}`; it can have {', '.join(sorted(option_fields))}" for name in unknown]


def _key_problems(keys: Sequence[str], raw_keys: Sequence[Any]) -> list[str]:
    problems = [f"two options have the key {key!r}; rename one" for key in duplicates(keys)]
    if any(isinstance(key, bool) for key in raw_keys):
        problems.append("YAML reads yes and no as true and false; put such keys in quotes")
    problems += [
        f"the key {key!r} must have 1 to {MAX_KEY} characters" for key in keys if not 0 < len(key) <= MAX_KEY
    ]
    return problems


def in_order(options: Sequence[Option], order: Sequence[str] | None) -> list[Option]:
    """Return options in a drawn order; in their own if it isn't an order of all of them."""
    by_key = {each.key: each for each in options}
    drawn = [by_key[key] for key in dict.fromkeys(order or ()) if key in by_key]
    return drawn if len(drawn) == len(by_key) else list(by_key.values())


def duplicates(keys: Sequence[str]) -> list[str]:
    """Return the keys that occur twice."""
    return sorted({key for key in keys if keys.count(key) > 1})


@dataclass(frozen=True, kw_only=True)
class _OptionsItem(Item):
    """What items with options share."""

    dynamic: ClassVar[tuple[str, ...]] = ("options",)
    #: The field with the labels, by which translations name them.
    options_part: ClassVar[str] = "options"

    options: Any = ()
    #: True, or the label: adds an option "other" with a text field.
    other: bool | str = False

    @property
    def listed(self) -> tuple[Option, ...]:
        """The options, the one for another answer last."""
        own = as_options(self.options)
        if not self.other or any(each.key == OTHER for each in own):
            return own
        return (*own, Option(OTHER, "" if self.other is True else self.other, fixed=True))

    def order_keys(self) -> tuple[str, ...]:
        return tuple(each.key for each in self.listed)

    def draw_order(self, random: random.Random) -> list[str] | None:
        if not self.shuffle:
            return None
        listed = self.listed
        free = [each.key for each in listed if not each.fixed]
        random.shuffle(free)
        return [each.key if each.fixed else free.pop(0) for each in listed]

    def option_keys(self) -> list[str]:
        """Return the keys of the options."""
        return [each.key for each in self.listed]

    def files(self) -> list[str]:
        return [*super().files(), *(each.picture for each in self.listed if each.picture)]

    def valid_choice(self, raw: Any) -> Any:
        """Return one chosen option as it is stored: a key, or key and text of another answer."""
        if isinstance(raw, Mapping) and self.other:
            if raw.get("key") != OTHER or not set(raw) <= {"key", "text"}:
                raise AnswerError("Choose one of the options.")
            text = clean_text(raw.get("text", ""), most=MAX_OTHER_TEXT, lines=False).strip()
            if not text:
                raise AnswerError("Please say what you mean by the other answer.")
            return {"key": OTHER, "text": text}
        if not isinstance(raw, str) or raw not in self.option_keys():
            raise AnswerError("Choose one of the options.")
        if self.other and raw == OTHER:
            raise AnswerError("Please say what you mean by the other answer.")
        return raw

    def bot_choice(self, key: str) -> Any:
        """Return the raw answer of a bot that chose a key."""
        return {"key": OTHER, "text": "Something else"} if self.other and key == OTHER else key

    def public(self) -> dict[str, Any]:
        return {**super().public(), "options": sorted(self.option_keys()), "other": bool(self.other)}

    def codebook(self) -> dict[str, Any]:
        labels = {each.key: str(each.label) or "Other" for each in self.listed}
        return {**super().codebook(), "type": "text", "labels": labels}

    def own_problems(self) -> list[str]:
        if self._unresolved():
            return []
        problems = self.list_problems()
        rights = [] if self.right is None else as_list(self.right)
        keys = self.option_keys()
        problems += [
            f"the right answer {key!r} isn't one of the options {', '.join(keys)}"
            for key in rights
            if key not in keys
        ]
        return problems

    def list_problems(self) -> list[str]:
        """Return what is wrong with the options."""
        return option_problems(self.options)

    # HTML.

    def in_order(self, frame: Frame) -> list[Option]:
        """Return the options in the participant's order."""
        return in_order(self.listed, frame.order)

    def label_of(self, option: Option, frame: Frame) -> str:
        if option.key == OTHER and not option.label:
            return self.text_in(frame.language, self.options_part, frame.text("Other"), OTHER)
        return self.text_in(frame.language, self.options_part, option.label or option.key, option.key)

    def controls(self, frame: Frame, kind: str, chosen: Sequence[Any]) -> Markup:
        """Return one radio button or checkbox for each option."""
        keys = [key_of(each) for each in chosen]
        boxes = []
        for number, option in enumerate(self.in_order(frame), 1):
            boxes.append(self._option(option, frame, kind, id_of(self.name, str(number)), option.key in keys))
        if self.other:
            boxes.append(self._other_field(frame, chosen))
        return tag("div", *boxes, class_=f"item-options item-{getattr(self, 'style', 'list')}")

    def columns(self, frame: Frame) -> list[tuple[str, Any]]:
        """Return value and label of each option, for the head of a table."""
        return [(each.key, self.label_of(each, frame)) for each in self.in_order(frame)]

    def _option(self, option: Option, frame: Frame, kind: str, id_: str, checked: bool) -> Markup:
        box = tag(
            "input",
            type=kind,
            id=id_,
            name=self.name,
            value=option.key,
            checked=checked,
            data_alone=option.alone or None,
        )
        parts: list[Any] = []
        if option.picture:
            parts.append(tag("img", src=frame.media(option.picture), alt=option.alt))
        parts.append(tag("span", lines(self.label_of(option, frame))))
        return tag("div", box, " ", tag("label", *parts, for_=id_), class_="item-option")

    def _other_field(self, frame: Frame, chosen: Sequence[Any]) -> Markup:
        texts = [each.get("text") for each in chosen if isinstance(each, Mapping)]
        return tag(
            "input",
            type="text",
            id=id_of(self.name, "other"),
            name=f"{self.name}.other",
            value=texts[0] if texts and isinstance(texts[0], str) else "",
            maxlength=MAX_OTHER_TEXT,
            class_="item-other",
            aria_label=frame.text("Your other answer"),
            aria_describedby=id_of(self.name, "error"),
        )


def key_of(chosen: Any) -> Any:
    """Return the key of a stored choice, which has a text too if it is another answer."""
    return chosen.get("key") if isinstance(chosen, Mapping) else chosen


def as_list(value: Any) -> list[Any]:
    """Return right answers as a list: one key, or several."""
    return list(value) if isinstance(value, list | tuple | set | frozenset) else [value]


class OtherAnswer(str):
    """The key of another answer, "other", with the text that the participant wrote."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> Self:
        answer = super().__new__(cls, OTHER)
        answer.text = text
        return answer


def _typed(stored: Any) -> Any:
    return OtherAnswer(str(stored.get("text", ""))) if isinstance(stored, Mapping) else stored


@item_kind
@dataclass(frozen=True, kw_only=True)
class ChoiceItem(_OptionsItem):
    """One of several options."""

    kind: ClassVar[str] = "choice"
    fits_table: ClassVar[bool] = True

    options: Any = field(default=(), kw_only=False)
    style: str = "radio"

    @property
    def listed(self) -> tuple[Option, ...]:
        if self.style == "yes_no" and not self.options:
            return (Option("yes"), Option("no"))
        return super().listed

    def label_of(self, option: Option, frame: Frame) -> str:
        if self.style == "yes_no" and not option.label:
            built_in = frame.text("Yes") if option.key == "yes" else frame.text("No")
            return self.text_in(frame.language, "options", built_in, option.key)
        return super().label_of(option, frame)

    def validate(self, raw: Any) -> Any:
        return self.valid_choice(raw)

    def value(self, stored: Any) -> Any:
        return _typed(stored)

    def grade(self, stored: Any) -> Grade:
        key = key_of(stored)
        ungraded = self.ungraded(stored, str(key))
        if ungraded is not None:
            return ungraded
        is_right = key in as_list(self.right)
        comment = self.comment(is_right, str(key))
        return grade_share(int(is_right), 1, Decimal(self.points), partial=False, comment=comment)

    def bot_answer(self, random: random.Random) -> Any:
        return self.bot_choice(random.choice(self.option_keys()))

    def own_problems(self) -> list[str]:
        if self.style not in STYLES:
            return [f"style={self.style!r} is unknown; use one of {', '.join(STYLES)}"]
        if self.style == "yes_no" and not self.options:
            return [
                f"the right answer {key!r} isn't yes or no"
                for key in ([] if self.right is None else as_list(self.right))
                if key not in ("yes", "no")
            ]
        problems = super().own_problems()
        if self.style == "pictures" and not self._unresolved():
            problems += [
                f"the option {each.key!r} has no picture; write {{'picture': 'a.png', 'alt': '...'}}"
                for each in as_options(self.options)
                if not each.picture
            ]
        if self.style == "dropdown" and self.other:
            problems.append("a drop-down list can't have `other`; use another style")
        return problems

    def codebook(self) -> dict[str, Any]:
        entry = super().codebook()
        if self.style == "yes_no" and not self.options:
            entry["labels"] = {"yes": "Yes", "no": "No"}
        return entry

    def render(self, frame: Frame) -> Markup:
        if self.style == "dropdown":
            return self.single(frame, self._dropdown(frame))
        boxes = self.controls(frame, "radio", [] if frame.value is None else [frame.value])
        return self.group(frame, boxes, role="radiogroup")

    def _dropdown(self, frame: Frame) -> Markup:
        empty = tag("option", frame.text("Please choose"), value="")
        options = [
            tag("option", self.label_of(each, frame), value=each.key, selected=each.key == frame.value)
            for each in self.in_order(frame)
        ]
        return tag("select", empty, *options, **self.control_attributes())


def choice(
    prompt: str,
    options: Options | str = (),
    *,
    style: str = "radio",
    other: bool | str = False,
    **common: Unpack[CommonFields],
) -> ChoiceItem:
    """Ask for one of several options.

    Args:
        prompt: The question.
        options: Labels by key, a list of labels (which are the keys too), or a method of the study that
            returns them for a player.
        style: radio, dropdown, buttons, pictures or yes_no (which needs no options).
        other: Whether to add an option "other" with a text field; a text is its label.
        common: What every item takes, such as `help`, `required` and `right`.

    Returns:
        The item. Its answer is the key of the option.

    """
    return ChoiceItem(prompt, options, style=style, other=other, **common)


@item_kind
@dataclass(frozen=True, kw_only=True)
class ChoicesItem(_OptionsItem):
    """Several of several options."""

    kind: ClassVar[str] = "choices"
    fits_table: ClassVar[bool] = True

    options: Any = field(default=(), kw_only=False)
    least: int | None = None
    most: int | None = None

    def validate(self, raw: Any) -> list[Any]:
        if not isinstance(raw, list | tuple):
            raise AnswerError("Choose one or more of the options.")
        if len(raw) > len(self.listed):
            # Thousands of entries are refused before each is compared with the options.
            raise AnswerError("An option can be chosen once only.")
        chosen = [self.valid_choice(each) for each in raw]
        keys = [key_of(each) for each in chosen]
        if len(set(keys)) != len(keys):
            raise AnswerError("An option can be chosen once only.")
        if self.least is not None and len(keys) < self.least:
            raise AnswerError("Choose at least {least}.", least=self.least)
        if self.most is not None and len(keys) > self.most:
            raise AnswerError("Choose {most} at most.", most=self.most)
        alone = {each.key for each in self.listed if each.alone}
        if len(keys) > 1 and alone & set(keys):
            raise AnswerError("One of the options you chose excludes the others.")
        places = {key: place for place, key in enumerate(self.option_keys())}
        return sorted(chosen, key=lambda each: places[key_of(each)])

    def is_blank(self, raw: Any) -> bool:
        return super().is_blank(raw) and not (self.least == 0 and isinstance(raw, list))

    def value(self, stored: Any) -> list[Any]:
        return [_typed(each) for each in stored]

    def grade(self, stored: Any) -> Grade:
        keys = [str(key_of(each)) for each in stored or ()]
        ungraded = self.ungraded(stored, *keys)
        if ungraded is not None:
            return ungraded
        right = set(as_list(self.right))
        hits, wrong = len(right & set(keys)), len(set(keys) - right)
        comment = self.comment(hits == len(right) and not wrong, *keys)
        points = Decimal(self.points)
        if not right:
            return grade_share(int(not keys), 1, points, partial=False, comment=comment)
        partial = self.grading == "percent"
        return grade_share(max(hits - wrong, 0), len(right), points, partial=partial, comment=comment)

    def bot_answer(self, random: random.Random) -> list[Any]:
        free = [each.key for each in self.listed if not each.alone] or self.option_keys()[:1]
        least = min(max(self.least or 0, 1), len(free))
        most = min(self.most if self.most is not None else len(free), len(free))
        return [self.bot_choice(key) for key in random.sample(free, random.randint(least, max(least, most)))]

    def public(self) -> dict[str, Any]:
        alone = sorted(each.key for each in self.listed if each.alone)
        return {**super().public(), "least": self.least, "most": self.most, "alone": alone}

    def codebook(self) -> dict[str, Any]:
        return {**super().codebook(), "type": "list of texts", "least": self.least, "most": self.most}

    def own_problems(self) -> list[str]:
        problems = super().own_problems()
        for name in ("least", "most"):
            bound = getattr(self, name)
            if bound is not None and bound < 0:
                problems.append(f"{name}={bound!r} must be a whole number from 0")
        if problems or self._unresolved():
            return problems
        count, least, most = len(self.listed), self.least or 0, self.most
        if most is not None and least > most:
            problems.append(f"least={least} is above most={most}; swap them")
        if most == 0:
            problems.append("most=0 allows no option; set it to 1 or more")
        if least > count:
            problems.append(f"least={least} is more than its {count} options; lower it or add options")
        return problems

    def render(self, frame: Frame) -> Markup:
        chosen = frame.value if isinstance(frame.value, list | tuple) else []
        return self.group(frame, self.controls(frame, "checkbox", chosen))


def choices(
    prompt: str,
    options: Options | str = (),
    *,
    least: int | None = None,
    most: int | None = None,
    other: bool | str = False,
    **common: Unpack[CommonFields],
) -> ChoicesItem:
    """Ask for several of several options.

    Args:
        prompt: The question.
        options: Labels by key, a list of labels, or a method of the study that returns them for a player.
        least: How many have to be chosen; 0 also accepts none.
        most: How many can be chosen.
        other: Whether to add an option "other" with a text field; a text is its label.
        common: What every item takes, such as `help`, `required` and `right`.

    Returns:
        The item. Its answer is the list of the keys, in the author's order.

    """
    return ChoicesItem(prompt, options, least=least, most=most, other=other, **common)


@item_kind
@dataclass(frozen=True, kw_only=True)
class PollItem(ChoiceItem):
    """One of several options, whose counts the group sees afterwards."""

    kind: ClassVar[str] = "poll"
    fits_table: ClassVar[bool] = False

    grading: str = "interaction"

    def tally(self, answers: Iterable[Any]) -> dict[str, int]:
        """Count stored answers by key, in the author's order; None and keys that are gone don't count."""
        counts = dict.fromkeys(self.option_keys(), 0)
        for answer in answers:
            if key_of(answer) in counts:
                counts[key_of(answer)] += 1
        return counts

    def render_results(self, answers: Iterable[Any], frame: Frame | None = None) -> Markup:
        """Return the HTML of the counts, as a table with a bar for each option."""
        frame = frame or Frame()
        counts = self.tally(answers)
        total = sum(counts.values())
        rows = [self._result(each, counts[each.key], total, frame) for each in self.listed]
        caption = tag("caption", self.text_in(frame.language, "prompt", self.prompt))
        return tag("table", caption, tag("tbody", *rows), class_="item-results")

    def _result(self, option: Option, count: int, total: int, frame: Frame) -> Markup:
        label = self.label_of(option, frame)
        bar = tag("meter", min=0, max=max(total, 1), value=count, aria_label=label)
        shown = f"{count} ({100 * count / total:.0f}%)" if total else "0"
        return tag("tr", tag("th", label, scope="row"), tag("td", bar), tag("td", shown))


def poll(
    prompt: str,
    options: Options | str = (),
    *,
    style: str = "radio",
    other: bool | str = False,
    **common: Unpack[CommonFields],
) -> PollItem:
    """Ask for one of several options, and show the group's answers afterwards.

    Args:
        prompt: The question.
        options: Labels by key, a list of labels, or a method of the study that returns them for a player.
        style: radio, dropdown, buttons, pictures or yes_no.
        other: Whether to add an option "other" with a text field; a text is its label.
        common: What every item takes, such as `help` and `required`.

    Returns:
        The item. Its answer is the key of the option.

    """
    return PollItem(prompt, options, style=style, other=other, **common)
