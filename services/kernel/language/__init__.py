"""What texts say, as pure rules over words: terms, names, signs, quantities. Read once at
ingestion, where a search will need it; the same rules read what was said to the search itself.

No awaits, no vendors, no service: the terms come from whatever tokeniser is handed in.
"""
