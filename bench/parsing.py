"""What parsing costs: every document of a folder, and a long PDF beside Tika's server alone.

    python -m bench.parsing --data <folder> [--tika http://127.0.0.1:9998] [--pages 500]

Reads with the product's own readers in their worker process and cuts with its own segmentation.
Memory is that of the worker (and of Tika's processes, where they run on this machine), in MiB.
"""

import argparse
import asyncio
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import httpx
import psutil
from fpdf import FPDF

from services.kernel.adapters.reader_worker import WorkerPool
from services.kernel.contracts.errors import InvalidInput
from services.memorizer.domain.segmentation import segment
from services.parser.app import make_pool, parse_file
from services.parser.settings import ParserSettings

KINDS = frozenset({".pdf", ".docx", ".doc", ".txt", ".md", ".json", ".xml"})
ABOUT_THE_DATA = frozenset({"readme.md", "sources.md"})
LOOK_EVERY = 0.02
PARAGRAPH = (
    "Clause {number} binds both parties for the term that the schedule names. Whoever wants to end "
    "it earlier gives notice in writing three months before; a fee of {number} euros is due then. "
) * 3


@dataclass(slots=True)
class Cost:
    """Seconds on the wall, CPU seconds, and the most memory that was held."""

    wall: float = 0.0
    cpu: float = 0.0
    peak_mb: float = 0.0


@asynccontextmanager
async def costs(processes: Callable[[], list[psutil.Process]]) -> AsyncIterator[Cost]:
    """What the processes cost while the block runs; they may start in it."""
    cost = Cost()
    seconds: dict[int, float] = {one.pid: _cpu(one) for one in processes()}
    before = dict(seconds)

    async def look() -> None:
        while True:
            found = processes()
            seconds.update({one.pid: _cpu(one) for one in found})
            cost.peak_mb = max(cost.peak_mb, sum(map(_resident, found)))
            await asyncio.sleep(LOOK_EVERY)

    looking = asyncio.create_task(look())
    began = time.perf_counter()
    try:
        yield cost
    finally:
        cost.wall = time.perf_counter() - began
        looking.cancel()
        cost.cpu = sum(seconds.values()) - sum(before.values())


def _cpu(process: psutil.Process) -> float:
    with contextlib.suppress(psutil.NoSuchProcess):
        times = process.cpu_times()
        return float(times.user + times.system)
    return 0.0


def _resident(process: psutil.Process) -> float:
    with contextlib.suppress(psutil.NoSuchProcess):
        return float(process.memory_info().rss) / (1 << 20)
    return 0.0


def workers() -> list[psutil.Process]:
    """The worker processes of this one."""
    return psutil.Process(os.getpid()).children(recursive=True)


def documents(folder: Path) -> Iterator[Path]:
    """Every document below the folder."""
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in KINDS and path.name.lower() not in ABOUT_THE_DATA:
            yield path


async def table(folder: Path, pool: WorkerPool, settings: ParserSettings) -> None:
    """One line a document: how it ends, by whom it was read, in what time, in which passages."""
    print(f"{'file':<64} {'KiB':>7} {'s':>6} {'outcome':<10} {'passages':>8} tokens median/max")
    for path in documents(folder):
        began = time.perf_counter()
        try:
            parsed = await parse_file(path, settings, pool=pool)
        except InvalidInput as error:
            shown = f"{int(error.code):<10} {'':>8} {error.message}"
        else:
            passages = segment(parsed, document_name=path.name)
            sizes = [passage.tokens for passage in passages] or [0]
            shown = (
                f"{parsed.reader:<10} {len(passages):>8} {median(sizes):>6.0f} / {max(sizes):<6}"
            )
        seconds = time.perf_counter() - began
        name = str(path.relative_to(folder))[-64:]
        print(f"{name:<64} {path.stat().st_size / 1024:>7.0f} {seconds:>6.2f} {shown}", flush=True)


def long_pdf(path: Path, pages: int) -> None:
    """A contract with headings, paragraphs and a table on every page."""
    pdf = FPDF()
    for page in range(pages):
        pdf.add_page()
        pdf.set_font("helvetica", style="B", size=14)
        pdf.cell(0, 10, f"{page + 1} Section of the contract", new_x="LMARGIN", new_y="NEXT")
        pdf.set_font("helvetica", size=11)
        for part in range(3):
            text = PARAGRAPH.format(number=page * 3 + part)
            pdf.multi_cell(0, 6, text, new_x="LMARGIN", new_y="NEXT")
        with pdf.table() as rows:
            for row in range(4):
                rows.row([f"Item {page}-{row}", "Price" if row == 0 else str(100 * row + page)])
    pdf.output(str(path))


async def beside_tika(pages: int, url: str, pool: WorkerPool, settings: ParserSettings) -> None:
    """The same PDF by Tika alone and by us, warm both."""
    with tempfile.TemporaryDirectory() as folder:
        path, small = Path(folder) / "long.pdf", Path(folder) / "small.pdf"
        await asyncio.to_thread(long_pdf, path, pages)
        await asyncio.to_thread(long_pdf, small, 2)
        print(f"\nPDF of {pages} pages, {path.stat().st_size >> 10} KiB")
        await parse_file(small, settings, pool=pool)
        async with costs(workers) as ours:
            parsed = await parse_file(path, settings, pool=pool)
        began = time.perf_counter()
        passages = segment(parsed, document_name=path.name)
        cutting = time.perf_counter() - began
        _print("ours", ours, f"{len(passages)} passages, cut in {cutting:.2f} s")
        if url:
            await _tika(url, small)
            async with costs(lambda: listening(url)) as theirs:
                length = await _tika(url, path)
            _print("tika alone", theirs, f"{length} characters of XHTML")


async def _tika(url: str, path: Path) -> int:
    content = await asyncio.to_thread(path.read_bytes)
    async with httpx.AsyncClient(timeout=300, trust_env=False) as client:
        answer = await client.put(f"{url}/rmeta/xml", content=content)
    answer.raise_for_status()
    return len(answer.text)


def listening(url: str) -> list[psutil.Process]:
    """The processes behind a local port, with their children; none where it is elsewhere."""
    port = urlsplit(url).port
    with contextlib.suppress(psutil.AccessDenied):
        owners = {
            one.pid
            for one in psutil.net_connections("tcp")
            if one.status == psutil.CONN_LISTEN and one.laddr and one.laddr.port == port
        }
        roots = [psutil.Process(pid) for pid in owners if pid]
        return [*roots, *(child for root in roots for child in root.children(recursive=True))]
    return []


def _print(name: str, cost: Cost, what: str) -> None:
    print(
        f"{name:<12} {cost.wall:>7.2f} s wall {cost.cpu:>7.2f} s CPU "
        f"{cost.peak_mb:>7.0f} MiB at most   {what}"
    )


async def main() -> int:
    """Print both."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--data", type=Path, help="a folder of documents")
    options.add_argument("--tika", default="", help="address of a Tika server")
    options.add_argument("--pages", type=int, default=500)
    asked = options.parse_args()
    settings = ParserSettings(workers=1)
    pool = make_pool(settings)
    print(f"load of the machine: {os.getloadavg()[0]:.1f}")
    try:
        if asked.data:
            await table(asked.data, pool, settings)
        if asked.pages:
            await beside_tika(asked.pages, asked.tika.rstrip("/"), pool, settings)
    finally:
        await pool.close()
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
