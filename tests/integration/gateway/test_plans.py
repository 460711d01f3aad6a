"""Plans: from a file, after a downgrade, under many uploads at once; what unlinking frees."""

import asyncio
import base64
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from services.gateway.domain.plans import BUILT_IN, parse_plans
from services.gateway.settings import GatewaySettings
from services.kernel.contracts.errors import InvalidInput
from services.kernel.runtime.settings import load
from tests.support.clock import ManualClock
from tests.support.gateway import Door, opened_door

MEGABYTE = 1_048_576
SMALL = """
plans:
  tiny: {knowledge_bases: 2, bytes_each: 10 MB}
  small: {knowledge_bases: 3, bytes_each: 20 MB, requests_per_second: 2}
"""


def plans_file(folder: Path, text: str = SMALL) -> Path:
    file = folder / "plans.yaml"
    file.write_text(text, encoding="utf-8")
    return file


async def shop_of(door: Door, plan: str | None = None) -> Door:
    _, key = await door.gateway.access.create_key(project="shop", plan=plan)
    return door.as_key(key)


def entry(name: str, content: bytes) -> dict[str, str]:
    return {"name": name, "content": base64.b64encode(content).decode()}


def filler(number: int, size: int) -> bytes:
    return f"# {number}\n".encode().ljust(size, b".")


async def test_plans_come_from_a_file(tmp_path: Path) -> None:
    async with opened_door(tmp_path, plans_file=plans_file(tmp_path)) as door:
        shop = await shop_of(door)
        plan = (await shop.get("/api/v1/plan")).json()
        assert (plan["plan"], plan["knowledge_bases"]["limit"]) == ("tiny", 2)
        assert plan["bytes_each"] == 10 * MEGABYTE
        assert plan["fits"] is True
        names = [found["name"] for found in (await shop.get("/api/v1/plans")).json()["plans"]]
        assert names == ["tiny", "small"]
        for number in range(2):
            await shop.create_kb(f"kb {number}")
        refused = await shop.post("/create/knowledgebase", {"knowledgebase_name": "more"})
        assert refused["code"] == 40304
        with pytest.raises(InvalidInput, match="tiny, small"):
            await door.gateway.access.set_plan("shop", "free")


