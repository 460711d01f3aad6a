"""Wrong inputs answer as the contract says, and nothing crashes."""

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.support.embedded import Memloom, web_server
from tests.support.shared import shared_path

API = "/api/openmem/v1"


@pytest.fixture(scope="module")
def memloom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Memloom]:
    with Memloom(tmp_path_factory.mktemp("wrong") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def kb(memloom: Memloom) -> str:
    return memloom.create_kb()


@dataclass(frozen=True)
class Refusal:
    path: str
    body: Callable[[str], Any]
    code: int
    name: str


def files(*entries: dict[str, Any]) -> Callable[[str], Any]:
    return lambda kb: {"knowledgebase_id": kb, "file": list(entries)}


def b64(content: bytes) -> str:
    return base64.b64encode(content).decode()


UPLOAD = "/add/knowledgebase-file"
PROGRAM = b"MZ\x90\x00" + b"\0" * 200
REFUSED = [
    Refusal("/create/knowledgebase", lambda _: {}, 40002, "no name"),
    Refusal("/create/knowledgebase", lambda _: {"knowledgebase_name": 7}, 40000, "name no text"),
    Refusal("/create/knowledgebase", lambda _: {"knowledgebase_name": " "}, 40002, "blank name"),
    Refusal(
        UPLOAD,
        lambda _: {"knowledgebase_id": "base0", "file": [{"content": "aGk="}]},
        50120,
        "unknown knowledge base",
    ),
    Refusal(UPLOAD, files(), 40003, "no files"),
    Refusal(
        UPLOAD,
        files(*({"content": b64(b"# x"), "name": f"{n}.md"} for n in range(21))),
        50103,
        "21 files",
    ),
    Refusal(UPLOAD, files({"content": "", "name": "a.md"}), 40002, "empty content"),
    Refusal(
        UPLOAD,
        files({"content": "data:application/pdf;base64,", "name": "a.pdf"}),
        50175,
        "0-byte PDF",
    ),
    Refusal(UPLOAD, files({"content": "%%%not base64%%%", "name": "a.pdf"}), 40008, "no Base64"),
    Refusal(
        UPLOAD,
        files({"content": "data:text/markdown,hello", "name": "a.md"}),
        40009,
        "data URI without base64",
    ),
    Refusal(
        UPLOAD, files({"content": b64(PROGRAM), "name": "setup.pdf"}), 40007, "program named .pdf"
    ),
    Refusal(UPLOAD, files({"content": b64(PROGRAM), "name": "setup.exe"}), 40007, ".exe"),
    Refusal(
        UPLOAD,
        files({"content": b64(b"hello"), "type": "picture", "name": "a.txt"}),
        40006,
        "unknown type",
    ),
    Refusal(
        UPLOAD,
        files({"content": "http://169.254.169.254/latest/meta-data", "name": "a.txt"}),
        50179,
        "link-local address",
    ),
    Refusal(UPLOAD, files({"content": "http://10.1.2.3/a.txt"}), 50179, "private address"),
    Refusal(UPLOAD, files({"content": "http://[::ffff:10.1.2.3]/a.txt"}), 50179, "mapped address"),
    Refusal(UPLOAD, files({"content": "file:///etc/passwd", "name": "a.txt"}), 50179, "file URL"),
    Refusal(UPLOAD, files({"content": "ftp://example.org/a.txt"}), 50179, "ftp URL"),
    Refusal(
        UPLOAD, files({"content": "http://user:secret@example.org/a.txt"}), 50179, "credentials"
    ),
    Refusal(
        "/get/knowledgebase-file",
        lambda kb: {"file_ids": ["x"], "knowledgebase_id": kb},
        40000,
        "both modes",
    ),
    Refusal("/add/message", lambda _: {"user_id": "u"}, 40002, "no messages"),
    Refusal(
        "/add/message",
        lambda _: {"messages": [{"role": "user", "content": "x"}]},
        40002,
        "no subject",
    ),
    Refusal(
        "/add/message",
        lambda _: {"user_id": "u" * 101, "messages": [{"role": "user", "content": "x"}]},
        40010,
        "long user id",
    ),
    Refusal(
        "/add/message",
        lambda _: {"user_id": "u", "messages": [{"role": "robot", "content": "x"}]},
        40000,
        "unknown role",
    ),
    Refusal("/search/memory", lambda _: {"user_id": "u"}, 40002, "no query"),
    Refusal(
        "/search/memory",
        lambda _: {"user_id": "u", "query": "x", "relativity": 1.5},
        40012,
        "relativity 1.5",
    ),
    Refusal(
        "/search/memory",
        lambda _: {"user_id": "u", "query": "x", "knowledgebase_ids": ["base0"]},
        50120,
        "search in an unknown knowledge base",
    ),
    Refusal(
        "/search/memory",
        lambda _: {"user_id": "u", "query": "x", "filter": {"scene": "chat"}},
        40000,
        "filter without and/or",
    ),
    Refusal("/get/status", lambda _: {"task_id": "nothing"}, 50131, "unknown task"),
    Refusal("/add/feedback", lambda _: {"user_id": "u"}, 40002, "feedback without words"),
    Refusal(
        "/update/memory",
        lambda _: {"memory_id": "5d9c7a52-0c3e-4a57-9f0f-5b7a0de0c6a1", "content": "x"},
        40307,
        "unknown memory",
    ),
]


@pytest.mark.parametrize("refusal", REFUSED, ids=[refusal.name for refusal in REFUSED])
def test_a_wrong_input_says_what_to_do(memloom: Memloom, kb: str, refusal: Refusal) -> None:
    answer = memloom.call(refusal.path, refusal.body(kb))
    assert answer["code"] == refusal.code, answer
    assert len(answer["message"]) > 10
    assert answer["data"] is not None


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Token mpg-wrong"},
        {"Authorization": "Token"},
        {"Authorization": "Basic abc"},
    ],
    ids=["no key", "wrong key", "empty key", "other scheme"],
)
def test_a_missing_or_wrong_key_is_401(memloom: Memloom, headers: dict[str, str]) -> None:
    response = httpx.post(
        f"{memloom.url}{API}/search/memory",
        json={"user_id": "u", "query": "x"},
        headers=headers,
    )
    assert response.status_code == 401
    assert response.json()["code"] in (40100, 40130, 40132)


