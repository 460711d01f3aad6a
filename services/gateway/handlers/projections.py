"""What the events tell of documents and tasks, kept for display and waiting."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from services.gateway.domain import status
from services.gateway.domain.model import Document, Task
from services.gateway.domain.tasks import advance_task
from services.gateway.handlers.admission import Admission
from services.gateway.handlers.documents import removed_event
from services.gateway.handlers.notifications import Notifications
from services.gateway.handlers.ports import CatalogueStore, KeyStore, TaskStore
from services.gateway.handlers.usage import Meter
from services.kernel.contracts.events import (
    DocumentProgressed,
    Envelope,
    Event,
    TaskProgressed,
)
from services.kernel.contracts.records import OwnerType
from services.kernel.ports.clock import Clock
from services.kernel.ports.store import Transaction
from services.kernel.runtime.dispatch import Outcome


class Projections:
    """Handlers of the gateway's two subscriptions."""

    def __init__(
        self,
        *,
        catalogue: CatalogueStore,
        keys: KeyStore,
        tasks: TaskStore,
        admission: Admission,
        notifications: Notifications,
        meter: Meter,
        clock: Clock,
    ) -> None:
        self._meter = meter
        self._notifications = notifications
        self._catalogue = catalogue
        self._keys = keys
        self._admission = admission
        self._tasks = tasks
        self._clock = clock

    async def on_document(self, event: Event, _: Envelope) -> Outcome:
        """A document's status is the maximum of what was told of it; deleted wins."""
        if not isinstance(event, DocumentProgressed):
            return Outcome()
        progressed = event

        async def apply(tx: Transaction) -> Sequence[Event]:
            # It ends, or its bytes are here: another document of its project may take the place.
            frees = progressed.outcome != "running" or progressed.stage == "stored"
            if frees:
                # The project before the document, as everywhere.
                await self._keys.lock_project(tx, progressed.project_id)
            events = list(await self._advance_document(tx, progressed))
            if frees:
                events += await self._admission.admit(tx, progressed.project_id)
            return events

        return Outcome(apply=apply)

    async def _advance_document(
        self, tx: Transaction, progressed: DocumentProgressed
    ) -> Sequence[Event]:
        document = await self._catalogue.document(tx, progressed.document_id, locked=True)
        if document is None or document.project_id != progressed.project_id:
            return ()
        now = self._clock.now_ms()
        if progressed.outcome == "deleted":
            await self._catalogue.save_document(
                tx,
                replace(
                    document,
                    deleted_at=document.deleted_at or now,
                    purged_at=document.purged_at or now,
                ),
            )
            return ()
        state = status.advance(document.state, progressed)
        if state == document.state:
            return ()
        told = replace(
            document,
            state=state,
            reserved=status.reserved_bytes(state, document.reserved),
            updated_at=now,
        )
        await self._catalogue.save_document(tx, told)
        await self._notifications.document_moved(tx, told)
        self._count(tx, document, told)
        if state.sha256 != document.state.sha256 and document.deleted_at is None:
            return await self._drop_copies(tx, told, now)
        return ()

    def _count(self, tx: Transaction, before: Document, after: Document) -> None:
        """Count what the model did since, and bytes whose number is known only now."""
        was, now = before.state, after.state
        same = (was.revision, was.attempt) == (now.revision, now.attempt)
        calls, tokens = (was.model_calls, was.model_tokens) if same else (0, 0)
        project = after.project_id
        self._meter.count_with(tx, project, "model_calls", max(0, now.model_calls - calls))
        self._meter.count_with(tx, project, "model_tokens", max(0, now.model_tokens - tokens))
        if same and was.size is None and now.size is not None:
            self._meter.count_with(tx, project, "bytes", now.size)

    async def _drop_copies(self, tx: Transaction, document: Document, now: int) -> Sequence[Event]:
        """The bytes behind a URL are known only now: of several documents with the same bytes the
        oldest stays, the others are removed and shown as that one.
        """
        first, *copies = await self._catalogue.twins(tx, document) or [document]
        await self._catalogue.mark_copies(
            tx, [copy.id for copy in copies], original=first.id, at=now
        )
        return [removed_event(copy, now) for copy in copies]

    async def on_task(self, event: Event, _: Envelope) -> Outcome:
        """A task's state, the purge that it confirms, and the correction log."""
        if not isinstance(event, TaskProgressed):
            return Outcome()
        progressed = event

        async def apply(tx: Transaction) -> Sequence[Event]:
            now = self._clock.now_ms()
            if progressed.status == "completed":
                await self._tasks.confirm_removal(
                    tx, progressed.project_id, progressed.task_id, now
                )
            part = await self._tasks.part(tx, progressed.project_id, progressed.task_id)
            if part is not None:
                await self._advance(tx, part, progressed, now)
            for decision in progressed.decisions:
                if decision.owner.type is OwnerType.KNOWLEDGE_BASE and progressed.feedback_id:
                    await self._tasks.log_correction(
                        tx,
                        progressed.project_id,
                        knowledgebase_id=decision.owner.id,
                        feedback_id=progressed.feedback_id,
                        decision=decision.model_dump(mode="json"),
                        now=now,
                    )
                    await self._notifications.correction_made(
                        tx, progressed.project_id, progressed.feedback_id, decision
                    )
            return ()

        return Outcome(apply=apply)

    async def _advance(self, tx: Transaction, part: Task, event: TaskProgressed, now: int) -> None:
        changes: list[dict[str, Any]] = [change.model_dump(mode="json") for change in event.changes]
        advanced = advance_task(
            part,
            status=event.status,
            changes=changes,
            error=(event.error_code, event.error_message),
            reason=event.reason,
        )
        if advanced != part:
            await self._tasks.save_part(tx, advanced, now)
            if advanced.status != "running":
                await self._notifications.part_moved(tx, part.project_id, part.id)
