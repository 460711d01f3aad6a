"""The mission's story over real HTTP, against a process of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.embedded import Memloom, web_server
from tests.support.shared import shared_path

QUERY = "帮我查一下软件采购报销额度。"
MESSAGE = "我是创意平台部门的设计师。"
FEEDBACK = "办公类软件的采购上限是600元，而不是800元。"


@pytest.fixture(scope="module")
def memloom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Memloom]:
    with Memloom(tmp_path_factory.mktemp("story") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def documents() -> Iterator[str]:
    with web_server(shared_path("data")) as url:
        yield url


def values(answer: dict[str, list[dict[str, str]]]) -> list[str]:
    return [item["memory_value"] for item in answer["memory_detail_list"]]


def test_policy_designer_and_correction(memloom: Memloom, documents: str) -> None:
    kb = memloom.create_kb("软件采购报销制度")
    (file,) = memloom.add_files(
        kb, [{"content": f"{documents}/reimbursement-policy.pdf", "type": "document"}]
    )
    assert file["status"] == "PROCESSING"
    assert file["name"] == "reimbursement-policy.pdf"
    (ended,) = memloom.wait_for_files([file["id"]])
    assert ended["status"] == "COMPLETED", ended
    assert ended["passages"] > 3
    assert ended["pages"] == 2

    task = memloom.add_messages(
        "designer",
        [{"role": "user", "content": MESSAGE}, {"role": "assistant", "content": "你好！"}],
        conversation_id="0610",
    )
    assert memloom.wait_for_task(task)["status"] == "completed"

    found = values(memloom.search("designer", QUERY, [kb], conversation_id="0611"))
    assert any("创意平台部门的设计师" in value for value in found), found
    assert any("800" in value and "办公类" in value for value in found), found

    task = memloom.feedback("designer", FEEDBACK, [kb], conversation_id="0611")
    assert memloom.wait_for_task(task)["status"] == "completed"

    answer = memloom.search("somebody-else", QUERY, [kb])
    items = answer["memory_detail_list"]
    correction = next(place for place, item in enumerate(items) if "600元" in item["memory_value"])
    stale = next(
        place
        for place, item in enumerate(items)
        if "800" in item["memory_value"] and "600" not in item["memory_value"]
    )
    assert correction == 0
    assert correction < stale
    assert items[correction]["memory_type"] == "WorkingMemory"
    assert items[correction]["id"] in items[stale]["corrected_by"]
    assert not any("创意平台" in item["memory_value"] for item in items)


def test_ten_uploads_survive_a_kill(tmp_path: Path) -> None:
    source = tmp_path / "documents"
    source.mkdir()
    for number in range(10):
        (source / f"rules-{number}.md").write_text(
            f"# Rules {number}\n\n"
            + "\n\n".join(f"## Part {part}\n\nRule {number}.{part} holds." for part in range(30))
        )
    with web_server(source) as url, Memloom(tmp_path / "data") as memloom:
        kb = memloom.create_kb()
        files = memloom.add_files(
            kb, [{"content": f"{url}/rules-{number}.md"} for number in range(10)]
        )
        ids = [file["id"] for file in files]
        memloom.kill()
        memloom.start()
        ended = memloom.wait_for_files(ids)
        assert {file["status"] for file in ended} == {"COMPLETED"}
        for number in range(10):
            answer = memloom.search(
                "u", f"Rule {number}.7", [kb], memory_limit_number=25, explain=True
            )
            texts = [(item["document_id"], item["start"]) for item in answer["memory_detail_list"]]
            assert len(texts) == len(set(texts))
            assert f"Rule {number}.7 holds." in answer["memory_detail_list"][0]["memory_value"]
        assert memloom.stop() == 0
