"""A feed's date, as some template printed it, to an aware time in UTC.

What lives here: formats, month names and zone abbreviations seen in real feeds. What must not: a clock, and guessing:
a date that could be read in two ways ("09/10/2020") is no date.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_LONGEST = 120  # no format comes near; anything longer is an attack on somebody's regular expression

_ISO = re.compile(
    r"(?P<year>\d{4})(?P<sep>[-/.]?)(?P<month>\d{1,2})(?:(?P=sep)(?P<day>\d{1,2}))?(?:(?:\s*T\s*|[\s,]+)(?P<rest>.*))?$",
    re.IGNORECASE,
)
_NUMERIC = re.compile(r"(?P<first>\d{1,2})[/.-](?P<second>\d{1,2})[/.-](?P<year>\d{4})\b(?P<rest>.*)$")
_EPOCH = re.compile(r"(\d{9,10})(?:\.\d+)?$|(\d{12,13})$")
_CLOCK = re.compile(
    r"(?<![\d+-])(?P<hour>\d{1,2}):?(?P<minute>\d{2})(?:[:.]?(?P<second>\d{2})(?:[.,]\d+)?)?"
    r"\s*(?P<half>[ap]\.?\s?m\b\.?)?(?=\W|[a-z]|$)",
    re.IGNORECASE,
)
_OFFSET = re.compile(
    r"(?:\b(?:GMT|UTC|UT))?\s*(?P<sign>[+\-−])(?P<hours>\d{1,2}):?(?P<minutes>\d{2})?(?!\d)", re.IGNORECASE
)
# What nine feeds in ten print: Mon, 02 Mar 2020 10:00:00 +0000 and 2020-03-02T10:00:00Z, with a zone in figures.
_RFC822 = re.compile(
    r"(?:[A-Z][a-z]{2}, )?(\d\d?) ([A-Z][a-z]{2}) (\d{4}) ((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)"
    r" (?:GMT|UTC|([+-](?:0\d|1[0-4])):?([0-5]\d))",
    re.ASCII,
)
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)", re.ASCII)
_WORD = re.compile(r"[^\W\d_]+")
_NUMBER = re.compile(r"\d+")

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january ene enero janvier janv januar jän gen gennaio janeiro",
            "feb february febrero février fév févr februar febbraio fev fevereiro",
            "mar march marzo mars märz mär mrz março",
            "apr april abr abril avr avril aprile",
            "may mayo mai maggio mag maio",
            "jun june junio juin juni giugno giu junho",
            "jul july julio juil juillet juli luglio lug julho",
            "aug august ago agosto août",
            "sep sept september septiembre set setiembre septembre settembre setembro",
            "oct october octubre octobre oktober okt ottobre ott out outubro",
            "nov november noviembre novembre novembro",
            "dec december dic diciembre déc décembre dez dezember dicembre dezembro",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip

# Where an abbreviation has several meanings, the one that news feeds print: BST is British, IST Indian, CST American.
_ZONES = {
    name: hours
    for hours, names in {
        0: "z ut utc gmt wet",
        1: "bst west cet met mez wat",
        2: "cest mest mesz eet sast cat",
        3: "eest msk trt eat idt",
        4: "gst",
        5: "pkt",
        5.5: "ist",
        5.75: "npt",
        7: "ict wib",
        8: "sgt hkt pht myt awst",
        9: "jst kst",
        9.5: "acst",
        10: "aest",
        10.5: "acdt",
        11: "aedt",
        12: "nzst",
        13: "nzdt",
        -2.5: "ndt",
        -3: "adt brt art uyt clst",
        -3.5: "nst",
        -4: "ast edt clt vet",
        -5: "est cdt et cot pet ect",
        -6: "cst mdt ct",
        -7: "mst pdt mt",
        -8: "pst akdt pt",
        -9: "akst",
        -10: "hst",
    }.items()
    for name in names.split()
}


def parse_date(text: str) -> datetime | None:
    """The time that `text` names, in UTC, or None. A time without a zone counts as UTC, a day alone as its midnight."""
    try:
        if date := _usual(text):
            return date
        text = " ".join(text.split())
        if not text or len(text) > _LONGEST:
            return None
        return _usual(text) or _epoch(text) or _iso(text) or _numeric(text) or _spelled(text)
    except (ValueError, OverflowError):  # the 31st of June, the year 0
        return None


def _usual(text: str) -> datetime | None:
    """The two standard forms, read as the general rules below would read them, in a tenth of the time."""
    if _RFC3339.fullmatch(text):
        return _in_utc(text)
    found = _RFC822.fullmatch(text)
    if not found or not (month := _MONTHS.get(found[2].lower())):
        return None
    day, _, year, clock, hours, minutes = found.groups()
    return _in_utc(f"{year}-{month:02}-{day:0>2}T{clock}{hours or '+00'}:{minutes or '00'}")


def _in_utc(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    moment = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return moment.replace(microsecond=0) if moment.microsecond else moment


def _epoch(text: str) -> datetime | None:
    """Seconds or milliseconds since 1970."""
    if not (found := _EPOCH.match(text)):
        return None
    seconds = int(found[1]) if found[1] else int(found[2]) / 1000
    return datetime.fromtimestamp(seconds, UTC)


def _iso(text: str) -> datetime | None:
    """Year first: 2020-03-02T10:00:00Z, 2020/3/2 10:00, 20200302T100000+0100, 2020-03."""
    found = _ISO.match(text)
    if not found or not (found["sep"] or found["day"]):
        return None
    month, day = int(found["month"]), int(found["day"] or 1)
    if month > 12:  # 2020-31-12, from templates that take the order for a matter of taste
        month, day = day, month
    return _moment(int(found["year"]), month, day, found["rest"] or "")


def _numeric(text: str) -> datetime | None:
    """Year last: 25/12/2020 or 12/25/2020, where only one order is a date."""
    if not (found := _NUMERIC.match(text)):
        return None
    first, second = int(found["first"]), int(found["second"])
    if first <= 12 and second <= 12 and first != second:
        return None
    day, month = (first, second) if second <= 12 else (second, first)
    return _moment(int(found["year"]), month, day, found["rest"])


def _spelled(text: str) -> datetime | None:
    """A month's name among numbers: Mon, 02 Mar 2020 10:00:00 GMT; 2 de marzo de 2020; March 2, 2020 5:00 pm EST."""
    months = [_MONTHS[word.lower()] for word in _WORD.findall(text) if word.lower() in _MONTHS]
    if not months:
        return None
    clock = re.search(r"\d{1,2}:\d{2}", text)
    calendar = text[: clock.start()] + " " if clock else text
    rest = text[clock.start() :] if clock else ""
    numbers = [number[0] for number in _NUMBER.finditer(calendar)]
    if len(numbers) < 2:  # Mon Mar  2 10:00:00 2020, as C prints it
        numbers += [number[0] for number in re.finditer(r"(?<![\d:+-])\d{4}\b(?!:)", rest)][-1:]
    if len(numbers) < 2:
        return None
    day, year = (numbers[1], numbers[0]) if len(numbers[0]) == 4 else (numbers[0], numbers[1])
    return _moment(_full_year(year), months[-1], int(day), rest)  # the last: "mar, 03 nov" is a Tuesday in Spain


