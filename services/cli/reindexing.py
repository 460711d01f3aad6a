"""Generations of the index, offline or asked of a running memorizer."""

from pathlib import Path

from services.kernel.adapters.process import ProcessSettings, of_running, opened
from services.kernel.adapters.records_grpc import GrpcRecords
from services.kernel.contracts.errors import InvalidInput
from services.kernel.contracts.topics import Service
from services.kernel.ports.records import ReindexState
from services.kernel.runtime.settings import load
from services.memorizer import app as memorizer


def _settings(data: Path, embedder: str) -> ProcessSettings:
    """The environment's settings. embedder: instead of the configured one, "" for that one."""
    settings = load(ProcessSettings, data=data)
    if not embedder:
        return settings
    model = settings.embedder.model_dump() | {"model": embedder}
    return load(ProcessSettings, data=data, embedder=model)


async def change(
    data: Path, *, embedder: str, roll_back: bool, drop_previous: bool, running: bool
) -> str:
    """Do what was asked, or have it done by the process that runs; a sentence on how the
    generations stand now. embedder: a new one, "" for the configured one. InvalidInput where a
    process runs, and with another embedder.
    """
    if roll_back and drop_previous:
        raise InvalidInput("choose one of --roll-back and --drop-previous")
    settings = _settings(data, embedder)
    reached = settings if running else of_running(settings)
    if reached is not None:
        if embedder:
            raise InvalidInput(
                "a Memloom runs and fills generations with its own embedder: stop it, reindex with "
                f"--embedder, and start it with MEMLOOM_EMBEDDER__MODEL={embedder}."
            )
        state = await _ask(reached, roll_back=roll_back, drop_previous=drop_previous)
        return _sentence(state)
    if drop_previous:
        return f"{await memorizer.drop_previous(settings)} is deleted"
    if roll_back:
        return _sentence(await memorizer.roll_back(settings))
    return _sentence(await memorizer.reindex(settings))


async def _ask(settings: ProcessSettings, *, roll_back: bool, drop_previous: bool) -> ReindexState:
    async with opened(settings, name="cli") as found:
        try:
            records = GrpcRecords(found.channel(Service.MEMORIZER), token=found.token)
            if roll_back:
                return await records.roll_back_index()
            if drop_previous:
                return await records.drop_previous_index()
            return await records.start_reindex()
        finally:
            await found.bus.close()


def _sentence(state: ReindexState) -> str:
    filling = f", {state.filling} is being filled" if state.filling else ""
    before = f", {state.previous} served before" if state.previous else ""
    trouble = f"; {state.error}" if state.error else ""
    return (
        f"{state.serving or 'nothing'} serves{filling}{before}: "
        f"{state.written} of {state.records} records written{trouble}"
    )
