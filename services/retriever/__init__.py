"""Retriever: the one search over user memories and knowledge bases.

Consumes: nothing; internal gRPC `Retrieval.Search`, every call with a `Scope` and a service token.
Emits: nothing.
Owns: nothing; it reads the index.
Never: writes, asks a language model, or builds an index filter that is not its `Scope`'s.
"""
