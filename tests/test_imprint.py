"""What a document is compared by is kept as bytes: nothing is lost on the way, and nothing stale is taken for new."""

from __future__ import annotations

from dataclasses import astuple, replace
from datetime import timedelta
from hashlib import blake2b

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from monitor.model import Document, Imprint
from monitor.story.grouping import Grouper
from monitor.story.imprint import RECIPE, imprint_of, traits_from
from monitor.story.likeness import Traits, overlap, traits_of
from storage import imprints, window
from storage.database import Database
from storage.schema import imprints as imprint_table
from tests.conftest import NOON, Clock
from tests.rows import claim, counts, examined, keep, keyed, record, remember

FERRY = Document(
    id="1", title="Ferry strikes pier in Oakford, 12 hurt", url="https://herald.example/ferry?utm_source=x",
    summary="The noon boat struck the pier at Oakford, Señora Peña said. Continue reading",
    text="The noon boat struck the pier at Oakford in thick fog on Wednesday, and twelve people were taken ashore.",
    outlet="herald.example", author="", language="", published=None,
)  # fmt: skip


def same(one: Traits, other: Traits) -> bool:
    wordings = zip(astuple(one.wording), astuple(other.wording), strict=True)
    return (one.address, one.subject) == (other.address, other.subject) and all(a == b for a, b in wordings)


@given(st.text(max_size=60), st.text(max_size=300), st.sampled_from(["", "es", "en-GB"]))
def test_bytes_and_back_is_the_same(title: str, text: str, language: str) -> None:
    document = Document(
        id="1", title=title, summary=text, text=text[::-1], outlet="a.example", url="https://a.example/1", author="",
        language=language, published=None,
    )  # fmt: skip
    traits = traits_of(document)
    assert same(traits_from(imprint_of(traits).value), traits)


def test_what_was_kept_is_compared_as_what_was_read() -> None:
    traits = traits_of(FERRY)
    kept = traits_from(imprint_of(traits).value)
    assert overlap(kept.wording, traits.wording) == (1.0, len(traits.wording.runs))
    assert kept.wording.runs.typecode == traits.wording.runs.typecode == "I"


def test_a_summary_with_which_the_text_begins_says_nothing_of_its_own() -> None:
    """Most feeds cut their summaries out of the text, mid-word."""
    alone = traits_of(replace(FERRY, summary=""))
    cut = traits_of(replace(FERRY, summary=FERRY.text[:47]))
    assert cut.wording.runs == alone.wording.runs
    assert cut.wording.anchors == alone.wording.anchors


def test_who_reads_documents_otherwise_says_so() -> None:
    """Where this fails, older imprints are not those of now: raise the number in RECIPE, and write the new digest."""
    digest = blake2b(imprint_of(traits_of(FERRY)).value, digest_size=8).hexdigest()
    assert (RECIPE.rpartition("/")[2], digest) == ("7", "38ca6ce8d26ab9a8")


def recent(database: Database, recipe: str) -> list[tuple[str, bytes]]:
    with database.read() as connection:
        return [(one.document.title, one.imprint) for one in window.recent(connection, since=NOON, recipe=recipe)]


def test_an_entry_with_an_imprint_comes_without_its_words(database: Database, clock: Clock) -> None:
    remember(database)
    keep(database, keyed("a", "Ferry waits"), keyed("b", "Rye bread"), keyed("c", "Fog"), now=clock())
    claim(database, now=clock())
    kept = [None, Imprint(recipe="now", value=b"b"), Imprint(recipe="before", value=b"c")]
    record(database, *(examined(number, imprint=one) for number, one in enumerate(kept, start=1)), now=clock())
    assert recent(database, "now") == [("Ferry waits", b""), ("", b"b"), ("Fog", b"")]
    with database.write() as connection:
        connection.execute(update(imprint_table).values(recipe="now"))
        imprints.keep(connection, {2: None})
    assert recent(database, "now") == [("Ferry waits", b""), ("Rye bread", b""), ("", b"c")]


def two_told_as_two(*, settled: bool) -> Grouper:
    """Two reports of one event that stand in two stories, as a start takes them back."""
    grouper = Grouper()
    for number, title in enumerate(
        ("Ferry strikes pier in Oakford, 12 hurt", "Oakford pier: ferry strikes, 12 hurt"), 1
    ):
        told = Document(
            id=str(number), title=title, summary="", text="", outlet=f"{number}.example", url="", author="",
            language="en", published=None,
        )  # fmt: skip
        grouper.restore(told, story=str(number), seen=NOON, settled=settled)
    return grouper


def test_a_start_looks_again_only_at_what_no_merge_has_seen() -> None:
    assert len(two_told_as_two(settled=False).merge()) == 1
    settled = two_told_as_two(settled=True)
    assert settled.merge() == ()
    settled.place(FERRY, seen=NOON)
    assert len(settled.merge()) == 1, "what comes to a settled story asks anew"


def test_an_entry_is_settled_once_its_stories_were_compared(database: Database, clock: Clock) -> None:
    remember(database)
    keep(database, keyed("a"), keyed("b", "Rye bread"), now=clock())
    claim(database, now=clock())
    made = Imprint(recipe="now", value=b"x")
    record(database, examined(1, imprint=made), now=clock())
    with database.write() as connection:
        imprints.settle(connection)
    record(database, examined(2, imprint=made), now=clock())
    with database.read() as connection:
        assert [one.settled for one in window.recent(connection, since=NOON, recipe="now")] == [True, False]


def test_imprints_go_with_the_window(database: Database, clock: Clock) -> None:
    remember(database)
    keep(database, keyed("a"), now=clock())
    keep(database, keyed("b"), now=clock() + timedelta(hours=1))
    claim(database, now=clock() + timedelta(hours=1))
    made = Imprint(recipe="now", value=b"x")
    record(database, examined(1, imprint=made), examined(2, imprint=made), now=clock())
    with database.write() as connection:
        assert imprints.forget(connection, before=NOON + timedelta(minutes=1)) == 1
    assert counts(database)["imprints"] == 1
