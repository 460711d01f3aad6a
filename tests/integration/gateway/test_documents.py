"""Documents come in, are looked at, fail, are tried again, and go."""

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.kernel.contracts.events import DocumentRemoved, DocumentSubmitted, OwnerRemoved
from services.kernel.ports.preview import ProbeResult
from tests.support.gateway import API, Door, opened_door

UPLOAD = "/add/knowledgebase-file"


def b64(content: bytes) -> str:
    return base64.b64encode(content).decode()


async def staged(door: Door) -> list[str]:
    return [path async for path in door.blobs.list("staging/")]


async def test_a_base64_document_is_staged_and_submitted(door: Door) -> None:
    kb = await door.create_kb()
    content = "# 标题\n\n正文。".encode()
    (file,) = await door.upload(kb, ("规则.md", content))
    assert file["status"] == "PROCESSING"
    assert file["name"] == "规则.md"
    assert file["type"] == "document"
    assert file["sizeMB"] == pytest.approx(len(content) / 1_048_576, abs=5e-5)
    (event,) = await door.events()
    assert isinstance(event, DocumentSubmitted)
    assert event.document_id == file["id"]
    assert event.staged is not None
    assert await door.blobs.get(event.staged.path) == content


async def test_a_data_uri_names_type_and_file(door: Door) -> None:
    kb = await door.create_kb()
    content = f"data:text/markdown;base64,{b64(b'# x')}"
    (file,) = await door.ok(UPLOAD, {"knowledgebase_id": kb, "file": [{"content": content}]})
    assert file["name"] == "document.md"
    (event,) = await door.events()
    assert isinstance(event, DocumentSubmitted)
    assert event.declared_type == "text/markdown"


async def test_a_form_with_parameters_in_the_query(door: Door) -> None:
    kb = await door.create_kb()
    files = [
        ("file", ("制度.txt", "第一条".encode(), "text/plain")),
        ("file", ("b.json", b"{}", "application/json")),
    ]
    answer = await door.http.post(
        API + UPLOAD,
        params={"knowledgebase_id": kb, "type": "document"},
        files=files,
        headers=door.headers,
    )
    assert [file["name"] for file in answer.json()["data"]] == ["制度.txt", "b.json"]
    events = await door.events()
    assert isinstance(events[0], DocumentSubmitted)
    assert events[0].staged is not None
    assert await door.blobs.get(events[0].staged.path) == "第一条".encode()


async def test_a_form_with_an_rfc_5987_file_name(door: Door) -> None:
    kb = await door.create_kb()
    body = (
        b'--b\r\nContent-Disposition: form-data; name="file"; '
        b"filename*=utf-8''%E5%88%B6%E5%BA%A6.md\r\nContent-Type: text/markdown\r\n\r\n"
        b"# x\r\n--b--\r\n"
    )
    answer = await door.http.post(
        API + UPLOAD,
        params={"knowledgebase_id": kb},
        content=body,
        headers={**door.headers, "content-type": "multipart/form-data; boundary=b"},
    )
    assert answer.json()["data"][0]["name"] == "制度.md"


async def test_a_large_base64_with_escapes_arrives_whole(door: Door) -> None:
    kb = await door.create_kb()
    content = b"".join(b"line %d\xc3\xa9\xff\n" % n for n in range(200_000))
    # Encoders of other languages write "/" as "\/".
    escaped = json.dumps(
        {"knowledgebase_id": kb, "file": [{"name": "big.txt", "content": b64(content)}]}
    ).replace("/", "\\/")
    answer = await door.http.post(API + UPLOAD, content=escaped, headers=door.headers)
    assert answer.json()["code"] == 0
    (event,) = await door.events()
    assert isinstance(event, DocumentSubmitted)
    assert event.staged is not None
    assert await door.blobs.get(event.staged.path) == content


