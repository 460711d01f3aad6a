"""The MCP server, driven by the protocol's own client through every tool, over both transports;
and the commands that do the same for people at a shell.
"""

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from tests.support.embedded import KEY, Memloom, free_port, wait_until
from tests.support.operating import command
from tests.support.shared import ROOT

pytestmark = pytest.mark.slow

TOOLS = {
    "search_memory",
    "add_message",
    "add_feedback",
    "preview_feedback",
    "list_knowledge_bases",
    "create_knowledge_base",
    "upload_documents",
    "get_documents",
    "list_corrections",
    "undo_correction",
    "redo_correction",
    "list_memories",
    "delete_memories",
}
POLICY = "# Travel policy\n\n## Hotels\n\nThe hotel limit in Berlin is 150 euros a night.\n"
FEEDBACK = "The hotel limit in Berlin is 170 euros a night, not 150."
MEMLOOM_COMMAND = str(Path(sys.executable).parent / "memloom")


@pytest.fixture(scope="module")
def memloom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Memloom]:
    with Memloom(tmp_path_factory.mktemp("tools") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("documents")
    (found / "parking.md").write_text("# Parking\n\nVisitors park in the blue garage.\n", "utf-8")
    return found


def environment(memloom: Memloom, **more: str) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("MEMLOOM_")}
    return plain | {"MEMLOOM_CLIENT__URL": memloom.url} | more


@asynccontextmanager
async def over_stdio(memloom: Memloom, folder: Path) -> AsyncIterator[Client]:
    server = StdioServerParameters(
        command=MEMLOOM_COMMAND,
        args=["mcp"],
        cwd=ROOT,
        env=environment(
            memloom,
            MEMLOOM_CLIENT__API_KEY=KEY,
            MEMLOOM_CLIENT__USER_ID="lin",
            MEMLOOM_CLIENT__UPLOAD_FOLDERS=f'["{folder}"]',
        ),
    )
    async with Client(server, read_timeout_seconds=60) as client:
        yield client


@pytest.fixture(scope="module")
def http_server(memloom: Memloom) -> Iterator[str]:
    port = free_port()
    # A key of the server's own must never serve a caller without one.
    settings = environment(
        memloom,
        MEMLOOM_CLIENT__MCP_PORT=str(port),
        MEMLOOM_CLIENT__API_KEY=KEY,
        MEMLOOM_CLIENT__UPLOAD_FOLDERS='["/"]',
    )
    process = subprocess.Popen([MEMLOOM_COMMAND, "mcp", "--http"], cwd=ROOT, env=settings)  # noqa: S603 - our own command

    def listens() -> bool:
        assert process.poll() is None, "it ended"
        try:
            httpx2.get(f"http://127.0.0.1:{port}/mcp", timeout=2)
        except httpx2.TransportError:
            return False
        return True

    try:
        wait_until(listens, 60, "the MCP server listens")
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        process.terminate()
        assert process.wait(timeout=30) == 0


@asynccontextmanager
async def over_http(url: str, headers: dict[str, str]) -> AsyncIterator[Client]:
    async with (
        httpx2.AsyncClient(headers=headers, timeout=60) as http,
        Client(streamable_http_client(url, http_client=http), read_timeout_seconds=60) as client,
    ):
        yield client


async def call(client: Client, tool: str, **arguments: Any) -> Any:
    """The structured answer of a tool that must succeed."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    found = result.structured_content
    assert found is not None
    return found.get("result", found) if set(found) == {"result"} else found


async def refusal(client: Client, tool: str, **arguments: Any) -> str:
    result = await client.call_tool(tool, arguments)
    assert result.is_error, result
    return "".join(getattr(part, "text", "") for part in result.content)


async def story(client: Client, name: str) -> str:
    """The mission's story by tools alone; the id of its knowledge base."""
    listed = {tool.name for tool in (await client.list_tools()).tools}
    assert listed == TOOLS
    base = (await call(client, "create_knowledge_base", name=name))["id"]
    assert base in {one["id"] for one in await call(client, "list_knowledge_bases")}
    (document,) = await call(
        client,
        "upload_documents",
        knowledge_base_id=base,
        documents=[{"text": POLICY, "name": "travel.md"}],
    )
    assert document["status"] == "COMPLETED"
    looked = await call(client, "get_documents", document_ids=[document["id"]])
    assert looked[0]["passages"] >= 1

    user = f"user of {name}"
    message = {"role": "user", "content": "I am a designer in the Berlin office."}
    task = await call(client, "add_message", messages=[message], user_id=user)
    assert task["status"] == "completed"
    arguments = {"query": "hotel limit", "user_id": user, "knowledge_base_ids": [base]}
    found = await call(client, "search_memory", **arguments)
    sources = {item["source"] for item in found["memories"]}
    assert sources == {"knowledge_base", "user"}
    assert any("150 euros" in item["text"] for item in found["memories"])

    shown = await call(client, "preview_feedback", feedback=FEEDBACK, knowledge_base_id=base)
    assert shown["changes"]
    assert await call(client, "list_corrections", knowledge_base_id=base) == []
    done = await call(
        client, "add_feedback", feedback=FEEDBACK, user_id=user, knowledge_base_ids=[base]
    )
    assert done["status"] == "completed"
    (correction,) = await call(client, "list_corrections", knowledge_base_id=base)
    assert correction["feedback"] == FEEDBACK
    assert "170" in correction["after"]
    assert "150" in correction["before"]
    first = (await call(client, "search_memory", **arguments))["memories"][0]
    assert "170" in first["text"]
    undone = await call(
        client, "undo_correction", knowledge_base_id=base, correction_id=correction["id"]
    )
    assert undone["state"] == "undone"
    redone = await call(
        client, "redo_correction", knowledge_base_id=base, correction_id=correction["id"]
    )
    assert redone["state"] == "active"

    remembered = await call(client, "list_memories", user_id=user)
    ids = [item["id"] for item in remembered["memories"]]
    assert ids
    await client.call_tool("delete_memories", {"memory_ids": ids})
    assert (await call(client, "list_memories", user_id=user))["memories"] == []
    return str(base)


