"""Copies are told from what looks like one, as surely as the benchmark says."""

from __future__ import annotations

from benchmarks.copies_quality import judge, quality
from benchmarks.copies_texts import CHANGES, SAME_OUTLET, Desk


def test_every_kind_of_copy_is_found_and_few_others() -> None:
    pairs = list(Desk(3).pairs(8))
    assert {pair.kind for pair in pairs if pair.is_copy} == set(CHANGES)
    precision, recall = quality(judge(pairs))
    assert precision >= 0.95
    assert recall >= 0.95


def test_the_same_seed_writes_the_same_pairs_and_copies_differ_from_their_originals() -> None:
    one, two = list(Desk(5).pairs(1)), list(Desk(5).pairs(1))
    assert one == two
    for pair in one:
        assert pair.first.id != pair.second.id
        assert pair.first.url != pair.second.url
        if pair.is_copy:
            assert (pair.first.outlet == pair.second.outlet) == (pair.kind in SAME_OUTLET)
