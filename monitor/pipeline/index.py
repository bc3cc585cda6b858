"""entry not in the word index → its words | commit

What lives here: when words are read for the archive's search. What must not: which words (`monitor.watches.lookup`).

The index may lag behind the entries, and a search then looks at those itself: nothing waits for the index, and
a database of an older version, or one whose words are to be read otherwise, is indexed while everything goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from threading import Event

from monitor.watches.lookup import RECIPE, words_of
from storage import entries, facts, word_index
from storage.database import Database

BATCH = 100  # entries of a transaction, a fifth of a millisecond each: others that write do not notice


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexWords:
    """Indexes what is not."""

    database: Database
    stop: Event

    def __call__(self) -> Iterator[int]:
        """How many entries were indexed, batch by batch, the newest first, until all are."""
        self._follow_recipe()
        while not self.stop.is_set() and (done := self._batch()):
            yield done

    def _follow_recipe(self) -> None:
        """Words that another version found, or another Unicode, are read again."""
        with self.database.read() as connection:
            known = facts.index_recipe(connection)
        if known != RECIPE:
            with self.database.write() as connection:
                word_index.distrust(connection)
                facts.keep_index_recipe(connection, RECIPE)

    def _batch(self) -> int:
        with self.database.read() as connection:
            if not word_index.unindexed(connection, limit=1):
                return 0
        with self.database.write() as connection:  # from reading to writing, so that no wording comes in between
            ids = word_index.unindexed(connection, limit=BATCH)
            documents = entries.documents(connection, ids)
            word_index.put(connection, [words_of(document) for document, _ in documents.values()])
        return len(ids)
