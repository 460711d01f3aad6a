"""The public gRPC entrance: the same keys, requests and use cases as REST."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from io import BytesIO
from typing import Any, Final, TypeVar
from urllib.parse import unquote
from uuid import uuid4

import grpc
from google.protobuf.json_format import SerializeToJsonError
from google.protobuf.message import Message
from memloom.v1 import memloom_pb2 as pb
from memloom.v1 import memloom_pb2_grpc

from services.gateway.domain import requests as ask
from services.gateway.domain.model import Role
from services.gateway.handlers.calls import Call
from services.gateway.handlers.receiving import Incoming
from services.gateway.handlers.usecases import UseCases
from services.kernel.contracts.errors import InvalidInput, MemloomError
from services.kernel.runtime.wire import as_dict, as_message

SERVICE_NAME: Final[str] = pb.DESCRIPTOR.services_by_name["Memloom"].full_name
Context = grpc.aio.ServicerContext[Any, Any]
M = TypeVar("M", bound=Message)


def _sent(message: Message) -> dict[str, Any]:
    """The request as the REST body would be: unset fields are absent."""
    try:
        found = as_dict(message)
    except (SerializeToJsonError, RecursionError) as error:
        raise InvalidInput(f"the request holds a value that JSON has not: {error}") from error
    views = found.get("include_memory_view")
    if views is not None:
        found["include_memory_view"] = views.get("values", [])
    return found


def _client(peer: str) -> str:
    """The address in gRPC's name of a peer: `ipv4:192.0.2.1:5000`, `ipv6:%5B::1%5D:5000`."""
    address = unquote(peer).partition(":")[2].rpartition(":")[0]
    return address.strip("[]") or peer


def _answer(data: Mapping[str, Any], kind: type[M]) -> M:
    """The answer's message; fields that it does not carry are left out."""
    return as_message(data, kind, ignore_unknown=True)


class MemloomServicer(memloom_pb2_grpc.MemloomServicer):
    """Implements memloom.v1.Memloom; errors are mapped by the server's interceptor."""

    def __init__(self, cases: UseCases) -> None:
        self._cases = cases

    @asynccontextmanager
    async def _calling(
        self, context: Context, operation: str, needs: Role = Role.READ
    ) -> AsyncIterator[Call]:
        """The call, while it runs; a refusal is noted in the audit log. Unauthorized,
        TooManyRequests, Forbidden for a key of a lesser role.
        """
        metadata = {
            name: value if isinstance(value, str) else value.decode("utf-8", "replace")
            for name, value in context.invocation_metadata() or ()
        }
        found = await self._cases.auth.call(metadata.get("authorization"), _client(context.peer()))
        call = replace(
            found,
            request_id=metadata.get("x-request-id", "")[:100] or str(uuid4()),
            idempotency_key=metadata.get("idempotency-key", ""),
            operation=operation,
            address=context.peer()[:100],
        )
        await self._cases.auth.count(call)
        try:
            yield call.require(needs)
        except MemloomError as error:
            self._cases.audit.refuse(call.project.id, call.actor, operation, error)
            raise

    async def CreateKnowledgebase(self, request: Any, context: Context) -> Any:  # noqa: N802 - gRPC's name
        async with self._calling(context, "create/knowledgebase", Role.WRITE) as call:
            asked = ask.CreateKnowledgebase.read(_sent(request))
            data = await self._cases.knowledge_bases.create(call, asked)
            return _answer(data, pb.CreateKnowledgebaseResponse)

    async def DeleteKnowledgebase(self, request: Any, context: Context) -> Any:  # noqa: N802 - gRPC's name
        async with self._calling(context, "delete/knowledgebase", Role.WRITE) as call:
            asked = ask.DeleteKnowledgebase.read(_sent(request))
            return _answer(await self._cases.knowledge_bases.delete(call, asked), pb.Done)

    async def AddKnowledgebaseFile(self, request: Any, context: Context) -> Any:  # noqa: N802 - gRPC's name
        async with self._calling(context, "add/knowledgebase-file", Role.WRITE) as call:
            entries = [
                Incoming(
                    kind="bytes" if entry.data or not entry.content else "text",
                    source=BytesIO(entry.data or entry.content.encode()),
                    name=entry.name,
                    type=entry.type or "document",
                    declared=entry.mime_type,
                )
                for entry in request.file
            ]
            asked = ask.UploadTarget.read({"knowledgebase_id": request.knowledgebase_id or None})
            files = await self._cases.uploads.add(call, asked.knowledgebase_id, entries)
            return _answer({"files": files}, pb.AddKnowledgebaseFileResponse)

    async def GetKnowledgebaseFile(self, request: Any, context: Context) -> Any:  # noqa: N802 - gRPC's name
        async with self._calling(context, "get/knowledgebase-file") as call:
            asked = ask.GetKnowledgebaseFile.read(_sent(request))
            data = await self._cases.documents.get(call, asked)
            return _answer(data, pb.GetKnowledgebaseFileResponse)

    async def DeleteKnowledgebaseFile(self, request: Any, context: Context) -> Any:  # noqa: N802 - gRPC's name
        async with self._calling(context, "delete/knowledgebase-file", Role.WRITE) as call:
            asked = ask.DeleteKnowledgebaseFile.read(_sent(request))
            return _answer(await self._cases.documents.delete(call, asked), pb.Done)

    async def AddMessage(self, request: Any, context: Context) -> Any:  # noqa: N802 - gRPC's name
        async with self._calling(context, "add/message", Role.WRITE) as call:
            asked = ask.AddMessage.read(_sent(request))
            return _answer(await self._cases.conversations.add(call, asked), pb.TaskResponse)

    async def GetStatus(self, request: Any, context: Context) -> Any:  # noqa: N802 - gRPC's name
        async with self._calling(context, "get/status") as call:
            asked = ask.GetStatus.read(_sent(request))
            return _answer(
                await self._cases.conversations.status(call, asked), pb.GetStatusResponse
            )

    async def SearchMemory(self, request: Any, context: Context) -> Any:  # noqa: N802 - gRPC's name
        async with self._calling(context, "search/memory") as call:
            asked = ask.SearchMemory.read(_sent(request))
            return _answer(await self._cases.search.search(call, asked), pb.SearchMemoryResponse)

    async def GetMemory(self, request: Any, context: Context) -> Any:  # noqa: N802 - gRPC's name
        async with self._calling(context, "get/memory") as call:
            asked = ask.GetMemory.read(_sent(request))
            return _answer(await self._cases.memories.page(call, asked), pb.GetMemoryResponse)

    async def DeleteMemory(self, request: Any, context: Context) -> Any:  # noqa: N802 - gRPC's name
        async with self._calling(context, "delete/memory", Role.WRITE) as call:
            asked = ask.DeleteMemory.read(_sent(request))
            return _answer(await self._cases.memories.delete(call, asked), pb.Done)

    async def AddFeedback(self, request: Any, context: Context) -> Any:  # noqa: N802 - gRPC's name
        async with self._calling(context, "add/feedback", Role.WRITE) as call:
            asked = ask.AddFeedback.read(_sent(request))
            return _answer(await self._cases.desk.add(call, asked), pb.TaskResponse)
