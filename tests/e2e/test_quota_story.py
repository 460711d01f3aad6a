"""The story of a plan, over REST and the command line; `-s` prints it as a transcript."""

import asyncio
import base64
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from services.cli.main import app
from tests.support.gateway import Door, opened_door

PLANS = """
plans:
  free: {knowledge_bases: 10, bytes_each: 1 GB}
  starter: {knowledge_bases: 30, bytes_each: 10 GB}
  pro: {knowledge_bases: 100, bytes_each: 100 GB}
  tiny: {knowledge_bases: 2, bytes_each: 1 MB}
"""


def tell(line: str) -> None:
    print(f"  {line}")  # noqa: T201 - the transcript is what -s is for


class Shop:
    """The project whose story it is."""

    def __init__(self, door: Door, folder: Path) -> None:
        self.door = door
        self.folder = folder

    async def operator(self, *arguments: str) -> str:
        """A command of the operator, heard by the server as a second later."""
        tell(f"$ memloom {' '.join(arguments)}")
        whole = [*arguments, "--data", str(self.folder)]
        done = await asyncio.to_thread(CliRunner().invoke, app, whole)
        assert done.exit_code == 0, done.output
        self.door.gateway.access.forget()
        return done.stdout.strip()

    async def call(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = await self.door.post(path, body)
        outcome = "ok" if answer["code"] == 0 else f"{answer['code']} {answer['message']}"
        tell(f"POST {path}: {outcome}")
        return answer

    async def create(self, name: str) -> dict[str, Any]:
        return await self.call("/create/knowledgebase", {"knowledgebase_name": name})

    async def upload(self, kb: str, name: str, content: bytes) -> dict[str, Any]:
        entry = {"name": name, "content": base64.b64encode(content).decode()}
        body = {"knowledgebase_id": kb, "file": [entry]}
        return await self.call("/add/knowledgebase-file", body)

    async def plan(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self.door.get("/api/v1/plan")).json()
        used = found["knowledge_bases"]
        tell(f"GET /plan: {found['plan']}, {used['used']} of {used['limit']}, {found['reason']}")
        return found


async def test_a_plan_is_used_up_downgraded_and_fits_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "plans.yaml"
    file.write_text(PLANS, encoding="utf-8")
    monkeypatch.setenv("MEMLOOM_GATEWAY__PLANS_FILE", str(file))
    monkeypatch.delenv("MEMLOOM_POSTGRES__URL", raising=False)
    async with opened_door(tmp_path, plans_file=file, unlinked_days=0) as operator:
        print()  # noqa: T201 - the transcript begins on a line of its own
        shop = Shop(operator, tmp_path)
        key = await shop.operator("keys", "create", "--project", "shop", "--plan", "free")
        shop.door = operator.as_key(key)
        bases = [str((await shop.create(f"shelf {n}"))["data"]["id"]) for n in range(10)]
        eleventh = await shop.create("shelf 10")
        assert eleventh["code"] == 40304
        assert "10 knowledge bases" in eleventh["message"]
        (kept,) = (await shop.upload(bases[0], "a.md", b"# Parking\n"))["data"]
        (lost,) = (await shop.upload(bases[1], "b.md", b"# Badges\n"))["data"]

        await shop.operator("plans", "set", "shop", "tiny")
        assert (await shop.plan())["fits"] is False
        refused = [await shop.create("more"), await shop.upload(bases[0], "c.md", b"# c\n")]
        for answer in refused:
            assert answer["code"] == 40304
            assert "nothing is deleted" in answer["message"]
        both = await shop.call("/get/knowledgebase-file", {"file_ids": [kept["id"], lost["id"]]})
        assert len(both["data"]["file_detail_list"]) == 2

        for base in bases[1:5]:
            answer = await shop.call("/delete/knowledgebase", {"knowledgebase_id": base})
            assert "does not count" in answer["data"]["note"]
        tell(f"  {answer['data']['note']}")
        for base in bases[5:9]:
            body = {"knowledgebase_id": base, "delete_all": True}
            assert (await shop.call("/delete/knowledgebase", body))["code"] == 0
        plan = await shop.plan()
        assert (plan["fits"], plan["knowledge_bases"]) == (True, {"used": 2, "limit": 2})
        assert (await shop.upload(bases[0], "c.md", b"# c\n"))["code"] == 0
        full = await shop.upload(bases[9], "d.md", b"x" * 1_048_577)
        assert full["code"] == 40304
        assert "1 MB in a knowledge base" in full["message"]
        assert (await shop.create("one more"))["code"] == 40304
        await shop.call("/delete/knowledgebase", {"knowledgebase_id": bases[9]})
        assert (await shop.create("one more"))["code"] == 0

        assert await operator.gateway.cases.knowledge_bases.purge_unlinked() == 5
        tell("the upkeep deletes what was unlinked: 5 knowledge bases")
        gone = await shop.call("/get/knowledgebase-file", {"file_ids": [lost["id"]]})
        assert gone["code"] == 40001
        search = {"user_id": "anna", "query": "badges", "knowledgebase_ids": [bases[1]]}
        assert (await shop.call("/search/memory", search))["code"] == 50120
        assert (await shop.door.file(kept["id"]))["id"] == kept["id"]
        log = (await shop.door.get("/api/v1/audit?operation=delete/knowledgebase")).json()
        assert [line["key_name"] for line in log["entries"]].count("upkeep") == 5
