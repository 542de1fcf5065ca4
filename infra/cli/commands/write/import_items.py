"""`petri import-items` and `petri export-items`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chalicelib.errors import BadRequest
from infra.cli.options import Directory
from infra.cli.output import out

if TYPE_CHECKING:
    from infra.item_bank.bank_item import BankItem, ImportedItems, Loss


class ItemFormat(StrEnum):
    """The formats of other programs."""

    GIFT = "gift"
    AIKEN = "aiken"
    KAHOOT = "kahoot"
    SURVEYJS = "surveyjs"


#: The usual suffix of a file in each format.
SUFFIXES: Mapping[str, ItemFormat] = {
    ".gift": ItemFormat.GIFT,
    ".xlsx": ItemFormat.KAHOOT,
    ".json": ItemFormat.SURVEYJS,
}


def import_items(
    file: Annotated[Path, typer.Argument(help="The file of another program.", exists=True, dir_okay=False)],
    directory: Directory = Path(),
    *,
    source: Annotated[
        ItemFormat | None, typer.Option("--from", help="The file's format; by default its suffix says it.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file of an earlier import.")] = False,
) -> None:
    """Import questions from GIFT, Aiken, Kahoot's template or SurveyJS into the folder's items/."""
    # Lazy import: it imports every kind of item.
    from infra.item_bank.bank_item import to_markdown

    found = _read(file, source)
    target = directory / "items" / f"{file.stem}.md"
    if target.exists() and not force:
        raise BadRequest(f"{target} exists already. Rename one of the files, or overwrite it with --force.")
    if found.items:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(to_markdown(found.items), encoding="utf-8")
        out().print(f"{len(found.items)} items in {target}", markup=False)
    else:
        out().print("No question could be imported, so nothing was written.")
    _tell(found.losses)
    if not found.items:
        raise typer.Exit(1)


def export_items(
    directory: Directory = Path(),
    *,
    target: Annotated[ItemFormat, typer.Option("--to", help="The format to write.")],
    file: Annotated[Path, typer.Option("--out", help="The file to write.")],
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
) -> None:
    """Export the items of the folder's items/ for Moodle, Kahoot or SurveyJS."""
    if file.exists() and not force:
        raise BadRequest(f"{file} exists already. Name another file, or overwrite it with --force.")
    items = _bank_of(directory)
    written, losses = _writers()[target](items)
    file.write_bytes(written.encode() if isinstance(written, str) else written)
    exported = len(items) - sum(loss.whole for loss in losses)
    out().print(f"{exported} of {len(items)} items in {file}", markup=False)
    _tell(losses)


def _read(file: Path, source: ItemFormat | None) -> ImportedItems:
    from infra.item_bank.aiken import read_aiken
    from infra.item_bank.gift import read_gift
    from infra.item_bank.kahoot import read_kahoot
    from infra.item_bank.surveyjs import read_surveyjs

    content = file.read_bytes()
    named = source or SUFFIXES.get(file.suffix.lower())
    if named is ItemFormat.KAHOOT:
        return read_kahoot(content)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadRequest(f"{file.name} isn't text in UTF-8. Save it as UTF-8.") from error
    if named is None:
        named = ItemFormat.AIKEN if "\nANSWER:" in text else ItemFormat.GIFT
    readers: Mapping[ItemFormat, Callable[[str], ImportedItems]] = {
        ItemFormat.GIFT: read_gift,
        ItemFormat.AIKEN: read_aiken,
        ItemFormat.SURVEYJS: read_surveyjs,
    }
    return readers[named](text)


def _writers() -> Mapping[ItemFormat, Callable[[Sequence[BankItem]], tuple[str | bytes, list[Loss]]]]:
    from infra.item_bank.aiken import write_aiken
    from infra.item_bank.gift_export import write_gift
    from infra.item_bank.kahoot import write_kahoot
    from infra.item_bank.surveyjs_export import write_surveyjs

    return {
        ItemFormat.GIFT: write_gift,
        ItemFormat.AIKEN: write_aiken,
        ItemFormat.KAHOOT: write_kahoot,
        ItemFormat.SURVEYJS: write_surveyjs,
    }


def _bank_of(directory: Path) -> list[BankItem]:
    """Return the items of a folder's bank; BadRequest when it has none, or one that is wrong."""
    from infra.item_bank.bank_item import BankItem
    from infra.pages import compile_folder

    compiled = compile_folder(directory)
    problems = [one for one in compiled.problems if one.file.startswith("items/")]
    if problems:
        raise BadRequest(f"{problems[0]} Run petri verify for all problems.")
    items = [item for page in compiled.bank for item in page.items]
    if not items:
        raise BadRequest(f"{directory / 'items'} has no items. Import some with petri import-items.")
    return [BankItem(one.name, one.kind, one.prompt, one.body) for one in items]


def _tell(losses: Sequence[Loss]) -> None:
    for loss in losses:
        out().print(f"  {loss}", markup=False)
