"""The frozen values that flow between stages, in their order. Nothing lives here that reads the world, or decides.

    asked.py      what feeds.yaml says            examined.py   match → story → policy
    polled.py     fetch → parse → changes         delivered.py  compose → send
    watched.py    what is shown of a feed
    pushed.py     what hubs promise and send

Times are aware `datetime`s in UTC. Text offsets count code points. A `domain` is a registrable host in lower case
without "www." ("theguardian.com"). An empty string means "not known"; None is kept for times and numbers.
"""

from monitor.model.asked import Channel, Feed, Level, PagesWanted, Recipient, Watch
from monitor.model.delivered import EditNote, FeedHealth, Message, StoryMember, StoryReport, Telling
from monitor.model.examined import (
    Attribution,
    Credit,
    Decision,
    Difference,
    Document,
    EditKind,
    Entry,
    ErrandKind,
    Examined,
    FieldName,
    Match,
    Mention,
    Naming,
    Placement,
    Relation,
    Role,
    Span,
    Told,
    Version,
)
from monitor.model.polled import (
    Changes,
    FeedOutcome,
    FeedState,
    Fetched,
    KeyedEntry,
    KnownEntry,
    ParsedEntry,
    ParsedFeed,
    Problem,
    Reading,
    UnchangedEntry,
    Validators,
)
from monitor.model.pushed import Offer, Push, Subscription, SubscriptionState
from monitor.model.watched import FeedRow

__all__ = [
    "Attribution",
    "Changes",
    "Channel",
    "Credit",
    "Decision",
    "Difference",
    "Document",
    "EditKind",
    "EditNote",
    "Entry",
    "ErrandKind",
    "Examined",
    "Feed",
    "FeedHealth",
    "FeedOutcome",
    "FeedRow",
    "FeedState",
    "Fetched",
    "FieldName",
    "KeyedEntry",
    "KnownEntry",
    "Level",
    "Match",
    "Mention",
    "Message",
    "Naming",
    "Offer",
    "PagesWanted",
    "ParsedEntry",
    "ParsedFeed",
    "Placement",
    "Problem",
    "Push",
    "Reading",
    "Recipient",
    "Relation",
    "Role",
    "Span",
    "StoryMember",
    "StoryReport",
    "Subscription",
    "SubscriptionState",
    "Telling",
    "Told",
    "UnchangedEntry",
    "Validators",
    "Version",
    "Watch",
]
