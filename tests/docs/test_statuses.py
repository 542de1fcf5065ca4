"""docs/design.md shows the transitions and groups of statuses as the code defines them."""

from __future__ import annotations

from tests.tools.status_tables import PAGE, groups, page_with_tables


def test_the_design_shows_the_tables_of_statuses():
    text = PAGE.read_text(encoding="utf-8")
    assert page_with_tables(text) == text, "Run `python -m tests.tools.status_tables`."


def test_every_group_of_statuses_has_one_sentence():
    meanings = {name: meaning for name, _, meaning in groups()}
    assert "ENDED" in meanings
    assert [name for name, meaning in meanings.items() if not meaning.endswith(".")] == []


def test_no_two_groups_of_statuses_have_the_same_members():
    seen: dict[tuple[type, frozenset[str]], str] = {}
    for name, members, _ in groups():
        kind = type(next(iter(members)))
        assert (kind, members) not in seen, f"{name} is {seen.get((kind, members))}"
        seen[kind, members] = name