async def test_a_url_is_probed_and_its_quota_settled_later(door: Door) -> None:
    kb = await door.create_kb()
    door.probe.known["https://example.org/get?id=1"] = ProbeResult(
        "policy.pdf", "application/pdf", 2_097_152
    )
    entries = [
        {"content": "https://example.org/get?id=1"},
        {"content": "https://example.org/%E8%A7%84%E5%88%99.md"},
    ]
    files = await door.ok(UPLOAD, {"knowledgebase_id": kb, "file": entries})
    assert [(file["name"], file["sizeMB"]) for file in files] == [
        ("policy.pdf", 2.0),
        ("规则.md", 0),
    ]
    used = (await door.get("/api/v1/plan")).json()["bytes_used"]
    assert used == 2_097_152 + 100 * 1_048_576
    await door.progress(files[1]["id"], stage="stored", size=10)
    assert (await door.get("/api/v1/plan")).json()["bytes_used"] == 2_097_152 + 10
    await door.progress(files[0]["id"], outcome="failed", stage="stored", error_code=50179)
    assert (await door.get("/api/v1/plan")).json()["bytes_used"] == 10


async def test_the_same_bytes_are_the_same_file(door: Door) -> None:
    kb, other = await door.create_kb("a"), await door.create_kb("b")
    (first,) = await door.upload(kb, ("a.md", b"# a"))
    (again,) = await door.upload(kb, ("a.md", b"# a"))
    assert again["id"] == first["id"]
    (elsewhere,) = await door.upload(other, ("a.md", b"# a"))
    assert elsewhere["id"] != first["id"]
    (changed,) = await door.upload(kb, ("a.md", b"# b"))
    assert changed["id"] != first["id"]
    twins = await door.upload(kb, ("x.md", b"# twin"), ("x.md", b"# twin"))
    assert twins[0]["id"] == twins[1]["id"]
    await door.progress(first["id"], outcome="completed")
    (present,) = await door.upload(kb, ("a.md", b"# a"))
    assert present["status"] == "COMPLETED"
    assert len(await staged(door)) == 4


async def test_a_failed_one_is_tried_again(door: Door) -> None:
    kb = await door.create_kb()
    (first,) = await door.upload(kb, ("a.md", b"# a"))
    await door.progress(
        first["id"], outcome="failed", stage="parsed", error_code=50174, error_message="corrupt"
    )
    failed = await door.file(first["id"])
    assert (failed["status"], failed["error_code"], failed["error_message"]) == (
        "FAILED",
        50174,
        "corrupt",
    )
    (again,) = await door.upload(kb, ("a.md", b"# a"))
    assert (again["id"], again["status"]) == (first["id"], "PROCESSING")
    *_, event = await door.events()
    assert isinstance(event, DocumentSubmitted)
    assert event.attempt == 2
    await door.progress(first["id"], attempt=1, outcome="failed", error_code=50174)
    assert (await door.file(first["id"]))["status"] == "PROCESSING"


async def test_status_tells_stage_progress_and_numbers(door: Door) -> None:
    kb = await door.create_kb()
    (file,) = await door.upload(kb, ("a.md", b"# a"))
    seen = await door.file(file["id"])
    assert (seen["stage"], seen["progress"], seen["searchable"]) == ("submitted", 0, False)
    await door.progress(file["id"], stage="segmented", progress=1.0, pages=3, passages=12)
    seen = await door.file(file["id"])
    assert 0 < seen["progress"] < 1
    assert (seen["pages"], seen["passages"], seen["searchable"]) == (3, 12, False)
    await door.progress(file["id"], stage="indexed", progress=0.5)
    assert (await door.file(file["id"]))["searchable"] is True
    await door.progress(file["id"], stage="indexed", outcome="completed", memories=4)
    seen = await door.file(file["id"])
    assert (seen["status"], seen["progress"], seen["memories"]) == ("COMPLETED", 1, 4)
    assert isinstance(seen["size"], str)


