"""The memorizer's `Records` over gRPC, as gateway and feedback use it."""

from collections.abc import Sequence
from uuid import UUID

import grpc
import orjson
from memloom.v1 import memory_pb2, records_pb2, records_pb2_grpc

from services.kernel.adapters.grpc_wire import Caller
from services.kernel.contracts.events import MessagesRecorded
from services.kernel.contracts.records import Kind, MemoryRecord, Owner, Status
from services.kernel.contracts.scope import Clauses
from services.kernel.ports.records import DocumentPlace, OwnerPlace, RecordPage, ReindexState
from services.kernel.runtime.wire import to_message, to_model


class GrpcRecords:
    """Implements the port `Records`."""

    def __init__(self, channel: grpc.aio.Channel, *, token: str, timeout: float = 10.0) -> None:
        self._stub = records_pb2_grpc.RecordsStub(channel)
        self._call = Caller(token=token, timeout=timeout)

    async def get(self, project_id: str, memory_id: UUID) -> MemoryRecord:
        request = records_pb2.GetRecordRequest(project_id=project_id, memory_id=str(memory_id))
        return _record(await self._call(self._stub.Get, request))

    async def page(
        self,
        project_id: str,
        owner: Owner,
        kinds: Sequence[Kind],
        *,
        where: Clauses | None = None,
        page: int = 1,
        size: int = 10,
    ) -> RecordPage:
        request = records_pb2.PageRequest(
            project_id=project_id,
            owner=to_message(owner, memory_pb2.Owner),
            kinds=[kind.value for kind in kinds],
            mode=where.mode if where else "and",
            clauses=[
                records_pb2.RecordClause(
                    field=clause.field,
                    operator=clause.operator,
                    values=[orjson.dumps(value).decode() for value in clause.values],
                )
                for clause in (where.clauses if where else ())
            ],
            page=page,
            size=size,
        )
        answer = await self._call(self._stub.Page, request)
        return RecordPage(
            records=tuple(_record(message) for message in answer.records), total=answer.total
        )

    async def of_document(
        self,
        project_id: str,
        document_id: str,
        kinds: Sequence[Kind] = (Kind.PASSAGE,),
        *,
        after: DocumentPlace | None = None,
        limit: int | None = None,
    ) -> list[MemoryRecord]:
        request = records_pb2.OfDocumentRequest(
            project_id=project_id,
            document_id=document_id,
            kinds=[kind.value for kind in kinds],
            after=None
            if after is None
            else records_pb2.DocumentPlace(kind=after.kind, ordinal=after.ordinal, id=after.id),
            limit=limit,
        )
        answer = await self._call(self._stub.OfDocument, request)
        return [_record(message) for message in answer.records]

    async def listed(
        self,
        project_id: str,
        owner: Owner,
        kinds: Sequence[Kind],
        statuses: Sequence[Status],
        *,
        before: OwnerPlace | None = None,
        limit: int = 20,
    ) -> list[MemoryRecord]:
        request = records_pb2.ListRequest(
            project_id=project_id,
            owner=to_message(owner, memory_pb2.Owner),
            kinds=[kind.value for kind in kinds],
            statuses=[status.value for status in statuses],
            before=None
            if before is None
            else records_pb2.OwnerPlace(created_at=before.created_at, id=before.id),
            limit=limit,
        )
        answer = await self._call(self._stub.List, request)
        return [_record(message) for message in answer.records]

    async def counted(
        self, project_id: str, owners: Sequence[str], kinds: Sequence[Kind]
    ) -> dict[str, int]:
        request = records_pb2.CountRequest(
            project_id=project_id, owners=owners, kinds=[kind.value for kind in kinds]
        )
        answer = await self._call(self._stub.Count, request)
        return {owner: int(total) for owner, total in answer.totals.items()}

    async def history(self, project_id: str, memory_id: UUID) -> list[MemoryRecord]:
        request = records_pb2.GetRecordRequest(project_id=project_id, memory_id=str(memory_id))
        answer = await self._call(self._stub.History, request)
        return [_record(message) for message in answer.records]

    async def edit(
        self,
        project_id: str,
        memory_id: UUID,
        *,
        content: str | None = None,
        title: str | None = None,
        status: str | None = None,
        expected_revision: int | None = None,
    ) -> MemoryRecord:
        request = records_pb2.EditRequest(
            project_id=project_id,
            memory_id=str(memory_id),
            content=content,
            title=title,
            status=status,
            expected_revision=expected_revision,
        )
        return _record(await self._call(self._stub.Edit, request))

    async def delete(self, project_id: str, memory_ids: Sequence[UUID]) -> int:
        request = records_pb2.DeleteRequest(
            project_id=project_id, memory_ids=[str(identifier) for identifier in memory_ids]
        )
        answer = await self._call(self._stub.Delete, request)
        return int(answer.deleted)

    async def set_correction(
        self, project_id: str, correction_id: UUID, *, active: bool
    ) -> MemoryRecord:
        request = records_pb2.SetCorrectionRequest(
            project_id=project_id, correction_id=str(correction_id), active=active
        )
        return _record(await self._call(self._stub.SetCorrection, request))

    async def extract(self, messages: MessagesRecorded) -> list[MemoryRecord]:
        request = records_pb2.ExtractRequest(messages=messages.model_dump_json())
        answer = await self._call(self._stub.Extract, request)
        return [_record(message) for message in answer.records]

    async def reconcile(self, *, mend: bool) -> dict[str, int]:
        """Differences between records and index by kind; mend: they are mended, too."""
        request = records_pb2.ReconcileRequest(mend=mend)
        report = await self._call(self._stub.Reconcile, request)
        return dict(report.counts)

    async def start_reindex(self) -> ReindexState:
        """Fill a new generation of the index in the background, then switch to it."""
        return _state(await self._call(self._stub.StartReindex, records_pb2.ReindexRequest()))

    async def reindex_state(self) -> ReindexState:
        """What serves, what is being filled and how far."""
        return _state(await self._call(self._stub.GetReindex, records_pb2.ReindexRequest()))

    async def roll_back_index(self) -> ReindexState:
        """Let the previous generation serve again; NotFound when there is none."""
        return _state(await self._call(self._stub.RollBackIndex, records_pb2.ReindexRequest()))

    async def drop_previous_index(self) -> ReindexState:
        """Delete the previous generation; NotFound when there is none."""
        return _state(await self._call(self._stub.DropPreviousIndex, records_pb2.ReindexRequest()))


def _state(message: records_pb2.ReindexState) -> ReindexState:
    return ReindexState(
        serving=message.serving,
        filling=message.filling,
        previous=message.previous,
        written=message.written,
        records=message.records,
        started_at=message.started_at,
        ended_at=message.ended_at if message.HasField("ended_at") else None,
        error=message.error,
    )


def _record(message: memory_pb2.MemoryRecord) -> MemoryRecord:
    return to_model(message, MemoryRecord)
