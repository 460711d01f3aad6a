"""A deletion: search finds nothing once the call has returned, however long the queues are; the
receipt says what each store deleted, and until when the log may hold it.
"""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.deaf_server import HalfDeafMemloom
from tests.support.embedded import wait_until
from tests.support.operating import upload

pytestmark = pytest.mark.slow

USER, OTHER = "anna", "bert"


@pytest.fixture(scope="module")
def memloom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HalfDeafMemloom]:
    with HalfDeafMemloom(tmp_path_factory.mktemp("deletions") / "data") as running:
        yield running


def resource(memloom: HalfDeafMemloom, path: str) -> dict[str, Any]:
    """GET below /api/v1."""
    answer = httpx.get(
        f"{memloom.url}/api/v1{path}",
        headers={"Authorization": f"Token {memloom.key}"},
        timeout=30,
    )
    assert answer.status_code == httpx.codes.OK, answer.text
    found: dict[str, Any] = answer.json()
    return found


def done(memloom: HalfDeafMemloom, identifier: str) -> dict[str, Any]:
    """The receipt once every store has confirmed."""

    def finished() -> dict[str, Any] | None:
        found = resource(memloom, f"/deletions/{identifier}")
        return found if found["status"] == "done" else None

    receipt: dict[str, Any] = wait_until(finished, 60, f"deletion {identifier}; {memloom.log}")
    assert receipt["completed_at"] >= receipt["requested_at"]
    assert receipt["waiting"] == 0
    assert all(kept["until"] > receipt["requested_at"] for kept in receipt["retention"])
    return receipt


def texts(memloom: HalfDeafMemloom, user: str, query: str, kbs: list[str]) -> str:
    """All that a search answers, as one text."""
    return str(memloom.search(user, query, kbs))


def test_what_is_deleted_is_not_found_and_its_receipt_counts(memloom: HalfDeafMemloom) -> None:
    kb, whole = memloom.create_kb("Gates"), memloom.create_kb("Canteen")
    (badge, parking, soup) = (
        upload(memloom, kb, "badges.md", "# Badges\n\nA zircon badge opens the gate.\n"),
        upload(memloom, kb, "parking.md", "# Parking\n\nVisitors park beside the obelisk.\n"),
        upload(memloom, whole, "soup.md", "# Soup\n\nOn Friday the soup is borscht.\n"),
    )
    memloom.wait_for_files([badge, parking, soup])
    said = [{"role": "user", "content": "I live in Trondheim. I am allergic to walnuts."}]
    memloom.wait_for_task(memloom.add_messages(USER, said))
    shared = [{"role": "user", "content": "Our team's mascot is called Quokka."}]
    memloom.wait_for_task(memloom.add_messages(USER, shared, allow_knowledgebase_ids=[kb]))
    assert "zircon" in texts(memloom, USER, "Which badge opens the gate?", [kb])
    assert "borscht" in texts(memloom, USER, "Which soup is there on Friday?", [whole])
    assert "Trondheim" in texts(memloom, USER, "Where do I live?", [])
    assert "Quokka" in texts(memloom, OTHER, "What is the mascot of the team called?", [kb])

    memloom.again(deaf=True)
    late = [{"role": "user", "content": "I live in Tromso."}]
    memloom.add_messages(USER, late)  # waits in the log when the user is deleted
    late_file = upload(memloom, kb, "late.md", "# Late\n\nThe late rule is obsidian.\n")
    removed = {
        "document": memloom.data_of("/delete/knowledgebase-file", {"file_ids": [badge, late_file]}),
        "knowledge_base": memloom.data_of(
            "/delete/knowledgebase", {"knowledgebase_id": whole, "delete_all": True}
        ),
        "user": memloom.data_of("/delete/memory", {"user_id": USER}),
    }
    # At once, and with nobody there to purge.
    assert "zircon" not in texts(memloom, USER, "Which badge opens the gate?", [kb])
    assert "obelisk" in texts(memloom, USER, "Where do visitors park?", [kb])
    assert memloom.call(
        "/search/memory", {"user_id": USER, "query": "soup", "knowledgebase_ids": [whole]}
    )["code"]
    assert "borscht" not in texts(memloom, USER, "Which soup is there on Friday?", ["all"])
    assert "Trondheim" not in texts(memloom, USER, "Where do I live?", [])
    assert "Quokka" not in texts(memloom, OTHER, "What is the mascot of the team called?", [kb])
    receipts = {kind: answer["deletion_id"] for kind, answer in removed.items()}
    assert all(answer["success"] for answer in removed.values())
    assert resource(memloom, f"/deletions/{receipts['user']}")["status"] == "running"
    again = [{"role": "user", "content": "I live in Bodo."}]
    task = memloom.add_messages(USER, again)  # and begins anew

    memloom.again(deaf=False)
    document = done(memloom, receipts["document"])
    assert document["kind"] == "document"
    assert document["counts"]["documents"] == 2
    assert document["counts"]["records"] >= 1
    assert document["counts"]["index_points"] >= 1
    assert document["counts"]["passages"] >= 1
    assert document["counts"]["originals"] >= 1
    base = done(memloom, receipts["knowledge_base"])
    assert base["subject_id"] == whole
    assert base["counts"]["documents"] == 1
    assert base["counts"]["originals"] == 1
    assert base["counts"]["parsed"] == 1
    user = done(memloom, receipts["user"])
    assert (user["kind"], user["subject_id"]) == ("user", USER)
    assert user["counts"]["messages"] == 3
    assert user["counts"]["records"] >= 3  # the shared one too
    assert "chat.message.recorded.v1" in {kept["topic"] for kept in user["retention"]}
    memloom.wait_for_task(task)
    found = texts(memloom, USER, "Where do I live?", [])
    assert "Bodo" in found
    assert "Trondheim" not in found
    assert "Tromso" not in found
    assert "Quokka" not in texts(memloom, OTHER, "What is the mascot of the team called?", [kb])
    left = [path for path in memloom.data.rglob("*") if path.is_file() and badge in str(path)]
    assert left == []


def test_a_single_memory_goes_at_once_with_its_receipt(memloom: HalfDeafMemloom) -> None:
    said = [{"role": "user", "content": "My locker has the number 4711."}]
    memloom.wait_for_task(memloom.add_messages("cleo", said))
    found = memloom.search("cleo", "Which number has my locker?", [])
    items = [item for item in found["memory_detail_list"] if "4711" in str(item)]
    answer = memloom.data_of("/delete/memory", {"memory_ids": [item["id"] for item in items]})
    assert "4711" not in texts(memloom, "cleo", "Which number has my locker?", [])
    receipt = done(memloom, answer["deletion_id"])
    assert receipt["kind"] == "memories"
    assert receipt["counts"]["records"] == len(items)


def test_receipts_are_listed_newest_first(memloom: HalfDeafMemloom) -> None:
    first = resource(memloom, "/deletions?limit=1")
    rest = resource(memloom, f"/deletions?limit=100&cursor={first['next_cursor']}")
    listed = [*first["deletions"], *rest["deletions"]]
    times = [one["requested_at"] for one in listed]
    assert len(listed) >= 4
    assert times == sorted(times, reverse=True)
    assert rest["next_cursor"] is None
