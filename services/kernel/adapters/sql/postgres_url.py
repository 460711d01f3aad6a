"""PostgreSQL's common connection URLs, as psql and cloud consoles write them, for asyncpg."""

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL

from services.kernel.contracts.errors import InvalidInput

# https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION
_UNCHECKED: Final = ("disable", "allow", "prefer")
_CHECKED: Final = ("require", "verify-ca", "verify-full")
_FILES: Final = ("sslrootcert", "sslcert", "sslkey")
# Read by SQLAlchemy's dialect or by asyncpg itself under the same name.
_DRIVERS: Final = frozenset(
    {"prepared_statement_cache_size", "statement_cache_size", "target_session_attrs", "ssl", "host"}
)
_SYSTEM: Final = "system"


def split_url(url: URL) -> tuple[URL, dict[str, Any]]:
    """The URL without libpq's parameters, and they as arguments of `asyncpg.connect`. InvalidInput
    names a parameter that is not known, or a file that cannot be read.
    """
    given = {name: _one(value) for name, value in url.query.items()}
    arguments: dict[str, Any] = {}
    server = {"application_name": given.pop("application_name", "memloom")}
    if "connect_timeout" in given:
        arguments["timeout"] = _seconds(given.pop("connect_timeout"))
    security = _security(given)
    if security is not None:
        arguments["ssl"] = security
    for name in ("sslmode", *_FILES):
        given.pop(name, None)
    if unknown := sorted(set(given) - _DRIVERS):
        raise InvalidInput(
            f"the PostgreSQL URL has the parameter {unknown[0]!r}, which is not supported: remove "
            "it; known are sslmode, sslrootcert, sslcert, sslkey, connect_timeout, "
            "application_name and target_session_attrs."
        )
    return url.set(query=given), arguments | {"server_settings": server}


def _one(value: str | tuple[str, ...]) -> str:
    return value if isinstance(value, str) else value[-1]


def _seconds(text: str) -> float:
    try:
        return max(1.0, float(text))
    except ValueError as error:
        raise InvalidInput(
            f"the PostgreSQL URL's connect_timeout is {text!r}: write seconds, as 10."
        ) from error


def _security(given: Mapping[str, str]) -> ssl.SSLContext | str | None:
    """As libpq reads the parameters, but that a root certificate alone asks to be checked."""
    mode = given.get("sslmode", "verify-full" if "sslrootcert" in given else "")
    if not mode:
        return None
    if mode in _UNCHECKED:
        return mode
    if mode not in _CHECKED:
        raise InvalidInput(
            f"the PostgreSQL URL's sslmode is {mode!r}: write one of "
            f"{', '.join((*_UNCHECKED, *_CHECKED))}."
        )
    root = given.get("sslrootcert", "")
    _readable(given)
    try:
        context = ssl.create_default_context(cafile=None if root in {"", _SYSTEM} else root)
        if "sslcert" in given:
            context.load_cert_chain(given["sslcert"], given.get("sslkey"))
    except (ssl.SSLError, OSError) as error:
        raise InvalidInput(
            f"the certificates that the PostgreSQL URL names cannot be used: {error}"
        ) from error
    context.check_hostname = mode == "verify-full"
    if mode == "require" and not root:
        context.verify_mode = ssl.CERT_NONE
    return context


def _readable(given: Mapping[str, str]) -> None:
    for name in _FILES:
        path = given.get(name, "")
        if path and path != _SYSTEM and not Path(path).is_file():
            raise InvalidInput(f"the PostgreSQL URL's {name} names {path}, which is no file.")
