"""All that a running Memloom holds of a knowledge base, records and index, times and revisions
aside: equal exports answer equally.
"""

import json
import shutil
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.kernel.adapters.qdrant_edge_generations import EdgeGenerations
from services.kernel.contracts.records import MemoryRecord, Owner, OwnerType
from services.kernel.contracts.scope import Scope
from tests.support.embedded import Memloom, run

_ASIDE = {"updated_at", "revision"}
_MOST = 100_000


@dataclass(frozen=True)
class Export:
    """Records of every status, and what the index holds, by id."""

    records: dict[str, dict[str, Any]]
    index: dict[str, dict[str, Any]]

    def without(self, *ids: str) -> "Export":
        """The same without these records."""
        return Export(
            {key: value for key, value in self.records.items() if key not in ids},
            {key: value for key, value in self.index.items() if key not in ids},
        )


def export(memloom: Memloom, kb: str) -> Export:
    """What is on the disk now; the index is read from a copy, for a server holds its lock."""
    owner = Owner(type=OwnerType.KNOWLEDGE_BASE, id=kb)
    uri = f"file:{memloom.data / 'memorizer.db'}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        rows = connection.execute("SELECT body FROM records WHERE owner_key = ?", (owner.key,))
        records = [MemoryRecord.model_validate_json(row[0]) for row in rows]
    projects = {record.project_id for record in records}
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "index"
        shutil.copytree(memloom.data / "index", copy)
        indexed = [
            record for project in sorted(projects) for record in run(_indexed(copy, project, owner))
        ]
    return Export(_plain(records), _plain(indexed))


async def _indexed(folder: Path, project: str, owner: Owner) -> list[MemoryRecord]:
    generation = await EdgeGenerations(folder).current()
    assert generation is not None
    try:
        where = Scope(project_id=project).owner(owner)
        return await generation.index.retrieve(where, limit=_MOST)
    finally:
        await generation.index.close()


def _plain(records: list[MemoryRecord]) -> dict[str, dict[str, Any]]:
    return {
        str(record.id): json.loads(record.model_dump_json(exclude=_ASIDE)) for record in records
    }
