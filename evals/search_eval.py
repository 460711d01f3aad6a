"""Recall of the one search on documents and conversations, beside plain BM25 in the same run.

    python -m evals.search_eval --data <folder> [--sets cmrc pubmedqa memorybank beam]
                                [--harm] [--write docs/quality.md] [--json FILE]

Documents and turns are made into records by the product's own rules, indexed in Qdrant Edge and
found by the product's own search; no language model. The floor is BM25 over whole passages or
turns with the same analyser.
"""

import argparse
import asyncio
import json
import math
import random
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evals.product import load
from services.kernel.adapters.lexical import LexicalBm25
from services.kernel.adapters.qdrant_edge import QdrantEdgeIndex
from services.kernel.adapters.system_clock import SystemClock
from services.kernel.contracts.events import Message, MessagesRecorded
from services.kernel.contracts.records import MemoryRecord, Owner, OwnerType, Status
from services.kernel.contracts.retrieval import SearchRequest
from services.kernel.contracts.scope import Scope
from services.memorizer.domain.extraction import extract, records
from services.memorizer.domain.merging import reconcile
from services.memorizer.handlers.indexing import IndexWriter
from services.retriever.app import searcher
from services.retriever.settings import RetrieverSettings
from tests.support.searching import passage

BASE = 1_750_000_000_000
PROJECT = "p1"
Row = dict[str, Any]


@dataclass
class Figures:
    """recall@k in percent, of the product and of the floor."""

    name: str
    questions: int = 0
    values: dict[str, float] = field(default_factory=dict)


class World:
    """The product's writer and search over one index."""

    def __init__(self, index: QdrantEdgeIndex) -> None:
        self.encoder = LexicalBm25()
        self.writer = IndexWriter(index=index, encoder=self.encoder)
        self.search = searcher(
            RetrieverSettings(), index=index, encoder=self.encoder, clock=SystemClock()
        )

    async def ask(
        self, query: str, *, kb: str = "", user: str = "", limit: int = 10
    ) -> list[MemoryRecord]:
        scope = Scope(
            project_id=PROJECT,
            subject=Owner(type=OwnerType.USER, id=user) if user else None,
            knowledgebase_ids=(kb,) if kb else (),
            include_public=False,
        )
        answer = await self.search.search(
            SearchRequest(scope=scope, query=query, memory_limit=25, preference_limit=25, now=BASE)
        )
        items = sorted((*answer.memories, *answer.preferences), key=lambda item: -item.relativity)
        found = [item.record for item in items]
        if kb:
            found = [record for record in found if record.owner.type is OwnerType.KNOWLEDGE_BASE]
        return found[:limit]


def floor(encoder: LexicalBm25, texts: Sequence[str]) -> "Floor":
    return Floor(encoder, texts)


class Floor:
    """BM25 (k1 1.2, b 0.75) over whole texts with the product's terms."""

    def __init__(self, encoder: LexicalBm25, texts: Sequence[str]) -> None:
        self._encoder = encoder
        self._postings: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self._lengths = []
        for number, text in enumerate(texts):
            terms = encoder.tokens(text)
            self._lengths.append(len(terms))
            counts: dict[str, int] = defaultdict(int)
            for term in terms:
                counts[term] += 1
            for term, count in counts.items():
                self._postings[term].append((number, count))

    def top(self, query: str, count: int) -> list[int]:
        mean = sum(self._lengths) / max(1, len(self._lengths))
        scores: dict[int, float] = defaultdict(float)
        for term in set(self._encoder.tokens(query)):
            found = self._postings.get(term, [])
            idf = math.log(1 + (len(self._lengths) - len(found) + 0.5) / (len(found) + 0.5))
            for number, tf in found:
                norm = 1.2 * (0.25 + 0.75 * self._lengths[number] / mean)
                scores[number] += idf * tf * 2.2 / (tf + norm)
        return sorted(scores, key=lambda number: (-scores[number], number))[:count]


