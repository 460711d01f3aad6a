"""Bounds of decoded JSON: how many values, how deep, which texts and numbers.

A body of millions of small values takes seconds to decode and to check, whatever its bytes; so
values are counted in the bytes first, before anything is built of them.
"""

import re
from typing import Any, Final

from services.kernel.contracts.errors import InvalidInput

# The largest request that makes sense (1,000 messages of parts and tool calls) has some 30,000.
MAX_VALUES: Final = 50_000
MAX_DEPTH: Final = 32
# What 64-bit columns, payloads and protocols hold.
_LARGEST: Final = 2**63 - 1
_BEGINNINGS: Final = (b",", b"[", b"{")
# A string (closed or not: it then goes to the end), or what begins a further value. Possessive:
# each byte is looked at once.
_TOKEN: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[,\[{]', re.DOTALL)
_QUOTE: Final = ord('"')
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def check_count(body: bytes, most: int = MAX_VALUES) -> None:
    """Refuse JSON that holds more than `most` values; InvalidInput. Linear, and it stops at the
    first one that is too many.
    """
    if sum(body.count(mark) for mark in _BEGINNINGS) < most:
        return
    found = 0
    for token in _TOKEN.finditer(body):
        found += body[token.start()] != _QUOTE
        if found >= most:
            raise InvalidInput(f"the body holds more than {most} values; send less at once")


def cleaned(value: Any) -> Any:
    """Return the value without nulls in objects, and without NUL characters, which no database
    keeps. InvalidInput for nesting below `MAX_DEPTH`, whole numbers beyond 64 bits and control
    characters in ids (a field `id`, `…_id` or `…_ids`).
    """
    return _cleaned(value, "", 0)


def has_control_characters(text: str) -> bool:
    """Whether the text holds a control character (C0, DEL or C1)."""
    return _CONTROL.search(text) is not None


def _cleaned(value: Any, key: str, depth: int) -> Any:
    if isinstance(value, str):
        return _text(value, key)
    if isinstance(value, dict | list):
        if depth >= MAX_DEPTH:
            raise InvalidInput(f"the body is nested too deeply; {MAX_DEPTH} levels are the most")
        if isinstance(value, list):
            return [_cleaned(entry, key, depth + 1) for entry in value]
        return {
            name.replace("\x00", ""): _cleaned(entry, name, depth + 1)
            for name, entry in value.items()
            if entry is not None
        }
    if isinstance(value, int) and not -_LARGEST <= value <= _LARGEST:
        raise InvalidInput(f"`{key[:100]}`: a whole number may have 64 bits, and {value} has more")
    return value


def _text(value: str, key: str) -> str:
    if key.endswith(("_id", "_ids")) or key == "id":
        if has_control_characters(value):
            raise InvalidInput(f"`{key[:100]}` holds control characters; ids are plain text")
        return value
    return value.replace("\x00", "") if "\x00" in value else value


def measure(value: Any) -> tuple[int, int, int]:
    """Return how many values it holds, how deeply they are nested (a plain value: 0), and how many
    characters its keys and texts have together.
    """
    if isinstance(value, str):
        return 1, 0, len(value)
    if isinstance(value, dict):
        parts = [measure(entry) for entry in value.values()]
        characters = sum(len(name) for name in value)
    elif isinstance(value, list):
        parts, characters = [measure(entry) for entry in value], 0
    else:
        return 1, 0, 0
    return (
        1 + sum(part[0] for part in parts),
        1 + max((part[1] for part in parts), default=0),
        characters + sum(part[2] for part in parts),
    )
