"""Watches: the language, packs, the index, and why a document matches or does not."""
