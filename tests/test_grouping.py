"""Told once: which documents are one story, and which are two."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.grouping_quality import bcubed, gold, group
from monitor.model import Document, Placement
from monitor.story.grouping import Grouper
from monitor.story.likeness import subject_of

NOON = datetime(2026, 2, 17, 12, tzinfo=UTC)

LEAD = (
    "The border agency signed a five-year contract with the cloud firm Northgate worth $40 million, "
    "according to procurement records that were posted on Monday and taken down within hours."
)
SAME_NEWS = "Northgate wins $40 million cloud contract with border agency, procurement records show"
OTHER_NEWS = "Storm closes mountain passes as ski resorts report record snowfall"


def document(id_: str, title: str, summary: str = "", *, text: str = "", url: str = "", outlet: str = "") -> Document:
    return Document(id=id_, title=title, summary=summary, text=text, url=url, outlet=outlet)


# What else the desk has read: a word is rare or common only among other stories.
DESK = (
    "Council votes to widen the ring road despite protests",
    "Orchestra names first woman as chief conductor",
    "Judge orders mining firm to pay for river clean-up",
    "Champions lose at home for the first time in nine years",
    "Vaccine trial shows promise against malaria, researchers say",
    "Minister resigns over undeclared loans",
    "Blast at fireworks plant injures 4 workers",
    "Central bank holds rates as prices cool",
    "Phone maker recalls chargers after fires",
    "Airline strike strands thousands before the holiday",
    "Wolves return to the eastern forests after a century",
    "Police arrest 3 over museum theft",
    "Court blocks sale of port to foreign fund",
    "Novelist wins prize for saga of a fishing village",
    "Farmers block motorway in row over fuel tax",
    "School meals to be free from September",
)


def desk() -> Grouper:
    grouper = Grouper()
    for number, title in enumerate(DESK):
        grouper.place(document(f"desk-{number}", title), seen=NOON - timedelta(hours=1))
    return grouper


def placed(*documents: Document, apart: timedelta = timedelta(minutes=10)) -> list[Placement]:
    grouper = Grouper()
    return [grouper.place(each, seen=NOON + number * apart) for number, each in enumerate(documents)]


def test_the_first_report_begins_a_story() -> None:
    (only,) = placed(document("a", SAME_NEWS))
    assert (only.story, only.relation, only.of) == ("a", "new", None)


def test_syndicated_text_is_a_copy_whatever_its_headline() -> None:
    _, copy = placed(
        document("a", SAME_NEWS, LEAD, outlet="herald.example"),
        document("b", "Who watches the border? A cloud company", LEAD, outlet="gazette.example"),
    )
    assert (copy.story, copy.relation, copy.of) == ("a", "copy", "a")
    assert "word for word" in copy.why


def test_a_summary_cut_short_is_a_copy_of_the_whole_article() -> None:
    article = " ".join([LEAD, *(f"Paragraph {number} tells of matter {number * 7} at length." for number in range(60))])
    _, cut = placed(
        document("a", SAME_NEWS, text=article, outlet="herald.example"),
        document("b", "Cloud firm and agency in deal", LEAD[:140], outlet="gazette.example"),
    )
    assert (cut.relation, cut.of) == ("copy", "a")


def test_text_that_keeps_a_third_of_the_words_is_a_rewrite() -> None:
    other = (
        "Northgate will run servers for the border agency. The firm signed a five-year contract with a value of $40 "
        "million, according to procurement records that were posted on Monday. Critics asked why nobody had been told, "
        "and a lawmaker from the south said she would demand a public hearing about what the servers are for."
    )
    _, rewrite = placed(document("a", SAME_NEWS, LEAD), document("b", "Lawmaker wants hearing on servers", other))
    assert (rewrite.story, rewrite.relation, rewrite.of) == ("a", "rewrite", "a")
    assert 0.2 <= rewrite.similarity < 0.5


def test_an_independent_report_of_the_event_joins_it_and_says_why() -> None:
    _, told = placed(document("a", SAME_NEWS), document("b", "Border agency awards cloud contract to Northgate"))
    assert (told.story, told.relation, told.of) == ("a", "same-event", None)
    assert "Northgate" in told.why


def test_a_report_that_credits_a_member_rewrites_it() -> None:
    grouper = Grouper()
    grouper.place(document("a", SAME_NEWS, outlet="herald.example"), seen=NOON)
    retold = document("b", "Border agency awards cloud contract to Northgate", outlet="gazette.example")
    placement = grouper.place(retold, seen=NOON, credited=["herald.example"])
    assert (placement.relation, placement.of) == ("rewrite", "a")
    assert placement.why.startswith("credits herald.example")


def test_other_news_is_another_story() -> None:
    assert [each.relation for each in placed(document("a", SAME_NEWS, LEAD), document("b", OTHER_NEWS))] == ["new"] * 2


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Magnitude 5.7 quake shakes coastal Chile", "Magnitude 5.7 quake shakes northern Iceland"),
        ("1 dead, 4 injured in Austin shooting", "1 dead, 3 injured in Denver crash"),
        ("Agency to buy 40 drones from Skyward", "Agency to buy facial recognition from Facet"),
        ("Palantir shares jump after earnings", "Palantir founder buys house in Argentina"),
        ("Judge blocks data sharing between tax office and agency", "Judge blocks new highway near wetlands"),
    ],
)
def test_stories_that_only_sound_alike_stay_apart(first: str, second: str) -> None:
    grouper = desk()
    grouper.place(document("a", first), seen=NOON)
    assert grouper.place(document("b", second), seen=NOON).relation == "new"
    assert grouper.merge() == ()


# ---- one template, two events ----------------------------------------------------------------------------------------


def quake(id_: str, magnitude: str, place: str, others: str, *, outlet: str) -> Document:
    text = (
        f"A magnitude {magnitude} earthquake struck {len(place) * 7} kilometres south of {place} on Tuesday, the "
        f"geological survey said. There were no immediate reports of damage or casualties. People in {others} "
        "reported weak to moderate shaking. The survey revises magnitudes as more "
        "data come in, and asks all to report what they felt."
    )
    return document(id_, f"Magnitude {magnitude} quake shakes {place}", text, outlet=outlet)


def test_two_quakes_told_in_the_same_phrases_are_no_copies() -> None:
    first = quake("a", "5.7", "Alderwick", "Norbeck and Pendleford", outlet="herald.example")
    second = quake("b", "4.3", "Glenmore", "Marstead and Ixley", outlet="gazette.example")
    assert [each.relation for each in placed(first, second)] == ["new", "new"]


def test_a_template_under_one_headline_is_told_anew_for_each_event() -> None:
    first = quake("a", "5.7", "Alderwick", "Norbeck and Pendleford", outlet="herald.example")
    second = quake("b", "4.3", "Glenmore", "Marstead and Ixley", outlet="gazette.example")
    title = "Strong earthquake felt across the whole region"
    assert placed(replace(first, title=title), replace(second, title=title))[1].relation == "new"


def test_the_same_quake_told_by_two_outlets_is_a_copy() -> None:
    first = quake("a", "5.7", "Alderwick", "Norbeck and Pendleford", outlet="herald.example")
    second = replace(first, id="b", title="Did you feel it? The earth moved", outlet="gazette.example")
    assert placed(first, second)[1].relation == "copy"


def raid(id_: str, arrested: int, place: str, county: str, sheriff: str, *, outlet: str) -> Document:
    text = (
        f"Federal officers of ICE arrested {arrested} workers at a meat plant near {place} on Tuesday morning, the "
        f"agency said in a release. Those arrested were taken to the {county} county jail, where {sheriff} holds beds "
        f"for the agency under a contract. The agency did not say what led it to the plant. Relatives may call a line. "
        f"The plant near {place} employs {arrested * 9} people, and its owner did not answer questions."
    )
    return document(id_, f"ICE arrests {arrested} workers at meat plant in {place}", text, outlet=outlet)


RAIDS = (
    raid("a", 12, "Alderwick", "Norbeck", "Sheriff Ada Quay", outlet="herald.example"),
    raid("b", 41, "Glenmore", "Ixley", "Sheriff Luis Holm", outlet="gazette.example"),
)


def test_two_raids_told_in_one_form_are_two_stories_and_no_merge_makes_them_one() -> None:
    grouper = desk()
    first, second = (grouper.place(each, seen=NOON) for each in RAIDS)
    assert first.story != second.story
    assert grouper.merge() == ()


def test_what_an_earlier_start_left_apart_is_not_merged_either() -> None:
    grouper = desk()
    for each in RAIDS:
        grouper.restore(each, story=each.id, seen=NOON)
    assert grouper.merge() == ()


RAID = (
    "ICE raids {} in {}, detains {} workers",
    "Agents detained {2} workers at a {0} in {1} on Tuesday, officials said.",
)
AWARD = (
    "ICE awards ${} million contract to {} for deportation software",
    "Immigration and Customs Enforcement awarded {1} a contract worth ${0} million for deportation software on "
    "Tuesday, procurement records show.",
)
DEAL = (
    "{} County sheriff signs deal with Flock to share plate data with ICE",
    "The sheriff of {} County signed an agreement on Monday that lets Immigration and Customs Enforcement search its "
    "Flock license plate cameras, records show.",
)


@pytest.mark.parametrize(
    ("form", "one", "other"),
    [
        (RAID, ("poultry plant", "Gainesville", 60), ("meat plant", "Omaha", 76)),
        ((RAID[0], ""), ("poultry plant", "Gainesville", 60), ("meat plant", "Omaha", 76)),
        (AWARD, (30, "Palantir"), (5, "Penlink")),
        (DEAL, ("Mesa",), ("Harlan",)),
    ],
    ids=["raids", "raids by headlines alone", "contracts", "sheriffs"],
)
def test_one_sentence_with_another_name_in_it_is_other_news(
    form: tuple[str, str], one: tuple[object, ...], other: tuple[object, ...]
) -> None:
    first, second = (document(str(said), *(part.format(*said) for part in form)) for said in (one, other))
    assert placed(first, second)[1].relation == "new"


def test_what_two_companies_sell_to_one_agency_stays_two_stories() -> None:
    grouper = desk()
    sold = (
        ("a", "Palantir wins $30 million ICE contract for deportation platform", "Palantir", "a deportation platform"),
        ("b", "Penlink sells phone location tool to ICE, contract shows", "Penlink", "a phone location tool"),
    )
    for id_, title, company, tool in sold:
        told = f"Immigration and Customs Enforcement awarded {company} a contract for {tool}, records show on Tuesday."
        assert grouper.place(document(id_, title, told), seen=NOON).relation == "new"
    assert grouper.merge() == ()


def test_one_sentence_under_another_headline_is_a_copy_all_the_same() -> None:
    told = DEAL[1].format("Mesa")
    first = document("a", DEAL[0].format("Mesa"), told, outlet="herald.example")
    second = document("b", "Plate data of the Southwest for Washington's agents", told, outlet="gazette.example")
    assert placed(first, second)[1].relation == "copy"


def test_a_report_in_other_words_finds_the_raid_that_it_is_about() -> None:
    grouper = desk()
    for each in RAIDS:
        grouper.place(each, seen=NOON)
    told = "Forty-one people were led away by ICE in Glenmore; Ixley's Sheriff Luis Holm took them in."
    report = document("c", "ICE takes 41 workers from Glenmore meat plant, families wait", told, outlet="post.example")
    assert grouper.place(report, seen=NOON).story == "b"


def test_a_part_of_a_text_brings_its_part_of_the_names_along() -> None:
    names = ["Quay", "Lund", "Marsh", "Novak", "Sato", "Reyes", "Holm", "Weir", "Brandt", "Costa"]
    said = [f"In the hall the speaker {name} asked for {number} more seats." for number, name in enumerate(names, 30)]
    whole = document("a", "The hall fills", " ".join(said), outlet="herald.example")
    part = document("b", "Seats wanted", " ".join(said[2:6]), outlet="gazette.example")
    assert placed(whole, part)[1].relation == "copy"


# ---- parted by a person ----------------------------------------------------------------------------------------------


def test_stories_that_were_parted_are_not_merged_nor_is_what_they_grow_into() -> None:
    grouper = Grouper()
    stories = [grouper.place(each, seen=NOON).story for each in TWO_BEGINNINGS]
    assert len(set(stories)) > 1
    for other in set(stories[1:3]):
        grouper.part(stories[0], other)
    merges = grouper.merge()
    assert all(stories[0] not in (merge.kept, merge.gone) for merge in merges)
    late = grouper.place(document("z", "Northgate tracked asylum seekers, files show senators"), seen=NOON)
    grouper.merge()
    assert stories[0] in grouper._stories
    assert late.story in {*stories, "z"}


def test_a_merge_says_what_the_stories_share() -> None:
    grouper = Grouper()
    for each in TWO_BEGINNINGS:
        grouper.place(each, seen=NOON)
    assert all("northgate" in merge.shared for merge in grouper.merge())


# ---- the same article again -----------------------------------------------------------------------------------------

ADDRESS = "https://www.herald.example/2026/02/17/cloud-contract"


@pytest.mark.parametrize(
    "again",
    [
        ADDRESS + "?utm_source=rss&utm_medium=feed",
        ADDRESS + "/",
        ADDRESS + "/amp",
        ADDRESS + "?outputType=amp",
        ADDRESS + "#comments",
        ADDRESS + "/print/",
        ADDRESS.replace("https://www.", "http://"),
        ADDRESS.replace("www.", "m."),
        ADDRESS.replace("www.", "amp."),
    ],
)
def test_one_article_under_two_addresses_is_one_entry(again: str) -> None:
    _, copy = placed(
        document("a", SAME_NEWS, LEAD, url=ADDRESS, outlet="herald.example"),
        document("b", SAME_NEWS, LEAD, url=again, outlet="herald.example"),
    )
    assert (copy.story, copy.relation) == ("a", "copy")


HERE = document("a", SAME_NEWS, LEAD, url=ADDRESS, outlet="herald.example")
ELSEWHERE = document("b", "Who runs the border?", url="https://gazette.example/syndicated/7", outlet="gazette.example")


def test_a_page_that_gives_the_address_of_another_entry_makes_them_one() -> None:
    grouper = desk()
    assert [grouper.place(each, seen=NOON).relation for each in (HERE, ELSEWHERE)] == ["new", "new"]
    grouper.say(ELSEWHERE, f"{ADDRESS}?utm_source=wire")
    (merge,) = grouper.merge(lambda *_: 1.1)
    assert (merge.kept, merge.gone, merge.copy_of) == ("a", "b", "a")


def test_an_entry_at_the_address_that_a_page_gave_before_is_a_copy() -> None:
    grouper = desk()
    grouper.place(ELSEWHERE, seen=NOON)
    grouper.say(ELSEWHERE, ADDRESS)
    copy = grouper.place(HERE, seen=NOON)
    assert (copy.story, copy.relation, copy.of) == ("b", "copy", "b")
    assert copy.why == "the address that the page of the other gave"


@pytest.mark.parametrize("said", ["", "https://gazette.example/", "https://gazette.example/news"])
def test_an_address_at_which_no_entry_stands_makes_none_a_copy(said: str) -> None:
    other = document("c", OTHER_NEWS, url="https://gazette.example/snow", outlet="gazette.example")
    grouper = desk()
    for each in (ELSEWHERE, other):
        grouper.place(each, seen=NOON)
        grouper.say(each, said)
    assert grouper.merge() == ()


def test_a_person_who_parts_two_entries_is_heeded_before_a_page() -> None:
    grouper = desk()
    for each in (HERE, ELSEWHERE):
        grouper.place(each, seen=NOON)
    grouper.say(ELSEWHERE, ADDRESS)
    grouper.part("a", "b")
    assert grouper.merge() == ()


def test_two_entries_that_link_to_the_front_page_are_not_one() -> None:
    front = "https://herald.example/"
    assert [
        each.relation for each in placed(document("a", SAME_NEWS, url=front), document("b", OTHER_NEWS, url=front))
    ] == ["new", "new"]


def test_an_outlet_that_rewords_its_article_updates_it() -> None:
    _, update = placed(
        document("a", SAME_NEWS, LEAD, url=ADDRESS, outlet="herald.example"),
        document("b", "Northgate answers critics of its border contract", LEAD, url=ADDRESS, outlet="herald.example"),
    )
    assert (update.story, update.relation, update.of) == ("a", "update", "a")


def test_a_column_with_the_same_headline_every_day_is_told_every_day() -> None:
    monday = (
        "Snow fell on the high passes, and the mayor of Alder opened the new bridge before a large crowd of skiers."
    )
    tuesday = "A bakery strike left Oakford without bread while the council argued about parking until nearly midnight."
    title = "What the valley is talking about this morning"
    _, second = placed(
        document("a", title, monday, outlet="herald.example"), document("b", title, tuesday, outlet="herald.example")
    )
    assert second.relation == "new"


def test_the_same_headline_elsewhere_is_a_copy() -> None:
    _, copy = placed(
        document("a", SAME_NEWS, LEAD, outlet="herald.example"),
        document("b", f"{SAME_NEWS} - Gazette", outlet="g.example"),
    )
    assert (copy.relation, copy.of) == ("copy", "a")


# ---- two languages --------------------------------------------------------------------------------------------------


def test_a_spanish_report_joins_when_names_and_numbers_agree() -> None:
    english = "The agency plans to fit 180,000 people with VeriWatch monitors made by BI, and Geo Group will run them."
    spanish = "La agencia planea colocar monitores VeriWatch de BI a 180 mil personas, y Geo Group los operará."
    _, joined = placed(
        document("a", "ICE to put monitors on 180,000 people", english),
        document("b", "ICE pondrá grilletes a 180.000 personas", spanish),
    )
    assert (joined.story, joined.relation) == ("a", "same-event")


def test_names_and_numbers_are_enough_where_no_other_word_is_shared() -> None:
    english = (
        "The agency wants 180,000 people tracked under a deal with Northgate, officials said on Monday. Devices would "
        "be shipped from a warehouse outside town, and field offices were told to prepare rooms, chargers and staff."
    )
    spanish = (
        "Las autoridades quieren vigilar a 180 mil migrantes mediante un acuerdo con Northgate, dijeron funcionarios. "
        "Los aparatos saldrán de un almacén en las afueras y cada oficina deberá preparar salas, cargadores y personal."
    )
    _, joined = placed(
        document("a", "Tracking for thousands planned at Boulder plant", english),
        document("b", "Grilletes para miles desde una planta de Boulder", spanish),
    )
    assert (joined.story, joined.relation) == ("a", "same-event")
    assert "another language" in joined.why


def test_a_spanish_report_with_other_numbers_and_names_does_not() -> None:
    english = "The agency plans to fit 180,000 people with VeriWatch monitors made by BI, and Geo Group will run them."
    spanish = "La agencia compró 40 torres de vigilancia a Skyward para la frontera con Sonora, dijo la alcaldesa."
    *_, other = placed(
        document("a", "ICE to put monitors on 180,000 people", english), document("b", "ICE compra torres", spanish)
    )
    assert other.relation == "new"


# ---- time -----------------------------------------------------------------------------------------------------------


def test_after_the_window_the_same_news_is_news_again() -> None:
    _, later = placed(document("a", SAME_NEWS, LEAD), document("b", SAME_NEWS, LEAD), apart=timedelta(hours=73))
    assert later.relation == "new"


def test_an_old_article_seen_today_does_not_join_todays_story() -> None:
    grouper = Grouper()
    grouper.place(document("a", SAME_NEWS), seen=NOON)
    old = Document(
        id="b", title="Border agency awards cloud contract to Northgate", published=NOON - timedelta(days=400)
    )
    assert grouper.place(old, seen=NOON).relation == "new"


def test_a_date_in_the_future_is_read_as_now() -> None:
    grouper = Grouper()
    grouper.place(Document(id="a", title=SAME_NEWS, published=NOON + timedelta(days=3000)), seen=NOON)
    assert grouper.place(document("b", SAME_NEWS), seen=NOON).story == "a"


def test_memory_is_bounded_by_the_window() -> None:
    grouper = Grouper(window=timedelta(hours=1))
    for number in range(300):
        grouper.place(
            document(str(number), f"{SAME_NEWS} {number}", f"{LEAD} {number}"), seen=NOON + timedelta(minutes=number)
        )
    grouper.place(document("last", OTHER_NEWS), seen=NOON + timedelta(days=30))
    assert [len(grouper._documents), len(grouper._stories), len(grouper._words._centres)] == [1, 1, 1]
    assert len(grouper._words._vocabulary) == len(subject_of(document("last", OTHER_NEWS)).terms)


def test_a_story_that_has_left_the_window_before_it_was_compared_is_not_missed() -> None:
    grouper = Grouper(window=timedelta(hours=1))
    grouper.place(document("a", SAME_NEWS), seen=NOON)
    grouper.place(document("b", OTHER_NEWS), seen=NOON + timedelta(days=1))
    assert grouper.merge() == ()


def test_stray_reports_join_the_crowd_that_is_nearest_to_them() -> None:
    grouper = desk()
    told = [grouper.place(document(f"m{number}", f"{SAME_NEWS} {number}"), seen=NOON) for number in range(12)]
    strays = ["Who profits when a border agency rents servers", "Clouds over Northgate as senators ask about servers"]
    alone = [grouper.place(document(f"z{number}", title), seen=NOON) for number, title in enumerate(strays)]
    assert ({each.story for each in told}, [each.relation for each in alone]) == ({"m0"}, ["new", "new"])
    merges = {merge.gone: merge for merge in grouper.merge()}
    assert {(merge.gone, merge.kept) for merge in merges.values()} == {("z0", "m0"), ("z1", "m0")}
    assert "nearest to what many report: both tell of" in {merge.why for merge in merges.values()}
    assert grouper.merge() == ()


def test_a_stray_report_joins_no_pair() -> None:
    grouper = desk()
    for number in range(2):
        grouper.place(document(f"m{number}", f"{SAME_NEWS} {number}"), seen=NOON)
    for number, title in enumerate(("Who profits when a border agency rents servers", "Agency rents border huts")):
        grouper.place(document(f"z{number}", title), seen=NOON)
    assert all(merge.why != "nearest to what many report: both tell of" for merge in grouper.merge())


@pytest.mark.parametrize(
    "hostile", ["A" * 500_000, "a b " * 200_000, "the post " * 50_000, "\0" * 100_000, "", "9" * 50_000]
)
def test_no_text_is_too_long_or_too_odd_to_be_placed(hostile: str) -> None:
    grouper = Grouper()
    started = time.perf_counter()
    grouper.place(document("a", hostile, hostile, text=hostile, url=hostile), seen=NOON)
    grouper.place(document("b", hostile, hostile, text=hostile, url=hostile), seen=NOON)
    grouper.merge()
    assert time.perf_counter() - started < 3


# ---- merging and remembering ----------------------------------------------------------------------------------------

TWO_BEGINNINGS = (
    document("a", "Whistleblower files: Northgate tracked asylum seekers for border agency"),
    document("b", "Asylum seekers were tracked, Northgate insider tells senators"),
    document("c", "Senators question Northgate over tracking of asylum seekers"),
    document("d", OTHER_NEWS),
)


def test_stories_that_prove_to_be_one_are_merged_into_the_older() -> None:
    grouper = Grouper()
    stories = [grouper.place(each, seen=NOON).story for each in TWO_BEGINNINGS]
    merges = grouper.merge()
    ends = {story: story for story in stories} | {merge.gone: merge.kept for merge in merges}
    assert len({ends[story] for story in stories[:3]}) == 1
    assert all(int(merge.kept, 36) < int(merge.gone, 36) for merge in merges)
    assert ends["d"] == "d"


def test_a_document_after_a_merge_joins_the_kept_story() -> None:
    grouper = Grouper()
    for each in TWO_BEGINNINGS:
        grouper.place(each, seen=NOON)
    grouper.merge()
    late = grouper.place(document("z", "Northgate tracking of asylum seekers: what senators asked"), seen=NOON)
    assert late.story == "a"


def test_merging_twice_finds_nothing_more() -> None:
    grouper = Grouper()
    for each in TWO_BEGINNINGS:
        grouper.place(each, seen=NOON)
    grouper.merge()
    assert grouper.merge() == ()


def test_a_restart_changes_no_decision() -> None:
    documents = [document("a", SAME_NEWS, LEAD), document("b", OTHER_NEWS), document("c", "Cloud deal", LEAD)]
    going = Grouper()
    decided = [going.place(each, seen=NOON).story for each in documents]
    restored = Grouper()
    for each, story in zip(documents, decided, strict=True):
        restored.restore(each, story=story, seen=NOON)
    fresh = document("d", "Border agency awards cloud contract to Northgate")
    assert restored.place(fresh, seen=NOON) == going.place(fresh, seen=NOON)


# ---- properties -----------------------------------------------------------------------------------------------------

WORDS = st.lists(
    st.sampled_from(["agency", "cloud", "drone", "visa", "border", "Palantir", "EE.UU.", "42", "✓", "ñ"]), max_size=12
)
DOCUMENTS = st.lists(st.tuples(WORDS, WORDS), max_size=12)


@settings(max_examples=60, deadline=None)
@given(DOCUMENTS)
def test_grouping_decides_the_same_every_time_and_names_only_known_documents(
    texts: list[tuple[list[str], list[str]]],
) -> None:
    documents = [document(str(n), " ".join(title), " ".join(body)) for n, (title, body) in enumerate(texts)]
    runs = []
    for _ in range(2):
        grouper = Grouper()
        placements = [grouper.place(each, seen=NOON) for each in documents]
        runs.append((placements, grouper.merge()))
    assert runs[0] == runs[1]
    for number, placement in enumerate(runs[0][0]):
        assert 0 <= placement.similarity <= 1
        assert (placement.story == placement.id) == (placement.relation == "new")
        assert int(placement.story) <= number


# ---- measured -------------------------------------------------------------------------------------------------------


def test_gold_headlines_are_grouped_as_well_as_promised() -> None:
    path = Path(os.environ.get("TIPSHEET_DATA", ""), "data", "stories-gold.csv.xz")
    if not path.is_file():
        pytest.skip("skipped: no data (set TIPSHEET_DATA)")
    headlines = gold(path)
    _, final, _ = group(headlines)
    quality = bcubed(final, [headline.story for headline in headlines])
    assert quality.precision >= 0.88
    assert quality.f1 >= 0.85
