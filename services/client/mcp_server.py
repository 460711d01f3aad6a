"""Memloom's tools for assistants that speak MCP, over stdio or streamable HTTP.

Each tool is one or two calls of the REST API with the caller's key: over stdio the key of the
settings, over HTTP the `Authorization` header of each request, so that one server may serve many
projects and holds no key itself.
"""

from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, Final

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.transport_security import TransportSecuritySettings
from mcp.types import ToolAnnotations
from pydantic import BaseModel, Field
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from services.client.answers import (
    Correction,
    DocumentState,
    KnowledgeBaseInfo,
    SearchAnswer,
    TaskState,
    correction_shown,
    document_state,
    knowledge_base_info,
    search_answer,
    task_state,
)
from services.client.rest import RestClient
from services.client.settings import ClientSettings
from services.kernel.contracts.errors import Code, InvalidInput, MemloomError

INSTRUCTIONS: Final = (
    "Memloom holds what users said and what the company's documents say. Search before you answer "
    "about either; cite document and pages. Where an item has `corrected_by`, trust the item that "
    "corrects it. Add the user's own messages with add_message, and use add_feedback only when the "
    "user says that something in a knowledge base is wrong or missing."
)
PATH: Final = "/mcp"
_LONGEST_BODY: Final = 16 << 20
_READS: Final = ToolAnnotations(read_only_hint=True, open_world_hint=False)
_ADDS: Final = ToolAnnotations(
    read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)
_DELETES: Final = ToolAnnotations(
    read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=False
)

UserId = Annotated[
    str | None, Field(description="Whom this is about; default: the user of the settings.")
]
KnowledgeBaseId = Annotated[
    str, Field(description="Id of a knowledge base, from list_knowledge_bases.")
]


class ChatMessage(BaseModel):
    """One message of a conversation."""

    role: Annotated[str, Field(pattern="^(user|assistant|system|tool)$")] = "user"
    content: str
    chat_time: str | None = Field(default=None, description="When it was said; default: now.")


class NewDocument(BaseModel):
    """A document to upload: exactly one of url, text and path."""

    url: str | None = Field(default=None, description="Where the document can be fetched.")
    text: str | None = Field(default=None, description="The document itself, e.g. Markdown.")
    path: str | None = Field(default=None, description="A file of the allowed folders.")
    name: str | None = Field(default=None, description="File name with its ending, e.g. a.md.")


class Preview(BaseModel):
    """What feedback would change."""

    reason: str = ""
    changes: list[dict[str, Any]] = []


