"""Memories of real dialogues without a language model: how many, how fast, and a sample to judge.

    python -m evals.memories --data <folder> [--seed 1] [--sample 100] [--rest] [--all-kinds]

BEAM and MemoryBank are read by the product's own rules, conversation by conversation; with --rest
also through the REST API of a fresh product, for the rate. Printed are messages per second,
memories per message, and a random sample of the memories that hold in the end, each with the words
it rests on. Raw turns, which stay searchable beside the memories and are listed nowhere, are
counted apart (--all-kinds samples them too).
"""

import argparse
import hashlib
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from evals.product import load
from evals.search_eval import BASE, PROJECT, Row, batches, chats
from services.kernel.contracts.events import Message, MessagesRecorded
from services.kernel.contracts.records import Kind, MemoryRecord, Owner, OwnerType, Status
from services.memorizer.domain.extraction import extract, records
from services.memorizer.domain.merging import reconcile
from tests.support.embedded import Memloom

_REST_MESSAGES = 20
_REST_CHARACTERS = 30_000


@dataclass
class Person:
    """One dialogue partner: what was said, and what is remembered of it."""

    name: str
    turns: Sequence[Row]
    messages: int = 0
    seconds: float = 0.0
    memories: list[MemoryRecord] = field(default_factory=list)


def people(data: Path) -> Iterator[tuple[str, Person]]:
    """(set, person) of every dialogue."""
    bank = data / "conversations" / "memorybank"
    for language in ("zh", "en"):
        of: dict[str, list[Row]] = defaultdict(list)
        for row in load(bank / f"{language}.turns.jsonl"):
            of[row["user"]].append(row)
        for name, rows in of.items():
            yield f"MemoryBank {language}", Person(name, rows)
    for path in chats(data / "conversations" / "beam100k"):
        rows = [
            {
                "conversation": f"{row.get('batch', 0)}",
                "message": Message(
                    id=str(row["id"]),
                    role=row["role"],
                    text=row["text"],
                    chat_time=BASE + place * 60_000,
                    position=place,
                ),
            }
            for place, row in enumerate(load(path))
        ]
        yield "BEAM 100K", Person(f"beam-{path.name[:2]}", rows)


def remember(person: Person) -> None:
    """Read by the rules, as the memorizer reads them: exchange by exchange."""
    owner = Owner(type=OwnerType.USER, id=person.name)
    known: dict[UUID, MemoryRecord] = {}
    started = time.perf_counter()
    for batch in batches(person.turns):
        for pair in exchanges([row["message"] for row in batch]):
            event = MessagesRecorded(
                project_id=PROJECT,
                owner=owner,
                conversation_id=str(batch[0]["conversation"]),
                task_id="t",
                user_id=person.name,
                messages=tuple(pair),
                recorded_at=BASE,
            )
            fresh = records(event, extract(event, _earlier(known.values(), event)), now=BASE)
            for change in reconcile(
                list(known.values()), fresh, now=BASE, refined=[one.id for one in pair]
            ):
                known[change.record.id] = change.record
            person.messages += len(pair)
    person.seconds = time.perf_counter() - started
    person.memories = [one for one in known.values() if one.status is Status.ACTIVATED]


def _earlier(known: Iterable[MemoryRecord], event: MessagesRecorded) -> list[MemoryRecord]:
    return [
        one
        for one in known
        if one.kind is Kind.MESSAGE and one.conversation_id == event.conversation_id
    ]


def exchanges(messages: Sequence[Message]) -> Iterator[list[Message]]:
    """Each message of the user with the answers to it."""
    pair: list[Message] = []
    for message in messages:
        if message.role == "user" and pair:
            yield pair
            pair = []
        pair.append(message)
    if pair:
        yield pair


def through_rest(memloom: Memloom, person: Person) -> tuple[int, float]:
    """(messages, seconds until all tasks are completed) over REST."""
    started = time.perf_counter()
    sent, tasks = 0, []
    for batch in batches(person.turns):
        for part in requests([row["message"] for row in batch]):
            tasks.append(
                memloom.add_messages(
                    person.name,
                    [
                        {
                            "role": one.role,
                            "content": one.text[:_REST_CHARACTERS],  # what one request may hold
                            "chat_time": one.chat_time,
                        }
                        for one in part
                    ],
                    conversation_id=f"{person.name}-{batch[0]['conversation']}",
                )
            )
            sent += len(part)
    for task in tasks:
        assert memloom.wait_for_task(task)["status"] == "completed"
    return sent, time.perf_counter() - started


def requests(messages: Sequence[Message]) -> Iterator[list[Message]]:
    """As many at once as a request may hold, and no more than people send."""
    part: list[Message] = []
    for message in messages:
        length = sum(len(one.text) for one in (*part, message))
        if part and (len(part) == _REST_MESSAGES or length > _REST_CHARACTERS):
            yield part
            part = []
        part.append(message)
    if part:
        yield part


def sample(of: Sequence[tuple[str, MemoryRecord]], seed: int, count: int) -> list[Any]:
    """Drawn by each memory's own lot, so that other memories do not move it."""

    def lot(one: tuple[str, MemoryRecord]) -> str:
        return hashlib.sha256(f"{seed}/{one[0]}/{one[1].id}".encode()).hexdigest()

    return sorted(of, key=lot)[:count]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sample", type=int, default=100)
    parser.add_argument("--rest", action="store_true", help="also through a fresh product")
    parser.add_argument("--all-kinds", action="store_true", help="sample raw turns too")
    options = parser.parse_args()
    found: dict[str, list[Person]] = defaultdict(list)
    for name, person in people(options.data):
        remember(person)
        found[name].append(person)
    pool: list[tuple[str, MemoryRecord]] = []
    print("| set | messages | messages/s by rules | memories/message | kinds | raw turns kept |")
    print("|---|---|---|---|---|---|")
    for name, persons in found.items():
        kinds = Counter(one.kind.value for person in persons for one in person.memories)
        raw = kinds.pop(Kind.MESSAGE.value, 0)
        messages = sum(person.messages for person in persons)
        rate = messages / max(1e-9, sum(person.seconds for person in persons))
        shown = ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items()))
        print(
            f"| {name} | {messages} | {rate:.0f} | {sum(kinds.values()) / messages:.2f} "
            f"| {shown} | {raw} |"
        )
        pool += [
            (f"{name}/{person.name}", one)
            for person in persons
            for one in person.memories
            if options.all_kinds or one.kind is not Kind.MESSAGE
        ]
    if options.rest:
        with tempfile.TemporaryDirectory() as folder, Memloom(Path(folder)) as memloom:
            for name, persons in found.items():
                ran = [through_rest(memloom, person) for person in persons]
                sent, seconds = sum(one for one, _ in ran), sum(one for _, one in ran)
                print(f"{name} over REST: {sent} messages, {sent / seconds:.0f}/s until completed")
    print(f"\nsample of {options.sample} of {len(pool)}, seed {options.seed}:")
    for number, (whose, one) in enumerate(sample(pool, options.seed, options.sample), 1):
        words = " … ".join(part.text for part in one.evidence)
        print(f"\n{number}. [{whose}] {one.kind.value} {one.attribute or '-'}\n   {one.value}")
        print(f"   source: {words}")


if __name__ == "__main__":
    main()