async def test_a_plan_may_limit_the_rate_of_a_project(tmp_path: Path) -> None:
    clock = ManualClock()
    async with opened_door(tmp_path, clock=clock, plans_file=plans_file(tmp_path)) as door:
        shop = await shop_of(door, "small")
        _, key = await door.gateway.access.create_key(project="shop")
        found = [(await shop.get("/api/v1/plans")).status_code for _ in range(2)]
        # Another key of the project draws from the same bucket.
        limited = await door.as_key(key).get("/api/v1/plans")
        assert (found, limited.status_code) == ([200, 200], 429)
        assert (await door.get("/api/v1/plans")).status_code == 200


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[]", "must hold `plans:`"),
        ("plans: {}", "at least one plan"),
        ("plans: {free: {knowledge_bases: 1}}", "lacks bytes_each"),
        ("plans: {free: {knowledge_bases: x, bytes_each: 1}}", "whole number"),
        ("plans: {free: {knowledge_bases: 1, bytes_each: many}}", "10 GB"),
        ("plans: {free: {knowledge_bases: 1, bytes_each: 1, users: 3}}", "users, which is no"),
        ("plans: {'a b': {knowledge_bases: 1, bytes_each: 1}}", "no name of a plan"),
        ("plans: {free: 3}", "needs limits"),
        ("plans: {a: [", "neither YAML nor JSON"),
    ],
)
def test_a_bad_file_of_plans_is_refused_at_start(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        GatewaySettings(plans_file=plans_file(tmp_path, text))


def test_the_sentence_names_the_setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from services.embedded import EmbeddedSettings  # noqa: PLC0415 - the whole system is heavy

    monkeypatch.setenv("MEMLOOM_GATEWAY__PLANS_FILE", str(tmp_path / "none.yaml"))
    with pytest.raises(InvalidInput, match=r"MEMLOOM_GATEWAY__PLANS_FILE is wrong: .*cannot be"):
        load(EmbeddedSettings)


def test_a_json_file_is_as_good_and_the_defaults_are_the_documented_ones() -> None:
    limits = {"knowledge_bases": 30, "bytes_each": "10 GB"}
    (plan,) = parse_plans({"plans": {"starter": limits}}).all()
    assert plan == BUILT_IN[1]
    shown = [(plan.name, plan.knowledge_bases, plan.bytes_each >> 30) for plan in BUILT_IN]
    assert shown == [("free", 10, 1), ("starter", 30, 10), ("pro", 100, 100)]


async def test_a_plan_that_the_file_has_no_more_freezes_and_deletes_nothing(
    tmp_path: Path,
) -> None:
    async with opened_door(tmp_path) as door:
        kb = await door.create_kb()
    async with opened_door(tmp_path, plans_file=plans_file(tmp_path)) as door:
        refused = await door.post("/create/knowledgebase", {"knowledgebase_name": "x"})
        assert refused["code"] == 40304
        assert "not offered any more" in refused["message"]
        plan = (await door.get("/api/v1/plan")).json()
        assert (plan["fits"], "not offered" in plan["reason"]) == (False, True)
        await door.ok("/search/memory", {"query": "x", "user_id": "u", "knowledgebase_ids": [kb]})


async def test_fifty_uploads_at_once_never_pass_the_last_bytes(tmp_path: Path) -> None:
    # All of them get a place at the door: what is counted is what refuses.
    async with opened_door(tmp_path, plans_file=plans_file(tmp_path), uploads=50) as door:
        shop = await shop_of(door, "small")
        kb = await shop.create_kb()
        (first,) = await shop.upload(kb, ("first.md", filler(99, 10 * MEGABYTE)))
        free = door.gateway.access.set_plan
        await free("shop", "small")
        await free("shop", "tiny")
        await free("shop", "small")
        key = (await door.gateway.access.create_key(project="other", plan="tiny"))[1]
        other = door.as_key(key)
        base = await other.create_kb()
        size = MEGABYTE // 2

        async def send(number: int) -> int:
            body = {
                "knowledgebase_id": base,
                "file": [entry(f"{number}.md", filler(number, size))],
            }
            return int((await other.post("/add/knowledgebase-file", body))["code"])

        codes = await asyncio.gather(*(send(number) for number in range(50)))
        # 10 MB hold twenty files of half a megabyte, exactly.
        assert sorted(codes) == [0] * 20 + [40304] * 30
        assert (await other.get("/api/v1/plan")).json()["bytes_used"] == 10 * MEGABYTE
        assert first["id"]


async def test_files_in_messages_count_together(tmp_path: Path) -> None:
    async with opened_door(tmp_path, plans_file=plans_file(tmp_path)) as door:
        shop = await shop_of(door, "tiny")

        async def say(user: str, number: int, size: int) -> int:
            content = base64.b64encode(filler(number, size)).decode()
            part = {
                "type": "file",
                "file": {"file_data": content, "filename": f"{number}.md"},
            }
            message = {"role": "user", "content": [part]}
            body = {"user_id": user, "messages": [message]}
            return int((await shop.post("/add/message", body))["code"])

        assert await say("anna", 1, 6 * MEGABYTE) == 0
        # Another user's file draws on the same room.
        assert await say("ben", 2, 6 * MEGABYTE) == 40304
        assert await say("ben", 3, 4 * MEGABYTE) == 0
        plan = (await shop.get("/api/v1/plan")).json()
        assert plan["message_file_bytes"] == 10 * MEGABYTE


async def replace_content(door: Door, document: str, content: bytes) -> Any:
    return await door.http.put(
        f"/api/v1/documents/{document}/content",
        content=content,
        headers=door.headers | {"content-type": "text/markdown"},
    )


async def test_replacing_content_obeys_the_plan(tmp_path: Path) -> None:
    unhurried = SMALL.replace(", requests_per_second: 2", "")
    async with opened_door(tmp_path, plans_file=plans_file(tmp_path, unhurried)) as door:
        shop = await shop_of(door, "small")
        kb = await shop.create_kb()
        (file,) = await shop.upload(kb, ("a.md", filler(1, 6 * MEGABYTE)))
        await shop.upload(kb, ("b.md", filler(2, 6 * MEGABYTE)))
        # The revision before is not counted beside the new one.
        assert (await replace_content(shop, file["id"], filler(3, 14 * MEGABYTE))).is_success
        over = await replace_content(shop, file["id"], filler(4, 15 * MEGABYTE))
        assert (over.status_code, over.json()["code"]) == (403, 40304)
        await door.gateway.access.set_plan("shop", "tiny")
        refused = await replace_content(shop, file["id"], filler(5, 100))
        assert (refused.status_code, refused.json()["code"]) == (403, 40304)
        assert "nothing is deleted" in refused.json()["detail"]
        await shop.ok("/delete/knowledgebase-file", {"file_ids": [file["id"]]})
        (other,) = (await shop.get(f"/api/v1/knowledge-bases/{kb}/documents")).json()["documents"]
        assert (await replace_content(shop, other["id"], filler(6, 100))).is_success


async def test_a_project_that_can_only_unlink_is_never_locked_out(tmp_path: Path) -> None:
    clock = ManualClock()
    async with opened_door(
        tmp_path, clock=clock, plans_file=plans_file(tmp_path), unlinked_days=7
    ) as door:
        shop = await shop_of(door, "tiny")
        first, second = [await shop.create_kb(f"kb {number}") for number in range(2)]
        (file,) = await shop.upload(first, ("a.md", b"# a"))
        answer = await shop.ok("/delete/knowledgebase", {"knowledgebase_id": first})
        assert answer["deletes_at"] == clock.now_ms() + 7 * 86_400_000
        assert "does not count" in answer["note"]
        third = await shop.create_kb("third")
        # Taking it back is a question of room.
        link = f"/api/v1/knowledge-bases/{first}/link"
        refused = await shop.http.post(link, headers=shop.headers)
        assert (refused.status_code, refused.json()["code"]) == (403, 40304)
        await shop.ok("/delete/knowledgebase", {"knowledgebase_id": third})
        assert (await shop.http.post(link, headers=shop.headers)).status_code == 200
        assert (await shop.file(file["id"]))["status"] == "PROCESSING"
        await shop.ok("/delete/knowledgebase", {"knowledgebase_id": first})
        await clock.advance(7 * 86_400 - 1)
        bases = door.gateway.cases.knowledge_bases
        assert await bases.purge_unlinked() == 0
        await clock.advance(1)
        assert await bases.purge_unlinked() == 2
        assert await bases.purge_unlinked() == 0
        missing = await shop.post("/get/knowledgebase-file", {"file_ids": [file["id"]]})
        assert missing["code"] == 40001
        assert (await shop.get(f"/api/v1/knowledge-bases/{second}")).status_code == 200
        kinds = [type(event).__name__ for event in await door.events()]
        assert kinds.count("OwnerRemoved") == 2
        assert kinds.count("DocumentRemoved") == 1
        found = (await shop.get("/api/v1/audit?operation=delete/knowledgebase")).json()["entries"]
        assert [line["key_name"] for line in found].count("upkeep") == 2


async def test_what_another_project_links_stays_and_counts(door: Door) -> None:
    shop = await shop_of(door)
    kb = await door.create_kb()
    shares = f"/api/v1/knowledge-bases/{kb}"
    await door.http.post(f"{shares}/shares", json={"project": "shop"}, headers=door.headers)
    linked = await shop.http.post(f"{shares}/link", headers=shop.headers)
    assert linked.status_code == 200
    answer = await door.ok("/delete/knowledgebase", {"knowledgebase_id": kb})
    assert "other projects link" in answer["note"]
    assert (await door.get("/api/v1/plan")).json()["knowledge_bases"]["used"] == 1
    # When the last link goes, nobody uses it any more.
    await shop.ok("/delete/knowledgebase", {"knowledgebase_id": kb})
    plan = (await door.get("/api/v1/plan")).json()
    assert plan["knowledge_bases"]["used"] == 0
    assert [found["id"] for found in plan["unlinked"]] == [kb]
