"""What a search costs in the index: the raw engine's calls beside the adapter's, p50 and p95.

    python bench/search_index.py --points 10000 100000 [--dense]

Texts are made up: 120 terms drawn by Zipf's law from 60,000, ten knowledge bases in one project.
"""

import argparse
import asyncio
import itertools
import json
import random
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import qdrant_edge as engine

from services.kernel.adapters.qdrant_edge import QdrantEdgeIndex
from services.kernel.contracts.records import DocumentAnchor, Kind, MemoryRecord, Owner, OwnerType
from services.kernel.contracts.scope import IndexFilter, Scope
from services.kernel.ports.index import Point, Query, SparseVector

TERMS = 60_000
LENGTH = 120
BASES = 10
DIMENSION = 384
ROUNDS = 60
Table = dict[str, dict[str, float]]


class Words:
    """Made-up texts and vectors, the same on every run."""

    def __init__(self) -> None:
        weights = 1.0 / np.arange(1, TERMS + 1)
        self._cumulative = np.cumsum(weights / weights.sum())
        self._random = np.random.default_rng(7)

    def terms(self, count: int) -> tuple[int, ...]:
        drawn = np.searchsorted(self._cumulative, self._random.random(count))
        return tuple(int(term) for term in np.unique(drawn))

    def weights(self, count: int) -> tuple[float, ...]:
        return tuple(self._random.uniform(0.6, 2.0, count).tolist())

    def dense(self) -> tuple[float, ...]:
        return tuple(self._random.standard_normal(DIMENSION).tolist())


def made_up(number: int, words: Words, *, dense: bool) -> Point:
    """A passage of one of the ten knowledge bases."""
    terms = words.terms(LENGTH)
    owner = Owner(type=OwnerType.KNOWLEDGE_BASE, id=f"k{number % BASES}")
    record = MemoryRecord(
        id=uuid.UUID(int=number + 1),
        project_id="p1",
        owner=owner,
        kind=Kind.PASSAGE,
        key="A heading",
        value="Some text of a passage. " * 30,
        context="A title › A heading",
        anchor=DocumentAnchor(document_id=f"d{number // 100}", document_name="a.pdf"),
        created_at=number,
        updated_at=number,
        ordinal=number % 100,
    )
    vector = words.dense() if dense else None
    return Point(record, SparseVector(terms, words.weights(len(terms))), vector)


def condition(field: str, values: list[str]) -> engine.FieldCondition:
    """The field is one of the values."""
    return engine.FieldCondition(field, match=engine.MatchAny(values))


def three_fields(owners: list[str]) -> engine.Filter:
    """Project, status and owner, each a condition."""
    tests = [condition("project_id", ["p1"]), condition("status", ["activated"])]
    return engine.Filter(must=[*tests, condition("owner", owners)])


def one_field(owners: list[str]) -> engine.Filter:
    """The same as the adapter says it."""
    keys = [f"p1\x1f{owner}\x1factivated" for owner in owners]
    return engine.Filter(must=[condition("partition", keys)])


def nearest(vector: Any, using: str, where: engine.Filter, corpus: engine.Filter | None) -> Any:
    """A request for 50 points with their records."""
    parameters = engine.SearchParams(idf=engine.IdfParams(corpus)) if corpus else None
    if using == "dense":
        exact = engine.QuantizationSearchParams(rescore=True, oversampling=3.0)
        parameters = engine.SearchParams(quantization=exact)
    asked = engine.Query.Nearest(vector, using=using)
    return engine.QueryRequest(
        50, query=asked, filter=where, with_payload=["record"], params=parameters
    )


def percentiles(milliseconds: list[float]) -> dict[str, float]:
    """p50, p95 and p99."""
    return {f"p{n}": round(float(np.percentile(milliseconds, n)), 2) for n in (50, 95, 99)}


def timed(make: Callable[[], Any], call: Callable[[Any], Any]) -> dict[str, float]:
    """Milliseconds of `call`; what it is called with is made outside the time."""
    taken = []
    for _ in range(ROUNDS):
        asked = make()
        start = time.perf_counter()
        call(asked)
        taken.append((time.perf_counter() - start) * 1e3)
    return percentiles(taken)


