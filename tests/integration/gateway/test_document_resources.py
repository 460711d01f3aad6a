"""Documents as resources: lists, passages, text, original, retry, new revisions."""

from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest

from services.kernel.contracts.events import DocumentRemoved, DocumentSubmitted
from services.kernel.contracts.records import DocumentAnchor, Kind, Owner, OwnerType
from tests.support.gateway import Door, record

DOCUMENTS = "/api/v1/documents"


async def send(door: Door, method: str, path: str, **options: Any) -> httpx.Response:
    headers = {**door.headers, **options.pop("headers", {})}
    return await door.http.request(method, path, headers=headers, **options)


async def other_project(door: Door) -> Door:
    _, key = await door.gateway.access.create_key(project="other", plan="pro")
    return door.as_key(key)


async def test_documents_are_listed_by_cursor_and_filter(door: Door) -> None:
    kb = await door.create_kb()
    path = f"/api/v1/knowledge-bases/{kb}/documents"
    names = ["制度.md", "Policy_A.txt", "policy B.md", "other.txt", "五.md"]
    files = [(await door.upload(kb, (name, name.encode())))[0] for name in names]
    await door.progress(files[0]["id"], outcome="completed", media_type="text/markdown")
    await door.progress(files[1]["id"], outcome="failed", error_code=50174, error_message="x")

    async def listed(query: str) -> list[str]:
        found: list[str] = []
        cursor = ""
        while True:
            page = (await door.get(f"{path}?limit=2&{query}&cursor={cursor}")).json()
            found += [document["name"] for document in page["documents"]]
            cursor = page["next_cursor"]
            if not cursor:
                return found

    assert await listed("") == names[::-1]
    assert await listed("status=FAILED") == ["Policy_A.txt"]
    assert await listed("status=completed&type=md") == ["制度.md"]
    assert await listed("name=POLICY") == ["policy B.md", "Policy_A.txt"]
    assert await listed("name=y_a") == ["Policy_A.txt"]
    assert await listed("name=%25") == []
    for wrong in ("status=DONE", "type=exe", "limit=0", "limit=x", "cursor=WyJhIl0"):
        assert (await door.get(f"{path}?{wrong}")).status_code == 400, wrong


async def test_documents_are_added_by_json_and_by_form(door: Door) -> None:
    kb = await door.create_kb()
    path = f"/api/v1/knowledge-bases/{kb}/documents"
    body = {"documents": [{"name": "a.md", "content": "data:text/markdown;base64,IyBB"}]}
    added = await send(door, "POST", path, json=body)
    assert (added.status_code, added.json()["documents"][0]["name"]) == (201, "a.md")
    formed = await send(door, "POST", path, files={"file": ("制度.md", b"# B", "text/markdown")})
    assert (formed.status_code, formed.json()["documents"][0]["name"]) == (201, "制度.md")
    assert (await send(door, "POST", path, json={"documents": []})).status_code == 400
    odd = await send(door, "POST", path, content=b"x", headers={"content-type": "text/csv"})
    assert (odd.status_code, odd.json()["code"]) == (415, 40093)
    other = await other_project(door)
    assert (await send(other, "POST", path, json=body)).status_code == 404


