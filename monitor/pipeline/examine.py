"""entry due → match → place → attribute → policy → Examined | commit

Entries are examined in order of arrival, because who came first decides what is a copy of what. The stories of the
window are kept in memory as an index over the rows; they are read again from there after a start or a failed commit.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from threading import Event

from sqlalchemy import Connection

from alerts import policy
from monitor.articles.reading import is_wanted
from monitor.errors import StorageError
from monitor.model import Attribution, Decision, Entry, ErrandKind, Examined, Match, Placement, Told
from monitor.pipeline.arming import arm
from monitor.pipeline.consent import silent_recipients
from monitor.pipeline.journal import log, note
from monitor.pipeline.storms import Storms, watch_for_storms
from monitor.pipeline.upkeep import window_of
from monitor.settings.config import Config
from monitor.story.answers import is_answer
from monitor.story.attribution import attribute
from monitor.story.grouping import Grouper
from monitor.story.imprint import RECIPE, imprint_of, traits_from
from monitor.story.likeness import Traits, printed, traits_of
from monitor.story.mentions import mentions
from monitor.story.outlets import Outlets
from monitor.story.window import Merge
from monitor.watches.matching import Matcher
from monitor.watches.pack import Pack
from monitor.watches.page import Page, unread
from monitor.words.language import with_language
from storage import claims, corrections, entries, errands, examinations, imprints, stories, window
from storage.database import Database

LEASE = timedelta(minutes=30)
BATCH = 100  # one commit for so many: a disk syncs a few hundred times a second, a first poll brings ten thousand
RETRY = timedelta(hours=1)
ARM_AGAIN = timedelta(minutes=1)


# How alike two stories must be to be merged, where that decides what somebody is told. A wrong merge of two matched
# stories silences an alert; one with a story that no watch matched brings strangers into it.
BOTH_MATCHED = 0.30
ONE_MATCHED = 0.45


@dataclass(slots=True, kw_only=True)
class Examine:
    """The second stage."""

    database: Database
    config: Config
    outlets: Outlets
    clock: Callable[[], datetime]
    stop: Event
    _matcher: Matcher = field(init=False)
    _packs: tuple[Pack, ...] = field(init=False)
    _grouper: Grouper | None = field(init=False, default=None)
    _corrections: tuple[int, int] = field(init=False, default=(0, 0))  # of which the grouper knows
    _matched: set[str] = field(init=False, default_factory=set)  # stories that a watch has matched
    _unsettled: bool = field(init=False, default=False)  # entries were placed since the last merge
    _storms: Storms = field(init=False)
    _silent: Mapping[str, str] = field(init=False, default_factory=dict)  # recipient → that it wants no messages
    _arm_at: datetime | None = field(
        init=False, default=datetime.min.replace(tzinfo=UTC)
    )  # None: all watches are tried

    def __post_init__(self) -> None:
        self._try(self.config)

    def count_due(self) -> int:
        with self.database.read() as connection:
            return entries.count_due(connection, now=self.clock())

    def __call__(self) -> Iterator[Examined]:
        """Examine everything that is due, then let stories that proved to be one grow together."""
        self._arm()
        while not self.stop.is_set():
            claimant = claims.new_claimant()
            now = self.clock()
            with self.database.write() as connection:
                self._heed(connection)
                due = entries.claim_due(
                    connection, self.config.feeds, claimant=claimant, now=now, lease=LEASE, limit=BATCH
                )
            if not due:
                break
            yield from self._examine_all(due, claimant)
        self._merge()

    def _heed(self, connection: Connection) -> None:
        """What a person said about stories since: they are read again."""
        state = corrections.state(connection)
        if state != self._corrections:
            self._corrections, self._grouper = state, None

    def _arm(self) -> None:
        """Hold watches that would send too much to the digest; asked again while the archive is too small to tell."""
        now = self.clock()
        if self._arm_at is None or now < self._arm_at:
            return
        armed, all_tried = arm(self.database, self.config, now=now)
        self._arm_at = None if all_tried else now + ARM_AGAIN
        if armed is not self.config:
            self._try(armed)

    def _try(self, config: Config) -> None:
        """These watches from now on, made ready once for all entries."""
        self.config, self._matcher, self._packs = config, Matcher(config.compiled), config.packs

    def _examine_all(self, due: Sequence[Entry], claimant: str) -> Iterator[Examined]:
        placed, told = self._placed_before(due)
        self._hear_pages(due)
        self._storms = watch_for_storms(self.database, self.config, now=self.clock())
        self._silent = silent_recipients(self.database, self.config)
        examined = []
        for entry in due:
            try:
                examined.append(self._examine(entry, placed.get(entry.id), told))
            except Exception:  # noqa: BLE001 - the unit of work: one entry's surprise must not hold up the queue
                self._postpone(entry.id)
        yield from self._record(examined, claimant, claimed=len(due))

    def _examine(self, entry: Entry, placed: Placement | None, told: dict[str, list[Told]]) -> Examined:
        """Decide all about one entry. `told` grows with what is decided, so that copies in this batch know of it."""
        entry = replace(entry, document=with_language(entry.document))
        if cut := unread(entry.document):
            note("examine", entry=entry.id, read=f"only {cut}")
        matches = self._matcher.match(entry.document)
        attribution = attribute(entry.document, self.outlets, content=entry.content)
        traits = None if placed else traits_of(entry.document)
        placement = placed or self._place(entry, matches, attribution, traits)
        unheard_of = placed is None and placement.relation == "new"  # most are, and need no look at what was told
        concerns = matches or entry.matched  # now, or in an earlier wording
        decisions = self._decide(entry, matches, placement, told, unheard_of=unheard_of) if concerns else ()
        return Examined(
            entry_id=entry.id,
            matches=matches,
            placement=placement,
            attribution=attribution,
            decisions=decisions,
            mentions=mentions(self._packs, Page(entry.document)) if matches else (),
            version=entry.version,
            errands=tuple(self._errands(entry, matches)),
            imprint=imprint_of(traits) if traits else None,
        )

    def _decide(
        self,
        entry: Entry,
        matches: Sequence[Match],
        placement: Placement,
        told: dict[str, list[Told]],
        *,
        unheard_of: bool,
    ) -> tuple[Decision, ...]:
        """Who is told what of an entry that watches match, or matched before it was edited."""
        if matches:
            self._matched.add(placement.story)
        if placement.story not in told:
            told[placement.story] = [] if unheard_of else self._told(placement.story)
        decisions = policy.decide(
            entry=entry,
            matches=matches,
            placement=placement,
            told=told[placement.story],
            watches=self.config.watches,
            recipients=self.config.recipients,
            now=self.clock(),
            group_wait=self.config.group_wait,
            group_interval=self.config.group_interval,
            paused=self._storms.paused,
            silent=self._silent,
        )
        self._storms.see(decisions)
        levels = {match.watch: match.level for match in matches}
        told[placement.story] += [
            Told(
                watch=decision.watch,
                recipient=decision.recipient,
                kind=decision.action,
                at=self._storms.now,
                level=levels.get(decision.watch, "digest"),
            )
            for decision in decisions
            if decision.action != "nothing"
        ]
        return decisions

    def _errands(self, entry: Entry, matches: Sequence[Match]) -> Iterator[ErrandKind]:
        """Its page, where that may matter; a public copy of it, where the file wants one of what matched."""
        config = self.config
        if is_wanted(
            entry, matches, pages=config.pages, packs=self._packs, now=self.clock(), fresh=config.fresh_for
        ):  # fmt: skip
            yield "page"
        if matches and config.archive and not entry.backlog:
            yield "snapshot"

    def _place(
        self, entry: Entry, matches: Sequence[Match], attribution: Attribution, traits: Traits | None
    ) -> Placement:
        """Which story the entry tells. Somebody's answer to a story moves it on: an update, not one more copy."""
        self._unsettled = True
        placement = self._stories().place(
            entry.document, seen=entry.first_seen, credited=attribution.origin, traits=traits
        )
        if placement.relation in ("rewrite", "same-event") and is_answer(entry.document, matches):
            return replace(placement, relation="update", why=f"an answer; {placement.why}")
        return placement

    def _record(self, examined: Sequence[Examined], claimant: str, *, claimed: int) -> Iterator[Examined]:
        try:
            written = self._write(examined, claimant)
        except StorageError:
            self._grouper = None  # it knows of placements that were not kept
            raise
        except Exception:  # noqa: BLE001 - one entry that cannot be written must not silence its batch
            self._grouper = None
            written = list(self._write_each(examined, claimant))
        if len(written) < claimed:
            self._grouper = None  # it knows of entries that failed, or were edited meanwhile: they come again
        for one in written:
            if one.matches:
                actions = {f"{decision.action} to {decision.recipient}" for decision in one.decisions}
                note("examine", entry=one.entry_id, decided=", ".join(sorted(actions)))
        yield from written

    def _write(self, examined: Sequence[Examined], claimant: str) -> Sequence[Examined]:
        """One transaction; the entries whose claim was lost are left out, or all, where a person parted stories."""
        recipients = self.config.recipients
        with self.database.write() as connection:
            if corrections.state(connection) != self._corrections:
                entries.release(connection, claimant)
                return ()
            now = self.clock()  # inside: a digest that is queued meanwhile must come wholly before or after
            written = examinations.record(connection, examined, claimant=claimant, recipients=recipients, now=now)
            self._storms.record(connection)
            return written

    def _write_each(self, examined: Sequence[Examined], claimant: str) -> Iterator[Examined]:
        """One by one; where one fails, those of its story wait: they may have been folded under its alert."""
        untold: set[str] = set()
        for one in examined:
            story = one.placement.story if one.placement else ""
            written = () if story in untold else self._write_alone(one, claimant)
            if not written:
                untold.add(story)
            yield from written
        with self.database.write() as connection:
            entries.release(connection, claimant)

    def _write_alone(self, one: Examined, claimant: str) -> Sequence[Examined]:
        try:
            return self._write([one], claimant)
        except StorageError:
            raise
        except Exception:  # noqa: BLE001 - the unit of work, as above
            self._postpone(one.entry_id)
            return []

    def _postpone(self, entry_id: int) -> None:
        """After a surprise: said in the log, and tried again."""
        log.exception("examination of entry %d failed unexpectedly; tried again in %s", entry_id, RETRY)
        with self.database.write() as connection:
            entries.postpone(connection, entry_id, until=self.clock() + RETRY)

    def _merge(self) -> None:
        if self._grouper is None:
            return
        merges = self._grouper.merge(self._bar)
        if not merges and not self._unsettled:
            return
        self._matched |= {merge.kept for merge in merges if merge.gone in self._matched}
        try:
            with self.database.write() as connection:
                self._heed(connection)
                if self._grouper is None:
                    return  # the stories are not what they were when it looked at them
                self._write_merges(connection, merges)
                imprints.settle(connection)
            self._unsettled = False
        except BaseException:
            self._grouper = None
            raise
        note("merge", level=logging.DEBUG, stories=len(merges))

    def _write_merges(self, connection: Connection, merges: Sequence[Merge]) -> None:
        """A story that began with somebody's answer moves the older one on, as it would have done on arrival."""
        began = entries.documents(connection, [int(one) for merge in merges for one in (merge.kept, merge.gone)])
        matches = stories.matches_of(connection, [int(merge.gone) for merge in merges])
        at_once = {to.name for to in self.config.recipients.values() if to.updates == "at-once"}
        for merge in merges:
            (kept, _), (gone, _) = began[int(merge.kept)], began[int(merge.gone)]
            stories.merge(
                connection, kept=int(merge.kept), gone=int(merge.gone),
                why=f"{merge.why} {printed(kept, merge.shared)}",
                similarity=round(min(merge.similarity, 1.0), 4),
                copy_of=int(merge.copy_of) if merge.copy_of else None,
                moves_it_on=is_answer(gone, matches.get(int(merge.gone), ())),
                at_once=at_once, pause=self.config.group_interval,
            )  # fmt: skip

    def _bar(self, one: str, other: str) -> float:
        matched = (one in self._matched) + (other in self._matched)
        return (0.0, ONE_MATCHED, BOTH_MATCHED)[matched]

    def _stories(self) -> Grouper:
        """The window's stories, read from the rows when they are not in memory."""
        if self._grouper is None:
            gc.unfreeze()  # so that a window that was given up can go
            grouper = Grouper(window=window_of(self.config))
            matched = set()
            with self.database.read() as connection:
                said = errands.said_addresses(connection, since=self.clock() - window_of(self.config))
                for placed in window.recent(connection, since=self.clock() - window_of(self.config), recipe=RECIPE):
                    traits = traits_from(placed.imprint) if placed.imprint else None
                    grouper.restore(
                        placed.document, story=placed.story, seen=placed.seen, credited=placed.credited, traits=traits,
                        settled=placed.settled,
                    )  # fmt: skip
                    matched |= {placed.story} if placed.matched else set()
                    if address := said.get(int(placed.document.id)):
                        grouper.say(placed.document, address)
                parted = corrections.parted(connection)
            for one, other in parted:
                grouper.part(str(one), str(other))
            self._grouper, self._matched = grouper, matched
            gc.freeze()  # a million things that stay for days: whoever came when all were looked through had to wait
        return self._grouper

    def _placed_before(self, due: Sequence[Entry]) -> tuple[dict[int, Placement], dict[str, list[Told]]]:
        """Entries that come again, in other words or with their page's text, stay in the story they were placed in."""
        with self.database.read() as connection:
            return stories.placements(connection, [entry.id for entry in due]), {}

    def _hear_pages(self, due: Sequence[Entry]) -> None:
        """A page that was read says its own address: the next merge joins it with the entry that stands there."""
        with self.database.read() as connection:
            said = errands.said_addresses(connection, ids=[entry.id for entry in due])
        for entry in due:
            if entry.id in said:
                self._stories().say(entry.document, said[entry.id])
                self._unsettled = True

    def _told(self, story: str) -> list[Told]:
        with self.database.read() as connection:
            return list(stories.told(connection, int(story)))
