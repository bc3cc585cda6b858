"""How an installation stands, as measures: each with its name, what it means, and its numbers.

What lives here: which measures there are. What must not: a clock, a database, how they are written (`exposition`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from monitor.model import Recipient, Standing
from monitor.operating import verdict
from monitor.operating.exposition import Measure, Sample
from monitor.operating.verdict import Finding, Pace
from monitor.rhythm import cadence
from monitor.version import VERSION

QUANTILES = (0.5, 0.9, 0.99)
_LEVELS = {"ok": 0, "slow": 1, "stalled": 2}


def measures_of(
    standing: Standing, findings: Sequence[Finding], recipients: Mapping[str, Recipient]
) -> tuple[Measure, ...]:
    """All measures of a standing; `recipients` are those of the file."""
    return (
        *_of_whole(standing, findings),
        *_of_feeds(standing),
        *_of_entries(standing),
        *_of_deliveries(standing),
        _gauge(
            "delay_seconds", "From one point of an entry's way to the next, of what got there in the window.",
            *_delays(standing.delays),
        ),
        _gauge(
            "digest_late_seconds", "For how long a recipient's latest digest is owed; 0: it was sent.",
            *(Sample(value=late, labels={"recipient": name}) for name, late in lateness(standing, recipients).items()),
        ),
    )  # fmt: skip


def lateness(standing: Standing, recipients: Mapping[str, Recipient]) -> dict[str, float]:
    """Recipient who takes digests → for how many seconds the latest one is owed."""
    return {
        name: _late(standing, recipient) for name, recipient in recipients.items() if recipient.digest_at is not None
    }


def _late(standing: Standing, recipient: Recipient) -> float:
    if recipient.digest_at is None or standing.began_at is None:
        return 0.0
    day, due = cadence.digest_slot(recipient.digest_at, recipient.zone, now=standing.now, on=recipient.digest_on)
    key = f"digest:{day.isoformat()}:{recipient.name}:{recipient.channel}"
    owed = due > standing.began_at and key not in standing.digests_sent
    return (standing.now - due).total_seconds() if owed else 0.0


def _of_whole(standing: Standing, findings: Sequence[Finding]) -> Iterator[Measure]:
    yield _gauge("build_info", "The version that answers.", Sample(value=1, labels={"version": VERSION}))
    yield _gauge("healthy", "1: it goes on; 0: something stands still.", _one(verdict.is_healthy(findings)))
    yield _gauge("ready", "1: alerts come as they should; 0: something is slow.", _one(verdict.is_ready(findings)))
    levels = (Sample(value=_LEVELS[one.level], labels={"measure": one.measure}) for one in findings)
    yield _gauge("finding", "What was judged: 0 ok, 1 slow, 2 stalled.", *levels)
    yield _gauge("window_seconds", "Over how long polls, attempts and delays are looked at.", _one(_window(standing)))
    yield _gauge("database_bytes", "Size of the database.", *_by("part", standing.sizes))


def _of_feeds(standing: Standing) -> Iterator[Measure]:
    scale = standing.feed_count / len(standing.feeds) if standing.feeds else 1.0
    recent = [feed for feed in standing.feeds if feed.polled_at and feed.polled_at > standing.since]
    outcomes, lately = (Counter(feed.outcome for feed in some) for some in (standing.feeds, recent))
    yield _gauge("feeds", "Feeds in use, by how their last poll went.", *_by("outcome", outcomes, scale))
    yield _gauge("feeds_polled", "Those asked in the window, by how that went.", *_by("outcome", lately, scale))
    yield Measure(
        name="tipsheet_feed_polls_total", kind="counter", help="Polls, ever.", samples=(_one(standing.polls),)
    )
    yield _gauge("feeds_due", "Feeds whose time has come.", _one(verdict.overdue(standing, timedelta())))
    yield _gauge("feeds_overdue", "Feeds whose time came a quarter of an hour ago.", _one(verdict.overdue(standing)))
    yield from _pace("feeds", verdict.poll_pace(standing), "Feeds asked a minute, each once in the window")
    yield from _moment("last_poll", "When a feed was last asked.", standing.last_poll_at)


def _of_entries(standing: Standing) -> Iterator[Measure]:
    yield from _pace("entries", verdict.entry_pace(standing), "New entries a minute, over six windows")
    yield _gauge("entries_unexamined", "Entries that wait to be examined.", _one(standing.unexamined))
    yield _gauge("oldest_unexamined_seconds", "For how long.", _age(standing, standing.oldest_unexamined_at))
    yield from _moment("last_entry", "When the last new entry came.", standing.last_entry_at)


def _of_deliveries(standing: Standing) -> Iterator[Measure]:
    yield _gauge("deliveries", "Deliveries, by state.", *_by("state", {**_STATES, **standing.deliveries}))
    yield _gauge("delivery_attempts", "Attempts in the window, by result.", *_by("result", standing.attempts))
    yield _gauge("oldest_waiting_seconds", "Age of the oldest delivery that waits, for whatever reason.",
                 _age(standing, standing.oldest_waiting_at))  # fmt: skip
    yield _gauge("oldest_due_seconds", "For how long a delivery that could go out has not.",
                 _age(standing, standing.oldest_due_at))  # fmt: skip
    yield from _moment("last_delivery", "When something was last delivered.", standing.last_delivery_at)


_STATES = dict.fromkeys(("waiting", "sent", "failed", "uncertain", "folded"), 0)


def _delays(delays: Mapping[str, tuple[float, ...]]) -> Iterator[Sample]:
    for way, lengths in delays.items():
        for quantile in QUANTILES if lengths else ():
            value = lengths[min(int(quantile * len(lengths)), len(lengths) - 1)]
            yield Sample(value=value, labels={"way": way, "quantile": str(quantile)})


def _pace(what: str, pace: Pace, said: str) -> Iterator[Measure]:
    yield _gauge(f"{what}_per_minute", f"{said}.", _one(pace.done / pace.minutes))
    yield _gauge(f"{what}_expected_per_minute", f"{said}, as was expected.", _one(pace.expected / pace.minutes))


def _moment(name: str, said: str, moment: datetime | None) -> Iterator[Measure]:
    """Nothing, where it never was."""
    if moment is not None:
        yield _gauge(f"{name}_timestamp_seconds", said, _one(moment.timestamp()))


def _gauge(name: str, said: str, *samples: Sample) -> Measure:
    return Measure(name=f"tipsheet_{name}", kind="gauge", help=said, samples=samples)


def _one(value: float) -> Sample:
    return Sample(value=float(value))


def _by(label: str, counts: Mapping[str, int], scale: float = 1.0) -> tuple[Sample, ...]:
    return tuple(Sample(value=count * scale, labels={label: name}) for name, count in sorted(counts.items()))


def _age(standing: Standing, since: datetime | None) -> Sample:
    return _one((standing.now - since).total_seconds() if since else 0.0)


def _window(standing: Standing) -> float:
    return (standing.now - standing.since).total_seconds()
