"""Versions of what callers edit: equal exactly while an edit would overwrite the same."""

import hashlib
from typing import Any


def version_of(*fields: object) -> str:
    """Return a short name of these values."""
    text = "\x1f".join(str(field) for field in fields)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def knowledge_base_version(shown: dict[str, Any]) -> str:
    """Return the version of a knowledge base as it is shown: its name and description."""
    return version_of(shown["id"], shown["name"], shown["description"])


def document_version(shown: dict[str, Any]) -> str:
    """Return the version of a document as it is shown: its revision."""
    return version_of(shown["id"], shown["revision"])


def memory_version(shown: dict[str, Any]) -> str:
    """Return the version of a memory as it is shown: its revision."""
    return version_of(shown["id"], shown["revision"])
