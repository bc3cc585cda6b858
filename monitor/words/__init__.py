"""What a text is to a reader: visible text, words, languages, word forms."""
