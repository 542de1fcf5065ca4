"""Slots on every engine: taken once, freed once, within the quotas."""

from __future__ import annotations

from collections import Counter

import pytest

from chalicelib.errors import StudyFull
from chalicelib.model import keys
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.design.slots import Slot, assign_slot, free_slot
from chalicelib.storage.engine import Engine
from chalicelib.study.design.conditions import Conditions
from tests.contract.factories import an_app, dump
from tests.study.conditions.slots import (
    FOUR,
    cells_of,
    leave,
    living,
    numbers_of,
    spread,
    take,
    taken,
)


def test_each_block_has_every_cell_once(engine: Engine) -> None:
    app = an_app(engine)
    cells = taken(app, range(1, 13))
    assert [Counter(cells[start : start + 4]) for start in (0, 4, 8)] == [
        Counter(cell.key for cell in FOUR.cells)
    ] * 3


def test_a_participant_who_comes_again_keeps_slot_and_cell(engine: Engine) -> None:
    app = an_app(engine)
    assert taken(app, [1, 1, 2, 1])[0] == taken(app, [1])[0]
    assert numbers_of(engine) == [1, 2]


@pytest.mark.parametrize("assign", ["balanced", "stratified"])
def test_the_next_participant_gets_the_slot_of_one_who_left(engine: Engine, assign: str) -> None:
    design = Conditions(FOUR.factors, assign=assign, stratify_by=["sex"] if assign == "stratified" else [])
    app = an_app(engine)
    first = taken(app, [1, 2, 3], design)
    app.run(leave, 2)
    assert (taken(app, [4], design), numbers_of(engine)) == (first[1:2], [1, 2, 3])


@pytest.mark.parametrize("assign", ["block", "random"])
def test_those_who_leave_are_not_replaced_in_blocks_and_draws(engine: Engine, assign: str) -> None:
    design = Conditions(FOUR.factors, assign=assign)
    app = an_app(engine)
    taken(app, [1, 2], design)
    app.run(leave, 1)
    taken(app, [3], design)
    assert numbers_of(engine) == [2, 3]


def test_a_quota_replaces_those_who_leave_whatever_the_assignment(engine: Engine) -> None:
    design = Conditions(FOUR.factors, assign="random", most=1)
    app = an_app(engine)
    taken(app, [1, 2, 3, 4], design)
    app.run(leave, 3)
    taken(app, [5], design)
    assert cells_of(engine) == Counter(cell.key for cell in FOUR.cells)


def test_a_slot_is_freed_once(engine: Engine) -> None:
    app = an_app(engine)
    taken(app, [1, 2])
    freed = [app.run(leave, 1), app.run(leave, 1)]
    taken(app, [3])
    freed.append(app.run(leave, 1))
    assert (freed, numbers_of(engine)) == ([True, False, False], [1, 2])


def test_only_its_owner_frees_a_slot(engine: Engine) -> None:
    app = an_app(engine)
    taken(app, [1])
    assert app.run(free_slot, Slot("conditions", 1), 2) is False
    assert app.run(free_slot, Slot("conditions", 9), 1) is False


def test_a_slot_that_is_taken_and_freed_in_one_commit_is_given_again(engine: Engine) -> None:
    """A study that screens a participant out on the page on which it assigns the cell."""

    def screen_out(ctx: Context, person: int) -> str:
        slot, cell = assign_slot(ctx, person, FOUR)
        assert free_slot(ctx, slot, person)
        assert not free_slot(ctx, slot, person)
        return cell.key

    app = an_app(engine)
    cells = [app.run(screen_out, 1), app.run(screen_out, 2), *taken(app, [3])]
    assert (len(set(cells)), numbers_of(engine)) == (1, [1])
    app.run(leave, 3)
    taken(app, [4, 5])
    assert numbers_of(engine) == [1, 2]


def test_one_commit_assigns_several_owners(engine: Engine) -> None:
    """Networks that are made together, each with a cell."""

    def assign(ctx: Context) -> list[int]:
        return [assign_slot(ctx, owner, FOUR)[0].number for owner in (1, 2, 3)]

    def free(ctx: Context) -> list[bool]:
        return [free_slot(ctx, Slot("conditions", number), number) for number in (1, 2)]

    app = an_app(engine)
    assert (app.run(assign), app.run(free)) == ([1, 2, 3], [True, True])
    assert sorted(app.run(assign)) == [1, 2, 4]