class Tools:
    """The tools, as methods. local: whether the caller sits at this machine (stdio)."""

    def __init__(self, settings: ClientSettings, *, local: bool) -> None:
        self._settings = settings
        self._local = local

    @asynccontextmanager
    async def _client(self, context: Context) -> AsyncIterator[RestClient]:
        """The API with the caller's key; its errors become what the assistant reads."""
        request = context.request_context.request
        header = "" if request is None else request.headers.get("authorization", "")
        settings = self._settings
        if not self._local:
            # The server's own key is nobody else's.
            settings = settings.model_copy(update={"api_key": None})
        try:
            async with RestClient(settings, authorization=header) as client:
                yield client
        except MemloomError as error:
            message = f"{error.message} (code {int(error.code)})"
            raise ToolError(message) from error

    async def search_memory(
        self,
        context: Context,
        query: Annotated[str, Field(description="The question, in the user's own words.")],
        user_id: UserId = None,
        knowledge_base_ids: Annotated[
            list[str] | None,
            Field(description="Knowledge bases to search; default: all of the project."),
        ] = None,
        *,
        limit: Annotated[int, Field(ge=1, le=25, description="Most memories to return.")] = 9,
        conversation_id: Annotated[
            str | None, Field(description="The running conversation, whose memories weigh more.")
        ] = None,
    ) -> SearchAnswer:
        """Search what the user said and what the knowledge bases say, in one call."""
        async with self._client(context) as client:
            bases = ["all"] if knowledge_base_ids is None else knowledge_base_ids
            found = await client.search(
                client.user(user_id),
                query,
                knowledgebase_ids=bases,
                memory_limit_number=limit,
                conversation_id=conversation_id,
                include_tool_memory=True,
            )
            return search_answer(found)

    async def add_message(
        self,
        context: Context,
        messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=100)],
        user_id: UserId = None,
        conversation_id: str | None = None,
    ) -> TaskState:
        """Remember messages of a conversation; facts and preferences come out of them."""
        async with self._client(context) as client:
            task = await client.add_message(
                client.user(user_id),
                [message.model_dump(exclude_none=True) for message in messages],
                conversation_id=conversation_id,
            )
            return task_state(await client.finished_task(str(task["task_id"])))

    async def add_feedback(
        self,
        context: Context,
        feedback: Annotated[
            str, Field(description="What is wrong or missing, in one plain sentence.")
        ],
        user_id: UserId = None,
        knowledge_base_ids: Annotated[
            list[str] | None,
            Field(
                description="Knowledge bases to correct for everybody; default: only the user's "
                "own memories."
            ),
        ] = None,
        conversation_id: str | None = None,
    ) -> TaskState:
        """Correct or complete the knowledge with one sentence, and say what became of it."""
        async with self._client(context) as client:
            task = await client.add_feedback(
                client.user(user_id),
                feedback,
                allow_knowledgebase_ids=knowledge_base_ids or [],
                conversation_id=conversation_id,
            )
            return task_state(await client.finished_task(str(task["task_id"])))

    async def preview_feedback(
        self, context: Context, feedback: str, knowledge_base_id: KnowledgeBaseId
    ) -> Preview:
        """Show what feedback on a knowledge base would change, without changing it."""
        async with self._client(context) as client:
            shown = await client.preview_feedback(knowledge_base_id, feedback)
            return Preview(
                reason=str(shown.get("reason") or ""), changes=shown.get("decisions") or []
            )

    async def list_knowledge_bases(self, context: Context) -> list[KnowledgeBaseInfo]:
        """List the knowledge bases of the project."""
        async with self._client(context) as client:
            return [knowledge_base_info(item) for item in await client.knowledge_bases()]

    async def create_knowledge_base(
        self,
        context: Context,
        name: Annotated[str, Field(min_length=1, max_length=200)],
        description: Annotated[str, Field(max_length=2000)] = "",
    ) -> KnowledgeBaseInfo:
        """Make a new, empty knowledge base."""
        async with self._client(context) as client:
            made = await client.create_knowledge_base(name, description)
            return KnowledgeBaseInfo(id=made, name=name, description=description)

    async def upload_documents(
        self,
        context: Context,
        knowledge_base_id: KnowledgeBaseId,
        documents: Annotated[list[NewDocument], Field(min_length=1, max_length=20)],
        *,
        wait: Annotated[bool, Field(description="Wait until they are searchable.")] = True,
    ) -> list[DocumentState]:
        """Add documents (PDF, DOCX, DOC, TXT, MD, JSON, XML) to a knowledge base."""
        async with self._client(context) as client:
            files = [self._file(document.path) for document in documents if document.path]
            entries = [_entry(document) for document in documents if not document.path]
            made = await client.add_documents(knowledge_base_id, entries) if entries else []
            if files:
                made += await client.upload_files(knowledge_base_id, files)
            ids = [str(item["id"]) for item in made]
            found = await (client.finished_documents(ids) if wait else client.documents(ids))
            return [document_state(item) for item in found]

    async def get_documents(
        self,
        context: Context,
        document_ids: Annotated[list[str], Field(min_length=1, max_length=100)],
    ) -> list[DocumentState]:
        """Look how far documents are."""
        async with self._client(context) as client:
            return [document_state(item) for item in await client.documents(document_ids)]

    async def list_corrections(
        self, context: Context, knowledge_base_id: KnowledgeBaseId
    ) -> list[Correction]:
        """List who corrected what in a knowledge base, newest first."""
        async with self._client(context) as client:
            return [correction_shown(item) for item in await client.corrections(knowledge_base_id)]

    async def undo_correction(
        self, context: Context, knowledge_base_id: KnowledgeBaseId, correction_id: str
    ) -> Correction:
        """Take a correction back: the document's own words hold again."""
        return await self._switch(context, knowledge_base_id, correction_id, active=False)

    async def redo_correction(
        self, context: Context, knowledge_base_id: KnowledgeBaseId, correction_id: str
    ) -> Correction:
        """Let a correction that was undone hold again."""
        return await self._switch(context, knowledge_base_id, correction_id, active=True)

    async def list_memories(
        self,
        context: Context,
        user_id: UserId = None,
        limit: Annotated[int, Field(ge=1, le=50, description="Most memories of a kind.")] = 20,
    ) -> SearchAnswer:
        """List what is remembered of a user, newest first."""
        async with self._client(context) as client:
            return search_answer(await client.memories(client.user(user_id), size=limit))

    async def delete_memories(
        self,
        context: Context,
        memory_ids: Annotated[list[str], Field(min_length=1, max_length=100)],
    ) -> str:
        """Delete memories for good, when the user asks for it."""
        async with self._client(context) as client:
            await client.delete_memories(memory_ids)
            return f"{len(memory_ids)} deleted"

    async def _switch(
        self, context: Context, knowledge_base: str, correction: str, *, active: bool
    ) -> Correction:
        async with self._client(context) as client:
            shown = await client.switch_correction(knowledge_base, correction, active=active)
            return correction_shown(shown)

    def _file(self, path: str) -> Path:
        """A file below an allowed folder; InvalidInput for any other."""
        if not self._local:
            raise InvalidInput("files are read only by a server on your own machine; send `text`")
        file = Path(path).expanduser().resolve()
        folders = [folder.expanduser().resolve() for folder in self._settings.upload_folders]
        if not any(file.is_relative_to(folder) for folder in folders):
            raise InvalidInput(
                f"{path} lies in no folder that MEMLOOM_CLIENT__UPLOAD_FOLDERS names; send its "
                "`text`, or name the folder there"
            )
        return file


