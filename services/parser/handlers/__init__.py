"""Use cases of the parser, over ports."""

from services.parser.handlers.documents import Documents, DocumentStore, Parsed, Parsing

__all__ = ["DocumentStore", "Documents", "Parsed", "Parsing"]
