"""Opaque cursors of lists: where the next page begins, by the sort key of the last entry.

A list is sorted by what does not change (time of creation, position), so that entries which come
or go meanwhile neither repeat nor hide others. A cursor is no secret and grants nothing: every
page is asked for with the caller's own project.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import orjson

from services.kernel.contracts.errors import InvalidInput

T = TypeVar("T")
U = TypeVar("U")
Key = str | int
_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some entries of a list, and the cursor of those that follow ("" where none do)."""

    entries: tuple[T, ...]
    next_cursor: str = ""

    def shown(self, name: str, show: Callable[[T], U]) -> dict[str, list[U] | str | None]:
        """Return the page as the API shows it; next_cursor is null on the last page."""
        return {
            name: [show(entry) for entry in self.entries],
            "next_cursor": self.next_cursor or None,
        }


def page_of(found: Sequence[T], limit: int, key: Callable[[T], Sequence[Key]]) -> Page[T]:
    """Return the first `limit` of what was found; one more than that says that there are more."""
    entries = tuple(found[:limit])
    return Page(entries, encode_cursor(*key(entries[-1])) if len(found) > limit else "")


def encode_cursor(*key: Key) -> str:
    """Return the cursor of a sort key."""
    return base64.urlsafe_b64encode(orjson.dumps(key)).decode().rstrip("=")


def decode_cursor(text: str | None, *kinds: type[Key]) -> tuple[Key, ...] | None:
    """Return the sort key of a cursor, None for the first page; InvalidInput for what is none."""
    if not text:
        return None
    if len(text) > _LONGEST:
        raise _refused()
    try:
        found = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, binascii.Error) as error:
        raise _refused() from error
    right = isinstance(found, list) and [type(value) for value in found] == list(kinds)
    if not right or any(isinstance(value, str) and "\x00" in value for value in found):
        raise _refused()
    return tuple(found)


def _refused() -> InvalidInput:
    return InvalidInput(
        "`cursor` is none of this list; send the `next_cursor` of the page before, unchanged"
    )