async def test_passages_and_memories_come_in_reading_order_page_by_page(door: Door) -> None:
    kb = await door.create_kb()
    (file,) = await door.upload(kb, ("a.md", b"# a"))
    owner = Owner(type=OwnerType.KNOWLEDGE_BASE, id=kb)
    for number in range(5):
        anchor = DocumentAnchor(
            knowledgebase_id=kb,
            document_id=file["id"],
            document_name="a.md",
            page_first=number + 1,
            heading_path=("A", f"{number}"),
            start=number * 10,
            end=number * 10 + 5,
        )
        kind = Kind.PASSAGE if number < 4 else Kind.SUMMARY
        door.records.put(
            record(
                id=UUID(int=number + 1),
                owner=owner,
                kind=kind,
                value=f"p{number}",
                anchor=anchor,
                ordinal=number,
            )
        )
    first = (await door.get(f"{DOCUMENTS}/{file['id']}/passages?limit=3")).json()
    assert [one["memory_value"] for one in first["passages"]] == ["p0", "p1", "p2"]
    assert (first["passages"][1]["pages"], first["passages"][1]["start"]) == ([2, 2], 10)
    assert first["passages"][1]["heading_path"] == ["A", "1"]
    cursor = first["next_cursor"]
    rest = (await door.get(f"{DOCUMENTS}/{file['id']}/passages?limit=3&cursor={cursor}")).json()
    assert ([one["memory_value"] for one in rest["passages"]], rest["next_cursor"]) == (
        ["p3"],
        None,
    )
    everything = (await door.get(f"{DOCUMENTS}/{file['id']}/memories")).json()["memories"]
    assert len(everything) == 5
    made = (await door.get(f"{DOCUMENTS}/{file['id']}/memories?kind=summary")).json()["memories"]
    assert [one["memory_value"] for one in made] == ["p4"]
    assert (await door.get(f"{DOCUMENTS}/{file['id']}/memories?kind=fact")).status_code == 400


async def test_the_parsed_text_is_read_in_slices(door: Door) -> None:
    kb = await door.create_kb()
    (file,) = await door.upload(kb, ("a.md", b"# a"))
    early = await door.get(f"{DOCUMENTS}/{file['id']}/text")
    assert (early.status_code, early.json()["code"]) == (409, 40095)
    text = "报销上限是八百元。" * 100
    parsed = orjson.dumps({"title": "制度", "text": text, "blocks": []})
    await door.blobs.put(f"parsed/default/{kb}/{file['id']}/r1.json", parsed)
    shown = (await door.get(f"{DOCUMENTS}/{file['id']}/text?start=4&length=5")).json()
    assert (shown["title"], shown["text"]) == ("制度", text[4:9])
    assert (shown["start"], shown["end"], shown["total"]) == (4, 9, len(text))
    past = (await door.get(f"{DOCUMENTS}/{file['id']}/text?start=99999")).json()
    assert (past["text"], past["start"], past["end"]) == ("", len(text), len(text))
    assert (await door.get(f"{DOCUMENTS}/{file['id']}/text?length=0")).status_code == 400


async def test_the_original_is_an_attachment_and_nothing_else(door: Door) -> None:
    kb = await door.create_kb()
    name = '制度 "2026"; x%.md'
    (file,) = await door.upload(kb, (name, b"<script>alert(1)</script>"))
    path = f"{DOCUMENTS}/{file['id']}/original"
    missing = await door.get(path)
    assert (missing.status_code, "not kept" in missing.json()["detail"]) == (404, True)
    original = b"<script>alert(1)</script>" * 100_000
    await door.blobs.put(f"originals/default/{kb}/{file['id']}/r1", original)
    await door.progress(
        file["id"],
        stage="stored",
        size=len(original),
        sha256="f" * 64,
        media_type="text/markdown",
    )
    answer = await door.get(path)
    assert answer.content == original
    assert answer.headers["content-type"].startswith("text/markdown")
    assert answer.headers["content-length"] == str(len(original))
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["content-disposition"] == (
        'attachment; filename="__ _2026_; x_.md"; '
        "filename*=UTF-8''%E5%88%B6%E5%BA%A6%20%222026%22%3B%20x%25.md"
    )
    known = door.with_headers(if_none_match=answer.headers["etag"])
    assert (await known.get(path)).status_code == 304


async def test_a_failed_document_is_tried_again_and_no_other(door: Door) -> None:
    kb = await door.create_kb()
    (file,) = await door.upload(kb, ("a.md", b"# a"))
    path = f"{DOCUMENTS}/{file['id']}/retry"
    running = await send(door, "POST", path)
    assert (running.status_code, running.json()["code"]) == (409, 40095)
    await door.progress(file["id"], outcome="failed", error_code=50174, error_message="corrupt")
    again = await send(door, "POST", path)
    assert (again.status_code, again.json()["status"], again.json()["attempt"]) == (
        200,
        "PROCESSING",
        2,
    )
    first, last = (await door.events())[0], (await door.events())[-1]
    assert isinstance(first, DocumentSubmitted)
    assert isinstance(last, DocumentSubmitted)
    assert (last.staged, last.revision, last.attempt) == (first.staged, 1, 2)
    await door.progress(file["id"], outcome="completed", attempt=2)
    assert (await send(door, "POST", path)).status_code == 409


