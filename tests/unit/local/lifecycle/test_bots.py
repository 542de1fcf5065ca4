from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib.errors import ExperimentError, NotFound
from infra.local.lifecycle.bot_selection import chosen_bots


def loaded(**bots: type) -> Any:
    return SimpleNamespace(name="study", bots=lambda: bots)


class One: ...


class Two: ...


def test_the_bot_called_bot_is_chosen() -> None:
    assert chosen_bots(loaded(Other=One, Bot=Two)) == [Two]


def test_an_only_bot_may_have_any_name() -> None:
    assert chosen_bots(loaded(Other=One)) == [One]


def test_a_named_bot_is_chosen() -> None:
    assert chosen_bots(loaded(Other=One, Bot=Two), "Other") == [One]


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(NotFound, match="choose one of Bot, Other"):
        chosen_bots(loaded(Other=One, Bot=Two), "Third")


def test_an_experiment_without_bots_says_how_to_write_one() -> None:
    with pytest.raises(ExperimentError, match=r"class Bot\(HighPerformanceBotBase\)"):
        chosen_bots(loaded())


def test_several_bots_none_called_bot_need_a_choice() -> None:
    with pytest.raises(ExperimentError, match="name one of them Bot"):
        chosen_bots(loaded(First=One, Second=Two))
