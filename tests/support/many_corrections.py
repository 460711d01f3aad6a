"""Many knowledge bases of two projects, corrected all at once; then what each of them holds."""

import random
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx

from tests.support.embedded import Memloom
from tests.support.operating import encoded

_AT_ONCE = 8
_ROOMS = ("Amber", "Birch", "Cedar", "Dahlia", "Elder", "Fern", "Grove", "Hazel", "Iris", "Juniper")


@dataclass(frozen=True)
class Base:
    """A knowledge base: every room's fee, before and after, is its own in the whole run."""

    memloom: Memloom
    id: str
    number: int
    rooms: int

    def old(self, room: int) -> int:
        """The fee in the document."""
        return 10_000 + self.number * 100 + room

    def new(self, room: int) -> int:
        """The fee after the correction."""
        return 60_000 + self.number * 100 + room

    def words(self, room: int) -> str:
        """The correction in plain words."""
        return (
            f"The fee of the {_ROOMS[room]} room is {self.new(room)} euros, "
            f"not {self.old(room)} euros."
        )

    def document(self) -> str:
        """One section a room."""
        parts = [
            f"## {name} room\n\nThe fee of the {name} room is {self.old(room)} euros."
            for room, name in enumerate(_ROOMS[: self.rooms])
        ]
        return "\n\n".join(["# Fees", *parts])


def bases(projects: Sequence[Memloom], each: int, rooms: int) -> list[Base]:
    """`each` knowledge bases in each project, their documents indexed."""
    with ThreadPoolExecutor(4) as pool:
        numbered = [
            (project, index * each + place)
            for index, project in enumerate(projects)
            for place in range(each)
        ]
        return list(pool.map(lambda pair: _base(pair[0], pair[1], rooms), numbered))


def _base(memloom: Memloom, number: int, rooms: int) -> Base:
    base = Base(memloom, memloom.create_kb(f"base {number}"), number, rooms)
    content = encoded(base.document())
    (file,) = memloom.add_files(base.id, [{"name": "fees.md", "content": content}])
    (ended,) = memloom.wait_for_files([file["id"]])
    assert ended["status"] == "COMPLETED", ended
    return base


def correct_all(found: Sequence[Base]) -> int:
    """Every room of every base at once, some sentences sent again, by the same user or another;
    how many corrections there are to be.
    """
    wanted = [(base, room, "editor") for base in found for room in range(base.rooms)]
    again = [(base, 0, user) for base in found[::5] for user in ("editor", "deputy")]
    sent = [*wanted, *again]
    random.Random(5).shuffle(sent)  # noqa: S311 - an order, no secret

    def send(one: tuple[Base, int, str]) -> tuple[Memloom, str]:
        base, room, user = one
        return base.memloom, base.memloom.feedback(user, base.words(room), [base.id])

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        tasks = list(pool.map(send, sent))
    for memloom, task in tasks:
        assert memloom.wait_for_task(task, seconds=300)["status"] == "completed"
    return len(wanted)


def check(found: Sequence[Base]) -> int:
    """None lost, none applied twice, none seen elsewhere; how many corrections there are."""
    with ThreadPoolExecutor(4) as pool:
        return sum(pool.map(lambda base: _check(base, found), found))


def _check(base: Base, others: Sequence[Base]) -> int:
    answer = httpx.get(
        f"{base.memloom.url}/api/v1/knowledge-bases/{base.id}/corrections",
        params={"page_size": 100},
        headers={"Authorization": f"Token {base.memloom.key}"},
        timeout=60,
    )
    assert answer.status_code == 200, answer.text
    log = answer.json()["corrections"]
    texts = Counter(entry["text"] for entry in log)
    wanted = Counter(f"The user confirms: {base.words(room)}" for room in range(base.rooms))
    assert texts == wanted, (texts - wanted, wanted - texts)
    assert {entry["state"] for entry in log} == {"active"}
    for room in (base.number % base.rooms, base.rooms - 1):
        items = base.memloom.search(
            "reader", f"What is the fee of the {_ROOMS[room]} room?", [base.id]
        )["memory_detail_list"]
        assert str(base.new(room)) in items[0]["memory_value"], items[0]
        assert items[1]["corrected_by"] == [items[0]["id"]]
    _check_apart(base, others)
    return len(log)


def _check_apart(base: Base, others: Sequence[Base]) -> None:
    """Searching all that the project has shows nothing of the other project."""
    foreign = next(other for other in others if other.memloom is not base.memloom)
    items = base.memloom.search(
        "reader", f"Which room has the fee {foreign.new(0)}?", ["all"], memory_limit_number=25
    )["memory_detail_list"]
    mine = {other.id for other in others if other.memloom is base.memloom}
    assert {item["knowledgebase_id"] for item in items} <= mine
    refused = httpx.get(
        f"{base.memloom.url}/api/v1/knowledge-bases/{foreign.id}/corrections",
        headers={"Authorization": f"Token {base.memloom.key}"},
        timeout=60,
    )
    assert refused.is_client_error
