"""Laws of order: the store's order decides what is kept, hidden and replaced, whatever any clock
says; any repetition and any order of arrival ends in the same state.
"""

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from services.kernel.contracts.events import (
    CorrectionDecided,
    Decision,
    Event,
    Message,
    MessagesRecorded,
    OwnerRemoved,
)
from services.kernel.contracts.ids import derive
from services.kernel.contracts.records import Kind, Owner, OwnerType, Status
from services.kernel.contracts.scope import RemovedOwner, Scope
from tests.support.memorizing import Memorizer, memorizer

BASE = 1_765_000_000_000
USER = Owner(type=OwnerType.USER, id="u")
KB = Owner(type=OwnerType.KNOWLEDGE_BASE, id="kb")
TOWNS = ("Oslo", "Bergen", "Rome", "Paris")
# Whatever a gateway's clock says: hours behind, days ahead, standing still.
CLOCKS = st.integers(min_value=BASE - 10**9, max_value=BASE + 10**9)


def moved(number: int, clock: int, *, shared: bool = False) -> MessagesRecorded:
    """The user's statement number so-and-so, from a gateway whose clock says `clock`."""
    return MessagesRecorded(
        project_id="p",
        owner=USER,
        conversation_id=f"c{number}",
        task_id=f"t{number}",
        user_id="u",
        messages=(
            Message(
                id=f"m{number}",
                role="user",
                text=f"I live in {TOWNS[number]}.",
                chat_time=clock,
                timed=False,
            ),
        ),
        recorded_at=clock,
        allow_knowledgebase_ids=("kb",) if shared else (),
        sequence=BASE + 10 * (number + 1),
    )


def removed(after: int, clock: int) -> OwnerRemoved:
    """The user is removed after the statement number so-and-so."""
    return OwnerRemoved(
        project_id="p", owner=USER, removed_at=clock, sequence=BASE + 10 * (after + 1) + 5
    )


def corrected(number: int, clock: int) -> CorrectionDecided:
    """The knowledge base's correction number so-and-so of one and the same value."""
    decision = Decision(
        id=derive("correction", number),
        kind="replace_value",
        owner=KB,
        text=f"the cap is {number}00",
        attribute="cap",
        new=f"{number}00",
    )
    return CorrectionDecided(
        project_id="p",
        feedback_id=f"f{number}",
        task_id=f"t{number}",
        user_id="u",
        words=f"{number}00",
        feedback_time=clock,
        decisions=(decision,),
        sequence=BASE + 10 * (number + 1),
    )


async def standing(service: Memorizer, owner: Owner) -> set[str]:
    """Statements and corrections that hold, by record and by index: the two must agree."""
    kinds = [Kind.FACT, Kind.CORRECTION]
    async with service.database.read() as tx:
        found = await service.store.of_owner(tx, "p", owner, kinds, [Status.ACTIVATED])
    texts = {record.value for record in found}
    shown = await service.index.retrieve(Scope(project_id="p").owner(owner))
    assert texts == {record.value for record in shown if record.kind in kinds}
    return texts


def end_of(events: Sequence[Event], owner: Owner = USER) -> set[str]:
    """What holds once all were handled in this order."""

    async def story() -> set[str]:
        with tempfile.TemporaryDirectory() as folder:
            async with memorizer(Path(folder)) as service:
                for event in events:
                    await service.handle(event)
                return await standing(service, owner)

    return asyncio.run(story())


def any_order(data: st.DataObject, events: Sequence[Event]) -> list[Event]:
    """The events in any order, some of them again."""
    repeats = data.draw(st.lists(st.sampled_from(events), max_size=3))
    return data.draw(st.permutations([*events, *repeats]))


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_the_last_statement_by_the_store_holds(data: st.DataObject) -> None:
    said = [moved(number, data.draw(CLOCKS)) for number in range(len(TOWNS))]
    (holds,) = end_of(any_order(data, said))
    assert TOWNS[-1] in holds


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_a_removal_takes_what_stands_before_it_and_nothing_after(data: st.DataObject) -> None:
    last = data.draw(st.integers(0, len(TOWNS) - 1))
    said = [moved(number, data.draw(CLOCKS), shared=True) for number in range(len(TOWNS))]
    order = any_order(data, [*said, removed(last, data.draw(CLOCKS))])
    for owner in (USER, KB):
        holds = end_of(order, owner)
        assert holds == end_of(said[last + 1 :], owner)
        assert len(holds) == (1 if last + 1 < len(TOWNS) else 0)


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_the_last_correction_by_the_store_holds(data: st.DataObject) -> None:
    given_ = [corrected(number, data.draw(CLOCKS)) for number in range(1, 5)]
    assert end_of(any_order(data, given_), KB) == {"the cap is 400"}


async def test_what_was_made_before_there_was_an_order_goes_with_a_removal(tmp_path: Path) -> None:
    """An upgrade: old events and records without a place, whatever their clock said."""
    async with memorizer(tmp_path) as service:
        old = moved(0, BASE + 10**9).model_copy(update={"sequence": 0})
        await service.handle(old)
        assert await standing(service, USER)
        await service.handle(removed(0, BASE))
        assert await standing(service, USER) == set()
        await service.handle(old)
        assert await standing(service, USER) == set()
        await service.handle(moved(1, BASE - 10**9))
        assert len(await standing(service, USER)) == 1


async def test_what_a_removed_user_said_to_all_goes_and_corrections_stay(tmp_path: Path) -> None:
    async with memorizer(tmp_path) as service:
        await service.handle(moved(0, BASE, shared=True))
        await service.handle(corrected(1, BASE))
        assert len(await standing(service, KB)) == 2
        gone = removed(3, BASE)
        scope = Scope(
            project_id="p",
            knowledgebase_ids=("kb",),
            removed_owners=(RemovedOwner(owner=USER, removed_at=BASE, sequence=gone.sequence),),
        )
        where = scope.knowledge()
        assert where is not None
        # Hidden from whoever asks before the purge, purged then.
        assert [record.kind for record in await service.index.retrieve(where)] == [Kind.CORRECTION]
        await service.handle(gone)
        assert await standing(service, KB) == {"the cap is 100"}


@settings(max_examples=50, deadline=None)
@given(
    sequence=st.integers(0, 3),
    created_at=st.integers(0, 3),
    gone_sequence=st.integers(0, 3),
    removed_at=st.integers(0, 3),
)
def test_the_filter_of_a_removal_says_what_the_removal_says(
    sequence: int, created_at: int, gone_sequence: int, removed_at: int
) -> None:
    async def story() -> bool:
        with tempfile.TemporaryDirectory() as folder:
            async with memorizer(Path(folder)) as service:
                event = moved(0, created_at).model_copy(update={"sequence": sequence})
                await service.handle(event)
                (group, _) = Scope(project_id="p").removed(gone)
                return await service.index.count(group) > 0

    gone = RemovedOwner(owner=USER, removed_at=removed_at, sequence=gone_sequence)
    assert asyncio.run(story()) is gone.covers(sequence=sequence, created_at=created_at)
