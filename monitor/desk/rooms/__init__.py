"""The rooms of the desk: each module has the addresses of one part, and what they take and give.

day.py         the day                   story.py       one story
judging.py     what is said of a story   regrouping.py  which reports tell one
search.py      the archive               watches.py     how the watches are
watch_lists.py what stands on a watch's page, list by list
trying.py      a headline explained, a wording tried    editing.py  a watch, or the file, as a form
feeds.py       how the feeds are         finding.py     an address → its feeds
feed_forms.py  one feed as a form        feed_lists.py  lists of feeds, out and in
deliveries.py  the ledger of deliveries  sending.py     what a person does about them
letters.py     a message as the bytes that left
companies.py   who is named with whom    pictures.py    what there was, by days
drawings.py    a drawing, two answers: SVG, PNG
feed_keys.py   a secret address for a feed
out.py         feeds out                 interface.py   what all addresses take and answer, described
entry.py       in and out                account.py     one's own account
admin.py       everybody's               consent.py     for recipients, who have no account
health.py      for machines that watch this one
"""
