"""How each shape of set is scored; see the READMEs of the sets."""

import random
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, datetime

import orjson

from evals.search_eval.bm25 import Floor
from evals.search_eval.shapes import EvalSet, Row, load
from evals.search_eval.worlds import BASE, World, chats
from services.kernel.contracts.events import Message
from services.kernel.contracts.ids import derive
from services.kernel.contracts.records import DocumentAnchor, Kind, MemoryRecord, Owner, OwnerType
from services.retriever.domain.query import languages

FLOOR = "plain BM25"
DEPTH = 25
Ranking = Sequence[AbstractSet[str]]
Ranker = Callable[[str], Awaitable[Ranking]]
Measure = Callable[[Ranking, AbstractSet[str]], float]


@dataclass
class Figures:
    """Percent by column (the product, its arms, the floor) and measure."""

    name: str
    questions: int
    values: dict[str, dict[str, float]] = field(default_factory=dict)
    note: str = ""


def hit(count: int) -> Measure:
    """Whether one of the first `count` is right."""
    return lambda ranking, gold: float(any(one & gold for one in ranking[:count]))


def share(count: int) -> Measure:
    """The share of what is right in the first `count`."""
    return lambda ranking, gold: len(_all(ranking[:count]) & gold) / len(gold)


def reciprocal(count: int) -> Measure:
    """1 / rank of the first that is right, 0 below `count`."""
    return lambda ranking, gold: next(
        (1 / rank for rank, one in enumerate(ranking[:count], 1) if one & gold), 0.0
    )


def _all(ranking: Ranking) -> AbstractSet[str]:
    return set[str]().union(*ranking)


async def score(
    name: str,
    asked: Sequence[tuple[str, AbstractSet[str], dict[str, Ranker]]],
    measures: dict[str, Measure],
) -> Figures:
    """Mean of each measure over (question, gold, ranker by column)."""
    sums: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for question, gold, rankers in asked:
        for column, ranker in rankers.items():
            ranking = await ranker(question)
            for label, measure in measures.items():
                sums[column][label] += measure(ranking, gold)
    values = {
        column: {label: round(100 * value / max(1, len(asked)), 1) for label, value in row.items()}
        for column, row in sums.items()
    }
    return Figures(name, len(asked), values)


def rankers(
    world: World,
    floor: Floor,
    told_by: Callable[[MemoryRecord], AbstractSet[str]],
    *,
    kb: str = "",
    user: str = "",
) -> dict[str, Ranker]:
    """The product, its arms and the floor."""
    found: dict[str, Ranker] = {}
    for arm in world.arms:

        async def of_arm(question: str, arm: str = arm) -> Ranking:
            records = await world.ask(question, kb=kb, user=user, arm=arm)  # type: ignore[arg-type] # an arm
            return [told_by(record) for record in records]

        found[arm] = of_arm

    async def of_floor(question: str) -> Ranking:
        return [{one} for one in floor.top(question, DEPTH)]

    return {**found, FLOOR: of_floor}


def by_document(record: MemoryRecord) -> AbstractSet[str]:
    """The file name."""
    return {record.anchor.document_name} if record.anchor is not None else set()


def by_message(record: MemoryRecord) -> AbstractSet[str]:
    """The messages that a memory rests on."""
    return {one.message_id for one in record.evidence}


def by_conversation(record: MemoryRecord) -> AbstractSet[str]:
    """The conversation in which it was said."""
    return {record.conversation_id}


def passage(row: Row, kb: str) -> MemoryRecord:
    """A passage of a set is a document of its own."""
    title = str(row.get("title") or "")
    return MemoryRecord(
        id=derive(kb, row["id"]),
        project_id="p1",
        owner=Owner(type=OwnerType.KNOWLEDGE_BASE, id=kb),
        kind=Kind.PASSAGE,
        key=title,
        value=row["text"],
        context=title,
        anchor=DocumentAnchor(
            knowledgebase_id=kb,
            document_id=f"{kb}/{row['id']}",
            document_name=str(row["id"]),
            end=len(row["text"]),
        ),
        created_at=BASE,
        updated_at=BASE,
    )


PASSAGES = {"recall@1": hit(1), "recall@5": hit(5), "MRR@10": reciprocal(10)}


async def passages(world: World, one: EvalSet) -> Figures:
    """Recall of the gold passages."""
    rows = load(one.folder / "passages.jsonl")
    await world.write([passage(row, one.name) for row in rows])
    texts = [f"{row.get('title') or ''}\n{row['text']}" for row in rows]
    floor = Floor(world.encoder, texts, [str(row["id"]) for row in rows])
    columns = rankers(world, floor, by_document, kb=one.name)
    return await score(one.name, questions_of(one, columns), PASSAGES)


def questions_of(
    one: EvalSet, columns: dict[str, Ranker]
) -> list[tuple[str, AbstractSet[str], dict[str, Ranker]]]:
    """Questions and gold passages of a set."""
    rows = load(one.folder / "questions.jsonl")
    return [(row["question"], set(map(str, row["gold"])), columns) for row in rows]


async def beside_foreign(world: World, one: EvalSet, foreign: EvalSet) -> Figures:
    """The same questions before and after foreign texts came into another knowledge base."""
    questions = [row["question"] for row in load(one.folder / "questions.jsonl")]
    before = [await world.ask(question, kb=one.name) for question in questions]
    rows = load(foreign.folder / foreign.stem)
    await world.write([passage(row, foreign.name) for row in rows])
    after = [await world.ask(question, kb=one.name) for question in questions]
    changed = sum(
        [record.id for record in first] != [record.id for record in then]
        for first, then in zip(before, after, strict=True)
    )
    columns = {
        "product": rankers(world, Floor(world.encoder, [], []), by_document, kb=one.name)["product"]
    }
    figures = await score(one.name, questions_of(one, columns), PASSAGES)
    figures.name = f"{one.name}, {len(rows):,} texts of {foreign.name} in another base"
    figures.note = f"{changed} of {len(questions)} answers changed"
    return figures


