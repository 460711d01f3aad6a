"""A Memloom behind its REST API."""

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import quote

import httpx

from services.client.settings import ClientSettings
from services.kernel.contracts.errors import (
    Code,
    DependencyUnavailable,
    InvalidInput,
    MemloomError,
    TooManyRequests,
    Unauthorized,
)

_OPENMEM: Final = "/api/openmem/v1"
_OWN: Final = "/api/v1"
_FIRST_POLL: Final = 0.1
_LONGEST_POLL: Final = 2.0
_RUNNING: Final = frozenset({"PROCESSING", "running"})


class RestClient:
    """Calls one Memloom with one key; an async context manager.

    authorization: a whole `Authorization` header, which goes before the key of the settings.
    Every method raises a MemloomError with the server's code and sentence.
    """

    def __init__(
        self,
        settings: ClientSettings,
        *,
        authorization: str = "",
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        key = settings.api_key
        if not authorization and key is not None:
            authorization = f"Token {key.get_secret_value()}"
        if not authorization:
            raise Unauthorized(
                "no API key: set MEMLOOM_CLIENT__API_KEY to a key of your project",
                code=Code.KEY_REQUIRED,
            )
        self._settings = settings
        self._http = httpx.AsyncClient(
            base_url=settings.url,
            headers={"Authorization": authorization},
            timeout=settings.timeout,
            transport=transport,
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.aclose()

    def user(self, user_id: str | None) -> str:
        """Return the named user, else the settings' one; InvalidInput where there is neither."""
        found = (user_id or "").strip() or self._settings.user_id
        if not found:
            raise InvalidInput(
                "say whom this is about: give `user_id`, or set MEMLOOM_CLIENT__USER_ID"
            )
        return found

    async def search(self, user_id: str, query: str, **options: Any) -> dict[str, Any]:
        """Return what search/memory answers: lists of memories by kind."""
        body = {"user_id": user_id, "query": query, **options}
        found: dict[str, Any] = await self._openmem("search/memory", body)
        return found

    async def add_message(
        self, user_id: str, messages: list[dict[str, Any]], **options: Any
    ) -> dict[str, Any]:
        """Add messages of a user and return the task."""
        body = {"user_id": user_id, "messages": messages, **options}
        task: dict[str, Any] = await self._openmem("add/message", body)
        return task

    async def add_feedback(self, user_id: str, content: str, **options: Any) -> dict[str, Any]:
        """Give feedback in plain words and return the task."""
        body = {"user_id": user_id, "feedback_content": content, **options}
        task: dict[str, Any] = await self._openmem("add/feedback", body)
        return task

    async def preview_feedback(
        self, knowledge_base: str, content: str, **options: Any
    ) -> dict[str, Any]:
        """Return what feedback on a knowledge base would change, without changing it."""
        body = {"content": content, "dry_run": True, **options}
        path = f"knowledge-bases/{quote(knowledge_base, safe='')}/corrections"
        shown: dict[str, Any] = await self._own("POST", path, json=body)
        return shown

    async def finished_task(self, task_id: str, *, seconds: float | None = None) -> dict[str, Any]:
        """Return the task's state once it ended, or as it is after that many seconds."""

        async def look() -> dict[str, Any]:
            state: dict[str, Any] = await self._openmem("get/status", {"task_id": task_id})
            return state

        deadline = time.monotonic() + self._waiting(seconds)
        pause = _FIRST_POLL
        while True:
            state = await look()
            if state.get("status") not in _RUNNING or time.monotonic() + pause > deadline:
                return state
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_POLL)

    async def knowledge_bases(self) -> list[dict[str, Any]]:
        """Return all knowledge bases that the key's project sees."""
        return await self._pages("knowledge-bases", "knowledge_bases")

    async def create_knowledge_base(self, name: str, description: str = "") -> str:
        """Make a knowledge base and return its id."""
        body = {"knowledgebase_name": name, "knowledgebase_description": description}
        made: dict[str, Any] = await self._openmem("create/knowledgebase", body)
        return str(made["id"])

    async def add_documents(
        self, knowledge_base: str, entries: list[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """Upload by URL, Base64 or text; return one item a file, still in work."""
        body = {"knowledgebase_id": knowledge_base, "file": entries}
        files: list[dict[str, Any]] = await self._openmem("add/knowledgebase-file", body)
        return files

    async def upload_files(self, knowledge_base: str, files: list[Path]) -> list[dict[str, Any]]:
        """Upload local files as a form, read while they are sent."""
        missing = [str(file) for file in files if not file.is_file()]
        if missing:
            raise InvalidInput(f"there is no file {', '.join(missing)}")
        opened = [
            await asyncio.to_thread(file.open, "rb")  # closed below
            for file in files
        ]
        try:
            parts = [
                ("file", (file.name, source)) for file, source in zip(files, opened, strict=True)
            ]
            answer: list[dict[str, Any]] = await self._openmem(
                "add/knowledgebase-file",
                None,
                files=parts,
                params={"knowledgebase_id": knowledge_base},
                timeout=None,
            )
            return answer
        finally:
            for source in opened:
                source.close()

    async def documents(self, ids: list[str]) -> list[dict[str, Any]]:
        """Return the state of documents."""
        found: dict[str, Any] = await self._openmem("get/knowledgebase-file", {"file_ids": ids})
        listed: list[dict[str, Any]] = found.get("file_detail_list", [])
        return listed

    async def finished_documents(
        self, ids: list[str], *, seconds: float | None = None
    ) -> list[dict[str, Any]]:
        """Return the documents once all ended, or as they are after that many seconds."""
        deadline = time.monotonic() + self._waiting(seconds)
        pause = _FIRST_POLL
        while True:
            found = await self.documents(ids)
            busy = any(document.get("status") in _RUNNING for document in found)
            if not busy or time.monotonic() + pause > deadline:
                return found
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_POLL)

    async def corrections(self, knowledge_base: str) -> list[dict[str, Any]]:
        """Return the corrections of a knowledge base, newest first."""
        path = f"knowledge-bases/{quote(knowledge_base, safe='')}/corrections"
        return await self._pages(path, "corrections")

    async def switch_correction(
        self, knowledge_base: str, correction: str, *, active: bool
    ) -> dict[str, Any]:
        """Undo (active false) or redo a correction and return it."""
        path = (
            f"knowledge-bases/{quote(knowledge_base, safe='')}/corrections/"
            f"{quote(correction, safe='')}/{'redo' if active else 'undo'}"
        )
        shown: dict[str, Any] = await self._own("POST", path)
        return shown

    async def memories(self, user_id: str, *, size: int = 20) -> dict[str, Any]:
        """Return the first memories of a user by kind, newest first."""
        found: dict[str, Any] = await self._openmem(
            "get/memory", {"user_id": user_id, "page": 1, "size": size}
        )
        return found

    async def delete_memories(self, ids: list[str]) -> dict[str, Any]:
        """Delete memories by id."""
        done: dict[str, Any] = await self._openmem("delete/memory", {"memory_ids": ids})
        return done

    def _waiting(self, seconds: float | None) -> float:
        return self._settings.wait_seconds if seconds is None else seconds

    async def _pages(self, path: str, name: str) -> list[dict[str, Any]]:
        """Return all items of a list, which may come in pages joined by a cursor."""
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            params = {"cursor": cursor} if cursor else None
            page: dict[str, Any] = await self._own("GET", path, params=params)
            found += page.get(name, [])
            cursor = page.get("next_cursor")
            if not cursor:
                return found

    async def _openmem(self, path: str, body: Any, **extra: Any) -> Any:
        response = await self._send("POST", f"{_OPENMEM}/{path}", body, **extra)
        answer = _decoded(response)
        code = answer.get("code")
        if code not in (0, 200):
            raise _error(response, code, str(answer.get("message") or "the call failed"))
        return answer.get("data")

    async def _own(self, method: str, path: str, *, json: Any = None, params: Any = None) -> Any:
        response = await self._send(method, f"{_OWN}/{path}", json, params=params)
        answer = _decoded(response)
        if not response.is_success:
            text = str(answer.get("detail") or answer.get("message") or "the call failed")
            raise _error(response, answer.get("code"), text)
        return answer

    async def _send(self, method: str, path: str, body: Any, **extra: Any) -> httpx.Response:
        try:
            return await self._http.request(method, path, json=body, **extra)
        except httpx.TimeoutException as error:
            raise DependencyUnavailable(
                f"{self._settings.url} did not answer within {self._settings.timeout:g} s; "
                "try again, or raise MEMLOOM_CLIENT__TIMEOUT"
            ) from error
        except httpx.HTTPError as error:
            raise DependencyUnavailable(
                f"no Memloom answers at {self._settings.url}: {error}; start one, or set "
                "MEMLOOM_CLIENT__URL"
            ) from error


def _decoded(response: httpx.Response) -> Mapping[str, Any]:
    try:
        answer = response.json()
    except ValueError as error:
        raise _strange(response) from error
    if not isinstance(answer, dict):
        raise _strange(response)
    return answer


def _strange(response: httpx.Response) -> DependencyUnavailable:
    return DependencyUnavailable(
        f"{response.url.host}:{response.url.port} answered {response.status_code} with something "
        "that is no Memloom's; is MEMLOOM_CLIENT__URL right?"
    )


def _error(response: httpx.Response, code: Any, message: str) -> MemloomError:
    known = Code(code) if code in Code._value2member_map_ else None
    if response.status_code == httpx.codes.UNAUTHORIZED:
        return Unauthorized(message, code=known)
    if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
        after = response.headers.get("retry-after", "1")
        return TooManyRequests(
            message, retry_after=float(after) if after.isdecimal() else 1.0, code=known
        )
    if response.is_server_error:
        return DependencyUnavailable(message, code=known)
    return InvalidInput(message, code=known)