async def documents(world: World, name: str, folder: Path, *, user: str = "") -> Figures:
    rows = load(folder / "passages.jsonl")
    questions = load(folder / "questions.jsonl")
    await world.writer.sync(
        [
            passage(
                row["text"],
                document=row["id"],
                title=row.get("title") or row["id"],
                knowledgebase=name,
            )
            for row in rows
        ]
    )
    base = floor(world.encoder, [f"{row.get('title', '')}\n{row['text']}" for row in rows])
    ids = [row["id"] for row in rows]
    hits: dict[str, float] = defaultdict(float)
    for question in questions:
        gold = set(question["gold"])
        found = await world.ask(question["question"], kb=name, user=user)
        names = [record.anchor.document_name if record.anchor else "" for record in found]
        plain = [ids[number] for number in base.top(question["question"], 10)]
        for label, ranked in (("", names), ("floor ", plain)):
            rank = next((place for place, one in enumerate(ranked) if one in gold), None)
            hits[f"{label}recall@1"] += rank == 0
            hits[f"{label}recall@5"] += rank is not None and rank < 5
            hits[f"{label}MRR@10"] += 0 if rank is None else 1 / (rank + 1)
    return Figures(name, len(questions), percent(hits, len(questions)))


async def harm(world: World, folder: Path, turns: Path) -> Figures:
    """CMRC's recall@1 with the facts of two random other users added, against without."""
    talk = load(turns)
    people = sorted({row["user"] for row in talk})
    random.seed(7)
    user = "harmed"
    for person in random.sample(people, 2):
        await remember(world, user, [row for row in talk if row["user"] == person])
    with_facts = await documents(world, "cmrc", folder, user=user)
    return Figures(
        "cmrc with two other users' facts",
        with_facts.questions,
        {"recall@1": with_facts.values["recall@1"]},
    )


async def remember(world: World, user: str, turns: Sequence[Row]) -> None:
    owner = Owner(type=OwnerType.USER, id=user)
    known: dict[Any, MemoryRecord] = {}
    for batch in batches(turns):
        event = MessagesRecorded(
            project_id=PROJECT,
            owner=owner,
            conversation_id=str(batch[0]["conversation"]),
            task_id="t",
            user_id=user,
            messages=tuple(row["message"] for row in batch),
            recorded_at=BASE,
        )
        fresh = records(event, extract(event), now=BASE)
        for change in reconcile(list(known.values()), fresh, now=BASE):
            known[change.record.id] = change.record
    await world.writer.sync(
        [record for record in known.values() if record.status is Status.ACTIVATED]
    )


def batches(turns: Sequence[Row]) -> Iterator[list[Row]]:
    rows = [row if "message" in row else pair for row in turns for pair in spoken(row)]
    by_talk: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_talk[str(row["conversation"])].append(row)
    yield from by_talk.values()


def spoken(row: Row) -> list[Row]:
    """A companion's turn as two messages of one id."""
    if "message" in row:
        return [row]
    day = round(datetime.fromisoformat(str(row["date"])).replace(tzinfo=UTC).timestamp() * 1000)
    return [
        {
            "conversation": row["date"],
            "message": Message(
                id=str(row["id"]), role=role, text=row[part], chat_time=day, position=place
            ),
        }
        for place, (role, part) in enumerate((("user", "query"), ("assistant", "response")))
        if row[part]
    ]


async def memorybank(world: World, folder: Path, language: str) -> Figures:
    turns = load(folder / f"{language}.turns.jsonl")
    questions = load(folder / f"{language}.questions.jsonl")
    people: dict[str, list[Row]] = defaultdict(list)
    for row in turns:
        people[row["user"]].append(row)
    floors = {}
    for person, rows in people.items():
        await remember(world, f"{language}-{person}", rows)
        floors[person] = floor(world.encoder, [f"{r['query']}\n{r['response']}" for r in rows])
    hits: dict[str, float] = defaultdict(float)
    for question in questions:
        person = question["user"]
        gold = {str(one) for one in (*question["evidence"], *(question.get("also") or []))}
        found = await world.ask(question["question"], user=f"{language}-{person}")
        ranked = [{one.message_id for one in record.evidence} for record in found]
        plain = [
            {str(people[person][number]["id"])}
            for number in floors[person].top(question["question"], 5)
        ]
        for label, sets in (("", ranked), ("floor ", plain)):
            hits[f"{label}recall@1"] += bool(sets and sets[0] & gold)
            hits[f"{label}recall@5"] += any(one & gold for one in sets[:5])
    return Figures(f"memorybank {language}", len(questions), percent(hits, len(questions)))


