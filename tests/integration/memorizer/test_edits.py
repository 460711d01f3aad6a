"""A message that comes again with other words is an edit: its former memories go."""

import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services.kernel.contracts.events import (
    Event,
    Message,
    MessagesRecorded,
    OwnerRemoved,
    TaskProgressed,
)
from services.kernel.contracts.records import Kind, MemoryRecord, Owner, OwnerType, Status
from tests.support.memorizing import Memorizer, memorizer, said
from tests.support.sql import postgres_url

USER = Owner(type=OwnerType.USER, id="u")
PUBLIC = Owner(type=OwnerType.PUBLIC)
START = 1_765_000_000_000
KINDS = (Kind.FACT, Kind.PREFERENCE, Kind.MESSAGE)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.real)])
async def service(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Memorizer]:
    postgres = request.param == "postgres"
    if postgres:
        postgres_url()
    async with memorizer(tmp_path, postgres=postgres) as opened:
        yield opened


def sent(text: str, sequence: int, *, message: str = "m1", edition: int = 0, **more: Any) -> Event:
    first = sequence if not edition else START
    one = Message(
        id=message,
        role="user",
        text=text,
        chat_time=START,
        timed=False,
        sequence=first,
        edition=edition,
    )
    known = {
        "project_id": "p",
        "owner": USER,
        "conversation_id": "c",
        "task_id": f"t{sequence}",
        "user_id": "u",
        "messages": (one,),
        "recorded_at": sequence,
        "sequence": sequence,
    }
    return MessagesRecorded(**(known | more))


FIRST = sent("I live in Oslo and I keep bees.", START)
EDIT = sent("I live in Rome.", START + 5, edition=START + 5)


async def held(service: Memorizer, owner: Owner = USER) -> list[MemoryRecord]:
    async with service.database.read() as tx:
        return await service.store.of_owner(tx, "p", owner, KINDS, list(Status))


async def values(service: Memorizer, owner: Owner = USER) -> set[str]:
    return {
        record.value
        for record in await held(service, owner)
        if record.status is Status.ACTIVATED and record.kind is not Kind.MESSAGE
    }


def changes(emitted: list[Event]) -> list[tuple[str, str]]:
    (done,) = [event for event in emitted if isinstance(event, TaskProgressed)]
    return sorted((change.change, str(change.memory_id)) for change in done.changes)


async def test_an_edit_replaces_what_the_message_made(service: Memorizer) -> None:
    await service.handle(FIRST)
    before = await held(service)
    assert any("Oslo" in record.value for record in before)
    emitted = changes(await service.handle(EDIT))
    assert {kind for kind, _ in emitted} == {"added", "archived"}
    now = await values(service)
    assert any("Rome" in value for value in now)
    assert not any("Oslo" in value or "bees" in value for value in now)
    gone = [r for r in await held(service) if "bees" in r.value and r.kind is Kind.FACT]
    assert all(record.status is Status.ARCHIVED for record in gone)
    assert await service.indexed() == await said(service)
    assert not any("bees" in text for _, text in (await service.indexed()).values())


@pytest.mark.parametrize("order", list(itertools.permutations([FIRST, EDIT, FIRST])))
async def test_any_order_of_arrival_ends_with_the_newest_words(
    tmp_path: Path, order: tuple[Event, ...]
) -> None:
    async with memorizer(tmp_path) as service:
        for event in order:
            await service.handle(event)
        assert any("Rome" in value for value in await values(service))
        assert not any("Oslo" in value or "bees" in value for value in await values(service))
        assert await service.indexed() == await said(service)


async def test_a_repeat_of_an_edit_changes_nothing(service: Memorizer) -> None:
    await service.handle(FIRST)
    first = changes(await service.handle(EDIT))
    before = await held(service)
    assert changes(await service.handle(EDIT)) == first
    assert await held(service) == before


async def test_what_the_edited_words_had_replaced_holds_again(service: Memorizer) -> None:
    await service.handle(sent("I live in Bergen.", START - 100, message="m0"))
    await service.handle(sent("I live in Oslo.", START))
    assert not any("Bergen" in value for value in await values(service))
    await service.handle(sent("I like tea.", START + 5, edition=START + 5))
    now = await values(service)
    assert any("Bergen" in value for value in now)
    assert not any("Oslo" in value for value in now)


async def test_an_edit_takes_back_what_was_shared(service: Memorizer) -> None:
    await service.handle(sent("I live in Oslo.", START, allow_public=True))
    assert any("Oslo" in value for value in await values(service, PUBLIC))
    await service.handle(EDIT)
    assert await values(service, PUBLIC) == set()


async def test_what_others_said_in_a_conversation_of_that_name_stays(service: Memorizer) -> None:
    other = Owner(type=OwnerType.USER, id="v")
    theirs: dict[str, Any] = {"owner": other, "user_id": "v", "allow_public": True}
    await service.handle(sent("I live in Lima.", START, message="m1", **theirs))
    await service.handle(sent("I live in Oslo.", START))
    await service.handle(EDIT)
    assert any("Lima" in value for value in await values(service, other))
    assert any("Lima" in value for value in await values(service, PUBLIC))


async def test_who_begins_anew_is_not_bound_by_old_edits(service: Memorizer) -> None:
    await service.handle(FIRST)
    await service.handle(EDIT)
    gone = OwnerRemoved(
        project_id="p", owner=USER, removed_at=START + 10, task_id="r", sequence=START + 10
    )
    await service.handle(gone)
    await service.handle(EDIT)
    assert await held(service) == []
    await service.handle(sent("I live in Paris.", START + 20))
    assert any("Paris" in value for value in await values(service))