@pytest.mark.parametrize("declared", ["text/markdown", "application/octet-stream", None])
async def test_content_is_replaced_by_a_raw_body(door: Door, declared: str | None) -> None:
    kb = await door.create_kb()
    (file,) = await door.upload(kb, ("a.md", b"# a"))
    read = await door.get(f"{DOCUMENTS}/{file['id']}")
    headers = {"if-match": read.headers["etag"]} | ({"content-type": declared} if declared else {})
    path = f"{DOCUMENTS}/{file['id']}/content"
    answer = await send(door, "PUT", path, content=b"# new", headers=headers)
    assert (answer.status_code, answer.json()["revision"]) == (200, 2)
    stale = await send(door, "PUT", path, content=b"# newer", headers=headers)
    assert (stale.status_code, stale.json()["code"]) == (412, 40094)


async def test_content_is_replaced_by_a_form(door: Door) -> None:
    kb = await door.create_kb()
    (file,) = await door.upload(kb, ("a.md", b"# a"))
    path = f"{DOCUMENTS}/{file['id']}/content"
    answer = await send(door, "PUT", path, files={"file": ("v2.md", b"# two", "text/markdown")})
    assert (answer.json()["revision"], answer.json()["name"]) == (2, "v2.md")
    two = [("file", ("a.md", b"1")), ("file", ("b.md", b"2"))]
    assert (await send(door, "PUT", path, files=two)).status_code == 400


@pytest.mark.parametrize("declared", ["application/json", "image/png", "text/html"])
async def test_a_wrong_media_type_of_content_is_refused(door: Door, declared: str) -> None:
    kb = await door.create_kb()
    (file,) = await door.upload(kb, ("a.md", b"# a"))
    path = f"{DOCUMENTS}/{file['id']}/content"
    headers = {"content-type": declared}
    answer = await send(door, "PUT", path, content=b'{"content": "x"}', headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, 40093)
    assert "form" in answer.json()["detail"]
    assert (await door.file(file["id"]))["revision"] == 1


async def test_a_json_document_takes_a_json_body(door: Door) -> None:
    kb = await door.create_kb()
    (file,) = await door.upload(kb, ("a.json", b'{"a": 1}'))
    path = f"{DOCUMENTS}/{file['id']}/content"
    assert (await send(door, "PUT", path, json={"a": 2})).status_code == 200


async def test_a_deleted_document_is_gone(door: Door) -> None:
    kb = await door.create_kb()
    (file,) = await door.upload(kb, ("a.md", b"# a"))
    path = f"{DOCUMENTS}/{file['id']}"
    assert (await send(door, "DELETE", path)).json()["success"] is True
    assert isinstance((await door.events())[-1], DocumentRemoved)
    for method, tail in (
        ("GET", ""),
        ("DELETE", ""),
        ("GET", "/passages"),
        ("GET", "/memories"),
        ("GET", "/text"),
        ("GET", "/original"),
        ("POST", "/retry"),
        ("PUT", "/content"),
    ):
        assert (await send(door, method, path + tail)).status_code == 404, tail


async def test_foreign_and_unknown_documents_answer_alike(door: Door) -> None:
    kb = await door.create_kb()
    (file,) = await door.upload(kb, ("a.md", b"# a"))
    other = await other_project(door)
    for method, tail in (
        ("GET", ""),
        ("DELETE", ""),
        ("GET", "/passages"),
        ("GET", "/memories"),
        ("GET", "/text"),
        ("GET", "/original"),
        ("POST", "/retry"),
        ("PUT", "/content"),
    ):
        foreign = await send(other, method, f"{DOCUMENTS}/{file['id']}{tail}")
        unknown = await send(other, method, f"{DOCUMENTS}/unknown{tail}")
        assert foreign.status_code == unknown.status_code == 404, tail
        assert foreign.json()["code"] == unknown.json()["code"]
        assert foreign.json()["detail"].replace(file["id"], "unknown") == unknown.json()["detail"]
