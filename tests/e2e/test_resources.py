"""Resources of a running server: what the services hold is read back over REST; shares search."""

import base64
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.embedded import KEY, Memloom

POLICY = """# 报销制度

## 软件

办公软件的报销上限是每年八百元。

## 差旅

住宿每晚不超过五百元。
"""


@pytest.fixture(scope="module")
def memloom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Memloom]:
    with Memloom(tmp_path_factory.mktemp("resources") / "data") as running:
        yield running


def send(
    memloom: Memloom, method: str, path: str, key: str = KEY, **options: Any
) -> httpx.Response:
    headers = {"authorization": f"Token {key}", **options.pop("headers", {})}
    return httpx.request(
        method, f"{memloom.url}/api/v1{path}", headers=headers, timeout=60, **options
    )


def test_a_document_is_read_back_edited_and_shared(memloom: Memloom) -> None:
    kb = memloom.create_kb("制度")
    content = base64.b64encode(POLICY.encode()).decode()
    (file,) = memloom.add_files(kb, [{"name": "报销制度.md", "content": content}])
    memloom.wait_for_files([file["id"]])
    path = f"/documents/{file['id']}"
    shown = send(memloom, "GET", path).json()
    assert shown["status"] == "COMPLETED"
    original = send(memloom, "GET", path + "/original")
    assert original.content == POLICY.encode()
    assert "filename*=UTF-8''%E6%8A%A5" in original.headers["content-disposition"]
    text = send(memloom, "GET", path + "/text").json()
    passages = send(memloom, "GET", path + "/passages?limit=1").json()
    (first,) = passages["passages"]
    assert first["document_id"] == file["id"]
    assert text["text"][first["start"] : first["end"]].strip()
    found = send(memloom, "GET", f"/knowledge-bases/{kb}/memories?kind=passage").json()
    assert len(found["memories"]) == shown["passages"]
    made = send(memloom, "POST", "/projects", json={"name": "客服"})
    assert made.status_code == 201, made.text
    other = made.json()["key"]
    send(memloom, "POST", f"/knowledge-bases/{kb}/shares", json={"project": "客服"})
    question = {"query": "办公软件报销上限", "user_id": "u", "knowledgebase_ids": [kb]}
    assert memloom.call("/search/memory", question, key=other)["code"] == 50120
    assert send(memloom, "POST", f"/knowledge-bases/{kb}/link", key=other).status_code == 200
    answer = memloom.call("/search/memory", question, key=other)["data"]
    assert "八百元" in answer["memory_detail_list"][0]["memory_value"]
    assert send(memloom, "GET", path, key=other).status_code == 404


def test_memories_are_listed_and_edited_only_as_they_were_read(memloom: Memloom) -> None:
    task = memloom.add_messages("u1", [{"role": "user", "content": "我家有一只金毛，它不吃鸡肉。"}])
    memloom.wait_for_task(task)
    (user,) = send(memloom, "GET", "/users").json()["users"]
    listed = send(memloom, "GET", "/users/u1/memories").json()["memories"]
    assert (user["id"], user["memories"]) == ("u1", len(listed))
    path = f"/memories/{listed[0]['id']}"
    held = {"if-match": send(memloom, "GET", path).headers["etag"]}
    first = send(memloom, "PATCH", path, json={"content": "用户家有两只金毛"}, headers=held)
    assert (first.status_code, first.json()["content"]) == (200, "用户家有两只金毛")
    late = send(memloom, "PATCH", path, json={"content": "三只"}, headers=held)
    assert late.status_code == 412
    assert send(memloom, "GET", "/dead-letters").json() == {"dead_letters": []}
