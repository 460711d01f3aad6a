"""Messages become memories, read by rules and reconciled with what is known.

Raw turns (tag `mode:fast`) and refined memories are written together: the rules take about a
millisecond, less than a write. What a chat model adds joins later (`enriching`).
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final, Literal
from uuid import UUID

import structlog

from services.kernel.contracts.errors import DependencyUnavailable, MemloomError
from services.kernel.contracts.events import (
    DeletionProgressed,
    Envelope,
    Event,
    MemoryChange,
    Message,
    MessagesRecorded,
    TaskProgressed,
    owner_subject,
)
from services.kernel.contracts.ids import derive
from services.kernel.contracts.records import Kind, MemoryRecord, Owner, OwnerType, Status
from services.kernel.contracts.topics import Service
from services.kernel.language import bounds
from services.kernel.ports.clock import Clock
from services.kernel.ports.store import Database, Transaction
from services.kernel.runtime.dispatch import Outcome
from services.kernel.runtime.policy import Done, Raised, attempt
from services.memorizer.domain.editing import (
    WITHDRAWN,
    editions,
    late,
    message_of,
    withdraw,
    withdrawn_by,
    without,
)
from services.memorizer.domain.extraction import (
    MemoryDraft,
    derive_id,
    extract,
    identity_of,
    is_kept,
    message_memory,
    turns_verbatim,
)
from services.memorizer.domain.extraction import records as drafts_to_records
from services.memorizer.domain.generated import combined
from services.memorizer.domain.merging import reconcile
from services.memorizer.domain.related import ends_touch, group_key, replaced_ids
from services.memorizer.handlers.indexing import IndexWriter
from services.memorizer.handlers.ports import EnrichmentStore, RecordStore, Source, Work

_log = structlog.get_logger(__name__)

KINDS: Final = (Kind.MESSAGE, Kind.FACT, Kind.PREFERENCE, Kind.TOOL)
# Turns of a conversation by which a "yes, that one" is understood.
TURNS: Final = 32
# What the views of the API name; raw turns are the rules' matter.
_VIEWS: Final = {Kind.FACT: "detail_factual", Kind.PREFERENCE: "preference"}
_ALL: Final = (Status.ACTIVATED, Status.RESOLVING, Status.ARCHIVED, Status.DELETED)

MoreDrafts = Callable[[MessagesRecorded], list[MemoryDraft]]


class Messages:
    """Handler of `chat.message.recorded`."""

    def __init__(
        self,
        *,
        database: Database,
        store: RecordStore,
        writer: IndexWriter,
        clock: Clock,
        owed: EnrichmentStore,
        asks_model: bool = False,
        read_seconds: float = 30.0,
    ) -> None:
        self._database = database
        self._store = store
        self._writer = writer
        self._clock = clock
        self._owed = owed
        self._asks_model = asks_model
        self._read_seconds = read_seconds

    async def on_recorded(self, event: Event, _: Envelope) -> Outcome:
        """What the rules find, for each owner; any order of messages ends the same."""
        assert isinstance(event, MessagesRecorded)  # noqa: S101 - the table routes by type
        written, done = await self.remember(event)

        async def apply(tx: Transaction) -> Sequence[Event]:
            await self._writer.vouch(tx, self._store, written)
            if await _source(event).is_gone(tx, self._store):
                return done, _ignored(event)
            if self._asks_model and _worth_asking(event):
                await self._owed.owe(tx, _work(event))
            return (done,)

        return Outcome(apply=apply)

    async def remember(
        self, event: MessagesRecorded, more: MoreDrafts | None = None
    ) -> tuple[list[MemoryRecord], TaskProgressed]:
        """Written to records and index, to be vouched for; and what it did. more: drafts beside
        those of the rules.
        """
        earlier = await self._earlier(event)
        changes: list[MemoryChange] = []
        written: list[MemoryRecord] = []
        named = owners(event)
        for owner in (*named, *await self._former_owners(event, named)):
            mine = event.model_copy(update={"owner": owner})
            fresh: list[MemoryRecord] = []
            if owner in named:
                fresh = await self._read(mine, earlier, more)
            mended, news = await self._remember(mine, fresh, said_by=event.owner)
            written += mended
            if owner == event.owner:
                changes = news
        await self._writer.sync(written)
        done = TaskProgressed(
            project_id=event.project_id,
            task_id=event.task_id,
            status="completed",
            changes=tuple(changes),
        )
        return written, done

    async def _read(
        self, event: MessagesRecorded, earlier: Sequence[MemoryRecord], more: MoreDrafts | None
    ) -> list[MemoryRecord]:
        """What the messages say; their words alone where the rules run out of time."""
        try:
            with bounds.limited(self._read_seconds):
                return await asyncio.to_thread(_refined, event, earlier, more)
        except bounds.TookTooLong:
            _log.warning("messages.unread", conversation=event.conversation_id)
            return await asyncio.to_thread(_verbatim, event)

    async def _earlier(self, event: MessagesRecorded) -> list[MemoryRecord]:
        """The newest turns and statements of the conversation before these messages."""
        of = (event.project_id, event.owner, event.conversation_id)
        async with self._database.read() as tx:
            found = [
                *await self._store.talk(tx, *of, limit=TURNS),
                *await self._store.statements(tx, *of, limit=TURNS),
            ]
        begins = min(event.place(message) for message in event.messages)
        own = {message.id for message in event.messages}
        return [
            record
            for record in found
            if WITHDRAWN not in record.detail
            and all(one.message_id not in own and one.place <= begins for one in record.evidence)
        ]

    async def _remember(
        self, event: MessagesRecorded, fresh: list[MemoryRecord], *, said_by: Owner
    ) -> tuple[list[MemoryRecord], list[MemoryChange]]:
        """What the index lacks now, and what these messages changed: the same on a repeat. said_by:
        the subject, without whom nothing shared is made of them either.
        """
        async with self._database.write() as tx:
            # Both held: a removal of either comes before all of this, or after it.
            for owner in sorted({event.owner, said_by}, key=lambda one: one.key):
                await self._store.lock_owner(tx, event.project_id, owner)
                if await self._store.is_owner_gone(
                    tx,
                    event.project_id,
                    owner,
                    created_at=event.recorded_at,
                    sequence=event.sequence,
                ):
                    return [], []
            now = self._clock.now_ms()
            overtaken = late(event, await self._store.message_versions(tx, event))
            read = [message for message in event.messages if message.id not in overtaken]
            fresh = without(fresh, overtaken)
            await self._store.see_versions(tx, event, editions(read))
            state = await reckon(tx, self._store, event, fresh, read=read, now=now)
            mended = await self._store.unindexed(tx, event.owner, list(state))
        return mended, told(state, {record.id for record in fresh}, editions(read))

    async def _former_owners(self, event: MessagesRecorded, named: Sequence[Owner]) -> list[Owner]:
        """Owners beside those of the event that have memories of messages which it edits: the
        former words may have been allowed to more.
        """
        if not editions(event.messages):
            return []
        async with self._database.read() as tx:
            found = await self._store.shared_with(
                tx, event.project_id, event.owner, event.conversation_id
            )
        return [owner for owner in found if owner not in named]

    async def on_failure(self, event: Event, error: MemloomError) -> Outcome:
        """The task ends failed and says why; the turns are kept as they were said."""
        if not isinstance(event, MessagesRecorded):
            return Outcome()
        kept = await attempt(self._keep(event))
        if isinstance(kept, Raised):
            if isinstance(kept.error, DependencyUnavailable):
                raise kept.error
            _log.error("messages.lost", exc_info=kept.error)
        written = kept.value if isinstance(kept, Done) else []

        async def apply(tx: Transaction) -> Sequence[Event]:
            await self._writer.vouch(tx, self._store, written)
            return ()

        failed = TaskProgressed(
            project_id=event.project_id,
            task_id=event.task_id,
            status="failed",
            error_code=int(error.code),
            error_message=error.message,
        )
        return Outcome(events=(failed,), apply=apply)

    async def _keep(self, event: MessagesRecorded) -> list[MemoryRecord]:
        """The turns in records and index, read by no rule."""
        fresh = await asyncio.to_thread(_verbatim, event)
        written, _ = await self._remember(event, fresh, said_by=event.owner)
        await self._writer.sync(written)
        return written


def _source(event: MessagesRecorded) -> Source:
    return Source(event.project_id, event.owner, event.recorded_at, sequence=event.sequence)


def _ignored(event: MessagesRecorded) -> DeletionProgressed:
    """The messages came after the removal of who said them: nothing is made of them."""
    return DeletionProgressed(
        project_id=event.project_id,
        subject=owner_subject(event.owner),
        service=Service.MEMORIZER,
        done=False,
        counts={"events_ignored": 1},
    )


def owners(event: MessagesRecorded) -> list[Owner]:
    """Whose memories these messages make: the subject's, and what the caller allowed."""
    found = [event.owner]
    if event.allow_public:
        found.append(Owner(type=OwnerType.PUBLIC))
    found += [
        Owner(type=OwnerType.KNOWLEDGE_BASE, id=identifier)
        for identifier in dict.fromkeys(event.allow_knowledgebase_ids)
    ]
    return found