async def test_one_bad_entry_refuses_all(door: Door) -> None:
    kb = await door.create_kb()
    body = {
        "knowledgebase_id": kb,
        "file": [
            {"name": "a.md", "content": b64(b"# a")},
            {"name": "b.pdf", "content": "not base64!"},
        ],
    }
    refused = await door.post(UPLOAD, body)
    assert (refused["code"], refused["data"]) == (40008, [])
    listed = await door.ok("/get/knowledgebase-file", {"knowledgebase_id": kb})
    assert listed["total"] == 0
    assert await door.events() == []
    assert await staged(door) == []


BAD: list[tuple[str, dict[str, Any], int]] = [
    ("program by name", {"name": "a.exe", "content": b64(b"MZ\x90\0")}, 40007),
    ("program by content", {"name": "a.pdf", "content": b64(b"MZ\x90\0")}, 40007),
    ("picture as text", {"name": "a.txt", "content": b64(b"\x89PNG\r\n\x1a\n")}, 40007),
    ("no bytes", {"name": "a.pdf", "content": "data:application/pdf;base64,"}, 50175),
    ("cut off", {"name": "a.md", "content": "QUJDRA=Q"}, 40009),
    ("one character", {"name": "a.md", "content": "QUJDR"}, 40009),
    ("broken data URI", {"name": "a.md", "content": "data:text/plain"}, 40009),
    ("letters outside", {"name": "a.md", "content": "QUJD€"}, 40008),
    ("unknown type field", {"name": "a.md", "content": "QUJD", "type": "movie"}, 40006),
    ("private address", {"content": "http://127.0.0.1/a.md"}, 50179),
    ("file URL", {"content": "file:///etc/passwd"}, 50179),
    ("unknown type", {"content": b64(bytes(range(16)))}, 40007),
    ("words as a PDF", {"name": "a.pdf", "content": "hello there, all of you"}, 40008),
    ("one word as text", {"name": "a.md", "content": "hello!"}, 40008),
    ("empty content", {"name": "a.md", "content": ""}, 40002),
]


@pytest.mark.parametrize(("entry", "code"), [bad[1:] for bad in BAD], ids=[bad[0] for bad in BAD])
async def test_bad_entries(door: Door, entry: dict[str, Any], code: int) -> None:
    kb = await door.create_kb()
    refused = await door.post(UPLOAD, {"knowledgebase_id": kb, "file": [entry]})
    assert (refused["code"], refused["data"]) == (code, [])
    assert refused["message"]
    assert await staged(door) == []


async def test_a_word_that_begins_like_a_program_is_a_text(door: Door) -> None:
    kb = await door.create_kb()
    (file,) = await door.upload(kb, ("a.txt", b"MZ is how programs begin"))
    assert file["status"] == "PROCESSING"


async def test_limits_of_count_size_and_sum(tmp_path: Path) -> None:
    async with opened_door(
        tmp_path, max_file_bytes=1_048_576, max_upload_bytes=2_097_152, max_files=3
    ) as door:
        kb = await door.create_kb()

        async def refused(*sizes: int) -> int:
            entries = [{"name": f"{n}.txt", "content": b64(b"x" * n)} for n in sizes]
            answer = await door.post(UPLOAD, {"knowledgebase_id": kb, "file": entries})
            assert await door.events() == []
            assert await staged(door) == []
            return int(answer["code"])

        assert await refused(1, 2, 3, 4) == 50103
        assert await refused(1_048_577) == 50104
        assert await refused(1_000_000, 1_000_001, 1_000_002) == 50105
        too_much = await door.raw(
            UPLOAD, {"knowledgebase_id": kb, "file": [{"content": "A" * 5_000_000}]}
        )
        assert (too_much.status_code, too_much.json()["code"]) == (413, 50105)
        files = {"file": ("a.txt", b"x" * 1_048_577)}
        form = await door.http.post(
            API + UPLOAD, params={"knowledgebase_id": kb}, files=files, headers=door.headers
        )
        assert form.json()["code"] == 50104
        (file,) = await door.upload(kb, ("fits.txt", b"x" * 1_048_576))
        assert file["sizeMB"] == 1.0