def test_a_full_cell_is_passed_over_and_a_full_study_refuses(engine: Engine) -> None:
    design = Conditions({"colour": ["red", "blue"]}, most={"red": 1, "blue": 3})
    app = an_app(engine)
    cells = taken(app, range(1, 5), design)
    assert Counter(cells) == {"colour=red": 1, "colour=blue": 3}
    with pytest.raises(StudyFull, match="full"):
        app.run(take, 5, design)
    app.run(leave, 2)
    assert taken(app, [5], design) == [cells[1]]
    with pytest.raises(StudyFull):
        app.run(take, 6, design)


def test_a_refused_participant_writes_nothing(engine: Engine) -> None:
    design = Conditions({"colour": ["red", "blue"]}, most=1)
    app = an_app(engine)
    taken(app, [1, 2], design)
    before = dump(engine)
    with pytest.raises(StudyFull):
        app.run(take, 3, design)
    assert dump(engine) == before


def test_strata_are_balanced_each_by_itself(engine: Engine) -> None:
    design = Conditions(FOUR.factors, assign="stratified", stratify_by="sex", weights={"delay": {5: 3}})
    app = an_app(engine)
    for place in range(16):
        taken(app, [100 + place], design, "female")
        if place % 2:
            taken(app, [200 + place], design, "male")
    found = {stratum: Counter[str]() for stratum in ("female", "male")}
    for record in living(engine):
        found[Slot.parse(record["slot"]).series.partition("#")[2]][f"delay={record['cell']['delay']}"] += 1
    assert found == {"female": {"delay=0": 4, "delay=5": 12}, "male": {"delay=0": 2, "delay=5": 6}}


def test_two_designs_of_a_study_count_separately(engine: Engine) -> None:
    app = an_app(engine)
    one, other = (Conditions({"colour": ["red", "blue"]}, name=name) for name in ("one", "other"))
    assert app.run(lambda ctx: assign_slot(ctx, 1, one)[0].number) == 1
    assert app.run(lambda ctx: assign_slot(ctx, 1, other)[0].number) == 1


def test_a_freed_slot_whose_cell_the_design_has_no_more_is_not_given(engine: Engine) -> None:
    app = an_app(engine)
    taken(app, [1, 2, 3, 4])
    app.run(leave, 1)
    left_out = living(engine)[0]["cell"]["colour"]
    kept = "blue" if left_out == "red" else "red"
    design = Conditions({"colour": [kept], "delay": [0, 5]})
    cells = taken(app, range(5, 9), design)
    assert all(f"colour={kept}" in cell for cell in cells)


def test_a_refusal_behind_the_assignment_gives_the_number_back(engine: Engine) -> None:
    """An author's code fails after the slot was assigned: the next participant gets the number."""

    def fail(ctx: Context, person: int) -> None:
        take(ctx, person, FOUR)
        raise ValueError("An author's mistake.")

    app = an_app(engine)
    taken(app, [1])
    with pytest.raises(ValueError, match="mistake"):
        app.run(fail, 2)
    taken(app, range(3, 10))
    assert (numbers_of(engine), spread(cells_of(engine), FOUR)) == ([1, 2, 3, 4, 5, 6, 7, 8], 0)


def test_what_was_compared_is_noted_so_that_each_arrival_reads_few_slots(engine: Engine) -> None:
    app = an_app(engine)
    taken(app, range(1, 40))
    note = engine.get([keys.compared_slots("conditions")])[keys.compared_slots("conditions")]
    assert note["number"] == 31


def test_numbers_that_were_compared_are_not_compared_again(sqlite: Engine) -> None:
    """One arrival compares at most 80 numbers, so without its notes none behind these would be compared."""
    taken(an_app(sqlite), range(1, 98))
    note = sqlite.get([keys.compared_slots("conditions")])[keys.compared_slots("conditions")]
    assert note["number"] == 95