async def reckon(
    tx: Transaction,
    store: RecordStore,
    event: MessagesRecorded,
    fresh: Sequence[MemoryRecord],
    *,
    read: Sequence[Message],
    now: int,
) -> dict[UUID, MemoryRecord]:
    """Write what changes when `fresh` joins what the event's owner has; the memories that it may
    touch, as they are then. read: messages that `fresh` was made of anew, so that raw turns of
    theirs which are not in it go; empty where it only adds.
    """
    raw = [
        derive_id(
            event.project_id,
            event.owner,
            event.conversation_id,
            identity_of(message),
            0,
            Kind.MESSAGE,
        )
        for message in read
    ]
    versions = editions(read)
    former = await _former(tx, store, event, versions)
    gone = withdraw(former, versions, fresh, now=now)
    known = await _touched(tx, store, event, [*fresh, *former], raw)
    known = list({record.id: record for record in (*known, *former, *gone)}.values())
    refined = {message.id for message in read}
    changes = await asyncio.to_thread(reconcile, known, fresh, now=now, refined=refined)
    written = [*gone, *(change.record for change in changes)]
    await store.put(tx, written)
    return {record.id: record for record in (*known, *written)}


async def _former(
    tx: Transaction, store: RecordStore, event: MessagesRecorded, versions: Mapping[str, int]
) -> list[MemoryRecord]:
    """What edited messages made before, of the same speaker."""
    if not versions:
        return []
    found = await store.of_talk(tx, event.project_id, event.owner, event.conversation_id)
    speaker = (event.user_id, "" if event.user_id else event.agent_id)
    return [
        record
        for record in found
        if message_of(record) in versions
        and (record.user_id, "" if record.user_id else record.agent_id) == speaker
    ]


