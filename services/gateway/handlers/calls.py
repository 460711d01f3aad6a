"""A caller's call, and the rule for identical writes.

The public client repeats a call at once on any exception. So an identical write (same key, path,
body) that arrives while the first runs shares its answer, and after a success it gets the same
answer for a while, unless another write touched the same things meanwhile. The answer is kept in
the very transaction of the write: a crash in between leaves neither or both.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import uuid4

from services.gateway.domain.audit import Actor
from services.gateway.domain.fingerprints import fingerprint
from services.gateway.domain.limits import Limits
from services.gateway.domain.model import Project, Remembered, Role
from services.gateway.handlers.audit import AuditTrail
from services.gateway.handlers.ports import RepeatStore
from services.kernel.contracts.errors import (
    Code,
    Forbidden,
    InvalidInput,
    VersionChanged,
)
from services.kernel.ports.clock import Clock
from services.kernel.ports.store import Database, Transaction

# A claim whose holder died is taken over after this long; no write runs longer.
LEASE_MS: Final = 60_000
_POLL_SECONDS: Final = 0.02
_LONGEST_KEY: Final = 255


@dataclass(frozen=True, slots=True)
class Ticket:
    """The claim under which a write runs."""

    fingerprint: str
    holder: str
    keyed: bool


@dataclass(frozen=True, slots=True)
class Call:
    """Who calls: the project that the key belongs to, and the key's role. ticket: for writes.
    versions: what an edit may overwrite (If-Match); None is any.

    operator: the key may also do what concerns all projects. operation, address: for the audit.
    """

    project: Project
    key_id: str = ""
    request_id: str = ""
    idempotency_key: str = ""
    ticket: Ticket | None = None
    role: Role = Role.ADMIN
    versions: frozenset[str] | None = None
    key_name: str = ""
    operator: bool = False
    operation: str = ""
    address: str = ""

    def expect(self, version: str) -> None:
        """VersionChanged where the caller edits another version than this present one."""
        if self.versions is not None and version not in self.versions:
            raise VersionChanged(
                "it was changed since you read it; read it again, and send the ETag of that "
                "answer as If-Match"
            )

    def require(self, needed: Role) -> "Call":
        """Return this call; Forbidden (KEY_NO_ACCESS) where the key's role is a lesser one."""
        if not self.role.includes(needed):
            raise Forbidden(
                f"this needs a key with the role `{needed.value}`, and yours has the role "
                f"`{self.role.value}`; ask an administrator of the project for such a key",
                code=Code.KEY_NO_ACCESS,
            )
        return self

    def require_operator(self) -> "Call":
        """Return this call; Forbidden (KEY_NO_ACCESS) where the key is not an operator's."""
        if not self.operator:
            raise Forbidden(
                "this concerns all projects and needs an operator's key: the bootstrap key, or "
                "one made with `memloom keys create --operator`",
                code=Code.KEY_NO_ACCESS,
            )
        return self

    @property
    def actor(self) -> Actor:
        """The key as the audit log names it."""
        role = "operator" if self.operator else self.role.value
        return Actor(self.key_id, self.key_name, role, self.request_id, self.address)


