"""Uploads while things break, and the count afterwards: lost, doubled, dead letters."""

import asyncio
import base64
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import asyncpg
import httpx
from fpdf import FPDF

from services.kernel.adapters.kafka_bus import KafkaDeadLetters
from tests.support.embedded import Memloom
from tests.support.faults import Servers

AT_ONCE = 20
"""Files of one request, as the public API allows."""


@dataclass(frozen=True, slots=True)
class Document:
    """A small document with a word of its own."""

    name: str
    marker: str
    content: bytes


def documents(count: int, label: str) -> list[Document]:
    """Every third a PDF, which Tika reads; the others Markdown."""
    return [_document(number, label) for number in range(count)]


def _document(number: int, label: str) -> Document:
    marker = f"{label}{number:04d}marker"
    if number % 3 == 0:
        pdf = FPDF()
        pdf.set_font("helvetica", size=12)
        for page in range(2):
            pdf.add_page()
            pdf.multi_cell(0, 8, f"Page {page} of rules. " * 40 + (marker if page == 0 else ""))
        return Document(f"{marker}.pdf", marker, bytes(pdf.output()))
    parts = "\n\n".join(f"## Part {part}\n\nClause {part} of the rules holds." for part in range(6))
    text = f"# Rules {number}\n\nThis is {marker}.\n\n{parts}\n"
    return Document(f"{marker}.md", marker, text.encode())


@dataclass(slots=True)
class Ledger:
    """What was accepted: the only promise that counts. refused: answers that were no promise."""

    knowledge_base: str
    accepted: dict[str, Document] = field(default_factory=dict)
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Counts:
    """The result of one fault."""

    fault: str
    accepted: int
    completed: int
    failed: int
    lost: int
    doubled: int
    dead_letters: int
    refused: int
    seconds: float

    def row(self) -> str:
        """For a table."""
        return (
            f"{self.fault:<34} accepted {self.accepted:>4} completed {self.completed:>4} "
            f"failed {self.failed:>2} lost {self.lost} doubled {self.doubled} "
            f"dead letters {self.dead_letters} refused {self.refused:>3} {self.seconds:>6.1f} s"
        )


def upload(
    memloom: Memloom, ledger: Ledger, wanted: Sequence[Document], *, seconds: float = 600.0
) -> None:
    """Upload until each is accepted; an answer that is no success is tried again."""
    deadline = time.monotonic() + seconds
    for start in range(0, len(wanted), AT_ONCE):
        batch = wanted[start : start + AT_ONCE]
        files = [
            {"name": one.name, "content": base64.b64encode(one.content).decode()} for one in batch
        ]
        while True:
            assert time.monotonic() < deadline, f"not accepted: {batch[0].name}"
            answer = _try_to_add(memloom, ledger.knowledge_base, files)
            if answer is not None:
                ledger.accepted |= {
                    file["id"]: document for file, document in zip(answer, batch, strict=True)
                }
                break
            ledger.refused += 1
            time.sleep(0.3)


def _try_to_add(
    memloom: Memloom, knowledge_base: str, files: list[dict[str, str]]
) -> list[dict[str, Any]] | None:
    try:
        answer = memloom.call(
            "/add/knowledgebase-file", {"knowledgebase_id": knowledge_base, "file": files}
        )
    except (httpx.TransportError, ValueError):
        return None
    return answer["data"] if answer["code"] == 0 else None


def _patiently(call: Callable[[], Any], *, seconds: float = 60.0) -> Any:
    """The answer, once the service is there again."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return call()
        except (httpx.TransportError, ValueError, AssertionError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.3)


def wait_until_all_ended(
    memloom: Memloom, ledger: Ledger, *, seconds: float
) -> list[dict[str, Any]]:
    """The details of every accepted document, once none is PROCESSING."""
    ids = list(ledger.accepted)
    deadline = time.monotonic() + seconds
    while True:
        found: list[dict[str, Any]] = []
        for start in range(0, len(ids), 50):
            found += _patiently(partial(memloom.files, ids[start : start + 50]))
        running = [file for file in found if file["status"] == "PROCESSING"]
        if not running:
            return found
        assert time.monotonic() < deadline, f"{len(running)} still running: {running[:3]}"
        time.sleep(0.3)


def lost_of(memloom: Memloom, ledger: Ledger, ended: Sequence[dict[str, Any]]) -> list[str]:
    """Accepted documents that did not end, or that the search does not find once COMPLETED."""
    states = {file["id"]: file["status"] for file in ended}
    lost = []
    for identifier, document in ledger.accepted.items():
        if states.get(identifier) == "FAILED":
            continue
        answer = memloom.search(
            "checker", document.marker, [ledger.knowledge_base], memory_limit_number=5
        )
        found = [
            item
            for item in answer["memory_detail_list"]
            if item["document_id"] == identifier and document.marker in item["memory_value"]
        ]
        if states.get(identifier) != "COMPLETED" or not found:
            lost.append(document.name)
    return lost


async def doubled_passages(url: str, knowledge_base: str) -> int:
    """Active passages beyond one a place, in the system of record."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        rows = await connection.fetch(
            "select document_id, count(*) as n, count(distinct ordinal) as places from records "
            "where kind = 'passage' and status = 'activated' and owner_key like $1 "
            "group by document_id",
            f"%{knowledge_base}%",
        )
    finally:
        await connection.close()
    assert rows, "the checker looks at the wrong table"
    return sum(row["n"] - row["places"] for row in rows)


async def count(
    fault: str, stack: Servers, memloom: Memloom, ledger: Ledger, *, begun: float
) -> Counts:
    """Wait for the end and count."""
    ended = await asyncio.to_thread(
        wait_until_all_ended, memloom, ledger, seconds=300 + 2 * len(ledger.accepted)
    )
    seconds = time.monotonic() - begun
    lost = await asyncio.to_thread(lost_of, memloom, ledger, ended)
    connections = stack.connections()
    doubled = await doubled_passages(
        connections.postgres.url_for("memorizer"), ledger.knowledge_base
    )
    letters = KafkaDeadLetters(connections.kafka)
    found = await letters.list(limit=1000)
    await letters.close()
    return Counts(
        fault=fault,
        accepted=len(ledger.accepted),
        completed=sum(file["status"] == "COMPLETED" for file in ended),
        failed=sum(file["status"] == "FAILED" for file in ended),
        lost=len(lost),
        doubled=doubled,
        dead_letters=len(found),
        refused=ledger.refused,
        seconds=seconds,
    )
