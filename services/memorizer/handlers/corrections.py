"""Decisions of a feedback become correction records; undo and redo switch a single one.

A correction changes no other record: it names the spans or records that it corrects, and search
derives the marks from the corrections that are active.
"""

from collections.abc import Sequence
from uuid import UUID

from services.kernel.contracts.errors import MemloomError
from services.kernel.contracts.events import (
    CorrectionDecided,
    Decision,
    Envelope,
    Event,
    MemoryChange,
    TaskProgressed,
)
from services.kernel.contracts.records import (
    DocumentAnchor,
    Kind,
    MemoryRecord,
    MessageEvidence,
    Status,
)
from services.kernel.ports.clock import Clock
from services.kernel.ports.store import Database, Transaction
from services.kernel.runtime.dispatch import Outcome
from services.memorizer.domain.chains import changed, rechain, says_the_same
from services.memorizer.handlers.indexing import IndexWriter
from services.memorizer.handlers.ports import RecordStore

CORRECTION_WEIGHT = 2.0
_ANY = (Status.ACTIVATED, Status.ARCHIVED)
_SAID_ALREADY = (
    "此前的更正已经是这样写的，无需更改。",
    "An earlier correction says so already, so nothing was changed.",
)


class Corrections:
    """Handler of `memory.correction.decided`."""

    def __init__(
        self, *, database: Database, store: RecordStore, writer: IndexWriter, clock: Clock
    ) -> None:
        self._database = database
        self._store = store
        self._writer = writer
        self._clock = clock

    async def on_decided(self, event: Event, _: Envelope) -> Outcome:
        """Write each decision once; a newer one about the same thing replaces the older."""
        assert isinstance(event, CorrectionDecided)  # noqa: S101 - the table routes by type
        written: dict[UUID, MemoryRecord] = {}
        changes: list[MemoryChange] = []
        decisions: list[Decision] = []
        for decision in event.decisions:
            records = await self._resolve(event, decision)
            if records is None:
                continue
            decisions.append(decision)
            written |= {record.id: record for record in records}
            changes += [_change(record, decision) for record in records]
        records = list(written.values())
        await self._writer.sync(records)
        done = TaskProgressed(
            project_id=event.project_id,
            task_id=event.task_id,
            status="completed",
            changes=tuple(changes),
            reason=event.reason or ("" if decisions else _reason(event.words)),
            feedback_id=event.feedback_id,
            decisions=tuple(decisions),
        )

        async def apply(tx: Transaction) -> Sequence[Event]:
            await self._writer.vouch(tx, self._store, records)
            return (done,)

        return Outcome(apply=apply)

    async def _resolve(
        self, event: CorrectionDecided, decision: Decision
    ) -> list[MemoryRecord] | None:
        """The new record and the earlier ones about the same thing, reckoned in the store's order;
        those that the index does not hold yet. None where an earlier one says the very same: it
        was applied while this one was decided.
        """
        owner = decision.owner
        corrected = await self._corrected(event.project_id, decision)
        async with self._database.write() as tx:
            await self._store.lock_owner(tx, event.project_id, owner)
            if await self._store.is_owner_gone(
                tx,
                event.project_id,
                owner,
                created_at=event.feedback_time,
                sequence=event.sequence,
            ):
                return []
            if decision.id in await self._store.erased(tx, event.project_id, [decision.id]):
                return []
            if await self._store.many(tx, event.project_id, [decision.id]):
                # A repeat: the first time may have ended before the index was written.
                return await self._store.unindexed(tx, owner, [decision.id])
            record = self._record(event, decision, corrected)
            chain = [record]
            if decision.attribute:
                siblings = await self._siblings(tx, event.project_id, decision)
                if says_the_same(siblings, record):
                    return None
                now = self._clock.now_ms()
                chain = changed(rechain([*siblings, record], now), siblings, now)
            await self._store.put(tx, chain)
            return chain

    async def _corrected(self, project_id: str, decision: Decision) -> list[str]:
        """Ids of the passages that hold what is corrected, as they are now."""
        found: dict[str, None] = {}
        async with self._database.read() as tx:
            for document in dict.fromkeys(item.document_id for item in decision.anchors):
                passages = await self._store.of_document(tx, project_id, document, [Kind.PASSAGE])
                anchors = [one for one in decision.anchors if one.document_id == document]
                found |= {str(one.id): None for one in passages if _lies_on(one, anchors)}
        return list(found)

    async def _siblings(
        self, tx: Transaction, project_id: str, decision: Decision
    ) -> list[MemoryRecord]:
        corrections = await self._store.of_owner(
            tx, project_id, decision.owner, [Kind.CORRECTION], _ANY
        )
        return [sibling for sibling in corrections if sibling.attribute == decision.attribute]

    def _record(
        self, event: CorrectionDecided, decision: Decision, corrected: Sequence[str]
    ) -> MemoryRecord:
        anchor = decision.anchors[0] if decision.anchors else None
        return MemoryRecord(
            id=decision.id,
            project_id=event.project_id,
            owner=decision.owner,
            kind=Kind.CORRECTION,
            key=decision.title or decision.subject,
            value=decision.text,
            context=decision.title,
            tags=("feedback",),
            confidence=decision.confidence,
            weight=CORRECTION_WEIGHT,
            attribute=decision.attribute,
            evidence=(
                MessageEvidence(
                    message_id=event.feedback_id,
                    conversation_id=event.conversation_id,
                    role="user",
                    chat_time=event.feedback_time,
                    end=len(event.words),
                    text=event.words,
                ),
            ),
            valid_from=decision.valid_from,
            conversation_id=event.conversation_id,
            user_id=event.user_id,
            agent_id=event.agent_id,
            app_id=event.app_id,
            detail={
                "correction": decision.kind,
                "feedback_id": event.feedback_id,
                "subject": decision.subject,
                "old": decision.old,
                "new": decision.new,
                "before": decision.before,
                "after": decision.after,
                "reason": decision.reason,
                "anchors": [item.model_dump(mode="json") for item in decision.anchors],
                "target_ids": [str(target) for target in decision.target_ids],
                "corrected_ids": list(corrected),
                "document_ids": [item.document_id for item in decision.anchors],
                "first_document": anchor.document_id if anchor else "",
            },
            created_at=event.feedback_time,
            updated_at=self._clock.now_ms(),
            sequence=event.sequence,
        )

    async def on_failure(self, event: Event, error: MemloomError) -> Outcome:
        """The task ends failed and says why."""
        if not isinstance(event, CorrectionDecided):
            return Outcome()
        failed = TaskProgressed(
            project_id=event.project_id,
            task_id=event.task_id,
            status="failed",
            error_code=int(error.code),
            error_message=error.message,
            feedback_id=event.feedback_id,
        )
        return Outcome(events=(failed,))


def _lies_on(passage: MemoryRecord, anchors: Sequence[DocumentAnchor]) -> bool:
    own = passage.anchor
    return own is not None and any(
        own.revision == one.revision and own.start < one.end and one.start < own.end
        for one in anchors
    )


def _reason(words: str) -> str:
    which = 0 if any("\u3400" <= character <= "\u9fff" for character in words) else 1
    return _SAID_ALREADY[which]


def _change(record: MemoryRecord, decision: Decision) -> MemoryChange:
    if record.id == decision.id:
        return MemoryChange(memory_id=record.id, kind=record.kind, change="added")
    return MemoryChange(memory_id=record.id, kind=record.kind, change="archived")
