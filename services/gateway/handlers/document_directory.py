"""A project's documents as resources: list, look at, retry."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from services.gateway.domain import media
from services.gateway.domain.cursors import decode_cursor, page_of
from services.gateway.domain.documents import file_detail, source_of
from services.gateway.domain.items import KNOWLEDGE, memory_item
from services.gateway.domain.model import Place
from services.gateway.handlers.calls import Call
from services.gateway.handlers.directory import DirectoryStore, owned_base
from services.gateway.handlers.documents import Documents
from services.gateway.handlers.ports import CatalogueStore
from services.kernel.contracts.errors import Code, InvalidInput, NotFound
from services.kernel.contracts.records import Kind
from services.kernel.ports.clock import Clock
from services.kernel.ports.records import DocumentPlace, Records
from services.kernel.ports.store import Database

OUTCOMES: Final = {"PROCESSING": "running", "COMPLETED": "completed", "FAILED": "failed"}
_OF_DOCUMENTS: Final = (*KNOWLEDGE, Kind.CORRECTION, Kind.SKILL)


@dataclass(frozen=True, slots=True)
class DocumentFilter:
    """Which documents are listed. status: as the API says it. type: an extension such as `pdf`.
    name: a part of the name, in any letter case. None: any.
    """

    status: str | None = None
    type: str | None = None
    name: str | None = None

    def outcome(self) -> str | None:
        """What the status is called in the catalogue; InvalidInput for an unknown one."""
        if self.status is None:
            return None
        if self.status.upper() not in OUTCOMES:
            raise InvalidInput(f"`status` must be one of {', '.join(OUTCOMES)}")
        return OUTCOMES[self.status.upper()]

    def media_type(self) -> str | None:
        """The media type of the type; InvalidInput for one that documents never have."""
        if self.type is None:
            return None
        found = media.MEDIA_TYPES.get(media.extension_of(f"x.{self.type}"))
        if found is None:
            raise InvalidInput(f"`type` must be one of {', '.join(media.MEDIA_TYPES)}")
        return found


class DocumentDirectory:
    """Use cases over lists of documents and of what was made of them."""

    def __init__(
        self,
        *,
        database: Database,
        catalogue: CatalogueStore,
        store: DirectoryStore,
        documents: Documents,
        records: Records,
        clock: Clock,
    ) -> None:
        self._database = database
        self._catalogue = catalogue
        self._store = store
        self._documents = documents
        self._records = records
        self._clock = clock

    async def page(
        self,
        call: Call,
        knowledgebase_id: str,
        wanted: DocumentFilter,
        *,
        cursor: str | None,
        limit: int,
    ) -> dict[str, Any]:
        """A page of a knowledge base's documents, newest first; NotFound, Forbidden."""
        after = decode_cursor(cursor, int)
        outcome, media_type = wanted.outcome(), wanted.media_type()
        async with self._database.read() as tx:
            entry = await owned_base(tx, self._catalogue, call, knowledgebase_id)
            found = await self._store.page_of_documents(
                tx,
                Place(entry.id),
                outcome=outcome,
                media_type=media_type,
                name=wanted.name or None,
                after=None if after is None else int(after[0]),
                limit=limit + 1,
            )
        page = page_of(found, limit, lambda placed: (placed[0],))
        return page.shown("documents", lambda placed: file_detail(placed[1]))

    async def one(self, call: Call, identifier: str) -> dict[str, Any]:
        """How far a document is; NotFound."""
        return file_detail(await self._documents.one(call, identifier))

    async def records(
        self,
        call: Call,
        identifier: str,
        kinds: Sequence[Kind] | None,
        *,
        name: str,
        cursor: str | None,
        limit: int,
    ) -> dict[str, Any]:
        """A page of what was made of a document, in reading order of each kind; NotFound. kinds:
        None is all.
        """
        after = decode_cursor(cursor, str, int, str)
        document = await self._documents.one(call, identifier)
        found = await self._records.of_document(
            call.project.id,
            source_of(document),
            kinds or _OF_DOCUMENTS,
            after=None
            if after is None
            else DocumentPlace(str(after[0]), int(after[1]), str(after[2])),
            limit=limit + 1,
        )
        now = self._clock.now_ms()
        page = page_of(found, limit, lambda one: (one.kind.value, one.ordinal, str(one.id)))
        return page.shown(name, lambda record: memory_item(record, now))


def kind_named(name: str | None) -> tuple[Kind, ...] | None:
    """The kind that a caller names, None for all; InvalidInput for one that documents lack."""
    if name is None:
        return None
    for kind in _OF_DOCUMENTS:
        if kind.value == name:
            return (kind,)
    raise InvalidInput(f"`kind` must be one of {', '.join(kind.value for kind in _OF_DOCUMENTS)}")


def no_bytes(identifier: str) -> NotFound:
    """What is told where a document's original is not kept."""
    return NotFound(
        f"the bytes of document {identifier!r} are not kept: it failed before they were stored, "
        "or is not stored yet",
        code=Code.DATA_NOT_FOUND,
    )