async def beam(world: World, folder: Path) -> Figures:
    hits: dict[str, float] = defaultdict(float)
    asked = 0
    for path in chats(folder):
        rows = load(path)
        user = f"beam-{path.name[:2]}"
        said = [
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
            for place, row in enumerate(rows)
        ]
        await remember(world, user, said)
        base = floor(world.encoder, [row["text"] for row in rows])
        for question in load(path.with_name(path.name.replace("messages", "questions"))):
            gold = {str(one) for one in question["evidence"]}
            if not gold:
                continue
            asked += 1
            found = await world.ask(question["question"], user=user)
            ranked = [{one.message_id for one in record.evidence} for record in found]
            plain = [{str(rows[n]["id"])} for n in base.top(question["question"], 10)]
            for label, sets in (("", ranked), ("floor ", plain)):
                for count in (5, 10):
                    seen: set[str] = set().union(*sets[:count])
                    hits[f"{label}recall@{count}"] += len(seen & gold) / len(gold)
    return Figures("BEAM 100K", asked, percent(hits, asked))


def chats(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.messages.jsonl"))


def percent(hits: dict[str, float], count: int) -> dict[str, float]:
    return {name: round(100 * value / max(1, count), 1) for name, value in hits.items()}


async def run(arguments: argparse.Namespace) -> list[Figures]:
    data: Path = arguments.data
    with tempfile.TemporaryDirectory() as folder:
        index = await QdrantEdgeIndex.open(Path(folder) / "index")
        world = World(index)
        results = []
        cmrc = data / "docs_zh" / "cmrc2018_dev"
        if "cmrc" in arguments.sets:
            results.append(await documents(world, "cmrc", cmrc))
        if arguments.harm:
            turns = data / "conversations" / "memorybank" / "zh.turns.jsonl"
            results.append(await harm(world, cmrc, turns))
        if "pubmedqa" in arguments.sets:
            results.append(await documents(world, "pubmedqa", data / "docs_en" / "pubmedqa"))
        if "memorybank" in arguments.sets:
            bank = data / "conversations" / "memorybank"
            results += [await memorybank(world, bank, language) for language in ("zh", "en")]
        if "beam" in arguments.sets:
            results.append(await beam(world, data / "conversations" / "beam100k"))
        await index.close()
    return results


def table(results: Sequence[Figures]) -> str:
    lines = ["| set | questions | product | plain BM25 |", "|---|---|---|---|"]
    for result in results:
        ours = {k: v for k, v in result.values.items() if not k.startswith("floor")}
        plain = {k: v for k, v in result.values.items() if k.startswith("floor")}
        lines.append(
            f"| {result.name} | {result.questions} | "
            f"{', '.join(f'{k} {v}' for k, v in ours.items())} | "
            f"{', '.join(f'{k[6:]} {v}' for k, v in plain.items())} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", nargs="*", default=["cmrc", "pubmedqa", "memorybank", "beam"])
    parser.add_argument("--harm", action="store_true")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--write", type=Path, help="replace the table in this Markdown file")
    arguments = parser.parse_args()
    results = asyncio.run(run(arguments))
    shown = table(results)
    print(shown)
    if arguments.json:
        arguments.json.write_text(
            json.dumps({result.name: result.values for result in results}, indent=2)
        )
    if arguments.write:
        text = arguments.write.read_text(encoding="utf-8")
        head, _, rest = text.partition("<!-- figures -->")
        _, _, tail = rest.partition("<!-- end -->")
        arguments.write.write_text(
            f"{head}<!-- figures -->\n{shown}\n<!-- end -->{tail}", encoding="utf-8"
        )


if __name__ == "__main__":
    main()