async def harmed(world: World, one: EvalSet, turns: EvalSet) -> Figures:
    """The same questions by somebody of whom the facts of two others are known."""
    talk = load(turns.folder / f"{turns.stem}.turns.jsonl")
    people = sorted({row["user"] for row in talk})
    random.seed(7)
    user = f"harmed {one.name}"
    for person in random.sample(people, min(2, len(people))):
        await world.remember(user, [row for row in talk if row["user"] == person])
    floor = Floor(world.encoder, [], [])
    columns = {"product": rankers(world, floor, by_document, kb=one.name, user=user)["product"]}
    figures = await score(one.name, questions_of(one, columns), PASSAGES)
    figures.name = f"{one.name} with two other users' facts"
    return figures


def same_language(one: EvalSet, other: EvalSet) -> bool:
    """Whether questions of a set of passages are in the language of a set of turns."""
    asked = load(one.folder / "questions.jsonl")[0]["question"]
    told = load(other.folder / f"{other.stem}.questions.jsonl")[0]["question"]
    return ("zh" in languages(asked)) == ("zh" in languages(told))


async def files(world: World, one: EvalSet) -> Figures:
    """Whether the first passage is of the right document, where there is one; and the share of
    the right documents among the first four.
    """
    paths = [path for path in sorted(one.folder.iterdir()) if path.suffix != ".jsonl"]
    records = [record for path in paths for record in await world.read_file(path, one.name)]
    await world.write(records)
    texts = [f"{record.context}\n{record.value}" for record in records]
    names = [record.anchor.document_name if record.anchor else "" for record in records]
    columns = rankers(world, Floor(world.encoder, texts, names), by_document, kb=one.name)
    rows = load(one.folder / "questions.jsonl")
    asked = [(row["question"], frozenset(row["gold_docs"]), columns) for row in rows]
    single = [row for row in asked if len(row[1]) == 1]
    figures = await score(one.name, single, {"document hit@1": hit(1)})
    every = await score(one.name, asked, {"recall@4": distinct(share(4))})
    for column, values in every.values.items():
        figures.values[column] |= values
    figures.questions = len(asked)
    figures.note = f"hit@1 on the {len(single)} questions with one document"
    return figures


def distinct(measure: Measure) -> Measure:
    """Each document once, at its best passage."""
    return lambda ranking, gold: measure(
        [set(one) for one in dict.fromkeys(frozenset(one) for one in ranking)], gold
    )


async def turns(world: World, one: EvalSet) -> Figures:
    """Recall of the turns that hold the answer, or repeat it."""
    people: dict[str, list[Row]] = defaultdict(list)
    for row in load(one.folder / f"{one.stem}.turns.jsonl"):
        people[row["user"]].append(row)
    columns = {}
    for person, rows in people.items():
        user = f"{one.name} {person}"
        await world.remember(user, rows)
        texts = [f"{row['query']}\n{row['response']}" for row in rows]
        floor = Floor(world.encoder, texts, [str(row["id"]) for row in rows])
        columns[person] = rankers(world, floor, by_message, user=user)
    asked = [
        (row["question"], _gold(row["evidence"], row.get("also") or []), columns[row["user"]])
        for row in load(one.folder / f"{one.stem}.questions.jsonl")
    ]
    return await score(one.name, asked, {"recall@1": hit(1), "recall@5": hit(5)})


def _gold(*groups: Iterable[object]) -> AbstractSet[str]:
    return {str(one) for group in groups for one in group}


async def talks(world: World, one: EvalSet) -> Figures:
    """The share of the evidence messages among those of the first memories."""
    asked = []
    for path in chats(one.folder):
        rows = load(path)
        user = f"{one.name} {path.name.partition('.')[0]}"
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
        await world.remember(user, said)
        floor = Floor(world.encoder, [row["text"] for row in rows], [str(r["id"]) for r in rows])
        columns = rankers(world, floor, by_message, user=user)
        questions = load(path.with_name(path.name.replace("messages", "questions")))
        asked += [
            (q["question"], _gold(q["evidence"]), columns) for q in questions if q["evidence"]
        ]
    return await score(one.name, asked, {"recall@5": share(5), "recall@10": share(10)})


async def sessions(world: World, one: EvalSet) -> Figures:
    """Whether a memory of the session that holds the answer is among the first five."""
    asked = []
    for case in orjson.loads((one.folder / one.stem).read_bytes()):
        user = f"{one.name} {case['question_id']}"
        texts = []
        for name, date, session in zip(
            case["haystack_session_ids"],
            case["haystack_dates"],
            case["haystack_sessions"],
            strict=True,
        ):
            began = datetime.strptime(date, "%Y/%m/%d (%a) %H:%M").replace(tzinfo=UTC)
            said = [
                {
                    "conversation": name,
                    "message": Message(
                        id=f"{name}/{place}",
                        role=row["role"],
                        text=row["content"],
                        chat_time=round(began.timestamp() * 1000) + place * 1000,
                        position=place,
                    ),
                }
                for place, row in enumerate(session)
            ]
            await world.remember(user, said)
            texts.append("\n".join(row["content"] for row in session))
        floor = Floor(world.encoder, texts, case["haystack_session_ids"])
        columns = rankers(world, floor, by_conversation, user=user)
        asked.append((case["question"], set(case["answer_session_ids"]), columns))
    return await score(one.name, asked, {"session@5": hit(5)})
