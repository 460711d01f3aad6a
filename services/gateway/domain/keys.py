"""API keys: made here, shown once, kept only as a hash."""

import hashlib
import secrets
from typing import Final

from services.kernel.contracts.errors import Code, Unauthorized

PREFIX: Final = "mpg-"
_SCHEMES: Final = ("token", "bearer")


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