async def test_a_deleted_file_is_hidden_until_the_purge_is_confirmed(door: Door) -> None:
    kb = await door.create_kb()
    (file,) = await door.upload(kb, ("a.md", b"# a"))
    await door.progress(file["id"], outcome="completed")

    async def hidden() -> list[str]:
        query = {"user_id": "u", "query": "a", "knowledgebase_ids": [kb]}
        await door.ok("/search/memory", query)
        return list(door.retrieval.asked[-1].scope.hidden_documents)

    assert await hidden() == []
    deleted = await door.ok("/delete/knowledgebase-file", {"file_ids": [file["id"]]})
    assert deleted["success"] is True
    assert await hidden() == [file["id"]]
    *_, event = await door.events()
    assert isinstance(event, DocumentRemoved)
    assert (await door.post("/get/knowledgebase-file", {"file_ids": [file["id"]]}))["code"] == 40001
    await door.progress(file["id"], outcome="completed")
    assert await hidden() == [file["id"]]
    await door.progress(file["id"], outcome="deleted", stage="removed")
    assert await hidden() == []
    (again,) = await door.upload(kb, ("a.md", b"# a"))
    assert again["id"] != file["id"]


async def test_deleting_an_unknown_file_deletes_nothing(door: Door) -> None:
    kb = await door.create_kb()
    (file,) = await door.upload(kb, ("a.md", b"# a"))
    refused = await door.post("/delete/knowledgebase-file", {"file_ids": [file["id"], "nothing"]})
    assert (refused["code"], refused["data"]) == (40001, {"success": False})
    assert (await door.file(file["id"]))["status"] == "PROCESSING"


async def test_a_knowledge_base_is_unlinked_by_default_and_deleted_on_demand(door: Door) -> None:
    kb = await door.create_kb()
    (file,) = await door.upload(kb, ("a.md", b"# a"))
    await door.ok("/delete/knowledgebase", {"knowledgebase_id": kb})
    entry = {"knowledgebase_id": kb, "file": [{"name": "b.md", "content": b64(b"# b")}]}
    assert (await door.post(UPLOAD, entry))["code"] == 50123
    assert (await door.http.post(f"/api/v1/knowledge-bases/{kb}/link", headers=door.headers)).json()
    assert (await door.file(file["id"]))["status"] == "PROCESSING"
    assert (await door.post(UPLOAD, entry))["code"] == 0
    await door.ok("/delete/knowledgebase", {"knowledgebase_id": kb, "delete_all": True})
    assert (await door.post(UPLOAD, entry))["code"] == 50120
    events = await door.events()
    assert sum(isinstance(event, DocumentRemoved) for event in events) == 2
    assert isinstance(events[-1], OwnerRemoved)
    assert events[-1].owner.id == kb


async def test_lists_are_paged_newest_first(door: Door) -> None:
    kb = await door.create_kb()
    for number in range(5):
        await door.upload(kb, (f"{number}.md", b"# %d" % number))
    page = await door.ok(
        "/get/knowledgebase-file", {"knowledgebase_id": kb, "page": 2, "page_size": 2}
    )
    assert [file["name"] for file in page["file_detail_list"]] == ["2.md", "1.md"]
    assert (page["total"], page["page"], page["page_size"]) == (5, 2, 2)


async def test_a_new_revision_of_a_document(door: Door) -> None:
    kb = await door.create_kb()
    (file,) = await door.upload(kb, ("a.md", b"# a"))
    await door.progress(file["id"], outcome="completed")
    answer = await door.http.put(
        f"/api/v1/documents/{file['id']}/content",
        content=b"# new",
        headers={**door.headers, "content-type": "text/markdown"},
    )
    assert answer.status_code == 200, answer.text
    *_, event = await door.events()
    assert isinstance(event, DocumentSubmitted)
    assert (event.document_id, event.revision, event.attempt) == (file["id"], 2, 1)
    assert (await door.file(file["id"]))["status"] == "PROCESSING"


