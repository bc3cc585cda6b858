"""Terms as numbers: counted by story, forgotten with the last, their numbers given to others."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.story.vocabulary import Vocabulary

WORDS = st.sets(st.sampled_from(["ferry", "fog", "pier", "tram", "rye", "bread", "snow", "wolf"]))


@given(st.lists(WORDS, max_size=12))
def test_it_knows_what_stories_have_and_nothing_else(stories: list[set[str]]) -> None:
    vocabulary, counted = Vocabulary(), Counter[str]()
    for number, words in enumerate(stories):
        vocabulary.spread(vocabulary.numbers(words))
        counted.update(words)
        if number % 3 == 2:  # the story before it goes
            vocabulary.shrink(vocabulary.known(stories[number - 1]))
            counted.subtract(stories[number - 1])
    held = sorted(+counted)
    numbers = vocabulary.numbers(held)
    assert (len(vocabulary), vocabulary.texts(numbers)) == (len(held), held)
    assert vocabulary.rarities(numbers, 10) == pytest.approx([math.log(1010 / (1 + counted[word])) for word in held])


def test_a_number_that_is_free_is_given_to_another_term() -> None:
    vocabulary = Vocabulary()
    (ferry,) = vocabulary.numbers(["ferry"])
    vocabulary.spread([ferry])
    vocabulary.shrink([ferry])
    assert (vocabulary.known(["ferry"]), vocabulary.numbers(["tram"])) == (set(), [ferry])


def test_what_no_story_took_up_is_forgotten() -> None:
    vocabulary = Vocabulary()
    vocabulary.drop_unused(vocabulary.numbers(["ferry", "fog"]))
    assert len(vocabulary) == 0


def test_a_word_that_every_story_has_keeps_a_little_weight() -> None:
    vocabulary = Vocabulary()
    (the,) = vocabulary.numbers(["the"])
    for _ in range(100_000):
        vocabulary.spread([the])
    assert 0 < vocabulary.rarities([the], 99_000)[0] < 0.1
