"""What the memorizer's use cases need of its store about conversations."""

from collections.abc import Mapping
from typing import Protocol

from services.kernel.contracts.events import MessagesRecorded
from services.kernel.contracts.records import MemoryRecord, Owner
from services.kernel.ports.store import Transaction


class TalkStore(Protocol):
    """Statements over memories of conversations; the caller owns the transaction."""

    async def of_talk(
        self, tx: Transaction, project_id: str, owner: Owner, conversation_id: str
    ) -> list[MemoryRecord]:
        """All that one conversation made for one owner, in any status."""
        ...

    async def shared_with(
        self, tx: Transaction, project_id: str, author: Owner, conversation_id: str
    ) -> list[Owner]:
        """The public and the knowledge bases to which the author's conversation gave memories."""
        ...

    async def message_versions(self, tx: Transaction, event: MessagesRecorded) -> dict[str, int]:
        """Newest known edition of those of the event's messages that ever were edited."""
        ...

    async def see_versions(
        self, tx: Transaction, event: MessagesRecorded, versions: Mapping[str, int]
    ) -> None:
        """Remember the newest editions of the event's messages, for its owner."""
        ...