async def test_many_identical_uploads_at_once_make_one_file(door: Door) -> None:
    kb = await door.create_kb()
    files = await asyncio.gather(*(door.upload(kb, ("a.md", b"# same")) for _ in range(8)))
    assert len({file["id"] for (file,) in files}) == 1
    assert len(await door.events()) == 1
    assert len(await staged(door)) == 1


async def test_broken_forms(door: Door) -> None:
    kb = await door.create_kb()

    async def send(body: bytes, kind: str = "multipart/form-data; boundary=b") -> httpx.Response:
        return await door.http.post(
            API + UPLOAD,
            params={"knowledgebase_id": kb},
            content=body,
            headers={**door.headers, "content-type": kind},
        )

    assert (await send(b"nonsense")).json()["code"] == 40000
    assert (await send(b"--b\r\n", "multipart/form-data")).json()["code"] == 40000
    assert (await send(b"--b--\r\n")).json()["code"] == 40003


async def test_the_same_bytes_behind_two_urls_are_one_document(door: Door) -> None:
    kb = await door.create_kb()
    entries = [{"content": "https://example.org/a.md"}, {"content": "https://example.org/b.md"}]
    first, second = await door.ok(UPLOAD, {"knowledgebase_id": kb, "file": entries})
    await door.progress(second["id"], stage="stored", sha256="ab", size=10)
    await door.progress(first["id"], stage="stored", sha256="ab", size=10)
    await door.progress(second["id"], stage="indexed", outcome="completed")
    await door.progress(second["id"], stage="removed", outcome="deleted")
    seen = await door.file(second["id"])
    assert (seen["duplicate_of"], seen["status"]) == (first["id"], "PROCESSING")
    assert seen["name"] == "b.md"
    await door.progress(first["id"], outcome="completed")
    assert (await door.file(second["id"]))["status"] == "COMPLETED"
    listed = await door.ok("/get/knowledgebase-file", {"knowledgebase_id": kb})
    assert [file["id"] for file in listed["file_detail_list"]] == [first["id"]]
    assert await door.ok("/delete/knowledgebase-file", {"file_ids": [second["id"]]})
    assert (await door.file(first["id"]))["status"] == "COMPLETED"
    gone = await door.post("/get/knowledgebase-file", {"file_ids": [second["id"]]})
    assert gone["code"] == 40001


async def content_of(door: Door, document_id: str) -> tuple[str, bytes]:
    """The name under which a document was submitted, and its bytes."""
    (event,) = [
        event
        for event in await door.events()
        if isinstance(event, DocumentSubmitted) and event.document_id == document_id
    ]
    assert event.staged is not None
    return event.name, await door.blobs.get(event.staged.path)


async def test_a_text_may_be_sent_as_it_is(door: Door) -> None:
    kb = await door.create_kb()
    text = "# 规则\n\nThe cap is 800. Not base64 at all!"
    entries = [
        {"name": "rules.md", "content": text},
        {"name": "data.json", "content": '{"cap":800}'},
        {"name": "plain.txt", "content": b64(b"sent as Base64, as ever")},
    ]
    files = await door.ok(UPLOAD, {"knowledgebase_id": kb, "file": entries})
    assert [file["name"] for file in files] == ["rules.md", "data.json", "plain.txt"]
    assert files[0]["sizeMB"] == pytest.approx(len(text.encode()) / 1_048_576, rel=0.1)
    assert await content_of(door, files[0]["id"]) == ("rules.md", text.encode())
    assert await content_of(door, files[1]["id"]) == ("data.json", b'{"cap":800}')
    assert await content_of(door, files[2]["id"]) == ("plain.txt", b"sent as Base64, as ever")


