"""Differences between the stores of a Memloom, found and mended while it runs or is stopped."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from services.gateway.app import mending
from services.gateway.handlers.mending import Mending
from services.kernel.adapters.process import ProcessSettings, Resources, of_running, opened
from services.kernel.adapters.records_grpc import GrpcRecords
from services.kernel.contracts.topics import Service
from services.kernel.runtime.settings import load
from services.memorizer.app import RecordFacts, record_facts

# The index is compared by one call.
_LONGEST_CALL: Final = 3600.0
_AREAS: Final = ("originals", "parsed", "passages")
_PARTS: Final = 5  # area, project, knowledge base, document, blob


@dataclass(slots=True)
class Report:
    """Differences by kind. sent: kinds whose mending is an event, done once a Memloom has heard
    it.
    """

    counts: dict[str, int] = field(default_factory=dict)
    sent: set[str] = field(default_factory=set)

    @property
    def total(self) -> int:
        """How many differences of all kinds."""
        return sum(self.counts.values())

    def lines(self) -> list[str]:
        """A line for each kind."""
        return [f"{kind.replace('_', ' ')}: {count}" for kind, count in self.counts.items()]


async def reconcile(data: Path, *, mend: bool, seconds: float) -> Report:
    """What differs; mend: and mend it. seconds: what was deleted so long ago should be confirmed.
    A Memloom that runs on the data folder holds the index, and compares it itself.
    """
    settings = load(ProcessSettings, data=data)
    reached = of_running(settings)
    async with opened(reached or settings, name="memloom-reconcile") as resources:
        try:
            async with mending(resources) as gateway, record_facts(resources) as records:
                index = (
                    await records.index(mend=mend)
                    if reached is None
                    else await _asked(resources, mend=mend)
                )
                report = Report(counts=dict(index))
                await _documents(report, gateway, records, resources, mend=mend)
                await _removals(report, gateway, mend=mend, seconds=seconds)
                await _corrections(report, gateway, records, mend=mend)
                return report
        finally:
            await resources.bus.close()


async def _asked(resources: Resources, *, mend: bool) -> dict[str, int]:
    channel = resources.channel(Service.MEMORIZER)
    records = GrpcRecords(channel, token=resources.token, timeout=_LONGEST_CALL)
    return await records.reconcile(mend=mend)


async def _documents(
    report: Report, gateway: Mending, records: RecordFacts, resources: Resources, *, mend: bool
) -> None:
    """Blobs of documents that are none, and documents that say more than the records hold."""
    # Blobs are read first: a document is in the catalogue before it has any.
    folders: set[str] = set()
    for area in _AREAS:
        async for path in resources.blobs.list(f"{area}/"):
            parts = path.split("/")
            if len(parts) >= _PARTS:
                folders.add("/".join(parts[: _PARTS - 1]))
    documents = await gateway.documents()
    wanted = {document.id for document in documents if document.purged_at is None}
    strays = sorted(folder for folder in folders if folder.split("/")[-1] not in wanted)
    report.counts["blobs_without_documents"] = len(strays)
    if mend:
        for folder in strays:
            await resources.blobs.delete_prefix(f"{folder}/")
    completed = [
        document.id
        for document in documents
        if document.deleted_at is None and document.state.outcome == "completed"
    ]
    empty = await records.without_passages(completed)
    report.counts["documents_without_passages"] = len(empty)
    if mend and empty:
        await gateway.submit_again(empty)
        report.sent.add("documents_without_passages")


async def _removals(report: Report, gateway: Mending, *, mend: bool, seconds: float) -> None:
    """Deletions that some store has not confirmed."""
    documents, removals = await gateway.unconfirmed(seconds=seconds)
    report.counts["unconfirmed_removals"] = len(documents) + len(removals)
    if mend and (documents or removals):
        await gateway.remove_again(documents, removals)
        report.sent.add("unconfirmed_removals")


async def _corrections(
    report: Report, gateway: Mending, records: RecordFacts, *, mend: bool
) -> None:
    """Lines of the correction log without a record, and those that say another state."""
    log = await gateway.log()
    held = await records.corrections([entry.id for entry in log])
    lost = [entry for entry in log if entry.id not in held]
    switched = {
        entry.id: active
        for entry in log
        if (active := held.get(entry.id)) is not None and active != entry.active
    }
    report.counts["corrections_without_records"] = len(lost)
    report.counts["corrections_of_another_state"] = len(switched)
    if mend and lost:
        await gateway.decide_again(lost)
        report.sent.add("corrections_without_records")
    if mend:
        for identifier, active in switched.items():
            await gateway.switch(identifier, active=active)
