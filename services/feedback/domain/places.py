"""Values of a statement against values of a correction: alike, exchangeable, said already."""

import re
from collections.abc import Sequence
from itertools import pairwise

from services.feedback.domain.folding import squeeze
from services.feedback.domain.statements import Statement
from services.feedback.domain.values import Value, same_kind, values

_RANGE = re.compile(r"^\s*(?:[-–—~～至到]|to|until|and)\s*$", re.IGNORECASE)
_DENIED = re.compile(r"(?:不|没有?|未|无|非|别|勿|\b(?:no|not|never|without)\s)\s*$", re.IGNORECASE)
# Letters of a name that says what it is of wherever it stands.
DISTINCTIVE = 4


def groups(text: str) -> list[tuple[int, int, str, int]]:
    """Values joined to ranges ("8:00–17:00"): start, end, kind, how many values."""
    found: list[tuple[int, int, str, int]] = []
    for value in values(text):
        if found and found[-1][2] == value.kind and _RANGE.match(text[found[-1][1] : value.start]):
            start, _, kind, count = found.pop()
            found.append((start, value.end, kind, count + 1))
        else:
            found.append((value.start, value.end, value.kind, 1))
    return found


def lone_value(told: str, new: str) -> str:
    """The only value in what was told to be the old one, where it has more words than that."""
    wanted = values(new)
    like = [value for value in values(told) if any(same_kind(value, one) for one in wanted)]
    return like[0].text if len(like) == 1 and squeeze(like[0].text) != squeeze(told) else ""


def alike(item: Statement, new: str, wanted: Sequence[Value]) -> list[tuple[int, int]]:
    """Where the statement has values of the same kinds with the same words between them: "5 days
    and 11 hours" for "5 days and 15 hours". One value alone is no pattern.
    """
    between = [squeeze(new[a.end : b.start]) for a, b in pairwise(wanted)]
    present = item.values()
    found = []
    for at in range(len(present) - len(wanted) + 1 if between else 0):
        part = present[at : at + len(wanted)]
        gaps = [squeeze(item.text[a.end : b.start]) for a, b in pairwise(part)]
        if gaps == between and all(map(same_kind, part, wanted)):
            found.append((part[0].start, part[-1].end))
    return found


def is_distinctive(value: str) -> bool:
    """Whether a value says what it is of wherever it stands: a name, no mere number."""
    letters = value
    for number in reversed(values(value)):
        letters = letters[: number.start] + letters[number.end :]
    # A Chinese name is shorter, and so is one beside a number.
    least = DISTINCTIVE if letters == value and value.isascii() else DISTINCTIVE - 1
    return len(squeeze(letters)) >= least


def states(item: Statement, value: str) -> bool:
    """Whether the statement says the value, and does not deny it."""
    return bool(value) and any(
        not _DENIED.search(item.text[:start]) for start, _ in item.holds(value)
    )


def exchangeable(present: Sequence[Value], wanted: Sequence[Value]) -> bool:
    """Whether a value that stands there may give way to a wanted one."""
    return any(
        same_kind(own, new) and own.number != new.number for own in present for new in wanted
    )


def widened(item: Statement, place: tuple[int, int], new: str) -> tuple[int, int]:
    """The whole value ("room 204") where the words name a part of it and the new one is whole."""
    kinds = {value.kind for value in values(new)}
    for value in item.values():
        if value.start <= place[0] and place[1] <= value.end and value.kind in kinds:
            return value.start, value.end
    return place
