"""Who holds an anchor: the same answer as a dictionary of sets, in an eighth of its memory."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from monitor.story.anchors import Anchors

FEW = st.lists(st.integers(0, 30).map(lambda number: number << 12), unique=True, max_size=6)  # all in one place


@given(st.lists(FEW, max_size=40))
def test_the_holders_are_those_of_a_dictionary(documents: list[list[int]]) -> None:
    table, known = Anchors(), defaultdict[int, list[int]](list)
    for number, anchors in enumerate(documents, 1):
        table.add(number, anchors, oldest=1, most=100)
        for anchor in anchors:
            known[anchor].append(number)
    asked = [number << 12 for number in range(31)]
    assert [sorted(held) for held in table.holders(asked)] == [known[anchor] for anchor in asked]


def test_what_left_the_window_goes_and_what_is_in_it_stays() -> None:
    table, window = Anchors(), 500
    for number in range(1, 20_000):
        table.add(number, [number * 7, number * 11 + 1, 5], oldest=max(number - window, 1), most=2)
    assert table.holders([19_999 * 7, 19_600 * 7]) == [[19_999], [19_600]]
    assert all(19_999 in held for held in table.holders([19_999 * 11 + 1]))
    assert not any(
        number < 10_000 for held in table.holders([number * 7 for number in range(1, 2_000)]) for number in held
    )
    assert table._table.places <= 16 * window


def test_no_document_waits_for_the_whole_table_to_move() -> None:
    """While it moves, holders are those of a dictionary, and one step moves a bounded number of places."""
    table, known, moving = Anchors(), defaultdict[int, list[int]](list), 0
    for number in range(1, 2_500):
        anchors = [number % 997 * 4096 + shift for shift in range(3)]  # crowded: long rows of places
        before = table._moved if table._former else 0
        table.add(number, anchors, oldest=1, most=100)
        moving += table._former is not None
        assert table._former is None or table._moved - before <= 3 * 32
        for anchor in anchors:
            known[anchor].append(number)
        if number % 61 == 0:
            assert [sorted(held) for held in table.holders(anchors)] == [known[anchor] for anchor in anchors]
    assert moving > 40


def test_a_standing_phrase_is_kept_for_a_few() -> None:
    table = Anchors()
    for number in range(1, 200):
        table.add(number, [5], oldest=1, most=40)
    assert len(table.holders([5])[0]) == 41