async def _touched(
    tx: Transaction,
    store: RecordStore,
    event: MessagesRecorded,
    fresh: Sequence[MemoryRecord],
    raw: Sequence[UUID],
) -> list[MemoryRecord]:
    """All that `fresh` may touch; everything the owner has where a statement ends names."""
    of = (event.project_id, event.owner)
    ids = [*raw, *(record.id for record in fresh), *replaced_ids(fresh)]
    groups = sorted({group_key(record) for record in fresh if record.kind is not Kind.MESSAGE})
    known = await store.related(tx, *of, ids=ids, groups=groups)
    reckoned = [record for record in (*known, *fresh) if record.kind is not Kind.MESSAGE]
    if reckoned and ends_touch(reckoned, await store.that_end(tx, *of)):
        return await store.of_owner(tx, *of, KINDS, _ALL)
    return known


def _refined(
    event: MessagesRecorded, earlier: Sequence[MemoryRecord], more: MoreDrafts | None
) -> list[MemoryRecord]:
    """What is found in the messages; raw turns are a subject's own matter."""
    drafts = extract(event, earlier)
    if more is not None:
        drafts = combined(drafts, [draft for draft in more(event) if _wanted(event, draft.kind)])
    if _has_no_turns(event):
        drafts = [draft for draft in drafts if draft.kind is not Kind.MESSAGE]
    return drafts_to_records(event, drafts, now=event.recorded_at)


def _verbatim(event: MessagesRecorded) -> list[MemoryRecord]:
    """The turns as they were said, unread."""
    drafts = [] if _has_no_turns(event) else turns_verbatim(event)
    return drafts_to_records(event, drafts, now=event.recorded_at)


def _has_no_turns(event: MessagesRecorded) -> bool:
    return event.owner.type not in (OwnerType.USER, OwnerType.AGENT)


def _wanted(event: MessagesRecorded, kind: Kind) -> bool:
    views = event.allow_memory_view
    return views is None or _VIEWS[kind] in views


def _worth_asking(event: MessagesRecorded) -> bool:
    """Someone says something, and a model's memories of it are wanted."""
    views = any(_wanted(event, kind) for kind in _VIEWS)
    return views and any(draft.evidence[0].role == "user" for draft in message_memory(event))


def _work(event: MessagesRecorded) -> Work:
    """What the model is to read: never what the user wants kept out of the memory."""
    kept = tuple(
        message for message in event.messages if message.role != "user" or is_kept(message.text)
    )
    event = event.model_copy(update={"messages": kept})
    ids = [identity_of(message) for message in event.messages]
    return Work(
        id=derive("enrich", event.project_id, event.owner.key, event.conversation_id, *ids),
        project_id=event.project_id,
        owner_key=event.owner.key,
        body=event.model_dump_json(),
        created_at=event.recorded_at,
        sequence=event.sequence,
    )


def told(
    state: Mapping[UUID, MemoryRecord], fresh: Collection[UUID], versions: Mapping[str, int]
) -> list[MemoryChange]:
    """What became of the fresh memories, and of those that they replaced. versions: edits that
    withdrew memories.
    """
    changes: dict[UUID, MemoryChange] = {}

    def tell(record: MemoryRecord, change: Literal["added", "updated", "archived"]) -> None:
        changes[record.id] = MemoryChange(memory_id=record.id, kind=record.kind, change=change)

    for record in state.values():
        if record.kind is Kind.MESSAGE:  # a raw turn, no memory
            continue
        merged = record.detail.get("merged_into")
        head = state.get(record.superseded_by) if record.superseded_by else None
        if record.id in fresh and record.status is Status.ACTIVATED:
            tell(record, "added")
        elif withdrawn_by(record, versions):
            tell(record, "archived")
        elif record.id in fresh and merged and head is not None and head.id not in fresh:
            tell(head, "updated")
        elif (
            record.status is Status.ARCHIVED
            and not merged
            and (record.id in fresh or record.superseded_by in fresh)
        ):
            tell(record, "archived")
    return list(changes.values())