def _entry(document: NewDocument) -> dict[str, Any]:
    if (document.url is None) == (document.text is None):
        raise InvalidInput("give each document exactly one of `url`, `text` and `path`")
    if document.url is not None:
        return {"content": document.url, "name": document.name}
    encoded = b64encode((document.text or "").encode()).decode()
    return {
        "content": f"data:text/markdown;base64,{encoded}",
        "name": document.name or "document.md",
    }


def build_server(settings: ClientSettings, *, local: bool) -> MCPServer[Any]:
    """Return the MCP server. local: over stdio, with the settings' key and folders."""
    server: MCPServer[Any] = MCPServer(
        "memloom", title="Memloom", instructions=INSTRUCTIONS, log_level="WARNING"
    )
    tools = Tools(settings, local=local)
    for tool, annotations in (
        (tools.search_memory, _READS),
        (tools.add_message, _ADDS),
        (tools.add_feedback, _ADDS),
        (tools.preview_feedback, _READS),
        (tools.list_knowledge_bases, _READS),
        (tools.create_knowledge_base, _ADDS),
        (tools.upload_documents, _ADDS),
        (tools.get_documents, _READS),
        (tools.list_corrections, _READS),
        (tools.undo_correction, _ADDS),
        (tools.redo_correction, _ADDS),
        (tools.list_memories, _READS),
        (tools.delete_memories, _DELETES),
    ):
        server.add_tool(tool, annotations=annotations)
    return server


class _KeyRequired:
    """Answers 401 to a request without an `Authorization` header, before a stream is opened."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or "authorization" in Headers(scope=scope):
            await self._app(scope, receive, send)
            return
        refused = JSONResponse(
            {
                "code": int(Code.KEY_REQUIRED),
                "message": "send your API key: Authorization: Token …",
            },
            status_code=401,
            headers={"www-authenticate": "Token"},
        )
        await refused(scope, receive, send)


def http_app(server: MCPServer[Any], settings: ClientSettings) -> ASGIApp:
    """Return the streamable HTTP endpoint at `/mcp`; each request brings its own key. It serves
    while `server.session_manager.run()` is entered.
    """
    port = settings.mcp_port
    names = ["127.0.0.1", "localhost", "[::1]", settings.mcp_host]
    hosts = [f"{name}:{port or '*'}" for name in names] + settings.mcp_hosts
    app = server.streamable_http_app(
        streamable_http_path=PATH,
        stateless_http=True,
        json_response=True,
        max_request_body_size=_LONGEST_BODY,
        transport_security=TransportSecuritySettings(
            allowed_hosts=hosts,
            allowed_origins=[
                f"{scheme}://{host}" for host in hosts for scheme in ("http", "https")
            ],
        ),
    )
    return _KeyRequired(app)
