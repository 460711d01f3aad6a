"""Parser: original -> blocks (headings, paragraphs, lists, tables, code), with pages and offsets.

Consumes: kb.document.stored, kb.document.removed, owner.removed.
Emits: kb.document.parsed, kb.document.progressed.
Owns: the parsed blobs (below `parsed/`) and what is known of each document's parsing.
Never: changes an original, cuts passages, or reads a document inside its own process.
"""
