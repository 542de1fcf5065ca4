"""The order in which a channel delivers the numbered frames of one sender."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from .scripts import Scripts

PAGE = Scripts("petri-channels.js")


def handed(*numbers: int, then: str = "") -> list[int]:
    PAGE.run(
        "var heard = []; timers = [];"
        "var sequence = new petri.internals.Sequence((each) => heard.push(each));"
        f"for (const number of [{', '.join(map(str, numbers))}]) sequence.take(number, number); {then}"
    )
    found: list[int] = PAGE.value("heard")
    return found


@given(st.permutations(range(1, 9)), st.data())
def test_frames_in_any_order_and_repeated_are_handed_on_once_and_in_order(
    order: list[int], data: st.DataObject
) -> None:
    repeated = data.draw(st.lists(st.sampled_from(order)))
    assert handed(*order, *repeated) == list(range(1, 9))


def test_a_missing_frame_is_waited_for() -> None:
    assert handed(1, 3, 4) == [1]


def test_a_missing_frame_is_skipped_after_a_while_and_handed_on_when_it_comes_late() -> None:
    skip = "timers.filter(Boolean).at(-1).act();"
    assert handed(1, 3, 4, then=skip) == [1, 3, 4]
    assert handed(1, 3, 4, then=f"{skip} sequence.take(2, 2);") == [1, 3, 4, 2]


def test_a_new_sender_does_not_block_on_earlier_frames() -> None:
    assert handed(41, 42, then="timers.filter(Boolean).at(-1).act(); sequence.take(43, 43);") == [41, 42, 43]
