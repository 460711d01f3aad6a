"""Statements by which other stores are compared with the records; they never commit."""

from collections.abc import Sequence

from sqlalchemy import select

from services.kernel.contracts.records import Kind, MemoryRecord, Status
from services.kernel.ports.store import Transaction
from services.memorizer.store.tables import RECORDS

_CHUNK = 500


class SqlRecordAudit:
    """What the records say of documents and corrections."""

    async def documents_with_passages(self, tx: Transaction, documents: Sequence[str]) -> set[str]:
        """Those of which there is a passage, in whatever state: those that were deleted or archived
        by hand are not missing.
        """
        found: set[str] = set()
        for start in range(0, len(documents), _CHUNK):
            rows = await tx.all(
                select(RECORDS.c.document_id)
                .where(
                    RECORDS.c.document_id.in_(documents[start : start + _CHUNK]),
                    RECORDS.c.kind == Kind.PASSAGE.value,
                )
                .distinct()
            )
            found |= {str(row["document_id"]) for row in rows}
        return found

    async def corrections(self, tx: Transaction, ids: Sequence[str]) -> dict[str, bool | None]:
        """By id, whether it is active (not undone); None of those that were deleted by hand."""
        found: dict[str, bool | None] = {}
        for start in range(0, len(ids), _CHUNK):
            rows = await tx.all(
                select(RECORDS.c.id, RECORDS.c.body).where(
                    RECORDS.c.id.in_(ids[start : start + _CHUNK])
                )
            )
            for row in rows:
                record = MemoryRecord.model_validate_json(row["body"])
                deleted = record.status is Status.DELETED
                found[row["id"]] = None if deleted else not record.detail.get("undone")
        return found
