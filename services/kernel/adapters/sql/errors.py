"""The drivers' errors become ours; a wrong statement stays what it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DBAPIError, IntegrityError, InvalidatePoolError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from services.kernel.contracts.errors import Conflict, DependencyUnavailable, StorageFull, is_full

# https://www.sqlite.org/rescode.html: BUSY, LOCKED, NOMEM, READONLY, IOERR, CORRUPT, FULL,
# CANTOPEN. The low byte is the primary code.
_SQLITE_READONLY: Final = 8
_SQLITE_FULL: Final = 13
_SQLITE_DOWN: Final = frozenset({5, 6, 7, _SQLITE_READONLY, 10, 11, _SQLITE_FULL, 14})
# https://www.postgresql.org/docs/current/errcodes-appendix.html: connection, rolled back
# (serialisation, deadlock), out of resources, object in use, operator intervention, system.
_POSTGRES_FULL: Final = "53100"
_POSTGRES_DOWN: Final = ("08", "40", "53", "55", "57", "58")


@contextmanager
def translated(*, reading: bool = False) -> Iterator[None]:
    """reading: in a transaction that only reads, where a write is our own mistake."""
    try:
        yield
    except IntegrityError as error:
        raise Conflict(f"a row contradicts the schema: {error.orig}") from error
    except DBAPIError as error:
        if _is_full(error):
            raise StorageFull(f"the database has no room on its disk: {error.orig}") from error
        if _is_down(error, reading=reading):
            raise DependencyUnavailable(f"the database cannot be used: {error.orig}") from error
        raise
    except (PoolTimeoutError, InvalidatePoolError, OSError, TimeoutError) as error:
        if is_full(error):
            raise StorageFull(f"the database has no room on its disk: {error}") from error
        raise DependencyUnavailable(f"the database cannot be reached: {error}") from error


def _is_full(error: DBAPIError) -> bool:
    code = getattr(error.orig, "sqlite_errorcode", None)
    if isinstance(code, int):
        return code & 0xFF == _SQLITE_FULL
    return getattr(error.orig, "sqlstate", None) == _POSTGRES_FULL


def _is_down(error: DBAPIError, *, reading: bool) -> bool:
    if error.connection_invalidated:
        return True
    original = error.orig
    code = getattr(original, "sqlite_errorcode", None)
    if isinstance(code, int):
        if reading and code == _SQLITE_READONLY:
            return False
        return code & 0xFF in _SQLITE_DOWN
    state = getattr(original, "sqlstate", None) or getattr(original, "pgcode", None)
    if isinstance(state, str):
        return state.startswith(_POSTGRES_DOWN)
    return type(original).__name__ in {"InterfaceError", "OperationalError"}