async def test_every_tool_over_stdio(memloom: Memloom, folder: Path) -> None:
    async with over_stdio(memloom, folder) as client:
        base = await story(client, "stdio")
        # Local files: of the allowed folders only, also behind links.
        (folder / "link.md").symlink_to("/etc/passwd")
        (document,) = await call(
            client,
            "upload_documents",
            knowledge_base_id=base,
            documents=[{"path": str(folder / "parking.md")}],
        )
        assert document["name"] == "parking.md"
        for path in ("/etc/passwd", str(folder / "link.md"), f"{folder}/../{folder.name}x/a.md"):
            refused = await refusal(
                client,
                "upload_documents",
                knowledge_base_id=base,
                documents=[{"path": path}],
            )
            assert "MEMLOOM_CLIENT__UPLOAD_FOLDERS" in refused
        # The user of the settings.
        task = await call(client, "add_message", messages=[{"content": "I live in Cork."}])
        assert task["status"] == "completed"
        assert "Cork" in str(await call(client, "list_memories"))


async def test_every_tool_over_http_with_the_callers_key(
    memloom: Memloom, http_server: str
) -> None:
    async with over_http(http_server, {"Authorization": f"Bearer {KEY}"}) as client:
        base = await story(client, "http")
        refused = await refusal(
            client, "upload_documents", knowledge_base_id=base, documents=[{"path": "/etc/passwd"}]
        )
        assert "your own machine" in refused
        assert "user_id" in await refusal(client, "list_memories")


async def test_http_takes_no_other_key(http_server: str) -> None:
    async with over_http(http_server, {"Authorization": "Token wrong"}) as client:
        assert "40132" in await refusal(client, "list_knowledge_bases")
    async with httpx2.AsyncClient() as http:
        for answer in (await http.post(http_server, json={}), await http.get(http_server)):
            assert answer.status_code == 401
            assert answer.json()["code"] == 40100


async def test_http_answers_only_by_its_names(http_server: str) -> None:
    headers = {"Host": "evil.example", "Authorization": f"Token {KEY}"}
    async with httpx2.AsyncClient() as http:
        answer = await http.post(http_server, json={}, headers=headers)
    assert answer.status_code == 421


async def test_errors_say_what_to_do(memloom: Memloom, folder: Path) -> None:
    async with over_stdio(memloom, folder) as client:
        unknown = await refusal(
            client, "search_memory", query="x", knowledge_base_ids=["no-such-base"]
        )
        assert "50120" in unknown
        both = [{"text": "a", "url": "http://127.0.0.1/a.md"}]
        assert "exactly one" in await refusal(
            client, "upload_documents", knowledge_base_id="b", documents=both
        )


def test_commands_do_the_same(memloom: Memloom, folder: Path) -> None:
    settings = {
        "MEMLOOM_CLIENT__URL": memloom.url,
        "MEMLOOM_CLIENT__API_KEY": KEY,
        "MEMLOOM_CLIENT__USER_ID": "wang",
    }

    def memloom_says(*arguments: str, code: int = 0) -> str:
        done = command(*arguments, **settings)
        assert done.returncode == code, done.stderr + done.stdout
        return (done.stdout + done.stderr).strip()

    base = memloom_says("bases", "create", "shell")
    (folder / "travel.md").write_text(POLICY, "utf-8")
    assert "COMPLETED" in memloom_says("upload", base, str(folder / "travel.md"))
    assert "there is no file" in memloom_says("upload", base, "nowhere.md", code=2)
    assert base in memloom_says("bases", "list")
    assert "completed" in memloom_says("remember", "我是创意平台部门的设计师。")
    found = memloom_says("search", "hotel limit in Berlin", "--base", base)
    assert "150 euros" in found
    assert "travel.md" in found
    assert "170" in memloom_says("feedback", FEEDBACK, "--base", base, "--dry-run")
    assert "completed" in memloom_says("feedback", FEEDBACK, "--base", base)
    listed = memloom_says("corrections", "list", base)
    assert FEEDBACK in listed
    assert "is undone" in memloom_says("corrections", "undo", base, listed.split()[0])
    assert "is active" in memloom_says("corrections", "redo", base, listed.split()[0])
    nobody = command("search", "x", MEMLOOM_CLIENT__URL=memloom.url)
    assert nobody.returncode == 2
    assert "MEMLOOM_CLIENT__API_KEY" in nobody.stderr
    nowhere = command("bases", "list", **settings | {"MEMLOOM_CLIENT__URL": "http://127.0.0.1:9"})
    assert nowhere.returncode == 2
    assert "no Memloom answers" in nowhere.stderr