def test_broken_json(memloom: Memloom) -> None:
    response = httpx.post(
        f"{memloom.url}{API}/search/memory",
        content=b'{"user_id": "u", ',
        headers={"Authorization": f"Token {memloom.key}", "Content-Type": "application/json"},
    )
    assert response.status_code == 200
    assert response.json()["code"] == 40000


def test_bearer_and_bare_paths_work(memloom: Memloom) -> None:
    response = httpx.post(
        f"{memloom.url}{API}/search/memory",
        json={"user_id": "u", "query": "x", "filter": None, "some_new_field": 1},
        headers={"Authorization": f"Bearer {memloom.key}"},
    )
    assert response.status_code == 200
    assert response.json()["code"] == 0


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("encrypted_password.pdf", 50172),
        ("scanned_no_text_layer.pdf", 50173),
        ("no_document_catalog.pdf", 50174),
        ("truncated.docx", 50174),
        ("truncated_json.json", 50174),
    ],
)
def test_a_bad_document_fails_with_its_reason(
    memloom: Memloom, kb: str, file: str, code: int
) -> None:
    with web_server(shared_path("data/files")) as url:
        (accepted,) = memloom.add_files(kb, [{"content": f"{url}/{file}"}])
        (ended,) = memloom.wait_for_files([accepted["id"]])
    assert ended["status"] == "FAILED"
    assert ended["error_code"] == code, ended
    assert len(ended["error_message"]) > 10


def test_a_document_that_is_not_there_is_refused_at_once(memloom: Memloom, kb: str) -> None:
    with web_server(shared_path("data/files")) as url:
        files = [{"content": f"{url}/missing.pdf"}]
        refused = memloom.call("/add/knowledgebase-file", {"knowledgebase_id": kb, "file": files})
    assert refused["code"] == 50179
    assert "404" in refused["message"]
    assert refused["data"] == []
