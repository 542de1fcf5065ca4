"""An item with many rows, each with an answer of its own: table."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any, ClassVar, Self, Unpack

from markupsafe import Markup

from .answer_rules import AnswerError, AuthorError
from .choice_items import Option, Options, as_options, in_order, option_problems
from .grading import Grade, grade_share
from .item import CommonFields, Frame, Item, check_answer, item_kind, kinds
from .markup import id_of, tag


@item_kind
@dataclass(frozen=True, kw_only=True)
class TableItem(Item):
    """Rows with one item each. The rows can be the other players: a method of the study returns them."""

    kind: ClassVar[str] = "table"
    dynamic: ClassVar[tuple[str, ...]] = ("rows",)

    rows: Any = field(default=(), kw_only=False)
    item: Any = field(default=None, kw_only=False)

    @property
    def listed(self) -> tuple[Option, ...]:
        """The rows, with key and label."""
        return as_options(self.rows)

    def order_keys(self) -> tuple[str, ...]:
        return tuple(each.key for each in self.listed)

    def cell(self, key: str, label: str = "") -> Item:
        """Return the item of a row."""
        right = self.right.get(key) if isinstance(self.right, Mapping) else self.item.right
        cell: Item = replace(self.item, name=f"{self.name}.{key}", prompt=label or key, right=right)
        return cell

    def resolved(self, study: Any, player: Any) -> Self:
        made = super().resolved(study, player)
        return replace(made, item=made.item.resolved(study, player)) if isinstance(made.item, Item) else made

    def in_language(self, language: str) -> Self:
        made = super().in_language(language)
        rows = [replace(each, label=self._in(language, each)) for each in made.listed]
        return replace(made, rows={each.key: each for each in rows}) if rows else made

    def _in(self, language: str, row: Option) -> str:
        return self.text_in(language, "rows", row.label or row.key, row.key)

    def methods(self) -> list[str]:
        return [*super().methods(), *self.item.methods()]

    def as_sent(self, rules: Mapping[str, Any]) -> Self:
        return replace(super().as_sent(rules), item=self.item.as_sent(rules.get("item", {})))

    def files(self) -> list[str]:
        return [*super().files(), *self.item.files()]

    def is_blank(self, raw: Any) -> bool:
        if isinstance(raw, Mapping) and all(self.item.is_blank(each) for each in raw.values()):
            # Without rows, which can be other players, nothing can be missing.
            return bool(self.listed)
        return super().is_blank(raw) and bool(self.listed)

    def validate(self, raw: Any) -> dict[str, Any]:
        answers = {} if super().is_blank(raw) else raw
        labels = {each.key: str(each.label) or each.key for each in self.listed}
        if not isinstance(answers, Mapping):
            raise AnswerError("This answer does not have the expected form.")
        if not all(isinstance(key, str) and key in labels for key in answers):
            raise AnswerError("There is an answer to a row that this table does not have.")
        stored = {key: self._cell_answer(key, label, answers.get(key)) for key, label in labels.items()}
        return {key: answer for key, answer in stored.items() if answer is not None}

    def _cell_answer(self, key: str, label: str, raw: Any) -> Any:
        try:
            return check_answer(self.cell(key), raw)
        except AnswerError as error:
            raise error.at(label) from None

    def value(self, stored: Any) -> dict[str, Any]:
        return {key: self.item.value(each) for key, each in stored.items()}

    @property
    def has_right(self) -> bool:
        return super().has_right or (isinstance(self.item, Item) and self.item.has_right)

    def grade(self, stored: Any) -> Grade:
        ungraded = self.ungraded(stored)
        if ungraded is not None:
            return ungraded
        answers = stored or {}
        cells = [self.cell(key) for key in self.order_keys()]
        graded = [
            cell.grade(answers.get(key))
            for key, cell in zip(self.order_keys(), cells, strict=True)
            if cell.has_right
        ]
        share = sum((Fraction(grade.percent or Decimal(0)) for grade in graded), Fraction(0))
        is_right = bool(graded) and share == len(graded)
        partial = self.grading == "percent"
        comment = self.comment(is_right)
        return grade_share(share, len(graded), Decimal(self.points), partial=partial, comment=comment)

    def bot_answer(self, random: random.Random) -> dict[str, Any]:
        return {key: self.cell(key).bot_answer(random) for key in self.order_keys()}

    def public(self) -> dict[str, Any]:
        return {**super().public(), "rows": sorted(self.order_keys()), "item": self.item.public()}

    def codebook(self) -> dict[str, Any]:
        rows = (
            {each.key: str(each.label) for each in self.listed} if not self._unresolved() else str(self.rows)
        )
        cell = {name: value for name, value in self.item.codebook().items() if name not in ("name", "prompt")}
        return {**super().codebook(), "type": "object by row", "rows": rows, "item": cell}

    def own_problems(self) -> list[str]:
        if not isinstance(self.item, Item) or not self.item.fits_table:
            allowed = ", ".join(sorted(kind for kind, cls in kinds().items() if cls.fits_table))
            return [f"the item of its rows is {self.item!r}; use one of the kinds {allowed}"]
        cell = replace(self.item, name="", prompt="A row")
        problems = [f"in its rows, {each.partition(': ')[2].rstrip('.')}" for each in cell.problems()]
        if self._unresolved():
            return problems
        problems += [each.replace("option", "row") for each in option_problems(self.rows)]
        if self.right is None:
            return problems
        if not isinstance(self.right, Mapping):
            return [*problems, "`right` must be an object with right answers by row"]
        problems += [
            f"the right answers name a row {key!r} that it lacks"
            for key in self.right
            if key not in self.order_keys()
        ]
        return problems

    @classmethod
    def from_yaml(cls, prompt: str, body: Mapping[Any, Any], name: str) -> Self:
        inner = body.get("item")
        if not isinstance(inner, Mapping):
            return super().from_yaml(prompt, body, name)
        kind = kinds().get(str(inner.get("kind")))
        if kind is None:
            known = ", ".join(kinds())
            raise AuthorError(
                f"The item {name}: its rows have the kind {inner.get('kind')!r}; use one of {known}."
            )
        fields_ = {key: value for key, value in inner.items() if key != "kind"}
        cell = kind.from_yaml(str(fields_.pop("prompt", "")), fields_, name)
        return super().from_yaml(prompt, {**body, "item": cell.named("")}, name)

    # HTML.

    def render(self, frame: Frame) -> Markup:
        rows = in_order(self.listed, frame.order)
        values = frame.value if isinstance(frame.value, Mapping) else {}
        if self._is_matrix():
            return self.group(frame, self._matrix(rows, values, frame))
        cells = [
            self.cell(each.key, self._label(each, frame)).render(
                replace(frame, order=None, value=values.get(each.key))
            )
            for each in rows
        ]
        return self.group(frame, tag("div", *cells, class_="item-rows"))

    def _label(self, row: Option, frame: Frame) -> str:
        return self._in(frame.language, row)

    def _is_matrix(self) -> bool:
        is_plain = getattr(self.item, "style", "radio") == "radio" and not getattr(self.item, "other", False)
        # The stars of a rating all look alike at the head of a column.
        return is_plain and self.item.kind in ("choice", "likert")

    def _matrix(self, rows: list[Option], values: Mapping[Any, Any], frame: Frame) -> Markup:
        columns = self.item.columns(replace(frame, order=None, value=None))
        heads = [
            tag("th", label, scope="col", id=id_of(self.name, f"col{place}"))
            for place, (_, label) in enumerate(columns, 1)
        ]
        head = tag("thead", tag("tr", tag("td"), *heads))
        body = [self._matrix_row(each, columns, values.get(each.key), frame) for each in rows]
        return tag("table", head, tag("tbody", *body), class_="item-table item-matrix")

    def _matrix_row(self, row: Option, columns: list[tuple[str, Any]], value: Any, frame: Frame) -> Markup:
        name = f"{self.name}.{row.key}"
        row_id = id_of(name, "row")
        cells = []
        for place, (step, label) in enumerate(columns, 1):
            is_chosen = not isinstance(value, bool) and str(value) == step
            button = tag(
                "input",
                type="radio",
                id=id_of(name, str(place)),
                name=name,
                value=step,
                checked=is_chosen,
                aria_labelledby=f"{row_id} {id_of(self.name, f'col{place}')}",
                aria_describedby=id_of(self.name, "error"),
            )
            cells.append(tag("td", button, data_label=Markup(label).striptags()))  # noqa: S704 - read as text
        shown = tag("th", self._label(row, frame), scope="row", id=row_id)
        return tag("tr", shown, *cells, data_row=row.key)


def table(
    prompt: str, rows: Options | str = (), item: Item | None = None, **common: Unpack[CommonFields]
) -> TableItem:
    """Ask the same about several things, one in each row.

    Args:
        prompt: The question.
        rows: Labels by key, a list of labels, or a method of the study that returns them for a player, such
            as the names of the others.
        item: The item of each row, such as `likert("")` or `number("", minimum=0)`.
        common: What every item takes. `right` has right answers by row; those of `item` hold for each row.

    Returns:
        The item. Its answer is a dict of the rows' answers.

    """
    return TableItem(prompt, rows, item, **common)
