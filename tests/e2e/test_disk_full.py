"""A disk that fills: nothing more is taken, searches go on, and all of it comes back by itself."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.embedded import KEY, Memloom, wait_until
from tests.support.operating import command, encoded, file_of, letters, upload
from tests.support.small_disk import SmallDisk, small_disk

MEGABYTE = 1 << 20
RESERVE = 64 * MEGABYTE
SETTINGS = {"MEMLOOM_DISK_RESERVE_BYTES": str(RESERVE)}

GATES = [
    {"name": f"{number}.md", "content": encoded(f"# Gates\n\nGate {number} opens at dawn.\n")}
    for number in range(40)
]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path, megabytes=420) as mounted:
        yield mounted


def _ready(memloom: Memloom) -> int:
    return httpx.get(f"{memloom.url}/health/ready", timeout=10).status_code


def _refused(memloom: Memloom, path: str, body: object) -> str:
    """The sentence with which a write is refused, as the public client reads it."""
    answer = httpx.post(
        f"{memloom.url}/api/openmem/v1{path}",
        json=body,
        headers={"Authorization": f"Token {KEY}"},
        timeout=60,
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["code"] == 50180, answer.text
    return str(answer.json()["message"])


@pytest.mark.slow
def test_a_full_disk_refuses_writes_keeps_searching_and_drains_once_it_has_room(
    disk: SmallDisk,
) -> None:
    with Memloom(disk.root / "data", settings=SETTINGS) as memloom:
        kb = memloom.create_kb()
        known = upload(memloom, kb, "known.md")
        memloom.wait_for_files([known])
        queued = [
            str(file["id"])
            for part in (0, 20)
            for file in memloom.add_files(kb, GATES[part : part + 20])
        ]
        disk.fill(leave=RESERVE // 2)
        wait_until(lambda: _ready(memloom) == 503, 30, "not ready")
        waiting = [file for file in memloom.files(queued) if file["status"] == "PROCESSING"]
        assert waiting, "all was done before the disk was full"

        body = {"knowledgebase_id": kb, "file": [{"name": "late.md", "content": "bGF0ZQ=="}]}
        assert "free space" in _refused(memloom, "/add/knowledgebase-file", body)
        messages = [{"role": "user", "content": "I like tea."}]
        _refused(memloom, "/add/message", {"user_id": "u", "messages": messages})
        own = httpx.post(
            f"{memloom.url}/api/v1/knowledge-bases/{kb}/corrections",
            json={"content": "Visitors park for three hours, not two."},
            headers={"Authorization": f"Token {KEY}"},
            timeout=60,
        )
        assert (own.status_code, own.json()["code"]) == (507, 50180), own.text

        # Another program takes the reserve, too: who writes nothing is not touched by that.
        disk.fill(leave=0)
        found = memloom.search("u", "How long may visitors park?", [kb])
        assert "two hours" in found["memory_detail_list"][0]["memory_value"]
        assert memloom.process is not None
        assert memloom.process.poll() is None

        disk.clear()
        wait_until(lambda: _ready(memloom) == 200, 30, "ready again")
        ended = memloom.wait_for_files(queued)
        assert {file["status"] for file in ended} == {"COMPLETED"}
        late = memloom.add_files(kb, body["file"])  # type: ignore[arg-type] # as refused before
        memloom.wait_for_files([late[0]["id"]])
        for number in (0, 39):
            hit = memloom.search("u", f"When does gate {number} open?", [kb])
            assert f"Gate {number} opens" in str(hit["memory_detail_list"]), hit
        assert file_of(memloom, known)["status"] == "COMPLETED"
        assert letters(memloom) == {}


@pytest.mark.slow
@pytest.mark.parametrize("begun", [False, True], ids=["the first start", "a later start"])
def test_a_start_on_a_full_disk_ends_with_a_sentence(disk: SmallDisk, *, begun: bool) -> None:
    data = disk.root / "data"
    if begun:
        with Memloom(data, settings=SETTINGS):
            pass
    disk.fill(leave=RESERVE // 2)
    done = command("serve", "--port", "0", "--grpc-port", "0", "--data", str(data), **SETTINGS)
    assert done.returncode == 2, done.stderr
    assert "MEMLOOM_DISK_RESERVE_BYTES" in done.stderr
    assert "Traceback" not in done.stderr