def raw(folder: Path, words: Words, *, dense: bool) -> Table:
    """The engine alone."""
    shard = engine.EdgeShard.load(str(folder))

    def sparse() -> Any:
        terms = words.terms(12)
        return engine.SparseVector(list(terms), [1.0] * len(terms))

    table: Table = {}
    sides = {"one base": ["kb:k3"], "all bases": [f"kb:k{n}" for n in range(BASES)]}
    for side, owners in sides.items():
        three, one = three_fields(owners), one_field(owners)
        variants = {
            "sparse, no corpus": (three, None),
            "sparse, corpus as three conditions": (three, three),
            "sparse, corpus as one condition": (one, one),
        }
        for name, (where, corpus) in variants.items():

            def make(where: Any = where, corpus: Any = corpus) -> Any:
                return nearest(sparse(), "sparse", where, corpus)

            table[f"{name}, {side}"] = timed(make, shard.query)
        if dense:

            def vector(where: Any = one) -> Any:
                return nearest(list(words.dense()), "dense", where, None)

            table[f"dense, {side}"] = timed(vector, shard.query)
    shard.close()
    return table


async def adapter(folder: Path, words: Words, *, dense: bool) -> Table:
    """The same searches through the port, records and all."""
    index = await QdrantEdgeIndex.open(folder, dimension=DIMENSION if dense else None)
    table: Table = {}

    def sparse(where: IndexFilter) -> Query:
        terms = words.terms(12)
        return Query("sparse", SparseVector(terms, (1.0,) * len(terms)), where, corpus=where)

    async def measure(name: str, make: Callable[[], list[Query]]) -> None:
        taken = []
        for _ in range(ROUNDS):
            queries = make()
            start = time.perf_counter()
            await index.search(queries)
            taken.append((time.perf_counter() - start) * 1e3)
        table[name] = percentiles(taken)

    for side, bases in {"one base": 1, "all bases": BASES}.items():
        scope = Scope(project_id="p1", knowledgebase_ids=tuple(f"k{n}" for n in range(bases)))
        where = scope.knowledge()
        if where is None:
            raise SystemExit("a scope with knowledge bases has a filter")

        def one(where: IndexFilter = where) -> list[Query]:
            return [sparse(where)]

        def two(where: IndexFilter = where) -> list[Query]:
            return [sparse(where), sparse(where)]

        def both(where: IndexFilter = where) -> list[Query]:
            return [sparse(where), Query("dense", words.dense(), where)]

        await measure(f"sparse, {side}", one)
        await measure(f"two sparse, {side}", two)
        if dense:
            await measure(f"sparse and dense, {side}", both)
    await index.close()
    return table


async def fill(folder: Path, count: int, words: Words, *, dense: bool) -> Table:
    """Write the points, and time writing, flushing, reading and deleting."""
    index = await QdrantEdgeIndex.open(folder, dimension=DIMENSION if dense else None)
    taken = []
    numbers = iter(range(count))
    while batch := list(itertools.islice(numbers, 64)):
        points = [made_up(number, words, dense=dense) for number in batch]
        start = time.perf_counter()
        await index.upsert(points)
        taken.append((time.perf_counter() - start) * 1e3)
    start = time.perf_counter()
    await index.flush()
    flushed = (time.perf_counter() - start) * 1e3
    scope = Scope(project_id="p1")
    start = time.perf_counter()
    await index.retrieve(scope.document("d1"))
    read = (time.perf_counter() - start) * 1e3
    start = time.perf_counter()
    await index.delete(scope.document("d0"))
    deleted = (time.perf_counter() - start) * 1e3
    await index.upsert([made_up(number, words, dense=dense) for number in range(100)])
    await index.close()
    single = {
        "flush": {"once": round(flushed, 1)},
        "read a document of 100": {"once": round(read, 1)},
        "delete a document of 100": {"once": round(deleted, 1)},
    }
    return {"write 64": percentiles(taken), **single}


def main() -> None:
    """Run, print, and write the figures where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, nargs="+", default=[10_000])
    parser.add_argument("--dense", action="store_true", help=f"with {DIMENSION}-dimension vectors")
    parser.add_argument("--json", type=Path, help="write the figures here as well")
    options = parser.parse_args()
    random.seed(7)
    figures = {}
    for count in options.points:
        words = Words()
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / "index"
            parts = {"write": asyncio.run(fill(folder, count, words, dense=options.dense))}
            parts["engine"] = raw(folder, words, dense=options.dense)
            parts["adapter"] = asyncio.run(adapter(folder, words, dense=options.dense))
        figures[count] = parts
        for part, table in parts.items():
            print(f"{count:,} points, {part} (ms)")
            for name, values in table.items():
                shown = "  ".join(f"{key} {value:8.2f}" for key, value in values.items())
                print(f"  {name:48s} {shown}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
