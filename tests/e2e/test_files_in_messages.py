"""Files and pictures in messages, through the whole product over REST."""

import base64
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.embedded import Memloom, wait_until

pytestmark = pytest.mark.slow

NOTES = "# Heating\n\nThe boiler code of the cellar is QX-4471.\n\n# Bins\n\nPaper on Fridays.\n"


@pytest.fixture(scope="module")
def memloom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Memloom]:
    with Memloom(tmp_path_factory.mktemp("files") / "data") as running:
        yield running


def post(memloom: Memloom, path: str, **body: Any) -> dict[str, Any]:
    answer = httpx.post(
        f"{memloom.url}/api/openmem/v1/{path}",
        json=body,
        headers={"authorization": f"Token {memloom.key}"},
        timeout=30,
    )
    found = answer.json()
    assert isinstance(found, dict)
    return found


def part(text: str = NOTES, name: str = "notes.md") -> dict[str, Any]:
    data = base64.b64encode(text.encode()).decode()
    return {"type": "file", "file": {"file_data": data, "filename": name}}


def send(memloom: Memloom, user: str, *parts: dict[str, Any], **more: Any) -> dict[str, Any]:
    said = {"role": "user", "content": [{"type": "text", "text": "I keep bees."}, *parts]}
    return post(memloom, "add/message", user_id=user, messages=[said], **more)


def ended(memloom: Memloom, task: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        state = post(memloom, "get/status", task_id=task)["data"]
        return None if state["status"] == "running" else state

    found = wait_until(look, 60, "the task ends")
    assert isinstance(found, dict)
    return found


def texts(memloom: Memloom, user: str, query: str, *bases: str) -> list[str]:
    found = post(memloom, "search/memory", user_id=user, query=query, knowledgebase_ids=list(bases))
    return [one["memory_value"] for one in found["data"]["memory_detail_list"]]


def test_a_file_is_memory_of_who_sent_it_and_of_nobody_else(memloom: Memloom) -> None:
    answer = send(memloom, "ann", part(), async_mode=False)["data"]
    assert answer["status"] == "running"  # a file is never waited for
    state = ended(memloom, answer["task_id"])
    assert state["status"] == "completed"
    assert [(one["name"], one["status"]) for one in state["files"]] == [("notes.md", "COMPLETED")]
    assert state["memory_views"]["added"] == 1
    assert any("QX-4471" in text for text in texts(memloom, "ann", "boiler code"))
    assert any("keeps bees" in text for text in texts(memloom, "ann", "bees"))
    assert texts(memloom, "bob", "boiler code") == []
    again = send(memloom, "ann", part())["data"]
    assert again["file_ids"] == answer["file_ids"]
    assert ended(memloom, again["task_id"])["status"] == "completed"


def test_a_file_goes_to_the_knowledge_bases_that_are_allowed(memloom: Memloom) -> None:
    base = memloom.create_kb("shared")
    answer = send(memloom, "cleo", part(name="house.md"), allow_knowledgebase_ids=[base])["data"]
    state = ended(memloom, answer["task_id"])
    assert [one["status"] for one in state["files"]] == ["COMPLETED", "COMPLETED"]
    assert any("QX-4471" in text for text in texts(memloom, "dan", "boiler code", base))


def test_who_is_deleted_takes_the_files_along(memloom: Memloom) -> None:
    answer = send(memloom, "eve", part("The vault opens at 7 with key KR-9.", "vault.txt"))["data"]
    assert ended(memloom, answer["task_id"])["status"] == "completed"
    assert any("KR-9" in text for text in texts(memloom, "eve", "vault key"))
    assert post(memloom, "delete/memory", user_id="eve")["data"]["success"] is True
    assert texts(memloom, "eve", "vault key") == []
    shown = post(memloom, "get/knowledgebase-file", file_ids=answer["file_ids"])
    assert shown["code"] == 40001


def test_what_cannot_be_read_ends_with_its_reason(memloom: Memloom) -> None:
    answer = send(memloom, "finn", part("%PDF-1.4 broken", "scan.pdf"))["data"]
    state = ended(memloom, answer["task_id"])
    assert state["status"] == "failed"
    assert state["files"][0]["status"] == "FAILED"
    assert state["error_message"].startswith("scan.pdf: ")
    assert any("keeps bees" in text for text in texts(memloom, "finn", "bees"))


def test_limits_and_addresses_are_those_of_documents(memloom: Memloom) -> None:
    url = {"type": "file", "file": {"file_data": "http://169.254.169.254/secret.md"}}
    many = [part(f"text {number}", f"{number}.txt") for number in range(21)]
    assert send(memloom, "gus", url)["code"] == 50179
    assert send(memloom, "gus", *many)["code"] == 50103
    assert send(memloom, "gus", part(name="run.exe"))["code"] in {40007, 50107}
    assert send(memloom, "gus", {"type": "file", "file": {}})["code"] == 40002
    assert texts(memloom, "gus", "bees") == []


def test_a_picture_is_kept_as_such_and_said_to_be_unread(memloom: Memloom) -> None:
    picture = {"type": "image_url", "image_url": {"url": "https://example.org/cat.png"}}
    answer = send(memloom, "hal", picture, conversation_id="pictures")["data"]
    assert "no text is read from pictures" in answer["note"]
    assert ended(memloom, answer["task_id"])["status"] == "completed"
    told = post(memloom, "get/message", user_id="hal", conversation_id="pictures")["data"]
    assert told["message_detail_list"][0]["content"] == "I keep bees.\n[image]"
    assert not any("[image]" in text for text in texts(memloom, "hal", "bees"))


def test_bare_base64_without_a_name_is_read_as_what_it_is(memloom: Memloom) -> None:
    data = base64.b64encode(NOTES.encode()).decode()
    answer = send(memloom, "ida", {"type": "file", "file": {"file_data": data}})["data"]
    state = ended(memloom, answer["task_id"])
    assert [(one["name"], one["status"]) for one in state["files"]] == [
        ("document.md", "COMPLETED")
    ]
    assert any("QX-4471" in text for text in texts(memloom, "ida", "boiler code"))


def test_an_edited_message_is_found_by_its_new_words_alone(memloom: Memloom) -> None:
    for text in ("I live in Oslo.", "I live in Rome."):
        message = {"id": "m1", "role": "user", "content": text}
        answer = post(
            memloom, "add/message", user_id="jo", conversation_id="home", messages=[message]
        )["data"]
        state = ended(memloom, answer["task_id"])
    assert (state["memory_views"]["added"], state["memory_views"]["deleted"]) == (1, 1)
    found = texts(memloom, "jo", "where do I live")
    assert any("Rome" in text for text in found)
    assert not any("Oslo" in text for text in found)
    told = post(memloom, "get/message", user_id="jo", conversation_id="home")["data"]
    assert [one["content"] for one in told["message_detail_list"]] == ["I live in Rome."]
