"""The bots of the story demo forget by a seeded model."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demos.bartlett1932.experiment import STORIES
from demos.bartlett1932.forgetting import COMMONER, Memory, retell

PERFECT = Memory(sentence_loss=0, detail_loss=0, word_change=0)
SEEDS = st.integers(0, 2**32)


@pytest.mark.parametrize("name", STORIES)
def test_a_story_has_between_200_and_350_words(name):
    assert 200 <= len(STORIES[name].split()) <= 350


@pytest.mark.parametrize("name", STORIES)
def test_a_perfect_memory_changes_nothing(name):
    assert retell(STORIES[name], PERFECT, random.Random(1)) == STORIES[name]


@given(SEEDS)
def test_the_same_seed_forgets_the_same(seed):
    story = STORIES["ghosts"]
    assert retell(story, Memory(), random.Random(seed)) == retell(story, Memory(), random.Random(seed))


def test_another_seed_forgets_something_else():
    story = STORIES["ghosts"]
    assert retell(story, Memory(), random.Random(1)) != retell(story, Memory(), random.Random(2))


@given(st.sampled_from(list(STORIES)), SEEDS)
def test_a_retelling_has_never_more_words(name, seed):
    story = STORIES[name]
    assert len(retell(story, Memory(), random.Random(seed)).split()) <= len(story.split())


@given(st.text(min_size=1).filter(str.strip), SEEDS)
def test_a_retelling_of_anything_is_never_empty(text, seed):
    assert retell(text, Memory(1, 1, 1), random.Random(seed)).strip()


@given(SEEDS)
def test_the_first_sentence_is_never_lost(seed):
    assert retell("One came. Two came. Three came.", Memory(1, 0, 0), random.Random(seed)).startswith(
        "One came."
    )


def test_unfamiliar_words_become_common_ones():
    assert retell("Canoes slid past.", Memory(0, 0, 1), random.Random(0)) == "Boats came past."


def test_an_article_follows_its_new_word():
    assert retell("He saw a monkey.", Memory(0, 0, 1), random.Random(0)) == "He saw an ape."


def test_parts_that_only_add_are_lost():
    retold = retell("They hid, because the canoes came near.", Memory(0, 1, 0), random.Random(0))
    assert retold == "They hid."


def test_speech_that_lost_its_end_keeps_no_open_quotation_mark():
    told = '"Go. Then come back," he said. He left.'
    for seed in range(50):
        assert retell(told, Memory(0.9, 0, 0), random.Random(seed)).count('"') % 2 == 0


def test_no_common_word_is_itself_forgotten():
    assert not set(COMMONER.values()) & set(COMMONER)
