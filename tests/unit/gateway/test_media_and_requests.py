"""File names, first bytes, and requests read with the right code."""

from typing import Any

import pytest

from services.gateway.domain import media
from services.gateway.domain.limits import tokens_of
from services.gateway.domain.requests import (
    AddMessage,
    CreateKnowledgebase,
    DeleteMemory,
    GetKnowledgebaseFile,
    Request,
    SearchMemory,
    UpdateMemory,
)
from services.kernel.contracts.errors import InvalidInput


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\docs\\规则.docx", "规则.docx"),
        ("a\x00\nb.md", "ab.md"),
        ("  ", "document"),
        ("x" * 300 + ".pdf", "x" * 251 + ".pdf"),
    ],
)
def test_safe_names(name: str, expected: str) -> None:
    assert media.safe_name(name) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.org/a/%E8%A7%84%E5%88%99.pdf?x=1#y", "规则.pdf"),
        ("https://example.org/", ""),
        ("https://example.org/..%2F..%2Fetc%2Fpasswd", "passwd"),
    ],
)
def test_names_from_urls(url: str, expected: str) -> None:
    assert media.name_from_url(url) == expected


@pytest.mark.parametrize(
    ("name", "declared", "fine"),
    [
        ("a.PDF", "", True),
        ("a.markdown", "", True),
        ("a", "", True),
        ("a.bin", "application/pdf", True),
        ("a.exe", "", False),
        ("a.pptx", "application/vnd.ms-powerpoint", False),
    ],
)
def test_names_that_may_come_in(name: str, declared: str, fine: bool) -> None:
    if fine:
        media.check_name(name, declared)
        return
    with pytest.raises(InvalidInput) as refused:
        media.check_name(name, declared)
    assert refused.value.code == 40007


READ: list[tuple[type[Request], Any, int]] = [
    (CreateKnowledgebase, {}, 40002),
    (CreateKnowledgebase, {"knowledgebase_name": None}, 40002),
    (CreateKnowledgebase, {"knowledgebase_name": "  "}, 40002),
    (CreateKnowledgebase, {"knowledgebase_name": 5}, 40000),
    (CreateKnowledgebase, [], 40000),
    (SearchMemory, {"user_id": "u"}, 40002),
    (SearchMemory, {"query": "", "user_id": "u"}, 40002),
    (SearchMemory, {"query": "x"}, 40002),
    (SearchMemory, {"query": "x", "user_id": "", "agent_id": None}, 40002),
    (SearchMemory, {"query": "x", "user_id": "u", "agent_id": "a"}, 40000),
    (SearchMemory, {"query": "x", "user_id": 7}, 40000),
    (SearchMemory, {"query": "x", "user_id": "u" * 101}, 40010),
    (SearchMemory, {"query": "x", "user_id": "u", "conversation_id": "c" * 101}, 40011),
    (SearchMemory, {"query": "x", "user_id": "u", "relativity": 1.01}, 40012),
    (SearchMemory, {"query": "x", "user_id": "u", "relativity": -0.1}, 40012),
    (SearchMemory, {"query": "x", "user_id": "u", "relativity": "high"}, 40000),
    (SearchMemory, {"query": "x", "user_id": "u", "memory_limit_number": 26}, 40000),
    (SearchMemory, {"query": "x", "user_id": "u", "knowledgebase_ids": "base"}, 40000),
    (GetKnowledgebaseFile, {}, 40002),
    (GetKnowledgebaseFile, {"file_ids": []}, 40003),
    (GetKnowledgebaseFile, {"file_ids": ["a"], "knowledgebase_id": "b"}, 40000),
    (AddMessage, {"user_id": "u"}, 40002),
    (AddMessage, {"user_id": "u", "messages": []}, 40003),
    (AddMessage, {"messages": [{"role": "user", "content": "x"}]}, 40002),
    (AddMessage, {"user_id": ["u" * 101], "messages": [{"role": "user", "content": "x"}]}, 40010),
    (AddMessage, {"user_id": [f"{n}" for n in range(21)], "messages": [{"role": "user"}]}, 40000),
    (AddMessage, {"user_id": "u", "messages": [{"content": "x"}]}, 40002),
    (AddMessage, {"user_id": "u", "messages": [{"role": "boss", "content": "x"}]}, 40000),
    (UpdateMemory, {"memory_id": "m"}, 40002),
    (DeleteMemory, {"memory_ids": []}, 40003),
    (DeleteMemory, {"user_ids": ["a", "b"]}, 40000),
]


@pytest.mark.parametrize(("kind", "value", "code"), READ)
def test_codes_of_wrong_requests(kind: type[Request], value: Any, code: int) -> None:
    with pytest.raises(InvalidInput) as refused:
        kind.read(value)
    assert refused.value.code == code, refused.value.message
    assert "`" in refused.value.message or "body" in refused.value.message


def test_null_is_absent_and_unknown_fields_are_ignored() -> None:
    found = SearchMemory.read(
        {
            "query": "x",
            "user_id": "u",
            "relativity": None,
            "filter": None,
            "knowledgebase_ids": None,
            "context_format": "memory",
            "source": "SDK",
        }
    )
    assert found == SearchMemory.read({"query": "x", "user_id": "u"})


@pytest.mark.parametrize(("text", "tokens"), [("", 0), ("abcd", 1), ("abcde", 2), ("软件ab", 3)])
def test_tokens(text: str, tokens: int) -> None:
    assert tokens_of(text) == tokens
