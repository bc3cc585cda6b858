"""The review desk: what a reporter opens at seven in the morning.

    place.py       what every page needs: the database, feeds.yaml, the clock
    visit.py       who is asking, and what each address asks of whoever comes
    app.py         all addresses together; what every answer carries
    pages.py       one value, three answers: a page, JSON, CSV
    faults.py      what is wrong with what was sent, in plain words
    streams.py     a whole result, sent while it is found
    answers.py     what every form may carry, and what somebody is told who did something
    unsent.py      a form that was not taken, with what was typed
    views.py       how things are printed in a page
    cards.py       a story on a list
    changes.py     what changed on it since the reader looked
    judgeable.py   a row that leads to a story, with what was said of that
    teaching.py    what verdicts have taught
    writing.py     feeds.yaml, checked and replaced in one step
    server.py      the HTTP server

    door/          who may come in
    rooms/         what there is to see and to do, a module for each part of it

What lives here: what is asked over HTTP, and what is answered. What must not: deciding anything about stories
(`story`, `review`, `alerts`), or SQL (`storage`). All that is shown is also JSON, with `.json` behind the same address.
"""
