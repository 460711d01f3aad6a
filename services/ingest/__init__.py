"""Ingest: fetches, checks, hashes and stores the original of a document.

Consumes: kb.document.submitted, kb.document.removed, owner.removed.
Emits: kb.document.stored, kb.document.progressed.
Owns: the originals (blobs below `originals/`) and what is known of each document's bytes.
Never: parses, or fetches from an address that the operator did not allow.
"""
