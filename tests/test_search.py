"""The archive is searched in the watch language: nothing that matches is missed, whatever the index knows of it."""

from __future__ import annotations

from datetime import timedelta
from threading import Event

import pytest
from sqlalchemy import select

from monitor.errors import QueryError
from monitor.model import Filters
from monitor.pipeline.index import BATCH, IndexWords
from monitor.pipeline.search import Found, asked, find
from monitor.watches.matching import judge
from monitor.watches.page import Page
from monitor.watches.query import term_set
from monitor.words.language import with_language
from storage import entries, review, word_index
from storage import search as by_index
from storage.database import Database
from storage.schema import entries as entry_table
from tests.conftest import NOON, Clock
from tests.rows import claim, edit, examined, keep, keyed, match, record, remember

EVERYTHING = Filters()
SETS = {"boats": term_set("boats", ("ferry", "barge", "tug boat"))}
TITLES = (
    "Ferry waits for fog", "The ferry's bell", "Barge and ferry meet", "Tug boats rest", "A tug, a boat",
    "Straße am Fluss", "STRASSE gesperrt", "Detención en el puerto", "移民 at the quay", "AND so it sails",
    "ﬁre on the quay", "No news", "ferry_bell rings", "Ferries NOT wanted", 'The "ferry" (old) * ^ : - +',
)  # fmt: skip
BROAD = "fe* OR ba* OR tu* OR de* OR qu* OR re* OR fo* OR zz*"  # beginnings that nearly every entry holds one of
QUERIES = (
    "ferry", "ferr*", '"tug boat"', "@boats", "ferry AND fog", "ferry AND NOT fog", "strasse", "detencion", "移民",
    '"and"', "fire", "quay AND (fire OR 移民)", "ferry NEAR/3 meet", "title:ferry", "outlet:courier.example AND ferry",
    "ferry_bell", "nothing AND like AND it", "lang:en OR ferry", "ferry AND url:ferry.example", "/f[eo]/ AND quay",
    BROAD, f"({BROAD}) AND ferry",
)  # fmt: skip


@pytest.fixture
def archive(database: Database, clock: Clock) -> Database:
    """Entries of two outlets, not indexed yet; a summary of each says Fog."""
    remember(database)
    for number, title in enumerate(TITLES):
        new = keyed(f"k{number}", title, content=f"Text of number {number}.")
        keep(database, new, now=clock() + timedelta(minutes=number), feed_id=1 + number % 2)
    return database


def index(database: Database) -> int:
    return sum(IndexWords(database=database, stop=Event())())


def search(
    database: Database, query: str, filters: Filters = EVERYTHING, *, before: int | None = None, size: int = 50,
    most: int = 2_000,
) -> Found:  # fmt: skip
    with database.read() as connection:
        return find(connection, asked(query, SETS), filters, before=before, size=size, most=most)


def titles(found: Found) -> list[str]:
    return [hit.document.title for hit in found.hits]


def test_a_search_finds_what_a_watch_would_match_and_nothing_else(archive: Database) -> None:
    with archive.read() as connection:
        known = entries.documents(connection, range(1, len(TITLES) + 1))
    pages = {entry: Page(with_language(document)) for entry, (document, _) in sorted(known.items(), reverse=True)}
    for state in ("not indexed", "half indexed", "indexed"):
        if state == "half indexed":
            index(archive)
            with archive.write() as connection:
                connection.execute(entry_table.update().where(entry_table.c.id % 2 == 0).values(indexed=False))
        if state == "indexed":
            index(archive)
        for query in QUERIES:
            question = asked(query, SETS)
            assert question
            expected = [entry for entry, page in pages.items() if judge(question, page)]
            assert [hit.entry for hit in search(archive, query).hits] == expected, (state, query)


def test_the_index_spares_looking_at_what_cannot_match(archive: Database) -> None:
    assert search(archive, "barge").looked_at == len(TITLES)
    assert index(archive) == len(TITLES)
    assert search(archive, "barge").looked_at == 1
    assert index(archive) == 0


def test_pages_follow_each_other_and_none_is_skipped(archive: Database) -> None:
    index(archive)
    whole = [hit.entry for hit in search(archive, "@boats").hits]
    paged: list[int] = []
    before: int | None = None
    while before is not None or not paged:
        found = search(archive, "@boats", size=2, before=before)
        paged += [hit.entry for hit in found.hits]
        before = found.resume_before
    assert paged == whole == [15, 3, 2, 1]


