"""Dead letters for operators: what no code could handle, listed, shown, replayed, dropped."""

import base64
from dataclasses import replace
from typing import Any, Final

from pydantic import ValidationError

from services.gateway.handlers.calls import Call
from services.gateway.handlers.ports import CatalogueStore
from services.kernel.contracts.errors import DependencyUnavailable
from services.kernel.contracts.events import DocumentIdentity, Envelope
from services.kernel.ports.bus import DeadLetter, DeadLetters
from services.kernel.ports.clock import Clock
from services.kernel.ports.store import Database, Transaction

# Of a value as text; the whole of it travels in Base64 beside it.
_TEXT_CHARACTERS: Final = 20_000


def _summary(letter: DeadLetter) -> dict[str, Any]:
    return {
        "id": letter.id,
        "topic": letter.topic,
        "group": letter.group,
        "key": letter.key,
        "cause": letter.cause,
        "error_code": letter.error_code,
        "attempts": letter.attempts,
        "origin": letter.origin,
        "set_aside_time": letter.set_aside_at,
        "bytes": len(letter.value),
    }


async def reopen(tx: Transaction, catalogue: CatalogueStore, document_id: str, now: int) -> None:
    """Let a document that had failed be PROCESSING again: its dead letter is replayed."""
    document = await catalogue.document(tx, document_id, locked=True)
    if document is not None and document.state.outcome == "failed":
        state = replace(document.state, outcome="running", error_code=0, error_message="")
        # It moves from now on: the watchdog counts from here.
        await catalogue.save_document(tx, replace(document, state=state, updated_at=now))


class DeadLetterDesk:
    """Use cases over the dead letters of the bus; every caller is an operator."""

    def __init__(
        self,
        *,
        letters: DeadLetters | None,
        database: Database,
        catalogue: CatalogueStore,
        clock: Clock,
    ) -> None:
        self._letters = letters
        self._database = database
        self._catalogue = catalogue
        self._clock = clock

    def _bus(self, call: Call) -> DeadLetters:
        call.require_operator()
        if self._letters is None:
            raise DependencyUnavailable("the bus of this gateway keeps no dead letters")
        return self._letters

    async def list(self, call: Call, *, group: str | None, limit: int) -> dict[str, Any]:
        """Dead letters of all projects, newest last; Forbidden."""
        found = await self._bus(call).list(group=group, limit=limit)
        return {"dead_letters": [_summary(letter) for letter in found]}

    async def show(self, call: Call, identifier: str) -> dict[str, Any]:
        """All that is known of one, its bytes untouched; Forbidden, NotFound."""
        letter = await self._bus(call).get(identifier)
        text = letter.value.decode("utf-8", "backslashreplace")
        return _summary(letter) | {
            "headers": {
                name: value.decode("utf-8", "backslashreplace")
                for name, value in letter.headers.items()
            },
            "text": text[:_TEXT_CHARACTERS],
            "value": base64.b64encode(letter.value).decode(),
        }

    async def replay(self, call: Call, identifier: str) -> dict[str, Any]:
        """Hand it to its group again, through the same guards; its document is PROCESSING again.
        Forbidden, NotFound.
        """
        bus = self._bus(call)
        letter = await bus.get(identifier)
        try:
            event = Envelope.model_validate_json(letter.value).open()
        except (ValidationError, KeyError):
            event = None  # bytes that nobody can read are set aside again
        if isinstance(event, DocumentIdentity):
            async with self._database.write() as tx:
                await reopen(tx, self._catalogue, event.document_id, self._clock.now_ms())
        await bus.replay(identifier)
        return {"success": True}

    async def drop(self, call: Call, identifier: str) -> dict[str, Any]:
        """Forget it for ever; Forbidden, NotFound."""
        await self._bus(call).drop(identifier)
        return {"success": True}
