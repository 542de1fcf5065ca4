"""Compares a book with its last import: what is new, changed, renamed, moved and removed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from .imported_contents import ImportedChapter, ImportedContents, ImportedPage, ImportedQuestion

_Pages = dict[str, tuple[ImportedChapter, ImportedPage]]
_Questions = dict[str, tuple[ImportedPage, ImportedQuestion]]


@dataclass
class BookChanges:
    """What an import would change, each as a line."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    renamed: list[str] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    #: the items whose stored answers no question would belong to
    lost_items: list[str] = field(default_factory=list)
    #: files of the study that were changed by hand, and would be overwritten
    overwritten: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """Yield each change with what kind of change it is."""
        for kind, changes in self._by_kind().items():
            yield from (f"{kind}: {change}" for change in changes)

    def counts(self) -> str:
        """Return how many changes of each kind there are; "" without changes."""
        return ", ".join(f"{len(changes)} {kind}" for kind, changes in self._by_kind().items() if changes)

    def _by_kind(self) -> Mapping[str, Sequence[str]]:
        return {
            "added": self.added,
            "changed": self.changed,
            "renamed": self.renamed,
            "moved": self.moved,
            "removed": self.removed,
        }


def compare(before: ImportedContents | None, after: ImportedContents) -> BookChanges:
    """Return what differs between two imports of a book."""
    changes = BookChanges()
    before = before or ImportedContents(after.name, "")
    if before.title and before.title != after.title:
        changes.changed.append(f"the title of the book, from {before.title!r} to {after.title!r}")
    _compare_pages(_pages(before), _pages(after), changes)
    _compare_questions(_questions(before), _questions(after), changes)
    return changes


def _pages(contents: ImportedContents) -> _Pages:
    return {page.id: (chapter, page) for chapter, page in contents.pages()}


def _questions(contents: ImportedContents) -> _Questions:
    return {question.item: (page, question) for page, question in contents.questions()}


def _compare_pages(before: _Pages, after: _Pages, changes: BookChanges) -> None:
    for page_id, (chapter, page) in after.items():
        if page_id not in before:
            changes.added.append(f"page {page_id} ({page.source})")
            continue
        old_chapter, old = before[page_id]
        if old.source != page.source:
            changes.renamed.append(f"page {page_id}, from {old.source} to {page.source}")
        if old.hash != page.hash:
            changes.changed.append(f"page {page_id}")
        if old_chapter.name != chapter.name:
            changes.moved.append(f"page {page_id}, from chapter {old_chapter.name} to {chapter.name}")
    kept = [page_id for page_id in before if page_id in after]
    now = [page_id for page_id in after if page_id in before]
    if kept != now:
        changes.moved.append("the order of the pages")
    changes.removed += [
        f"page {page_id} ({before[page_id][1].source})" for page_id in before if page_id not in after
    ]


def _compare_questions(before: _Questions, after: _Questions, changes: BookChanges) -> None:
    for item, (page, question) in after.items():
        if item not in before:
            changes.added.append(f"question {question.label} (item {item}) on page {page.id}")
            continue
        old_page, old = before[item]
        if old.kind != question.kind:
            changes.changed.append(
                f"question {question.label}: its item {item} was {old.kind}, and is {question.kind}"
            )
            changes.lost_items.append(item)
        elif old.hash != question.hash:
            changes.changed.append(f"question {question.label} (item {item})")
        if old.label != question.label:
            changes.renamed.append(f"question {old.label} to {question.label} (item {item})")
        if old_page.id != page.id:
            changes.moved.append(f"question {question.label}, from page {old_page.id} to {page.id}")
    for item, (page, question) in before.items():
        if item not in after:
            changes.removed.append(f"question {question.label} (item {item}) of page {page.id}")
            changes.lost_items.append(item)
