"""One item of feeds.yaml changed: what was asked for, and not one character of anybody else's."""

from __future__ import annotations

from difflib import ndiff
from functools import partial
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from monitor.errors import ConfigError
from monitor.settings.splice import Change, with_items, with_keys, without_item
from monitor.settings.yaml_file import read_tree

PATH = Path("feeds.yaml")
TEXT = """\
# ours
base: &base {level: digest}
watches:
  # the first one
  - name: ferries   # by the harbour
    query: |
      ferry
      AND fog

    to: [desk, boss]  # both
    must_match:
      # from last winter
      - Fog holds the ferry   # the long one
      - 'The ferry: late'
    level: alert
  # comes and goes
  - {name: trains, query: train, to: [desk]}   # on one line
  - <<: *base
    name: planes
    query: >-
      plane AND
      runway
feeds: []
"""


def changed(change: Change, index: int = 0, text: str = TEXT) -> list[str]:
    """The lines that went, then those that came."""
    lines = list(ndiff(text.splitlines(), with_keys(PATH, text, "watches", index, change).splitlines()))
    return [line for sign in "-+" for line in lines if line[0] == sign]


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        ({"name": "boats"}, ["-   - name: ferries   # by the harbour", "+   - name: boats   # by the harbour"]),
        ({"name": "ferries", "query": "ferry\nAND fog"}, []),  # it says that already
        ({"query": "boat"}, ["-     query: |", "-       ferry", "-       AND fog", "+     query: boat"]),
        ({"query": "a b\n  OR c"}, ["-     query: |", "-       ferry", "-       AND fog", "+     query: |-",
          "+       a b", "+         OR c"]),
        ({"to": ("desk",)}, ["-     to: [desk, boss]  # both", "+     to: [desk]  # both"]),
        ({"to": None}, ["-     to: [desk, boss]  # both"]),
        ({"level": "digest", "busy": True}, ["-     level: alert", "+     level: digest", "+     busy: true"]),
        ({"must_match": ("Fog holds the ferry", "New one", "The ferry: late")}, ["+       - New one"]),
        ({"must_match": ("The ferry: late", "Last\none")}, ["-       - Fog holds the ferry   # the long one",
          "+       - |-", "+         Last", "+         one"]),
        ({"must_match": None}, ["-     must_match:", "-       # from last winter",
          "-       - Fog holds the ferry   # the long one", "-       - 'The ferry: late'"]),
        ({"languages": ("en", "no")}, ["+     languages: [en, 'no']"]),
        ({"pack": "a", "query": None}, ["-     query: |", "-       ferry", "-       AND fog", "+     pack: a"]),
    ],
)  # fmt: skip
def test_a_key_is_changed_and_nothing_else(change: Change, lines: list[str]) -> None:
    assert changed(change) == lines


def test_the_first_key_may_go() -> None:
    text = "watches:\n- pack: a   # old\n  # a word\n  name: b\n"
    assert with_keys(PATH, text, "watches", 0, {"pack": None, "query": "q"}) == (
        "watches:\n  # a word\n- name: b\n  query: q\n"
    )


def test_an_item_in_braces_gets_a_line_for_each_key() -> None:
    assert changed({"query": "train OR tram"}, 1) == [
        "-   - {name: trains, query: train, to: [desk]}   # on one line",
        "+   - name: trains   # on one line",
        "+     query: train OR tram",
        "+     to: [desk]",
    ]


def test_what_was_merged_from_elsewhere_is_said_anew_and_cannot_go() -> None:
    assert changed({"level": "alert"}, 2) == ["+     level: alert"]
    with pytest.raises(ConfigError, match="only a person can change"):
        changed({"level": None}, 2)


@pytest.mark.parametrize("index", [0, 1, 2])
def test_an_item_goes_and_the_comments_around_it_stay(index: int) -> None:
    new = without_item(PATH, TEXT, "watches", index)
    names = [item["name"] for item in read_tree(PATH, new)["watches"]]
    assert names == [name for at, name in enumerate(("ferries", "trains", "planes")) if at != index]
    assert "# the first one" in new
    assert "# comes and goes" in new


def test_the_last_item_leaves_an_empty_list_which_grows_again() -> None:
    text = "watches:   # none yet\n- name: a\nfeeds: []\n"
    empty = without_item(PATH, text, "watches", 0)
    assert empty == "watches: []   # none yet\nfeeds: []\n"
    assert with_items(PATH, empty, "watches", [{"name": "b", "busy": True}]) == (
        "watches:   # none yet\n  - name: b\n    busy: true\nfeeds: []\n"
    )


def test_a_list_in_brackets_is_left_alone() -> None:
    text = "watches: [{name: a}]\n"
    for edit in (
        partial(with_keys, index=0, change={"name": "b"}),
        partial(without_item, index=0),
        partial(with_items, added=[{"name": "b"}]),
    ):
        with pytest.raises(ConfigError, match="list in brackets"):
            edit(PATH, text, "watches")


def test_line_ends_of_windows_stay() -> None:
    text = TEXT.replace("\n", "\r\n")
    new = with_keys(PATH, text, "watches", 0, {"query": "a\nb", "busy": True})
    assert new.count("\n") == new.count("\r\n")


words = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Co", "Cn")) | st.just("\n"), min_size=1)
keys = st.dictionaries(
    st.sampled_from(["name", "query", "level", "to", "must_match", "new"]),
    st.none() | words | st.booleans() | st.lists(words, min_size=1, max_size=4),
    min_size=1,
)


@given(change=keys, index=st.sampled_from([0, 1]))
def test_whatever_is_written_another_yaml_reader_reads_the_same(change: Change, index: int) -> None:
    before = read_tree(PATH, TEXT)["watches"][index]
    try:
        new = with_keys(PATH, TEXT, "watches", index, change)
    except ConfigError:
        return  # it is said, and nothing was written
    told = YAML(typ="safe", pure=True).load(StringIO(new))["watches"][index]
    for key, value in change.items():
        typed = isinstance(value, str) and value.strip() != str(before.get(key, "")).strip()
        if typed or isinstance(value, list):
            assert told[key] == value
    assert "# ours" in new
    assert "# the first one" in new