def _full_year(digits: str) -> int:
    year = int(digits)
    return year if len(digits) > 2 else year + (1900 if year >= 90 else 2000)


def _moment(year: int, month: int, day: int, rest: str) -> datetime:
    """A calendar day, and what follows it: a clock and a zone, either or both of which may be missing."""
    clock = _CLOCK.match(rest.strip())
    time, zone = _time_of_day(clock), rest.strip()[clock.end() :] if clock else rest
    return datetime(year, month, day, tzinfo=UTC) + time - _offset(zone)


def _time_of_day(clock: re.Match[str] | None) -> timedelta:
    if not clock:
        return timedelta()
    hour, minute, second = int(clock["hour"]), int(clock["minute"]), int(clock["second"] or 0)
    if clock["half"] and hour <= 12:
        hour = hour % 12 + (12 if clock["half"][0] in "pP" else 0)
    if hour > 24 or minute > 59 or second > 60:
        raise ValueError(f"no time of day: {clock[0]}")
    return timedelta(hours=hour, minutes=minute, seconds=min(second, 59))


def _offset(zone: str) -> timedelta:
    """What to subtract to reach UTC. A zone nobody knows counts as UTC: hours wrong, where no date is more wrong."""
    if found := _OFFSET.search(zone):
        offset = timedelta(hours=int(found["hours"]), minutes=int(found["minutes"] or 0))
        if offset > timedelta(hours=15):
            return timedelta()
        return offset if found["sign"] == "+" else -offset
    names = (word[0].lower() for word in _WORD.finditer(zone))
    return timedelta(hours=next((_ZONES[name] for name in names if name in _ZONES), 0))
