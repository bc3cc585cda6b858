"""Who is credited, by whom, in which words. The texts are made up; the outlets and the phrases are real."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model import Attribution, Document
from monitor.story.attribution import attribute
from monitor.story.outlets import shipped

OUTLETS = shipped()


def read(text: str, *, title: str = "", outlet: str = "gazette.example") -> Attribution:
    return attribute(Document(id="x", title=title, text=text, outlet=outlet), OUTLETS)


def roles(attribution: Attribution) -> dict[str, str]:
    return {credit.domain: credit.role for credit in attribution.credits}


@pytest.mark.parametrize(
    ("text", "domains"),
    [
        ("The contract was first reported by 404 Media.", ["404media.co"]),
        ("The tool, which was first revealed on Tuesday by Wired, follows phones.", ["wired.com"]),
        ("The Intercept first reported that the agency had paid.", ["theintercept.com"]),
        ("The deal was signed in May, 404 Media first reported.", ["404media.co"]),
        ("Politico broke the news on Monday.", ["politico.com"]),
        ("An investigation by ProPublica found that the firm kept the files.", ["propublica.org"]),
        ("A Washington Post investigation found that the firm kept the files.", ["washingtonpost.com"]),
        ("According to a WIRED review of court filings, the tool is in use.", ["wired.com"]),
        ("Internal emails obtained by Bloomberg show the plan.", ["bloomberg.com"]),
        ("Records seen by the Financial Times list the buyers.", ["ft.com"]),
        ("The files were shared with The Guardian and Der Spiegel.", ["theguardian.com", "spiegel.de"]),
        ("According to Business Insider, which reviewed the contract, the price was low.", ["businessinsider.com"]),
        ("The agency bought forty towers, according to The Verge.", ["theverge.com"]),
        ("The agency bought forty towers, Axios reported Friday.", ["axios.com"]),
        ("As reported by <a href='https://x.example'>TechCrunch</a>, the tool is in use.", ["techcrunch.com"]),
        (
            "Documents obtained by the Guardian, with its partners +972 Magazine and Local Call, show growth.",
            ["theguardian.com", "972mag.com", "mekomit.co.il"],
        ),
        ("Documentos internos obtenidos por 404 Media muestran el plan.", ["404media.co"]),
        ("Según reveló el diario The Guardian, la agencia compró torres.", ["theguardian.com"]),
        ("Una investigación de ProPublica reveló el contrato.", ["propublica.org"]),
        ("Los correos a los que tuvo acceso El País detallan el plan.", ["elpais.com"]),
        ("La agencia compró cuarenta torres, según The New York Times.", ["nytimes.com"]),
        ("La agencia compró cuarenta torres, reportó Univision.", ["univision.com"]),
        ("La agencia compró cuarenta torres, aseguró The Washington Post.", ["washingtonpost.com"]),
        ("El contrato fue adelantado por Animal Político.", ["animalpolitico.com"]),
        ("Le contrat a été révélé par Le Monde.", ["lemonde.fr"]),
    ],
)
def test_a_phrase_of_credit_names_who_broke_it(text: str, domains: list[str]) -> None:
    attribution = read(text)
    assert list(attribution.origin) == domains
    assert set(roles(attribution).values()) == {"origin"}


@pytest.mark.parametrize(
    ("title", "domain"),
    [
        ("Agency bought phone data: WSJ", "wsj.com"),
        ("Agency bought phone data, Reuters reports", "reuters.com"),
        ("Agency bought phone data - The Intercept", "theintercept.com"),
        ("La agencia compró datos: Reuters", "reuters.com"),
    ],
)
def test_a_headline_may_end_in_its_source(title: str, domain: str) -> None:
    assert read("", title=title).origin == (domain,)


@pytest.mark.parametrize(
    "text",
    [
        "Amazon, whose founder owns The Washington Post, declined to comment.",
        "Comcast, the parent of NBC News, sells the cameras.",
        "Photo: Reuters. The towers stand in the desert.",
        "Workers set up a tower. (REUTERS/Jane Roe)",
        "Workers set up a tower. Jane Roe/AP",
        "Subscribe to WIRED for more.",
        "Our Standards: The Thomson Reuters Trust Principles.",
        "Thomson Reuters sells its database to the agency, according to Thomson Reuters.",
        "It was time to reason with the wired city, and next the nation slept; fortune and vice said so.",
        "Reason says that walls do not work. Time said otherwise.",
        "Según la agencia, las torres ya funcionan. Según fuentes, son cuarenta.",
        "The agency said so, according to officials. The ACLU found the files, the ACLU reported.",
        "According to the Post, the deal is done.",
        "Forty towers were bought: report",
        "",
    ],
)
def test_nobody_is_credited_where_no_outlet_is(text: str) -> None:
    assert read(text) == Attribution(origin=(), credits=())


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("“We only keep files,” a spokesman told Reuters.", "quoted"),
        ("In a statement to CNN, the firm denied it.", "quoted"),
        ("The firm did not respond to WIRED's request for comment.", "quoted"),
        ("La portavoz dijo a Telemundo que no habría cambios.", "quoted"),
        ("Axios has previously reported on the firm.", "relay"),
        ("The Guardian noted in February that the price had doubled.", "relay"),
    ],
)
def test_a_venue_or_a_side_fact_is_no_origin(text: str, role: str) -> None:
    attribution = read(text)
    assert attribution.origin == ()
    assert list(roles(attribution).values()) == [role]


def test_the_one_said_to_be_first_beats_all_others() -> None:
    text = "The tool follows phones, according to CNN. Records seen by Axios agree. 404 Media first reported it."
    assert read(text).origin == ("404media.co",)
    assert roles(read(text)) == {"cnn.com": "relay", "axios.com": "relay", "404media.co": "origin"}


def test_a_medium_credit_far_down_is_background() -> None:
    filler = "The towers stand in the desert and can be seen for miles. " * 8
    assert read(f"{filler}In 2019, according to CNN, there were ten.").origin == ()


@pytest.mark.parametrize(
    "text",
    [
        "WASHINGTON, Feb 17 (Reuters) - The agency bought forty towers.",
        "(Reuters) - The agency bought forty towers.",
        "CIUDAD DE MÉXICO (Reuters) — La agencia compró torres.",
    ],
)
def test_a_dateline_says_whose_wire_copy_it_is(text: str) -> None:
    assert read(text).origin == ("reuters.com",)
    assert roles(read(text)) == {"reuters.com": "wire"}


@pytest.mark.parametrize(
    "text",
    [
        "By Jane Roe, Associated Press\nThe agency bought forty towers.",
        "La agencia compró torres. Con información de AP.",
        "The agency bought forty towers. With reporting by The Associated Press.",
    ],
)
def test_a_byline_in_the_text_does_too(text: str) -> None:
    assert roles(read(text)) == {"apnews.com": "wire"}


@pytest.mark.parametrize(
    ("author", "outlet", "origin"),
    [
        ("Reuters", "gazette.example", ("reuters.com",)),
        ("Jane Roe, The Associated Press", "gazette.example", ("apnews.com",)),
        ("Jane Roe, Thomson Reuters Foundation", "gazette.example", ()),
        ("Reuters", "reuters.com", ()),
        ("Jane Roe", "gazette.example", ()),
    ],
)
def test_an_agency_in_the_authors_line_is_the_origin_of_its_copy(
    author: str, outlet: str, origin: tuple[str, ...]
) -> None:
    told = attribute(Document(id="x", title="Agency buys towers", author=author, outlet=outlet), OUTLETS)
    assert told.origin == origin
    assert [(one.domain, one.role, one.field) for one in told.credits] == [(one, "wire", "author") for one in origin]
    assert [author[one.start : one.end] for one in told.credits] in ([], ["Reuters"], ["The Associated Press"])


# ---- links ----------------------------------------------------------------------------------------------------------


def linked(content: str, *, text: str = "The agency bought towers.", outlet: str = "gazette.example") -> Attribution:
    return attribute(Document(id="x", title="", text=text, outlet=outlet), OUTLETS, content=content)


def anchor(address: str) -> str:
    return f'<p>The agency <a class="x" href="https://{address}">bought towers</a>.</p>'


STORY = "www.wired.com/story/agency-buys-towers/"


def test_a_link_to_another_outlets_article_credits_it() -> None:
    (credit,) = linked(anchor(STORY)).credits
    assert (credit.domain, credit.role, credit.is_link) == ("wired.com", "origin", True)
    assert linked(anchor(STORY)).origin == ("wired.com",)


@pytest.mark.parametrize(
    "content",
    [
        f"<A class=x\nHREF = https://{STORY}>bought towers</A>",
        f"<a href='//{STORY}'>bought towers</a>",
        f"<!-- {anchor('www.axios.com/2026/02/17/agency-towers')} -->{anchor(STORY)}",
    ],
)
def test_a_link_is_read_as_the_feed_wrote_it(content: str) -> None:
    assert linked(content).origin == ("wired.com",)


@pytest.mark.parametrize(
    ("address", "counts"),
    [
        ("www.theguardian.com/us-news/2026/feb/17/agency-towers", True),
        ("www.theguardian.com/us-news/2026/jan/30/agency-towers", True),
        ("www.theguardian.com/us-news/2019/feb/17/agency-towers", False),
        ("www.washingtonpost.com/technology/2025/11/30/agency-towers/", False),
        ("www.wired.com/story/agency-buys-towers/", True),
    ],
)
def test_a_link_to_an_old_article_is_background(address: str, counts: bool) -> None:
    document = Document(id="x", title="", text="Towers.", published=datetime(2026, 2, 18, tzinfo=UTC))
    assert bool(attribute(document, OUTLETS, content=anchor(address)).origin) == counts


@pytest.mark.parametrize(
    ("why", "content", "text", "outlet"),
    [
        ("it is its own", anchor(STORY), "", "wired.com"),
        ("it leads to no article", anchor("www.wired.com/"), "", ""),
        ("it leads to a topic", anchor("www.wired.com/topic/border-towers/"), "", ""),
        ("it leads to a group", anchor("www.aclu.org/news/agency-buys-towers"), "", ""),
        ("it leads to no outlet", anchor("blog.example/2026/02/agency-buys-towers"), "", ""),
        ("no reader sees it", f"<script>'{anchor(STORY)}'</script><!-- {anchor(STORY)} -->Towers.", "", ""),
        ("two are linked", anchor(STORY) + anchor("www.axios.com/2026/02/17/agency-towers"), "", ""),
        ("it stands far down", "<p>The desert is wide. </p>" * 9 + anchor(STORY), "", ""),
        ("somebody is credited in words", anchor(STORY), "CNN first reported it.", ""),
    ],
)
def test_a_link_credits_nobody_where(why: str, content: str, text: str, outlet: str) -> None:
    told = linked(content, text=text or "The agency bought towers.", outlet=outlet or "gazette.example")
    assert not any(credit.is_link for credit in told.credits), why


def test_a_site_that_signs_its_headlines_credits_nobody() -> None:
    assert read("", title="Agency buys forty towers - The Guardian", outlet="theguardian.com").credits == ()


def test_an_explicit_credit_beats_the_wire_that_carries_it() -> None:
    text = "WASHINGTON (AP) — The agency bought forty towers, 404 Media first reported."
    assert read(text).origin == ("404media.co",)


@pytest.mark.parametrize("outlet", ["404media.co", "404 Media"])
def test_an_outlet_that_credits_itself_is_its_own_origin(outlet: str) -> None:
    attribution = read("Documents obtained by 404 Media show the plan.", outlet=outlet)
    assert attribution.origin == ("404media.co",)
    assert roles(attribution) == {"404media.co": "self"}


def test_the_same_words_on_another_page_point_back() -> None:
    assert roles(read("Documents obtained by 404 Media show the plan."))["404media.co"] == "origin"


@pytest.mark.parametrize(
    ("text", "roles_read"),
    [
        ("Files obtained by The Guardian and shared with WIRED.", {"theguardian.com": "origin", "wired.com": "origin"}),
        ("CNN reported on Friday, citing Axios, that it is over.", {"cnn.com": "relay", "axios.com": "origin"}),
        ("Lo informó Infobae, citando a Reuters.", {"infobae.com": "relay", "reuters.com": "origin"}),
        ("As reported by Axios (via Engadget), it is over.", {"axios.com": "origin", "engadget.com": "relay"}),
        ("It is over, via Engadget.", {"engadget.com": "origin"}),
        ("Back in 2018, The New York Times had reported on such a list.", {"nytimes.com": "relay"}),
        ("A Reuters photographer saw it. A Reuters/Ipsos poll agrees.", {}),
        ("The Oregonian/OregonLive reported that it is over.", {"oregonlive.com": "origin"}),
        ("The Houston Chronicle's Jane Roe reports that it is over.", {"houstonchronicle.com": "origin"}),
        ("Engadget reports that, according to Axios, it is over.", {"engadget.com": "relay", "axios.com": "origin"}),
        ("Jeff Bezos, who owns the Washington Post, said that it is over.", {}),
        ("Axios first reported it, and CNN has since confirmed it.", {"axios.com": "origin", "cnn.com": "relay"}),
        ("Asked by CNN, the firm did not answer.", {"cnn.com": "quoted"}),
        ("By Jane Roe\n\nAUSTIN, Texas (AP) - It is over.", {"apnews.com": "wire"}),
        ("© 2026 Agence France-Presse. It is over.", {"afp.com": "wire"}),
        ("It is over. (Reuters)", {"reuters.com": "wire"}),
        ("It is over. John Doe / Getty Images / AFP", {}),
        ("Le contrat a été révélé par le quotidien Le Monde.", {"lemonde.fr": "origin"}),
    ],
)
def test_roles_are_told_apart(text: str, roles_read: dict[str, str]) -> None:
    assert roles(read(text)) == roles_read


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("The plan was first reported by the Tulsa Ledger.", "Tulsa Ledger"),
        ("Emails obtained by KXYZ-TV show the plan.", "KXYZ-TV"),
        ("El plan fue revelado por Radio Frontera.", "Radio Frontera"),
        ("The plan was first reported by the Tucson Sentinel.", "Tucson Sentinel"),
    ],
)
def test_an_outlet_that_is_not_on_the_list_is_credited_by_name_alone(text: str, name: str) -> None:
    attribution = read(f"{text} CNN reported on it, too.")
    assert [(credit.outlet, credit.domain, credit.role) for credit in attribution.credits] == [
        (name, "", "origin"),
        ("CNN", "cnn.com", "relay"),
    ]
    assert attribution.origin == ()  # there is no domain to name


@pytest.mark.parametrize(
    "text",
    [
        "The Tulsa Ledger hired a reporter. He told the Tulsa Ledger so, according to the Tulsa Ledger.",
        "The rule was first published by the Federal Register and the Department of Homeland Security.",
        "Emails obtained by Acme Data show the plan. It was first reported by Jane Roe.",
    ],
)
def test_no_outlet_is_invented(text: str) -> None:
    assert read(text).credits == ()


# ---- short forms ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "outlet", "origin"),
    [
        ("The Wall Street Journal asked first. Emails seen by the Journal show it.", "gazette.example", ("wsj.com",)),
        (
            "The Washington Post asked first. Emails seen by the Post show it.",
            "gazette.example",
            ("washingtonpost.com",),
        ),
        ("The New York Post asked first. Emails seen by the Post show it.", "gazette.example", ("nypost.com",)),
        ("Emails seen by The Times show it.", "latimes.com", ("latimes.com",)),
        ("Emails seen by The Times show it.", "gazette.example", ()),
        ("The Guardian asked first. Emails seen by the outlet show it.", "gazette.example", ("theguardian.com",)),
        (
            "Habló The Guardian. Los correos obtenidos por el medio lo muestran.",
            "gazette.example",
            ("theguardian.com",),
        ),
        ("Emails seen by the outlet show it.", "gazette.example", ()),
    ],
)
def test_a_short_form_needs_its_full_name_or_its_own_house(text: str, outlet: str, origin: tuple[str, ...]) -> None:
    assert read(text, outlet=outlet).origin == origin


@pytest.mark.parametrize(
    "hostile",
    [
        "A" * 400_000,
        "Aa " * 100_000,
        "(" * 100_000,
        "Subscribe " * 40_000,
        "according to CNN, " * 1_000,
        "Tulsa Times CNN " * 3_500,
        "<a " * 100_000,
        "Reuters" * 50_000,
    ],
)
def test_hostile_text_costs_little(hostile: str) -> None:
    started = time.perf_counter()
    read(hostile)
    assert time.perf_counter() - started < 3


@given(
    st.text(max_size=80),
    st.sampled_from(["According to CNN, ", "documents obtained by Reuters ", "told WIRED "]),
    st.text(max_size=80),
)
def test_offsets_cut_the_name_out_of_the_field_as_given(before: str, credit: str, after: str) -> None:
    fields = {"title": before + credit, "summary": credit + after, "text": before + credit + after}
    attribution = attribute(Document(id="x", **fields), OUTLETS)  # type: ignore[arg-type]
    for found in attribution.credits:
        cut = fields[found.field][found.start : found.end]
        assert cut in {"CNN", "Reuters", "WIRED"} or cut in before or cut in after
    assert set(attribution.origin) <= {found.domain for found in attribution.credits}
