"""Feedback: plain language becomes typed corrections.

Consumes: memory.feedback.given.
Emits: memory.correction.decided.
Owns: which feedback was decided, and how (ids and counts, none of the user's words).
Serves: internal gRPC `Preview`, the dry run of the same.
Never: writes a memory, touches the index, or changes what the words do not name.
"""
