"""What came of the kills, and what of it is no proof.

What lives here: the figures, their words, and the bars. What must not: killing, counting.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

MOST_UNCERTAIN = 0.05  # of kills and lost answers; a program that calls everything uncertain is of no use
MOST_COPIES = 2
_ENOUGH = 50  # kills; within so many, some receiver must have left a message unanswered


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What came of it. An alert is a story (or an entry, to programs that know no stories) for a recipient."""

    asked: int  # kills that were to happen
    kills: int
    alerts: int
    lost: int  # not received and not shown as uncertain, when feeds and receivers had been at peace for long enough
    max_copies: int
    copied: int  # copies beyond the first, of all alerts
    differing: int  # alerts that came under another id, or in other bytes: two alerts of one story are that, too
    stray: int  # received, and of no story that was news
    uncertain: int
    unanswered: int  # messages to which a receiver gave no answer, whether it kept them or not
    moody: int  # messages that a receiver did not simply take
    refused: int  # dead letters, each of which a person sent again
    edits: int
    copies: int
    unchanged: int  # answers 304

    def __add__(self, other: Figures) -> Figures:
        """Of two runs beside each other."""
        names = [field.name for field in fields(self)]
        summed = {name: getattr(self, name) + getattr(other, name) for name in names}
        return Figures(**summed | {"max_copies": max(self.max_copies, other.max_copies)})

    def faults(self) -> tuple[str, ...]:
        """What a proof may not show, in words."""
        causes = self.kills + self.unanswered
        found = (
            (self.kills < self.asked, f"{self.kills} kills happened of the {self.asked} asked for"),
            (not self.alerts, "no alert was due"),
            (self.lost > 0, f"{self.lost} alerts were lost"),
            (self.max_copies > MOST_COPIES, f"an alert came {self.max_copies} times"),
            (self.copied > causes, f"{self.copied} copies for {causes} kills and lost answers: more than one each"),
            (self.differing > 0, f"{self.differing} alerts came under another id or with other bytes"),
            (self.stray > 0, f"{self.stray} alerts came of what was no news"),
            (self.uncertain > MOST_UNCERTAIN * causes, f"{self.uncertain} uncertain: {self._share}"),
            (not (self.edits and self.copies and self.unchanged), "the feeds had no edit, no copy or no 304 to show"),
            (self.asked >= _ENOUGH and not self.unanswered, "every receiver answered every message"),
        )
        return tuple(words for is_so, words in found if is_so)

    @property
    def _share(self) -> str:
        return f"{self.uncertain / max(1, self.kills + self.unanswered):.1%} of kills and lost answers"

    @property
    def so_far(self) -> str:
        return f"{self.kills} kills so far, {self.alerts} alerts, {self.lost} lost, at most {self.max_copies} copies"

    def __str__(self) -> str:
        return (
            f"{self.kills:,} kills, {self.alerts:,} alerts: {self.lost} lost, {self.copied} came again and none more "
            f"than {self.max_copies} times, {self.differing} under another id or with other bytes, {self.stray} of no "
            f"news; {self.uncertain} shown as uncertain ({self._share}). "
            f"Receivers: {self.moody} messages met a bad mood, {self.unanswered} of them got no answer, "
            f"{self.refused} became dead letters and were sent again by hand. "
            f"Feeds: {self.edits} edits, {self.copies} copies, {self.unchanged} answers 304."
        )


def loop_faults(loop: Figures) -> tuple[str, ...]:
    """Of the crash loop, which is to be stopped at two copies: that the last ones end as uncertain is its point."""
    # Fewer kills than copies would mean that it never died after a send.
    is_sound = loop.max_copies == MOST_COPIES <= loop.kills and not (loop.lost or loop.differing or loop.stray)
    words = (
        f"the crash loop, {loop.kills} kills: {loop.lost} lost, {loop.max_copies} copies, {loop.differing} differing"
    )
    return () if is_sound else (words,)
