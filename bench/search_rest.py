"""What a search costs through the whole product: over REST and gRPC, alone and during ingestion,
as ratios to the raw engine's calls in the same run.

    python -m bench.search_rest --points 10000 100000 [--json FILE]

The index of an embedded product is filled with made-up passages through the product's own
adapter; the product is then started over it and searched by a user with facts of his own. The raw
engine's calls are the very requests that each of these searches sends to the index, recorded and
replayed without us. Texts are made up: 100 words drawn by Zipf's law from 40,000.
"""

import argparse
import asyncio
import base64
import json
import os
import sqlite3
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

import grpc
import httpx
import numpy as np
import qdrant_edge as engine
from memloom.v1 import memloom_pb2, memloom_pb2_grpc

from services.kernel.adapters.lexical import LexicalBm25
from services.kernel.adapters.qdrant_edge import QdrantEdgeIndex
from services.kernel.adapters.system_clock import SystemClock
from services.kernel.contracts.records import DocumentAnchor, Kind, MemoryRecord, Owner, OwnerType
from services.kernel.contracts.retrieval import SearchRequest
from services.kernel.contracts.scope import Scope
from services.kernel.language.reading import encode, read
from services.kernel.language.text import Lexicon
from services.kernel.ports.index import Point
from services.retriever.handlers.search import Search
from tests.support.embedded import Memloom

WORDS = 40_000
LENGTH = 100
ASKED = 8
BASES = 10
ROUNDS = 150
WARM = 20
FACTS = 60
USER = "reader"
TIMES = 3.0
MILLISECONDS = 3.0
DURING = 2.0
Table = dict[str, dict[str, float]]


class Words:
    """Made-up texts, the same on every run."""

    def __init__(self) -> None:
        weights = 1.0 / np.arange(1, WORDS + 1)
        self._cumulative = np.cumsum(weights / weights.sum())
        self._random = np.random.default_rng(7)

    def text(self, count: int) -> str:
        """So many words."""
        drawn = np.searchsorted(self._cumulative, self._random.random(count))
        return " ".join(_word(int(number)) for number in drawn)


def _word(number: int) -> str:
    """A pronounceable word of its own for each number."""
    letters = ""
    number += 400
    while number:
        number, place = divmod(number, 100)
        letters += "bcdfghklmnprstvz"[place % 16] + "aeiou"[place // 20]
    return letters


Call = tuple[str, tuple[Any, ...]]


class Recorder:
    """The engine, remembering what it was asked."""

    def __init__(self, shard: Any) -> None:
        self._shard = shard
        self.calls: list[Call] = []

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._shard, name)

        def call(*arguments: Any) -> Any:
            if name in {"query_batch", "query", "retrieve"}:
                self.calls.append((name, arguments))
            return method(*arguments)

        return call


def made_up(number: int, words: Words, project: str, bases: Sequence[str]) -> MemoryRecord:
    """A passage of one of the knowledge bases, a hundred to a document."""
    base = bases[number % len(bases)]
    text = words.text(LENGTH)
    return MemoryRecord(
        id=uuid.uuid5(uuid.NAMESPACE_URL, f"bench/{number}"),
        project_id=project,
        owner=Owner(type=OwnerType.KNOWLEDGE_BASE, id=base),
        kind=Kind.PASSAGE,
        key="A heading",
        value=text,
        context="A title › A heading",
        anchor=DocumentAnchor(
            knowledgebase_id=base,
            document_id=f"bench-{base}-{number // 1000}",
            document_name=f"bench-{number // 1000}.md",
            heading_path=("A heading",),
            start=number * 1000,
            end=number * 1000 + len(text),
        ),
        created_at=1_750_000_000_000 + number,
        updated_at=1_750_000_000_000 + number,
        ordinal=number // len(bases) % 100,
    )


def points_folder(data: Path) -> Path:
    """The folder of the generation that serves."""
    current = json.loads((data / "index" / "generations.json").read_text())["current"]
    return data / "index" / str(current) / "points"


def prepare(data: Path, words: Words) -> list[str]:
    """A product with empty knowledge bases and a user of whom something is known."""
    with Memloom(data) as memloom:
        bases = [memloom.create_kb(f"bench {number}") for number in range(BASES)]
        upload(memloom, bases[0], words, sections=2, wait=True)
        told = [
            {"role": "user", "content": f"My {words.text(2)} is the {words.text(4)}."}
            for _ in range(FACTS)
        ]
        memloom.wait_for_task(memloom.add_messages(USER, told, conversation_id="c1"))
    return bases


