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
