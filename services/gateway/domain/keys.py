"""API keys: made here, shown once, kept only as a hash; who may make and change which."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from services.gateway.domain.model import ApiKey, FoundKey, Role
from services.kernel.contracts.errors import Code, Conflict, Forbidden, InvalidInput, Unauthorized

PREFIX: Final = "mpg-"
_SCHEMES: Final = ("token", "bearer")
LONGEST_OVERLAP_SECONDS: Final = 30 * 86_400


def new_key() -> str:
    """A fresh key: the prefix and 256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)


def digest(key: str) -> str:
    """What is kept of a key: SHA-256 in hex. Enough for a secret with that many random bits;
    a slow hash protects guessable passwords, and would cost every request.
    """
    return hashlib.sha256(key.encode()).hexdigest()


def hint(key: str) -> str:
    """What is shown of a key afterwards: its last four characters."""
    return f"…{key[-4:]}"


def from_header(value: str | None) -> str:
    """The key in an `Authorization` header (`Token k`, `Bearer k` or `k` alone); Unauthorized
    (KEY_REQUIRED) where there is none.
    """
    scheme, _, rest = (value or "").strip().partition(" ")
    key = rest.strip() if scheme.lower() in _SCHEMES else (value or "").strip()
    if not key or key.lower() in _SCHEMES:
        raise Unauthorized(
            "an API key is required: send the header `Authorization: Token <key>`",
            code=Code.KEY_REQUIRED,
        )
    return key


def check_accepted(found: FoundKey, now: int) -> None:
    """Refuse (Unauthorized) a key that was revoked or expired, and a secret that a rotation
    replaced once its overlap is over.
    """
    key = found.key
    if key.revoked_at is not None:
        raise Unauthorized(
            "the API key is not valid or was revoked; ask your operator for a new one",
            code=Code.KEY_INVALID,
        )
    if not key.is_active(now):
        raise Unauthorized(
            f"the API key expired at {moment(key.expires_at)}; ask an administrator of the "
            "project for a new one",
            code=Code.KEY_INVALID,
        )
    if found.replaced and now >= (key.previous_until or 0):
        raise Unauthorized(
            f"this secret of the API key was replaced at {moment(key.rotated_at)} and worked "
            f"until {moment(key.previous_until)}; use the new one",
            code=Code.KEY_INVALID,
        )


def accepted_until(found: FoundKey) -> int | None:
    """Return when an accepted secret stops to be (epoch milliseconds), None for never."""
    ends = [found.key.expires_at, found.key.previous_until if found.replaced else None]
    return min((end for end in ends if end is not None), default=None)


def check_may_grant(role: Role, granted: Role) -> None:
    """Refuse (Forbidden) a role above the caller's own."""
    if not role.includes(granted):
        raise Forbidden(
            f"a key with the role `{role.value}` can make keys of its own role or a lesser one, "
            f"and not one with the role `{granted.value}`"
        )


def check_may_manage(role: Role, *, operator: bool, key: ApiKey) -> None:
    """Refuse (Forbidden) to change a key that may do more than the caller's."""
    check_may_grant(role, key.role)
    if key.operator and not operator:
        raise Forbidden("this is an operator's key; only an operator's key can change it")


def check_expiry(expires_at: int | None, now: int) -> None:
    """Refuse (InvalidInput) an expiry that is over already."""
    if expires_at is not None and expires_at <= now:
        raise InvalidInput(
            "`expires_at` must lie in the future, in milliseconds since 1970, as "
            f"{now + 86_400_000} for a day from now"
        )


def check_leaves_admin(key: ApiKey, others: Sequence[ApiKey], now: int) -> None:
    """Refuse (Conflict) to revoke the last key that can administer its project."""
    if key.role is not Role.ADMIN or not key.is_active(now):
        return
    if any(
        other.id != key.id and other.role is Role.ADMIN and other.is_active(now) for other in others
    ):
        return
    raise Conflict(
        f"{key.id} is the last active admin key of the project: make another one with the role "
        f"`admin` first; whoever runs this Memloom can use `memloom keys revoke {key.id} --force`"
    )


def moment(at: int | None) -> str:
    """Return a time for people, in UTC."""
    if at is None:
        return "never"
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def key_item(key: ApiKey, now: int) -> dict[str, Any]:
    """Return the key as the API shows it; its secret is in nobody's hands but its user's."""
    overlap = key.previous_until
    return {
        "id": key.id,
        "name": key.name,
        "hint": key.hint,
        "role": key.role.value,
        "operator": key.operator,
        "active": key.is_active(now),
        "create_time": key.created_at,
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
        "rotated_at": key.rotated_at,
        "previous_secret_until": overlap if overlap is not None and overlap > now else None,
        "revoke_time": key.revoked_at,
    }
