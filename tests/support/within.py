"""The whole system inside the test's own process, reached over loopback."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from services.embedded import EmbeddedSettings, Where, assemble
from services.kernel.adapters.process import in_one_process, running
from services.kernel.runtime.lifecycle import Runtime
from tests.support.embedded import KEY, free_port
from tests.support.waiting import until


class Within:
    """A running Memloom and a client of it."""

    def __init__(self, where: Where, runtime: Runtime, http: httpx.AsyncClient) -> None:
        self.where = where
        self.runtime = runtime
        self.http = http

    async def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        answer = await self.http.post(
            f"/api/openmem/v1{path}",
            json=body,
            headers={"authorization": f"Token {KEY}", **headers},
        )
        assert answer.json()["code"] == 0, answer.text
        return answer

    async def ended(self, file_id: str) -> dict[str, Any]:
        """The file's details once it is not PROCESSING any more."""
        found: dict[str, Any] = {}

        async def over() -> bool:
            nonlocal found
            answer = await self.post("/get/knowledgebase-file", {"file_ids": [file_id]})
            (found,) = answer.json()["data"]["file_detail_list"]
            return bool(found["status"] != "PROCESSING")

        await until(over, within=60)
        return found


@asynccontextmanager
async def within(data: Path, **settings: Any) -> AsyncIterator[Within]:
    """Started on free ports; drained at the end."""
    where = Where(port=free_port(), grpc_port=free_port(), data=data)
    given = EmbeddedSettings(**{"data": data, "bootstrap_key": SecretStr(KEY), **settings})
    with in_one_process(given) as ours:
        async with (
            running(ours, partial(assemble, where), name="test", alone=True) as runtime,
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{where.port}", timeout=60) as http,
        ):
            yield Within(where, runtime, http)
