"""Memorizer: blocks, messages and corrections become memory records; the only writer of them.

Consumes: kb.document.parsed, kb.passages.segmented, chat.message.recorded,
memory.correction.decided, kb.document.removed, owner.removed.
Emits: kb.passages.segmented, kb.document.progressed, task.progressed.
Owns: memory records (SQL, the system of record), passage blobs, the index in all its generations,
and what the chat model owes, said and cost.
Serves: internal gRPC `Records`.
Never: answers searches, or stores a memory without the words that it rests on.
"""
