"""Skill files through the whole product over REST."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.embedded import Memloom, web_server
from tests.support.skills import SKILL_MD, zipped

pytestmark = pytest.mark.slow

ARCHIVE = zipped({"SKILL.md": SKILL_MD, "scripts/check.py": "print('checked')\n"})


@pytest.fixture(scope="module")
def memloom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Memloom]:
    with Memloom(tmp_path_factory.mktemp("skills") / "data") as running:
        yield running


def entry(name: str, content: bytes | str, kind: str = "skill") -> dict[str, str]:
    raw = content.encode() if isinstance(content, str) else content
    return {"name": name, "content": base64.b64encode(raw).decode(), "type": kind}


def skills(memloom: Memloom, query: str, kbs: list[str], **more: Any) -> list[dict[str, Any]]:
    found = memloom.search("ann", query, kbs, include_skill=True, **more)
    listed = found["skill_detail_list"]
    assert isinstance(listed, list)
    return listed


def test_a_skill_is_found_by_its_words_and_goes_with_its_file(memloom: Memloom) -> None:
    kb, other = memloom.create_kb(), memloom.create_kb("Other")
    (file,) = memloom.add_files(kb, [entry("review.zip", ARCHIVE)])
    assert (file["type"], file["status"]) == ("skill", "PROCESSING")
    (ended,) = memloom.wait_for_files([file["id"]])
    assert (ended["status"], ended["type"], ended["memories"]) == ("COMPLETED", "skill", 1)
    (skill,) = skills(memloom, "how do I check an invoice for freight", [kb])
    value = skill["skill_value"]
    assert value["name"] == "invoice-review"
    assert value["experience"] == ["Freight is often billed twice.", "Credit notes arrive late."]
    assert value["preference"] == ["Answer in one table."]
    assert value["script"] == {"scripts/check.py": "print('checked')\n"}
    assert value["others"]["license"] == "MIT"
    assert {"procedure", "examples", "description"} <= set(value)
    assert 0 < skill["relativity"] <= 1
    original = httpx.get(
        memloom.url + skill["skill_url"], headers={"authorization": f"Token {memloom.key}"}
    )
    assert original.content == ARCHIVE
    # Neither a passage, nor known where another knowledge base is searched.
    found = memloom.search("ann", "check an invoice for freight", [kb], include_skill=True)
    assert found["memory_detail_list"] == []
    assert skills(memloom, "check an invoice for freight", [other]) == []
    assert memloom.search("ann", "invoice freight", [kb])["skill_detail_list"] == []
    (again,) = memloom.add_files(kb, [entry("review.zip", ARCHIVE)])
    assert (again["id"], again["status"]) == (file["id"], "COMPLETED")
    assert memloom.call("/delete/knowledgebase-file", {"file_ids": [file["id"]]})["code"] == 0
    assert skills(memloom, "check an invoice for freight", [kb]) == []
    listed = memloom.data_of("/get/knowledgebase-file", {"knowledgebase_id": kb, "type": "skill"})
    assert listed["total"] == 0


def test_skills_and_documents_are_kept_apart(memloom: Memloom) -> None:
    kb = memloom.create_kb("Both")
    files = memloom.add_files(
        kb, [entry("SKILL.md", SKILL_MD), entry("SKILL.md", SKILL_MD, "document")]
    )
    assert files[0]["id"] != files[1]["id"]
    memloom.wait_for_files([file["id"] for file in files])
    for kind, file in zip(("skill", "document"), files, strict=True):
        page = memloom.data_of("/get/knowledgebase-file", {"knowledgebase_id": kb, "type": kind})
        assert [one["id"] for one in page["file_detail_list"]] == [file["id"]]
    alone = memloom.search("ann", "invoice totals", [kb], include_memory_view=["skill"])
    assert alone["memory_detail_list"] == []
    assert [one["document_id"] for one in alone["skill_detail_list"]] == [files[0]["id"]]
    passages = memloom.search("ann", "invoice totals", [kb])
    assert {one["document_id"] for one in passages["memory_detail_list"]} == {files[1]["id"]}


def test_a_form_brings_skills(memloom: Memloom) -> None:
    kb = memloom.create_kb("Form")
    answer = httpx.post(
        f"{memloom.url}/api/openmem/v1/add/knowledgebase-file",
        params={"knowledgebase_id": kb, "type": "skill"},
        files=[("file", ("review.zip", ARCHIVE, "application/zip"))],
        headers={"authorization": f"Token {memloom.key}"},
    ).json()
    assert [file["type"] for file in answer["data"]] == ["skill"]
    memloom.wait_for_files([answer["data"][0]["id"]])
    assert len(skills(memloom, "invoice", [kb])) == 1


def test_what_is_no_skill_is_refused_at_once(memloom: Memloom) -> None:
    kb = memloom.create_kb("Refused")
    for name, content, code in (
        ("a.rar", b"Rar!", 40007),
        ("a.md", b"# no front matter", 40002),
        ("a.zip", zipped({"below/SKILL.md": SKILL_MD}), 40002),
        ("a.zip", zipped({"SKILL.md": SKILL_MD, "../x": "x"}), 50174),
        ("a.zip", zipped({"SKILL.md": SKILL_MD, "x": bytes(10 << 20)}), 50177),
        ("a.md", SKILL_MD + "x" * 102_400, 50104),
    ):
        body = {"knowledgebase_id": kb, "file": [entry("b.md", SKILL_MD), entry(name, content)]}
        refused = memloom.call("/add/knowledgebase-file", body)
        assert (refused["code"], refused["data"]) == (code, []), name
    listed = memloom.data_of("/get/knowledgebase-file", {"knowledgebase_id": kb})
    assert listed["total"] == 0


def test_what_a_url_brings_is_read_later(memloom: Memloom, tmp_path: Path) -> None:
    kb = memloom.create_kb("Fetched")
    (tmp_path / "good.zip").write_bytes(ARCHIVE)
    (tmp_path / "same.zip").write_bytes(ARCHIVE)
    (tmp_path / "bad.md").write_text("# no front matter")
    with web_server(tmp_path) as url:
        entries = [
            {"content": f"{url}/{name}", "type": "skill"}
            for name in ("good.zip", "same.zip", "bad.md")
        ]
        good, same, bad = (file["id"] for file in memloom.add_files(kb, entries))
        memloom.wait_for_files([good, same, bad])
    ended = {file["id"]: file for file in memloom.files([good, same, bad])}
    assert [ended[one]["status"] for one in (good, same)] == ["COMPLETED", "COMPLETED"]
    assert (ended[bad]["status"], ended[bad]["error_code"]) == ("FAILED", 40002)
    assert "front matter" in ended[bad]["error_message"]
    assert len(skills(memloom, "invoice", [kb])) == 1
