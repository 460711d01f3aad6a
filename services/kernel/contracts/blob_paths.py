"""Where a document's blobs lie: written by their owners alone, read by whoever may see the
document.

A revision's blobs never change: a new content is a new revision.
"""

from services.kernel.contracts.events import DocumentIdentity


def originals_of(project_id: str, knowledgebase_id: str, document_id: str) -> str:
    """Folder of the originals of all revisions; ingest's."""
    return f"originals/{project_id}/{knowledgebase_id}/{document_id}/"


def parsed_texts_of(project_id: str, knowledgebase_id: str, document_id: str) -> str:
    """Folder of the parsed text of all revisions (`ParsedDocument` as JSON); the parser's."""
    return f"parsed/{project_id}/{knowledgebase_id}/{document_id}/"


def original_path(folder: str, revision: int) -> str:
    """The original of one revision."""
    return f"{folder}r{revision}"


def parsed_path(folder: str, revision: int) -> str:
    """The parsed text of one revision."""
    return f"{folder}r{revision}.json"


def original_prefix(event: DocumentIdentity) -> str:
    """Folder of all revisions of a document's original."""
    return originals_of(event.project_id, event.knowledgebase_id, event.document_id)


def parsed_prefix(event: DocumentIdentity) -> str:
    """Folder of all revisions of a document's parsed text."""
    return parsed_texts_of(event.project_id, event.knowledgebase_id, event.document_id)
