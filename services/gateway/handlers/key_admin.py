"""Keys as their own project changes them: each caller within the rights of its key."""

from typing import Any

from services.gateway.domain import keys
from services.gateway.domain.model import ApiKey, Role
from services.gateway.handlers.access import Access, KeyTerms
from services.gateway.handlers.calls import Call
from services.kernel.contracts.errors import Forbidden, InvalidInput
from services.kernel.ports.clock import Clock


class KeyAdmin:
    """Use cases over the keys of the caller's project. overlap_ms: how long a replaced secret
    works where a rotation does not say.
    """

    def __init__(self, *, access: Access, clock: Clock, overlap_ms: int) -> None:
        self._access = access
        self._clock = clock
        self._overlap_ms = overlap_ms

    async def list(self, call: Call) -> dict[str, Any]:
        """Return every key of the project, with its last use."""
        now = self._clock.now_ms()
        found = await self._access.list_keys(project_id=call.project.id)
        return {"keys": [keys.key_item(key, now) for key in found]}

    async def create(
        self, call: Call, *, name: str, role: Role, expires_at: int | None
    ) -> dict[str, Any]:
        """Make a key of the caller's role or a lesser one; the key is in this answer alone."""
        keys.check_may_grant(call.role, role)
        entry, made = await self._access.add_key(
            call.project.id, name, KeyTerms(role=role, expires_at=expires_at), call.actor
        )
        return self._shown_once(entry, made)

    async def rename(self, call: Call, key_id: str, name: str) -> dict[str, Any]:
        """Give a key another name; NotFound, Forbidden for one with more rights."""
        renamed = await self._access.rename_key(
            key_id,
            name,
            project_id=call.project.id,
            actor=call.actor,
            guard=lambda key: _check_manages(call, key),
        )
        return keys.key_item(renamed, self._clock.now_ms())

    async def rotate(self, call: Call, key_id: str, overlap_seconds: int | None) -> dict[str, Any]:
        """Make a new secret for a key; a caller without the role admin may do so with its own."""
        overlap = self._overlap_ms if overlap_seconds is None else overlap_seconds * 1000
        if overlap > keys.LONGEST_OVERLAP_SECONDS * 1000:
            raise InvalidInput(
                f"`overlap_seconds` may be at most {keys.LONGEST_OVERLAP_SECONDS} (30 days)"
            )
        entry, made = await self._access.rotate_key(
            key_id,
            overlap_ms=overlap,
            project_id=call.project.id,
            actor=call.actor,
            guard=lambda key: _check_rotates(call, key),
        )
        return self._shown_once(entry, made)

    async def revoke(self, call: Call, key_id: str) -> dict[str, Any]:
        """Refuse a key from now on; Conflict for the project's last admin key."""
        await self._access.revoke_key(
            key_id,
            project_id=call.project.id,
            actor=call.actor,
            guard=lambda key: _check_manages(call, key),
        )
        return {"success": True}

    def _shown_once(self, entry: ApiKey, made: str) -> dict[str, Any]:
        return keys.key_item(entry, self._clock.now_ms()) | {"key": made}


def _check_manages(call: Call, key: ApiKey) -> None:
    keys.check_may_manage(call.role, operator=call.operator, key=key)


def _check_rotates(call: Call, key: ApiKey) -> None:
    if key.id == call.key_id:
        return
    if not call.role.includes(Role.ADMIN):
        raise Forbidden(
            "a key without the role `admin` can rotate only itself; ask an administrator"
        )
    _check_manages(call, key)
