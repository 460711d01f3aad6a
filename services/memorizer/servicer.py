"""The internal gRPC `Records`: messages in, the use cases, messages out."""

from collections.abc import Sequence
from dataclasses import asdict
from uuid import UUID

import grpc
import orjson
from memloom.v1 import memory_pb2, records_pb2, records_pb2_grpc
from pydantic import ValidationError

from services.kernel.contracts.errors import Code, InvalidInput
from services.kernel.contracts.events import MessagesRecorded
from services.kernel.contracts.records import Kind, MemoryRecord, Owner, Status
from services.kernel.contracts.scope import Clause, Clauses
from services.kernel.ports.records import DocumentPlace, OwnerPlace, ReindexState
from services.kernel.runtime.wire import to_message, to_model
from services.memorizer.handlers.reconciling import Reconciling
from services.memorizer.handlers.records import RecordCommands
from services.memorizer.handlers.reindexing import Reindexing

Context = grpc.aio.ServicerContext[object, object]


class RecordsServicer(records_pb2_grpc.RecordsServicer):
    """Thin: converts and delegates; errors are mapped by the server's interceptor."""

    def __init__(
        self, commands: RecordCommands, reindexing: Reindexing, reconciling: Reconciling
    ) -> None:
        self._commands = commands
        self._reindexing = reindexing
        self._reconciling = reconciling

    async def Get(  # noqa: N802 - the method's name in the proto
        self, request: records_pb2.GetRecordRequest, _: Context
    ) -> memory_pb2.MemoryRecord:
        return _message(await self._commands.get(request.project_id, _uuid(request.memory_id)))

    async def Page(  # noqa: N802 - the method's name in the proto
        self, request: records_pb2.PageRequest, _: Context
    ) -> records_pb2.PageResponse:
        clauses = Clauses(
            mode="or" if request.mode == "or" else "and",
            clauses=tuple(
                Clause.model_validate(
                    {
                        "field": clause.field,
                        "operator": clause.operator,
                        "values": tuple(orjson.loads(value) for value in clause.values),
                    }
                )
                for clause in request.clauses
            ),
        )
        page = await self._commands.page(
            request.project_id,
            to_model(request.owner, Owner),
            [Kind(kind) for kind in request.kinds],
            where=clauses,
            page=request.page or 1,
            size=request.size or 10,
        )
        return records_pb2.PageResponse(
            records=[_message(record) for record in page.records], total=page.total
        )

    async def OfDocument(  # noqa: N802 - the method's name in the proto
        self, request: records_pb2.OfDocumentRequest, _: Context
    ) -> records_pb2.RecordList:
        return _list(
            await self._commands.of_document(
                request.project_id,
                request.document_id,
                [Kind(kind) for kind in request.kinds],
                after=DocumentPlace(
                    kind=request.after.kind, ordinal=request.after.ordinal, id=request.after.id
                )
                if request.HasField("after")
                else None,
                limit=request.limit if request.HasField("limit") else None,
            )
        )

    async def List(  # noqa: N802 - the method's name in the proto
        self, request: records_pb2.ListRequest, _: Context
    ) -> records_pb2.RecordList:
        return _list(
            await self._commands.listed(
                request.project_id,
                to_model(request.owner, Owner),
                [Kind(kind) for kind in request.kinds],
                [Status(status) for status in request.statuses],
                before=OwnerPlace(request.before.created_at, request.before.id)
                if request.HasField("before")
                else None,
                limit=request.limit,
            )
        )

    async def Count(  # noqa: N802 - the method's name in the proto
        self, request: records_pb2.CountRequest, _: Context
    ) -> records_pb2.CountResponse:
        totals = await self._commands.counted(
            request.project_id, list(request.owners), [Kind(kind) for kind in request.kinds]
        )
        return records_pb2.CountResponse(totals=totals)

    async def History(  # noqa: N802 - the method's name in the proto
        self, request: records_pb2.GetRecordRequest, _: Context
    ) -> records_pb2.RecordList:
        return _list(await self._commands.history(request.project_id, _uuid(request.memory_id)))

    async def Edit(  # noqa: N802 - the method's name in the proto
        self, request: records_pb2.EditRequest, _: Context
    ) -> memory_pb2.MemoryRecord:
        return _message(
            await self._commands.edit(
                request.project_id,
                _uuid(request.memory_id),
                content=request.content if request.HasField("content") else None,
                title=request.title if request.HasField("title") else None,
                status=request.status if request.HasField("status") else None,
                expected_revision=request.expected_revision
                if request.HasField("expected_revision")
                else None,
            )
        )

    async def Delete(  # noqa: N802 - the method's name in the proto
        self, request: records_pb2.DeleteRequest, _: Context
    ) -> records_pb2.DeleteResponse:
        deleted = await self._commands.delete(
            request.project_id, [_uuid(identifier) for identifier in request.memory_ids]
        )
        return records_pb2.DeleteResponse(deleted=deleted)

    async def SetCorrection(  # noqa: N802 - the method's name in the proto
        self, request: records_pb2.SetCorrectionRequest, _: Context
    ) -> memory_pb2.MemoryRecord:
        return _message(
            await self._commands.set_correction(
                request.project_id, _uuid(request.correction_id), active=request.active
            )
        )

    async def Extract(  # noqa: N802 - the method's name in the proto
        self, request: records_pb2.ExtractRequest, _: Context
    ) -> records_pb2.RecordList:
        try:
            messages = MessagesRecorded.model_validate_json(request.messages)
        except ValidationError as error:
            raise InvalidInput("these are no messages") from error
        return _list(await self._commands.extract(messages))

    async def Reconcile(  # noqa: N802 - the method's name in the proto
        self, request: records_pb2.ReconcileRequest, _: Context
    ) -> records_pb2.ReconcileReport:
        found = await self._reconciling.run(mend=request.mend)
        return records_pb2.ReconcileReport(counts=found)

    async def StartReindex(  # noqa: N802 - the method's name in the proto
        self, _request: records_pb2.ReindexRequest, _: Context
    ) -> records_pb2.ReindexState:
        self._reindexing.start()
        return _state(await self._reindexing.status())

    async def GetReindex(  # noqa: N802 - the method's name in the proto
        self, _request: records_pb2.ReindexRequest, _: Context
    ) -> records_pb2.ReindexState:
        return _state(await self._reindexing.status())

    async def RollBackIndex(  # noqa: N802 - the method's name in the proto
        self, _request: records_pb2.ReindexRequest, _: Context
    ) -> records_pb2.ReindexState:
        return _state(await self._reindexing.roll_back())

    async def DropPreviousIndex(  # noqa: N802 - the method's name in the proto
        self, _request: records_pb2.ReindexRequest, _: Context
    ) -> records_pb2.ReindexState:
        await self._reindexing.drop_previous()
        return _state(await self._reindexing.status())


def _state(state: ReindexState) -> records_pb2.ReindexState:
    return records_pb2.ReindexState(**asdict(state))


def _message(record: MemoryRecord) -> memory_pb2.MemoryRecord:
    return to_message(record, memory_pb2.MemoryRecord)


def _list(records: Sequence[MemoryRecord]) -> records_pb2.RecordList:
    return records_pb2.RecordList(records=[_message(record) for record in records])


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise InvalidInput(f"{text!r} is no memory id", code=Code.MEMORY_NOT_FOUND) from error
