"""Corrections over real HTTP, against a process of its own: they end, come back, and stay apart."""

import base64
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.embedded import Memloom, wait_until

RULES = """# 办公用品管理规定

## 申领上限

每人每季度申领签字笔的上限是十二支，笔记本的上限是四本。

## 归还

离职时须归还计算器与订书机。
"""
WORDS = "签字笔的上限是八支，不是十二支。"
QUERY = "签字笔每季度能领几支？"


@pytest.fixture(scope="module")
def memloom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Memloom]:
    with Memloom(tmp_path_factory.mktemp("corrections") / "data") as running:
        yield running


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def add(memloom: Memloom, kb: str, text: str, name: str = "规定.md") -> str:
    (file,) = memloom.add_files(kb, [{"name": name, "content": encoded(text)}])
    (ended,) = memloom.wait_for_files([file["id"]])
    assert ended["status"] == "COMPLETED", ended
    return str(file["id"])


def request(memloom: Memloom, method: str, path: str, **more: Any) -> Any:
    """What a call of our own routes answers."""
    response = httpx.request(
        method,
        f"{memloom.url}/api/v1{path}",
        headers={"Authorization": f"Token {memloom.key}", **more.pop("headers", {})},
        timeout=60,
        **more,
    )
    assert response.is_success, response.text
    return response.json()


def log(memloom: Memloom, kb: str) -> list[dict[str, Any]]:
    return list(request(memloom, "GET", f"/knowledge-bases/{kb}/corrections")["corrections"])


def say(memloom: Memloom, kb: str, words: str, user: str = "boss") -> str:
    """Give feedback, wait, and return the id of the correction that it made."""
    before = {entry["id"] for entry in log(memloom, kb)}
    memloom.wait_for_task(memloom.feedback(user, words, [kb]))
    (made,) = [entry["id"] for entry in log(memloom, kb) if entry["id"] not in before]
    return str(made)


def found(memloom: Memloom, kb: str, query: str = QUERY) -> list[dict[str, Any]]:
    return list(memloom.search("reader", query, [kb])["memory_detail_list"])


def corrected(memloom: Memloom) -> tuple[str, str, str]:
    """A knowledge base with one document and one correction."""
    kb = memloom.create_kb("用品")
    document = add(memloom, kb, RULES)
    return kb, document, say(memloom, kb, WORDS)


def shown(items: list[dict[str, Any]], correction: str) -> list[str]:
    """Each item as what it is to the correction."""
    return [
        "correction"
        if item["id"] == correction
        else ("old" if "十二支" in item["memory_value"] else "new")
        + (" marked" if correction in item.get("corrected_by", []) else "")
        for item in items
        if item["id"] == correction or "签字笔" in item["memory_value"]
    ]


def replace(memloom: Memloom, document: str, text: str) -> None:
    markdown = {"Content-Type": "text/markdown"}
    path = f"/documents/{document}/content"
    request(memloom, "PUT", path, content=text.encode(), headers=markdown)
    (ended,) = memloom.wait_for_files([document])
    assert ended["status"] == "COMPLETED", ended


def settled(memloom: Memloom, kb: str, correction: str, wanted: list[str], state: str = "") -> None:
    """What is found, and the state in the log: what a document or its deletion means for
    corrections follows the queue.
    """

    def is_so() -> bool:
        (entry,) = log(memloom, kb)
        return shown(found(memloom, kb), correction) == wanted and state in {"", entry["state"]}

    wait_until(is_so, 30, f"{wanted}, {state or 'in any state'}")


def test_a_newer_revision_that_says_the_new_value_retires_the_correction(memloom: Memloom) -> None:
    kb, document, correction = corrected(memloom)
    settled(memloom, kb, correction, ["correction", "old marked"])
    replace(memloom, document, RULES.replace("十二支", "八支").replace("四本", "五本"))
    settled(memloom, kb, correction, ["new"], "retired")
    # The one after it says the old value again: nobody took the correction back.
    replace(memloom, document, RULES.replace("四本", "六本"))
    settled(memloom, kb, correction, ["correction", "old marked"], "active")


def test_a_newer_document_that_says_the_old_value_does_not_win(memloom: Memloom) -> None:
    kb, document, correction = corrected(memloom)
    newer = add(memloom, kb, RULES.replace("四本", "三本"), "新规定.md")
    settled(memloom, kb, correction, ["correction", "old marked", "old marked"])
    memloom.data_of("/delete/knowledgebase-file", {"file_ids": [document]})
    settled(memloom, kb, correction, ["correction", "old marked"])
    memloom.data_of("/delete/knowledgebase-file", {"file_ids": [newer]})
    settled(memloom, kb, correction, ["correction"])


def test_a_newer_document_that_says_the_new_value_stands_in_until_it_is_deleted(
    memloom: Memloom,
) -> None:
    kb, document, correction = corrected(memloom)
    newer = add(memloom, kb, RULES.replace("十二支", "八支"), "新规定.md")
    # The old document is still there: what says the new value is above it, and it is marked.
    settled(memloom, kb, correction, ["new", "old marked"], "retired")
    memloom.data_of("/delete/knowledgebase-file", {"file_ids": [newer]})
    settled(memloom, kb, correction, ["correction", "old marked"], "active")
    newest = add(memloom, kb, RULES.replace("十二支", "八支"), "最新规定.md")
    memloom.data_of("/delete/knowledgebase-file", {"file_ids": [document]})
    settled(memloom, kb, correction, ["new"], "retired")
    memloom.data_of("/delete/knowledgebase-file", {"file_ids": [newest]})
    settled(memloom, kb, correction, ["correction"], "active")


def test_undo_and_redo_of_a_retired_correction(memloom: Memloom) -> None:
    kb, document, correction = corrected(memloom)
    path = f"/knowledge-bases/{kb}/corrections/{correction}"
    replace(memloom, document, RULES.replace("十二支", "八支"))
    settled(memloom, kb, correction, ["new"], "retired")
    request(memloom, "POST", f"{path}/undo")
    assert [entry["state"] for entry in log(memloom, kb)] == ["undone"]
    replace(memloom, document, RULES)
    settled(memloom, kb, correction, ["old"])
    request(memloom, "POST", f"{path}/redo")
    settled(memloom, kb, correction, ["correction", "old marked"], "active")