def upload(memloom: Memloom, base: str, words: Words, *, sections: int, wait: bool = False) -> None:
    """One Markdown document."""
    text = "\n\n".join(f"## {words.text(3)}\n\n{words.text(LENGTH)}" for _ in range(sections))
    content = "data:text/markdown;base64," + base64.b64encode(text.encode()).decode()
    (file,) = memloom.add_files(base, [{"name": f"{uuid.uuid4()}.md", "content": content}])
    if wait:
        memloom.wait_for_files([file["id"]])


async def fill(data: Path, count: int, words: Words, bases: Sequence[str]) -> str:
    """Made-up passages into the index; the project's id."""
    with sqlite3.connect(data / "gateway.db") as database:
        ((project,),) = database.execute("SELECT id FROM projects").fetchall()
    index = await QdrantEdgeIndex.open(points_folder(data))
    encoder = LexicalBm25()
    lexicon = Lexicon(encoder.tokens, encoder.singles, remember=0)
    for start in range(0, count, 512):
        records = [
            made_up(number, words, project, bases)
            for number in range(start, min(start + 512, count))
        ]
        await index.upsert(
            [
                Point(
                    one,
                    encoder.document(one.value, context=one.context),
                    reading=encode(read(one, lexicon)),
                )
                for one in records
            ]
        )
    await index.flush()
    await index.close()
    return str(project)


async def recorded(
    data: Path, project: str, bases: Sequence[str], queries: Sequence[str]
) -> list[list[Call]]:
    """What each search asks of the engine, call by call."""
    index = await QdrantEdgeIndex.open(points_folder(data))
    recorder = Recorder(index._shard)  # noqa: SLF001 - between the adapter and the engine
    index._shard = recorder  # type: ignore[assignment]  # noqa: SLF001 - answers as the engine does
    search = Search(index=index, encoder=LexicalBm25(), clock=SystemClock())
    scope = Scope(
        project_id=project,
        subject=Owner(type=OwnerType.USER, id=USER),
        knowledgebase_ids=tuple(bases),
    )
    found = []
    for query in queries:
        recorder.calls = []
        await search.search(SearchRequest(scope=scope, query=query, now=round(time.time() * 1000)))
        found.append(recorder.calls)
    await index.close()
    return found


def raw(data: Path, searches: Sequence[Sequence[Call]]) -> dict[str, float]:
    """The engine alone, answering the same requests."""
    shard = engine.EdgeShard.load(str(points_folder(data)))
    taken, before = [], 0.0
    for number, calls in enumerate((*searches[:WARM], *searches)):
        start = time.perf_counter()
        for name, arguments in calls:
            getattr(shard, name)(*arguments)
        if number >= WARM:
            taken.append((time.perf_counter() - start) * 1e3)
        if number == WARM - 1:
            before = cpu_ms(os.getpid())
    cpu = (cpu_ms(os.getpid()) - before) / len(searches)
    shard.close()
    return {**percentiles(taken), "cpu": round(cpu, 2)}


def percentiles(milliseconds: Sequence[float]) -> dict[str, float]:
    """p50, p95 and p99."""
    return {f"p{n}": round(float(np.percentile(milliseconds, n)), 2) for n in (50, 95, 99)}