class Writes:
    """Runs writes once."""

    def __init__(
        self,
        *,
        database: Database,
        store: RepeatStore,
        audit: AuditTrail,
        clock: Clock,
        limits: Limits,
    ) -> None:
        self._database = database
        self._audit = audit
        self._store = store
        self._clock = clock
        self._limits = limits

    async def once(
        self,
        call: Call,
        operation: str,
        body: Any,
        perform: Callable[[Call], Awaitable[Any]],
        *,
        usable: Callable[[Any], Awaitable[bool]] | None = None,
    ) -> Any:
        """The answer of `perform`, or the remembered one of the same write. `usable` may refuse
        a remembered answer. `perform` must call `remember` in its transaction.
        """
        content = fingerprint(call.key_id, call.project.id, operation, body)
        keyed = bool(call.idempotency_key)
        if len(call.idempotency_key) > _LONGEST_KEY:
            raise InvalidInput(f"an Idempotency-Key may have {_LONGEST_KEY} characters")
        mark = (
            fingerprint(call.key_id, call.project.id, "key", call.idempotency_key)
            if keyed
            else content
        )
        ticket = Ticket(mark, str(uuid4()), keyed)
        while True:
            found = await self._claim(ticket, content)
            if found is None:
                break
            if found.answer is not None and (usable is None or await usable(found.answer)):
                return found.answer
            if found.answer is not None and await self._take(ticket, content, found):
                break
            await self._clock.sleep(_POLL_SECONDS)
        finished = False
        try:
            answer = await perform(replace(call, ticket=ticket, operation=operation))
            finished = True
        finally:
            # After an error or a cancelled request nothing may be remembered.
            if not finished:
                async with self._database.write(small=True) as tx:
                    await self._store.release(tx, ticket.fingerprint, ticket.holder)
        return answer

    async def remember(
        self, tx: Transaction, call: Call, answer: Any, subjects: Sequence[str]
    ) -> None:
        """Keep the answer, mark what the write touched, and log it, in its own transaction."""
        ticket = call.ticket
        if ticket is None:
            await self.touch(tx, call, subjects)
            return
        now = self._clock.now_ms()
        ttl = self._limits.idempotency_ms if ticket.keyed else self._limits.replay_ms
        scoped = [f"{call.project.id}/{subject}" for subject in subjects]
        await self._store.finish(
            tx,
            ticket.fingerprint,
            ticket.holder,
            answer=answer,
            subjects=scoped,
            expires_at=now + ttl,
        )
        await self._store.mark(tx, scoped, ticket.fingerprint, now)
        await self._log(tx, call, subjects)

    async def touch(self, tx: Transaction, call: Call, subjects: Sequence[str]) -> None:
        """Say that a write outside this rule touched these: earlier answers end."""
        scoped = [f"{call.project.id}/{subject}" for subject in subjects]
        await self._store.mark(tx, scoped, uuid4().hex, self._clock.now_ms())
        await self._log(tx, call, subjects)

    async def _log(self, tx: Transaction, call: Call, subjects: Sequence[str]) -> None:
        await self._audit.record(
            tx, call.project.id, call.actor, call.operation or "write", targets=subjects
        )

    async def prune(self) -> None:
        """Drop what is over; called now and then."""
        now = self._clock.now_ms()
        async with self._database.write() as tx:
            await self._store.prune(tx, now, now - self._limits.replay_ms - LEASE_MS)

    async def _claim(self, ticket: Ticket, content: str) -> Remembered | None:
        """None when this call runs the write, else what is known of the one that runs or ran."""
        async with self._database.read() as tx:
            found = await self._store.find(tx, ticket.fingerprint)
            if found is not None and await self._stands(tx, found, ticket, content):
                return found
        if await self._take(ticket, content, found):
            return None
        async with self._database.read() as tx:
            found = await self._store.find(tx, ticket.fingerprint)
        return found or self._entry(ticket, content)

    async def _take(self, ticket: Ticket, content: str, old: Remembered | None) -> bool:
        async with self._database.write() as tx:
            return await self._store.claim(
                tx, self._entry(ticket, content), instead_of="" if old is None else old.holder
            )

    def _entry(self, ticket: Ticket, content: str) -> Remembered:
        now = self._clock.now_ms()
        return Remembered(
            fingerprint=ticket.fingerprint,
            body=content,
            holder=ticket.holder,
            answer=None,
            subjects=(),
            keyed=ticket.keyed,
            started_at=now,
            expires_at=now + LEASE_MS,
        )

    async def _stands(
        self, tx: Transaction, found: Remembered, ticket: Ticket, content: str
    ) -> bool:
        now = self._clock.now_ms()
        # From a time yet to come: the clock stepped back since, and the answer would last for ever.
        if found.expires_at <= now or found.started_at - LEASE_MS > now:
            return False
        if ticket.keyed and found.body != content:
            raise InvalidInput(
                "this Idempotency-Key was used for another request; use a new one",
                code=Code.WRONG_PARAMETERS,
            )
        if found.answer is None or found.keyed:
            return True
        return await self._store.is_last(tx, found.subjects, found.fingerprint)