@pytest.mark.parametrize("glance", [1, 4, 100])
def test_what_nearly_every_entry_holds_is_looked_for_in_the_newest_first(
    archive: Database, glance: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    index(archive)
    whole = titles(search(archive, BROAD))
    assert len(whole) > 5
    monkeypatch.setattr("monitor.pipeline.search._GLANCE", glance)
    found, before = list[str](), None
    while True:
        page = search(archive, BROAD, size=2, before=before)
        found += titles(page)
        before = page.resume_before
        if before is None:
            break
    assert found == whole
    assert titles(search(archive, f"({BROAD}) AND ferry")) == titles(search(archive, "ferry"))


@pytest.mark.parametrize("common", [1, 4])
def test_what_is_common_and_what_is_rare_is_found_to_the_last(
    archive: Database, monkeypatch: pytest.MonkeyPatch, common: int
) -> None:
    monkeypatch.setattr(by_index, "_COMMON", common)  # times as many entries as are wanted are looked through first
    index(archive)
    for word, held in (("number", range(15, 0, -1)), ("ferry", [15, 3, 2, 1]), ("strasse", [7, 6]), ("none", [])):
        found: list[int] = []
        with archive.read() as connection:
            while page := by_index.candidates(
                connection, [[word]], EVERYTHING, before=found[-1] if found else None, limit=2
            ):
                found += page
        assert found == list(held), word


def test_a_search_that_looks_at_much_says_where_to_go_on(archive: Database) -> None:
    found = search(archive, "outlet:ferry.example AND /zzz|waits/", most=5)
    assert (found.hits, found.looked_at) == ((), 5)
    found = search(archive, "outlet:ferry.example AND /zzz|waits/", before=found.resume_before or 0)
    assert titles(found) == ["Ferry waits for fog"]
    assert found.resume_before is None


def test_what_was_edited_or_read_from_its_page_is_found_by_its_new_words_at_once(
    archive: Database, clock: Clock
) -> None:
    index(archive)
    edit(archive, keyed("k0", "Hydrofoil waits"), now=clock())
    with archive.write() as connection:
        entries.enrich(connection, 3, text="A catamaran, too.", author="", published=None, language="", now=clock())
    for _ in range(2):
        assert titles(search(archive, "hydrofoil")) == ["Hydrofoil waits"]
        assert titles(search(archive, "catamaran")) == ["Barge and ferry meet"]
        assert "Ferry waits for fog" not in titles(search(archive, "waits"))
        index(archive)


def test_what_retention_forgets_the_index_forgets(archive: Database, clock: Clock) -> None:
    claim(archive, now=clock() + timedelta(hours=1))
    record(archive, *(examined(number) for number in range(1, len(TITLES) + 1)), now=clock())
    index(archive)
    with archive.write() as connection:
        tomorrow = clock() + timedelta(days=1)
        old = entries.with_old_texts(connection, before=tomorrow, matched=False)
        assert entries.forget_texts(connection, old, before=tomorrow, matched=False) == len(TITLES)
        held = word_index.holding(connection, [("fog", "number")])
        left = list(connection.execute(held))
    assert titles(search(archive, "fog")) == ["Ferry waits for fog"]
    assert left == [(1,)]


def test_words_that_are_read_otherwise_are_indexed_anew(archive: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    index(archive)
    monkeypatch.setattr("monitor.pipeline.index.RECIPE", "another")
    assert index(archive) == len(TITLES)
    assert index(archive) == 0


def test_indexing_goes_on_where_it_was_stopped(archive: Database) -> None:
    keep(archive, *(keyed(f"more{number}") for number in range(BATCH)), now=NOON)
    stop = Event()
    done = IndexWords(database=archive, stop=stop)()
    assert next(done) == BATCH
    stop.set()
    assert list(done) == []
    with archive.read() as connection:
        left = connection.execute(select(entry_table.c.id).where(~entry_table.c.indexed)).scalars().all()
    assert sorted(left) == list(range(1, len(TITLES) + 1))


def test_filters_narrow_a_search(archive: Database, clock: Clock) -> None:
    claim(archive, now=clock() + timedelta(hours=1))
    record(archive, examined(1, matches=[match()]), examined(2, story=1, relation="rewrite"), examined(3), now=clock())
    with archive.write() as connection:
        review.judge(connection, 1, "refused", watch="ferries", by="ada", now=clock())
        review.assign(connection, 1, "bea", by="ada", now=clock())
    index(archive)
    everything = search(archive, "ferry")
    for filters, found in (
        (Filters(watch="ferries"), [1]),
        (Filters(outlet="courier.example"), [2]),
        (Filters(since=NOON + timedelta(minutes=1), until=NOON + timedelta(minutes=3)), [3, 2]),
        (Filters(verdict="refused"), [2, 1]),
        (Filters(verdict="open"), [15, 3]),
        (Filters(assignee="bea"), [2, 1]),
        (Filters(assignee="ada"), []),
        (Filters(story=2), [3]),
        (Filters(), [15, 3, 2, 1]),
    ):
        assert [hit.entry for hit in search(archive, "ferry", filters).hits] == found, filters
    assert {hit.entry: hit.story for hit in everything.hits} == {15: None, 3: 2, 2: 1, 1: 1}
    unasked = search(archive, " ", Filters(verdict="refused"))
    assert [(hit.entry, hit.match) for hit in unasked.hits] == [(2, None), (1, None)]


def test_a_query_that_cannot_be_read_is_refused_with_its_place() -> None:
    with pytest.raises(QueryError) as caught:
        asked("ferry AND (", SETS)
    assert caught.value.start
