"""The drivers' errors become ours; a wrong statement stays what it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DBAPIError, IntegrityError, InvalidatePoolError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from services.kernel.contracts.errors import (
    Conflict,
    DependencyUnavailable,
    InvalidInput,
    StorageFull,
    is_full,
)

# https://www.sqlite.org/rescode.html: BUSY, LOCKED, NOMEM, READONLY, IOERR, CORRUPT, FULL,
# CANTOPEN. The low byte is the primary code.
_SQLITE_READONLY: Final = 8
_SQLITE_FULL: Final = 13
_SQLITE_DOWN: Final = frozenset({5, 6, 7, _SQLITE_READONLY, 10, 11, _SQLITE_FULL, 14})
# https://www.postgresql.org/docs/current/errcodes-appendix.html: connection, rolled back
# (serialisation, deadlock), out of resources, object in use, operator intervention, system.
_POSTGRES_FULL: Final = "53100"
_POSTGRES_DOWN: Final = ("08", "40", "53", "55", "57", "58")
# Of the same table, data exceptions that a value brings about which no column can hold: too long,
# out of range, characters that the encoding has not (NUL). 22000: asyncpg's own check.
_POSTGRES_UNFIT: Final = frozenset({"22000", "22001", "22003", "22008", "22021", "22P05"})


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
        if _state(error) in _POSTGRES_UNFIT:
            raise _unfit(error.orig) from error
        raise
    except (OverflowError, UnicodeEncodeError) as error:
        # SQLite's driver says so before it asks the engine: an integer of more than 64 bits, half
        # a surrogate pair.
        raise _unfit(error) from error
    except (PoolTimeoutError, InvalidatePoolError, OSError, TimeoutError) as error:
        if is_full(error):
            raise StorageFull(f"the database has no room on its disk: {error}") from error
        raise DependencyUnavailable(f"the database cannot be reached: {error}") from error


def _is_full(error: DBAPIError) -> bool:
    code = getattr(error.orig, "sqlite_errorcode", None)
    if isinstance(code, int):
        return code & 0xFF == _SQLITE_FULL
    return getattr(error.orig, "sqlstate", None) == _POSTGRES_FULL


def _unfit(why: BaseException | None) -> InvalidInput:
    return InvalidInput(f"a value cannot be stored; send a smaller or a plainer one: {why}")


def _state(error: DBAPIError) -> str:
    original = error.orig
    state = getattr(original, "sqlstate", None) or getattr(original, "pgcode", None)
    return state if isinstance(state, str) else ""


def _is_down(error: DBAPIError, *, reading: bool) -> bool:
    if error.connection_invalidated:
        return True
    original = error.orig
    code = getattr(original, "sqlite_errorcode", None)
    if isinstance(code, int):
        if reading and code == _SQLITE_READONLY:
            return False
        return code & 0xFF in _SQLITE_DOWN
    if state := _state(error):
        return state.startswith(_POSTGRES_DOWN)
    return type(original).__name__ in {"InterfaceError", "OperationalError"}
