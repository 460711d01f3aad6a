"""The language room: what a text says, by word lists and rules with examples; pure, linear in the
length of a text, without I/O when it is called. Used by memorizer, feedback and retriever.

`text/` finds script, spans and frames; `lexicon/<language>/` holds the words by concept.
A text in a language without a lexicon gets no rules: its words are kept as they are.
"""
