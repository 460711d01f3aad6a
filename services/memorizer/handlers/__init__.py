"""Use cases of the memorizer, over ports."""