def cpu_ms(process: int) -> float:
    """Milliseconds that a process has computed so far: what it costs, however busy others are."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1e3 / os.sysconf("SC_CLK_TCK")


def timed(
    queries: Sequence[str], call: Callable[[str], Any], process: int | None = None
) -> dict[str, float]:
    """Percentiles in milliseconds, after some calls to warm up. cpu: the mean of what `process`
    computed for each.
    """
    for query in queries[:WARM]:
        call(query)
    taken = []
    before = cpu_ms(process) if process else 0.0
    for query in queries:
        start = time.perf_counter()
        call(query)
        taken.append((time.perf_counter() - start) * 1e3)
    found = percentiles(taken)
    if process:
        found["cpu"] = round((cpu_ms(process) - before) / len(queries), 2)
    return found


def over_rest(memloom: Memloom, bases: Sequence[str], client: httpx.Client) -> Callable[[str], Any]:
    """One search over REST, on a connection that stays open."""

    def call(query: str) -> Any:
        answer = client.post(
            f"{memloom.url}/api/openmem/v1/search/memory",
            json={"user_id": USER, "query": query, "knowledgebase_ids": list(bases)},
            headers={"Authorization": f"Token {memloom.key}"},
        ).json()
        if answer["code"] != 0 or not answer["data"]["memory_detail_list"]:
            raise SystemExit(f"no answer: {answer}")
        return answer

    return call


def over_grpc(
    memloom: Memloom, bases: Sequence[str], channel: grpc.Channel
) -> Callable[[str], Any]:
    """One search over gRPC."""
    stub = memloom_pb2_grpc.MemloomStub(channel)
    metadata = (("authorization", f"Token {memloom.key}"),)

    def call(query: str) -> Any:
        request = memloom_pb2.SearchMemoryRequest(
            user_id=USER, query=query, knowledgebase_ids=list(bases)
        )
        return stub.SearchMemory(request, metadata=metadata)

    return call


class Ingestion:
    """Documents that keep coming over REST, as fast as they are taken in."""

    def __init__(self, memloom: Memloom, base: str, words: Words) -> None:
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(memloom, base, words))
        self.documents = 0

    def __enter__(self) -> Self:
        self._thread.start()
        while self.documents < 1:
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self, memloom: Memloom, base: str, words: Words) -> None:
        while not self._over.is_set():
            upload(memloom, base, words, sections=20, wait=True)
            self.documents += 1


def measure(count: int) -> Table:
    """All figures with so many passages."""
    words = Words()
    queries = [words.text(ASKED) for _ in range(ROUNDS)]
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        bases = prepare(data, words)
        project = asyncio.run(fill(data, count, words, bases))
        calls = asyncio.run(recorded(data, project, bases, queries))
        table = {"raw engine": raw(data, calls)}
        with Memloom(data) as memloom, httpx.Client(timeout=60) as client:
            rest = over_rest(memloom, bases, client)
            process = memloom.process.pid if memloom.process is not None else None
            table["REST"] = timed(queries, rest, process)
            with grpc.insecure_channel(f"127.0.0.1:{memloom.grpc_port}") as channel:
                call = over_grpc(memloom, bases, channel)
                table["gRPC"] = timed(queries, call, process)
                with Ingestion(memloom, bases[1], Words()) as coming:
                    table["REST during ingestion"] = timed(queries, rest)
                    table["gRPC during ingestion"] = timed(queries, call)
                    documents = coming.documents
        table["raw engine again"] = raw(data, calls)
    print(f"  {documents} documents of 20 sections came in meanwhile")
    return table


def judge(table: Table) -> list[str]:
    """The promises, each with what was found."""
    raws = {
        p: max(table[name][p] for name in ("raw engine", "raw engine again"))
        for p in ("p50", "p95")
    }
    lines = []
    for door in ("REST", "gRPC"):
        for point, base in raws.items():
            most, found = TIMES * base + MILLISECONDS, table[door][point]
            lines.append(
                f"{door} {point} {found:.1f} ms, {found / base:.1f} x raw; at most {TIMES:g} x "
                f"{base:.1f} + {MILLISECONDS:g} = {most:.1f} ms: "
                f"{'kept' if found <= most else 'BROKEN'}"
            )
        ratio = table[f"{door} during ingestion"]["p95"] / table[door]["p95"]
        lines.append(
            f"{door} p95 during ingestion {ratio:.2f} x idle; at most {DURING:g}: "
            f"{'kept' if ratio <= DURING else 'BROKEN'}"
        )
    return lines


def main() -> None:
    """Run, print, and write the figures where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, nargs="+", default=[10_000])
    parser.add_argument("--json", type=Path, help="write the figures here as well")
    options = parser.parse_args()
    figures: dict[str, Any] = {}
    for count in options.points:
        print(f"{count:,} passages (ms); load {os.getloadavg()[0]:.1f} before", flush=True)
        table = measure(count)
        for name, values in table.items():
            shown = "  ".join(f"{key} {value:8.2f}" for key, value in values.items())
            print(f"  {name:28s} {shown}")
        verdicts = judge(table)
        print("\n".join(f"  {line}" for line in verdicts))
        print(f"  load {os.getloadavg()[0]:.1f} after", flush=True)
        figures[str(count)] = {"figures": table, "promises": verdicts}
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
