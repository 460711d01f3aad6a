"""Use cases of the retriever."""