async def test_a_long_text_is_kept_whole(door: Door) -> None:
    kb = await door.create_kb()
    text = "the cap of office software is eight hundred yuan a year\n" * 5_000
    entry = {"name": "long.txt", "content": text}
    (file,) = await door.ok(UPLOAD, {"knowledgebase_id": kb, "file": [entry]})
    assert await content_of(door, file["id"]) == ("long.txt", text.encode())


async def test_base64_without_a_name_is_known_by_its_text(door: Door) -> None:
    kb = await door.create_kb()
    entries = [
        {"content": b64(b"# Title\n\nhello")},
        {"content": b64("采购规则".encode("gb18030"))},
    ]
    files = await door.ok(UPLOAD, {"knowledgebase_id": kb, "file": entries})
    assert [file["name"] for file in files] == ["document.md", "document.txt"]


async def test_the_smallest_file_has_a_size(door: Door) -> None:
    kb = await door.create_kb()
    for content in (b"a", b"twenty bytes of text"):
        (file,) = await door.upload(kb, (f"{len(content)}.txt", content))
        seen = await door.file(file["id"])
        assert file["sizeMB"] == seen["sizeMB"] > 0
        assert float(seen["size"]) == pytest.approx(len(content) / 1_048_576, rel=1e-3)


async def test_a_web_page_behind_the_name_of_a_file_is_refused_at_once(door: Door) -> None:
    kb = await door.create_kb()
    url = "https://example.org/report.pdf"
    door.probe.known[url] = ProbeResult("report.pdf", "text/html; charset=utf-8", 100)
    for entry in ({"content": url}, {"content": url, "name": "mine.md"}):
        refused = await door.post(UPLOAD, {"knowledgebase_id": kb, "file": [entry]})
        assert (refused["code"], refused["data"]) == (40007, [])
        assert "web page" in refused["message"]
    assert await door.events() == []


async def test_the_same_bytes_under_a_new_name_have_that_name_too(tmp_path: Path) -> None:
    async with opened_door(tmp_path) as door:
        kb = await door.create_kb()
        (first,) = await door.upload(kb, ("a.md", b"# a"))
        (copy,) = await door.upload(kb, ("copy.md", b"# a"))
        assert (copy["name"], copy["duplicate_of"]) == ("copy.md", first["id"])
        assert copy["id"] != first["id"]
        assert len(await door.events()) == 1
        (again,) = await door.upload(kb, ("copy.md", b"# a"))
        assert again["id"] == copy["id"]
        await door.progress(first["id"], outcome="completed")
    async with opened_door(tmp_path) as door:
        seen = await door.file(copy["id"])
        assert (seen["name"], seen["status"]) == ("copy.md", "COMPLETED")
        assert seen["sizeMB"] == first["sizeMB"] > 0
        assert (await door.file(first["id"]))["name"] == "a.md"
        listed = await door.ok("/get/knowledgebase-file", {"knowledgebase_id": kb})
        assert [file["id"] for file in listed["file_detail_list"]] == [first["id"]]
        assert await door.ok("/delete/knowledgebase-file", {"file_ids": [copy["id"]]})
        gone = await door.post("/get/knowledgebase-file", {"file_ids": [copy["id"]]})
        assert gone["code"] == 40001
        assert (await door.file(first["id"]))["status"] == "COMPLETED"
        (renewed,) = await door.upload(kb, ("copy.md", b"# a"))
        assert renewed["id"] != copy["id"]
        assert await door.ok("/delete/knowledgebase-file", {"file_ids": [first["id"]]})
        gone = await door.post("/get/knowledgebase-file", {"file_ids": [renewed["id"]]})
        assert gone["code"] == 40001


async def test_two_names_in_one_request_are_two_files_to_look_at(door: Door) -> None:
    kb = await door.create_kb()
    one, other = await door.upload(kb, ("x.md", b"# twin"), ("y.md", b"# twin"))
    assert (one["name"], other["name"]) == ("x.md", "y.md")
    assert other["duplicate_of"] == one["id"]
    assert len(await door.events()) == 1
    assert len(await staged(door)) == 1
