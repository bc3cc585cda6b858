"""The three stages, and the one path through them:

    feed due  → refresh : fetch → parse → changes                       → FeedOutcome | commit
    entry due → examine : match → place → attribute → policy            → Examined    | commit
    alert due → deliver : compose → attempt begun | commit → send       → Delivered   | commit

and a by-road, for the articles behind entries that may matter:

    page wanted  → read     : robots.txt → fetch → extract              → ReadPage    | commit → the entry is due again
    copy wanted  → save     : a public archive is asked                 → SavedPage   | commit

and the road by which news comes sooner, from hubs that tell of it:

    hub due      → subscribe : question begun | commit → asked          → Asked       | commit
    hub speaks   → hear      : agreed? signed?                          → push kept   | commit → answered
    push waiting → take_in   : parse → changes                          → TakenIn     | commit

Each stage has one shape: claim rows, be slow with no transaction open, write what was decided in one transaction. It is
a generator of what it has committed; its caller may stop listening at any time, and a crash anywhere loses nothing.
What a stage decides, pure modules decide; here they are called in the right order. Only this package sees both sides.
"""

from monitor.pipeline.deliver import Deliver, Delivered
from monitor.pipeline.digests import queue_digests
from monitor.pipeline.examine import Examine
from monitor.pipeline.hear import Hear
from monitor.pipeline.heartbeat import Heartbeat
from monitor.pipeline.owner import tell_owner
from monitor.pipeline.read_pages import ReadPages
from monitor.pipeline.refresh import Refresh
from monitor.pipeline.reminders import queue_reminders
from monitor.pipeline.save_pages import SavePages
from monitor.pipeline.subscribe import Subscribe
from monitor.pipeline.take_in import TakeIn
from monitor.pipeline.upkeep import follow_clock_back, forget_old_texts, take_over

__all__ = [
    "Deliver",
    "Delivered",
    "Examine",
    "Hear",
    "Heartbeat",
    "ReadPages",
    "Refresh",
    "SavePages",
    "Subscribe",
    "TakeIn",
    "follow_clock_back",
    "forget_old_texts",
    "queue_digests",
    "queue_reminders",
    "take_over",
    "tell_owner",
]
