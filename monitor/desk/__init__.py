"""The review desk: what a reporter opens at seven in the morning.

    place.py       what every page needs: the database, feeds.yaml, the clock
    visit.py       who is asking, and what each address asks of whoever comes
    app.py         all addresses together; what every answer carries
    pages.py       one value, three answers: a page, JSON, CSV
    views.py       how things are printed in a page
    server.py      the HTTP server

    drawings.py    a drawing, two answers: SVG, PNG
    interface.py   what all addresses take and answer, described

    day.py         the day          entry.py       in and out
    companies.py   the ledger       pictures.py    what there was, by days
    out.py         feeds out

    search.py      the archive      watches.py     how the watches are
    trying.py      a headline explained, a wording tried     editing.py  a watch, or the file, as a form
    writing.py     feeds.yaml, checked and replaced in one step

    feeds.py       how the feeds are         finding.py     an address → its feeds
    feed_forms.py  one feed as a form        feed_lists.py  lists of feeds, out and in
    deliveries.py  the ledger of deliveries  sending.py     what a person does about them
    letters.py     a message as the bytes that left         errands.py  how often we ask others for somebody

    feeds.py       how the feeds are         finding.py     an address → its feeds
    feed_forms.py  one feed as a form        feed_lists.py  lists of feeds, out and in
    deliveries.py  the ledger of deliveries  sending.py     what a person does about them
    letters.py     a message as the bytes that left         errands.py  how often we ask others for somebody

    entrance.py    the door as decisions: roles, sessions, limits, cookies, where a request comes from
    door.py        in and out: a name, a password and a code → a session
    people.py      what is done to accounts, their keys and codes
    passwords.py   which may be chosen, how one is kept      second_factor.py  codes from the phone
    throttle.py    how often somebody tried lately

What lives here: what is asked over HTTP, and what is answered. What must not: deciding anything about stories
(`story`, `review`, `alerts`), or SQL (`storage`). All that is shown is also JSON, with `.json` behind the same address.
"""
