"""Tables on a page whose cells are drawn with rules."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from services.kernel.ports.reader import PageLayout, Rule, Word
from services.parser.domain.joining import join_lines

_SNAP: Final = 3.0  # points within which two rules are one
_FEWEST_EDGES: Final = 3  # two rows, or two columns, have three
_MOST_RULES: Final = 3000


Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A table on a page: its rows, the numbers of the lines that went into it, and where its
    columns begin.
    """

    rows: tuple[Row, ...]
    lines: frozenset[int]
    bold_first: bool = False
    edges: tuple[float, ...] = ()


def ruled_tables(page: PageLayout) -> list[Found]:
    """Tables whose cells are drawn."""
    found: list[Found] = []
    taken: set[int] = set()
    for rules in _components(page.rules[:_MOST_RULES]):
        xs = _snapped(rule.x0 for rule in rules if rule.x0 == rule.x1)
        ys = _snapped(rule.y0 for rule in rules if rule.y0 == rule.y1)
        if len(xs) < _FEWEST_EDGES or len(ys) < _FEWEST_EDGES:
            continue
        inside = frozenset(
            at
            for at, line in enumerate(page.lines)
            if at not in taken and line and all(_within(word, xs, ys) for word in line)
        )
        if not inside:
            continue
        rows, bold = _grid([page.lines[at] for at in sorted(inside)], rules, xs, ys)
        if len(rows) > 1 and _is_tabular(rows):
            found.append(Found(tuple(rows), inside, bold, tuple(xs)))
            taken |= inside
    return found


def _within(word: Word, xs: Sequence[float], ys: Sequence[float]) -> bool:
    middle_x, middle_y = (word.x0 + word.x1) / 2, word.y + word.size * 0.3
    return xs[0] - 1 <= middle_x <= xs[-1] + 1 and ys[0] - 1 <= middle_y <= ys[-1] + 1


def _is_tabular(rows: Sequence[Row]) -> bool:
    """At least two rows with at least two filled cells: no frame around running text."""
    return sum(sum(bool(cell) for cell in row) > 1 for row in rows) >= 2  # noqa: PLR2004 - said above


def _components(rules: Sequence[Rule]) -> list[list[Rule]]:
    """Rules that touch one another, together."""
    parent = list(range(len(rules)))

    def root(at: int) -> int:
        while parent[at] != at:
            parent[at] = parent[parent[at]]
            at = parent[at]
        return at

    order = sorted(range(len(rules)), key=lambda at: rules[at].x0)
    active: list[int] = []
    for at in order:
        rule = rules[at]
        active = [other for other in active if rules[other].x1 >= rule.x0 - _SNAP]
        for other in active:
            if (
                rules[other].y0 <= rule.y1 + _SNAP
                and rule.y0 <= rules[other].y1 + _SNAP
                and root(other) != root(at)
            ):
                parent[root(other)] = root(at)
        active.append(at)
    groups: dict[int, list[Rule]] = {}
    for at in range(len(rules)):
        groups.setdefault(root(at), []).append(rules[at])
    return sorted(
        (group for group in groups.values() if len(group) >= _FEWEST_EDGES),
        key=lambda group: -max(rule.y1 for rule in group),
    )


def _snapped(values: Iterable[float]) -> list[float]:
    snapped: list[float] = []
    for value in sorted(values):
        if not snapped or value - snapped[-1] > _SNAP:
            snapped.append(value)
    return snapped


def _grid(
    lines: Sequence[Sequence[Word]], rules: Sequence[Rule], xs: Sequence[float], ys: Sequence[float]
) -> tuple[list[Row], bool]:
    """Cell texts, top row first. A cell that spans rows is repeated in each of them; one that
    spans columns stands in the first.
    """
    columns, count = len(xs) - 1, len(ys) - 1
    cells: dict[tuple[int, int], list[Word]] = {}
    for word in (word for line in lines for word in line):
        column = _slot(xs, (word.x0 + word.x1) / 2)
        row = count - 1 - _slot(ys, word.y + word.size * 0.3)
        while column > 0 and not _vertical(rules, xs[column], ys, count - 1 - row):
            column -= 1
        cells.setdefault((row, column), []).append(word)
    texts = {place: cell_text(words) for place, words in cells.items()}
    for column in range(columns):
        _spread(texts, rules, xs, ys, column)
    rows = [tuple(texts.get((row, c), "") for c in range(columns)) for row in range(count)]
    first = [word for (row, _), words in cells.items() if row == 0 for word in words]
    others = [word for (row, _), words in cells.items() if row > 0 for word in words]
    bold = bool(first) and all(word.bold for word in first)
    return [row for row in rows if any(row)], bold and not all(word.bold for word in others)


def _slot(edges: Sequence[float], value: float) -> int:
    return max(0, min(len(edges) - 2, sum(edge <= value for edge in edges) - 1))


def _vertical(rules: Sequence[Rule], x: float, ys: Sequence[float], slot: int) -> bool:
    middle = (ys[slot] + ys[slot + 1]) / 2
    return any(
        rule.x0 == rule.x1 and abs(rule.x0 - x) <= _SNAP and rule.y0 <= middle <= rule.y1
        for rule in rules
    )


def _spread(
    texts: dict[tuple[int, int], str],
    rules: Sequence[Rule],
    xs: Sequence[float],
    ys: Sequence[float],
    column: int,
) -> None:
    """Give the text of a cell that spans rows to each of its rows."""
    count = len(ys) - 1
    middle = (xs[column] + xs[column + 1]) / 2
    span: list[int] = []
    for row in range(count):
        span.append(row)
        edge = ys[count - 1 - row]
        closed = row == count - 1 or any(
            rule.y0 == rule.y1 and abs(rule.y0 - edge) <= _SNAP and rule.x0 <= middle <= rule.x1
            for rule in rules
        )
        if closed:
            filled = [texts[(r, column)] for r in span if (r, column) in texts]
            if len(span) > 1 and filled:
                for r in span:
                    texts[(r, column)] = " ".join(filled)
            span = []


def cell_text(words: Sequence[Word]) -> str:
    """The words of a cell, line by line."""
    lines: list[list[Word]] = []
    for word in sorted(words, key=lambda word: (-word.y, word.x0)):
        if lines and abs(lines[-1][0].y - word.y) < 0.5 * max(word.size, 1):
            lines[-1].append(word)
        else:
            lines.append([word])
    return join_lines(
        " ".join(word.text for word in sorted(line, key=lambda word: word.x0)) for line in lines
    )
