"""The tables, as SQLAlchemy Core sees them. A change needs a migration in `migrations/versions`; a test compares.

An index of some rows only is so on every engine, by its migration; here it is said in SQLite's word alone, for the
other's would load the other engine's dialect at every start.

`account_tables` has those of the review desk's door, `review_tables` what people say there; whoever imports this room
has them all.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    LargeBinary,
    Table,
    UniqueConstraint,
    false,
    text,
)

from storage import account_tables as account_tables
from storage import consent_tables as consent_tables
from storage import review_tables as review_tables
from storage.columns import Instant as Instant
from storage.columns import Integer, String, Text
from storage.columns import metadata as metadata


def _claim_columns() -> tuple[Column[datetime], Column[str]]:
    """Somebody is on it until `claimed_until`; `claimed_by` is the fence that a late writer fails at."""
    return Column("claimed_until", Instant), Column("claimed_by", String(36))


feeds = Table(
    "feeds",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("url", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("outlet", Text, nullable=False),
    Column("active", Boolean, nullable=False),  # in feeds.yaml or one of its lists, and enabled there
    Column("next_poll_at", Instant, index=True),  # null: never polled, so due
    Column("next_poll_reason", Text, nullable=False, default=""),
    Column("rest_until", Instant),  # what the server asked for last: not before, whoever wishes it
    Column("polled_at", Instant),
    Column("succeeded_at", Instant),
    Column("changed_at", Instant),  # last poll that brought a new entry
    Column("polls", Integer, nullable=False, default=0),
    Column("failures", Integer, nullable=False, default=0),  # in a row
    Column("failing_since", Instant),
    Column("status", Integer),  # HTTP status of the last answer
    Column("problem_kind", Text, nullable=False, default=""),
    Column("problem", Text, nullable=False, default=""),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("validators_url", Text),  # that gave the two; null in rows of older versions: the URL asked
    Column("body_hash", Text, nullable=False, default=""),
    Column("interval_hint", Integer),  # seconds
    Column("rests", JSON(none_as_null=True)),  # hours of the week in which it asks to be left alone
    Column("redirect_to", Text, nullable=False, default=""),
    Column("redirect_seen", Integer, nullable=False, default=0),
    Column("request_url", Text, nullable=False, default=""),
    Column("title", Text, nullable=False, default=""),
    Column("language", Text, nullable=False, default=""),
    Column("habit", JSON(none_as_null=True)),  # when it brings items, as numbers; null: not known yet
    Column("gap_at", Instant),  # last poll that shared no item with the one before
    Column("hub", Text),  # that tells of new entries, as the feed said last; null or "": it named none
    Column("topic", Text),  # what the feed is called there
    # Whose turn it is polled in, by the host that is asked; every feed of a host has the same.
    Column("shard", Integer, nullable=False, default=0, server_default="0"),
    Column("listed", JSON(none_as_null=True)),  # what its list says of it; null: what feeds.yaml says counts
    *_claim_columns(),
    Index("ix_feeds_shard", "shard", "next_poll_at"),
    # Those of feeds.yaml are found among a million of lists.
    Index("ix_feeds_of_file", "active", sqlite_where=text("listed IS NULL")),
)

WORDED = "summary <> '' OR content <> '' OR text <> ''"

entries = Table(
    "entries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("feed_id", ForeignKey("feeds.id"), nullable=False),
    Column("key", Text, nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("link", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("content", Text, nullable=False),  # HTML as the feed wrote it
    Column("text", Text, nullable=False),  # visible text of `content`
    Column("author", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("tags", JSON, nullable=False),
    Column("published_at", Instant),
    Column("updated_at", Instant),
    Column("first_seen_at", Instant, nullable=False, index=True),
    Column("absent_at", Instant),  # when its feed was last read before that; null: never, or in rows of older versions
    # It stood there when its feed was first read: when it came, nobody knows.
    Column("first_look", Boolean, nullable=False, default=False, server_default=false()),
    Column("backlog", Boolean, nullable=False),
    Column("version", Integer, nullable=False, default=1),  # grows with each edit
    Column("worded_at", Instant),  # when this wording came; null: when the entry did
    Column("examine_at", Instant, index=True),  # null: nothing to examine
    # Whether its words stand in the word index as they are now; else every search looks at the entry itself.
    Column("indexed", Boolean, nullable=False, default=False, server_default=false(), index=True),
    *_claim_columns(),
    UniqueConstraint("feed_id", "key"),
    Index("ix_entries_feed", "feed_id", "id"),  # the newest of a feed, however many it has brought
    # Of which words are kept beside the headline: what is to be forgotten, in an archive of any size.
    Index("ix_entries_worded", "first_seen_at", sqlite_where=text(WORDED)),  # so on PostgreSQL, as above
)

hosts = Table(
    "hosts",
    metadata,
    Column("host", Text, primary_key=True),
    Column("asked_at", Instant, nullable=False),
    Column("rest_until", Instant, nullable=False),
)

readings = Table(
    "readings",
    metadata,
    Column("feed_id", ForeignKey("feeds.id"), primary_key=True),
    Column("frame", Text, nullable=False),  # the fingerprint of what stood around the entries
    Column("entries", JSON, nullable=False),  # who each is that need not be read again, as `storage.readings` writes it
)

versions = Table(  # the wordings that were replaced since
    "versions",
    metadata,
    Column("entry_id", ForeignKey("entries.id"), primary_key=True),
    Column("number", Integer, primary_key=True),  # from 1, as `entries.version` counts
    Column("title", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("seen_at", Instant, nullable=False),
)

errands = Table(  # what is to be had from the web for an entry beside its feed
    "errands",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("entry_id", ForeignKey("entries.id"), nullable=False),
    Column("kind", Text, nullable=False),  # page, snapshot
    Column("url", Text, nullable=False),
    Column("state", Text, nullable=False),  # waiting, done, refused, failed
    Column("reason", Text, nullable=False),
    Column("due_at", Instant, index=True),  # null: it is not asked for any more
    Column("tries", Integer, nullable=False),
    Column("done_at", Instant),
    Column("result", Text, nullable=False),  # the address of a page by its own word, of a snapshot
    Column("shard", Integer, nullable=False, default=0, server_default="0"),  # as of feeds, by the host of its URL
    *_claim_columns(),
    UniqueConstraint("entry_id", "kind"),
)

imprints = Table(  # of entries of the window: what they are compared by
    "imprints",
    metadata,
    Column("entry_id", ForeignKey("entries.id"), primary_key=True),
    Column("recipe", Text, nullable=False),  # how it was made
    Column("value", LargeBinary, nullable=False),
    Column("settled", Boolean, nullable=False),  # its story has been asked whether it is one with another
)

stories = Table(
    "stories",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("began_with", ForeignKey("entries.id"), nullable=False, unique=True),
    Column("began_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False, index=True),
    Column("merged_into", ForeignKey("stories.id")),
)

members = Table(
    "members",
    metadata,
    Column("entry_id", ForeignKey("entries.id"), primary_key=True),
    Column("story_id", ForeignKey("stories.id"), nullable=False, index=True),
    Column("relation", Text, nullable=False),
    Column("of_entry_id", ForeignKey("entries.id")),
    Column("similarity", Float, nullable=False),
    Column("why", Text, nullable=False),
    Column("placed_by", Text, nullable=False, server_default="arrival"),  # arrival, merge, person
)

corrections = Table(
    "corrections",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", Text, nullable=False),  # split, merge, move
    Column("story_id", ForeignKey("stories.id"), nullable=False),  # of which it was said
    Column("made_at", Instant, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("before", JSON, nullable=False),  # of each entry that moved: how it stood
    Column("apart", JSON, nullable=False),  # pairs of entries that are not to be in one story
    Column("undone_at", Instant),
    Column("undone_by", Text, nullable=False, default=""),
)

DOCUMENTS = "documents"  # the role of what found the documents and is no outlet; `outlet` is its name

credits = Table(
    "credits",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("entry_id", ForeignKey("entries.id"), nullable=False, index=True),
    Column("outlet", Text, nullable=False),
    Column("domain", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("field", Text, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("names_origin", Boolean, nullable=False),  # the text gives this outlet as who broke the story
)

matches = Table(
    "matches",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("entry_id", ForeignKey("entries.id"), nullable=False),
    Column("watch", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("score", Float, nullable=False),
    Column("why", Text, nullable=False),
    Column("spans", JSON, nullable=False),
    UniqueConstraint("entry_id", "watch"),
)

mentions = Table(
    "mentions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("entry_id", ForeignKey("entries.id"), nullable=False, index=True),
    Column("entity", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("field", Text, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("sentence", Integer, nullable=False),
    Column("lead", Boolean, nullable=False),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("entry_id", ForeignKey("entries.id"), nullable=False),
    Column("watch", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("decided_at", Instant, nullable=False, index=True),
    UniqueConstraint("entry_id", "watch", "recipient"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("watch", Text, nullable=False, default=""),
    Column("story_id", ForeignKey("stories.id"), index=True),
    Column("entry_id", ForeignKey("entries.id")),
    Column("channel", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("state", Text, nullable=False),  # waiting, sent, failed, uncertain, folded
    Column("reason", Text, nullable=False, default=""),
    Column("due_at", Instant),  # null: nothing more will be tried
    Column("created_at", Instant, nullable=False),
    Column("first_try_at", Instant),
    Column("sent_at", Instant),
    Column("attempts", Integer, nullable=False, default=0),
    Column("message", JSON(none_as_null=True)),  # as rendered at the first attempt
    Column("folded_into", Integer, index=True),  # the delivery that tells what this one would have told
    Column("reminds_of", Integer, index=True),  # the alert of which this one reminds
    Column("acked_at", Instant),  # when a person said that it was seen
    *_claim_columns(),
    Index("ix_outbox_due", "state", "due_at"),
    # The ledger is counted, and pictures drawn, without reading the messages, which are most of the table.
    Index("ix_outbox_ledger", "recipient", "channel", "state", "kind", "watch", "story_id", "attempts", "due_at"),
    Index("ix_outbox_told", "kind", "state", "sent_at", "entry_id"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("outbox_id", ForeignKey("outbox.id"), nullable=False, index=True),
    Column("began_at", Instant, nullable=False, index=True),
    Column("ended_at", Instant),  # null: nobody knows how it ended
    Column("result", Text, nullable=False),  # begun, sent, refused, unreached, throttled, ambiguous
    Column("detail", Text, nullable=False, default=""),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("feed_id", ForeignKey("feeds.id"), nullable=False, index=True),
    Column("hub", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("place", Text, nullable=False),  # what the callback's address begins with
    Column("token", String(64), nullable=False, unique=True),  # its last part, which nobody can guess
    Column("secret", Text, nullable=False),
    Column("state", Text, nullable=False),  # asking, active, refused, leaving, left
    Column("reason", Text, nullable=False, default=""),
    Column("due_at", Instant, index=True),  # when something is to be done about it; null: never
    Column("asked_at", Instant),  # when the hub was asked last: it may verify for a while from then on
    Column("failures", Integer, nullable=False, default=0),  # in a row
    Column("lease_until", Instant),  # what the hub granted
    Column("pushes", Integer, nullable=False, default=0),
    Column("pushed_at", Instant),
    Column("refused_pushes", Integer, nullable=False, default=0),  # whose signature was missing or wrong
)

pushes = Table(
    "pushes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("feed_id", ForeignKey("feeds.id"), nullable=False, index=True),
    Column("received_at", Instant, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

turns = Table(  # where many workers share the work: who has which part of it
    "turns",
    metadata,
    Column("name", Text, primary_key=True),  # of the part: "crawl 17", "examine", "deliver mail"
    Column("epoch", Integer, nullable=False),  # grows with each turn; what comes from an earlier one is void
    Column("owner", Text, nullable=False),
    Column("began_at", Instant, nullable=False),  # by the clock of the database, as the next
    Column("ended_at", Instant),  # null: it lasts, or nobody knows how it ended
    Column("rests", JSON, nullable=False),  # host → seconds from `ended_at` for which it is to be left alone
)

facts = Table(
    "facts",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)
