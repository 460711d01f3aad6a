"""Laws: any interleaving, with repeats, of one document's events ends in the same index."""

import asyncio
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from services.kernel.contracts.events import (
    BlobRef,
    DocumentParsed,
    DocumentProgressed,
    DocumentRemoved,
    Event,
    PassagesSegmented,
)
from tests.support.memorizing import Memorizer, memorizer, parsed_document

IDENTITY = {"project_id": "p", "knowledgebase_id": "base1", "document_id": "d1"}


async def parsed(service: Memorizer, revision: int = 1, sections: int = 7) -> DocumentParsed:
    blob = await service.blobs.put(
        f"parsed/r{revision}", parsed_document(sections).model_dump_json().encode()
    )
    return DocumentParsed(
        **IDENTITY,
        revision=revision,
        name="rules.md",
        parsed=BlobRef(path=blob.path, size=blob.size, sha256=blob.sha256),
    )


async def batches(service: Memorizer, event: DocumentParsed) -> list[PassagesSegmented]:
    emitted = await service.handle(event)
    return [event for event in emitted if isinstance(event, PassagesSegmented)]


def outcomes(events: list[Event]) -> list[str]:
    return [event.outcome for event in events if isinstance(event, DocumentProgressed)]


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_any_order_of_batches_ends_in_the_same_index(data: st.DataObject) -> None:
    async def story() -> None:
        with tempfile.TemporaryDirectory() as folder:
            async with memorizer(Path(folder)) as service:
                event = await parsed(service)
                expected_batches = await batches(service, event)
                for batch in expected_batches:
                    await service.handle(batch)
                expected = await service.indexed()
            with tempfile.TemporaryDirectory() as other:
                async with memorizer(Path(other)) as service:
                    event = await parsed(service)
                    todo = await batches(service, event)
                    repeats = data.draw(
                        st.lists(st.sampled_from([event, *todo]), max_size=6), label="repeats"
                    )
                    order = data.draw(st.permutations([*todo, *repeats]), label="order")
                    seen: list[str] = []
                    for item in order:
                        seen += outcomes(await service.handle(item))
                    assert await service.indexed() == expected
                    assert len(expected) >= 7
                    assert "completed" in seen

    asyncio.run(story())


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_nothing_revives_what_was_removed(data: st.DataObject) -> None:
    async def story() -> None:
        with tempfile.TemporaryDirectory() as folder:
            async with memorizer(Path(folder)) as service:
                event = await parsed(service)
                todo = await batches(service, event)
                removed = DocumentRemoved(**IDENTITY, removed_at=service.clock.now)
                order = data.draw(st.permutations([event, *todo, removed]), label="order")
                for item in order:
                    await service.handle(item)
                assert await service.indexed() == {}
                assert not [path for path in service.blobs.blobs if "passages/" in path] or (
                    order.index(event) > order.index(removed)
                )

    asyncio.run(story())


async def test_a_removal_before_the_submission_holds(tmp_path: Path) -> None:
    async with memorizer(tmp_path) as service:
        removed = DocumentRemoved(**IDENTITY, removed_at=service.clock.now)
        assert outcomes(await service.handle(removed)) == ["deleted"]
        assert await service.handle(await parsed(service)) == []


async def test_a_new_revision_replaces_the_old_one(tmp_path: Path) -> None:
    async with memorizer(tmp_path) as service:
        first = await batches(service, await parsed(service, sections=7))
        for batch in first:
            await service.handle(batch)
        second = await batches(service, await parsed(service, revision=2, sections=4))
        for batch in second:
            await service.handle(batch)
        found = await service.indexed()
        assert {revision for revision, _ in found.values()} == {2}
        # A late batch of the old revision changes nothing.
        await service.handle(first[0])
        assert await service.indexed() == found
