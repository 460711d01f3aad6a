"""What webhooks are told of documents, tasks and corrections."""

from typing import Any

from services.gateway.domain.model import Document
from services.gateway.domain.tasks import task_status
from services.gateway.domain.webhooks import Occurrence
from services.gateway.handlers.attachments import Attachments
from services.gateway.handlers.ports import TaskStore
from services.gateway.handlers.webhooks import WebhookQueue
from services.kernel.contracts.events import Decision
from services.kernel.ports.store import Transaction


class Notifications:
    """Enqueues deliveries in the transaction in which the state changes. What is seen again is
    told once; ids and states are told, never texts of users.
    """

    def __init__(self, *, queue: WebhookQueue, tasks: TaskStore, attachments: Attachments) -> None:
        self._queue = queue
        self._tasks = tasks
        self._attachments = attachments

    async def document_moved(self, tx: Transaction, document: Document) -> None:
        """Tell that a document has ended, and of tasks that have ended with it."""
        state = document.state
        if state.outcome == "running" or document.deleted_at is not None:
            return
        data: dict[str, Any] = {
            "document_id": document.id,
            "knowledgebase_id": document.knowledgebase_id,
            "revision": state.revision,
            "attempt": state.attempt,
            "pages": state.pages,
            "passages": state.passages,
            "error_code": state.error_code,
            "error_message": state.error_message,
        }
        subject = f"{document.id}/{state.revision}/{state.attempt}"
        occurrence = Occurrence(f"document.{state.outcome}", subject, data)
        await self._queue.tell(tx, document.project_id, occurrence)
        for task_id in await self._tasks.tasks_with(
            tx, document.project_id, document_id=document.id
        ):
            await self._task(tx, document.project_id, task_id)

    async def part_moved(self, tx: Transaction, project_id: str, part_id: str) -> None:
        """Tell of the task of this part, where it has ended with it."""
        for task_id in await self._tasks.tasks_with(tx, project_id, part_id=part_id):
            await self._task(tx, project_id, task_id)

    async def _task(self, tx: Transaction, project_id: str, task_id: str) -> None:
        parts = await self._tasks.parts(tx, project_id, task_id)
        parts = await self._attachments.parts(tx, project_id, parts)
        status = task_status(parts)
        if status == "running":
            return
        failed = [part for part in parts if part.status == "failed"]
        data = {
            "task_id": task_id,
            "kind": parts[0].kind,
            "status": status,
            "error_code": failed[0].error_code if failed else 0,
            "error_message": failed[0].error_message if failed else "",
            "changes": sum(len(part.changes) for part in parts),
        }
        await self._queue.tell(tx, project_id, Occurrence(f"task.{status}", task_id, data))

    async def correction_made(
        self, tx: Transaction, project_id: str, feedback_id: str, decision: Decision
    ) -> None:
        """Tell that feedback corrected a knowledge base."""
        data = {
            "correction_id": str(decision.id),
            "knowledgebase_id": decision.owner.id,
            "feedback_id": feedback_id,
            "kind": decision.kind,
        }
        occurrence = Occurrence("correction.made", str(decision.id), data)
        await self._queue.tell(tx, project_id, occurrence)
