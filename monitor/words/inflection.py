"""The forms of a word: plurals of nouns, tenses and persons of verbs, as a dictionary of the language has them.

What lives here: words as a dictionary lists them → their forms; the only room that knows a dictionary. What must not:
terms and sets, and rules of our own: a language has too many exceptions. Which languages a set may name, those whose
dictionaries are as good as that of English, `settings.shape` says.

A dictionary is read from the library's files in one pass and let go again; it takes a second for Spanish and a fifth
of one for English, when a configuration is read and at no other time.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache


@lru_cache(maxsize=64)
def forms(words: frozenset[str], language: str) -> Mapping[str, tuple[str, ...]]:
    """The forms of each word, itself among them, sorted. A word that is no dictionary's head-word has none but itself.

    Words and forms are in lower case, with their accents.
    """
    from simplemma.strategies.dictionaries import DefaultDictionaryFactory  # only where a set asks

    found = {word: {word} for word in words}
    dictionary = DefaultDictionaryFactory(cache_max_size=1).get_dictionary(language)
    for form, head in dictionary.items():
        if head in found and form.isalpha():
            found[head].add(form.lower())
    return {word: tuple(sorted(known)) for word, known in found.items()}
