"""Figures as a table in Markdown and as JSON."""

from collections.abc import Sequence
from pathlib import Path

import orjson

from evals.search_eval.scoring import FLOOR, Figures


def table(results: Sequence[Figures]) -> str:
    """One row a set, one column for the product, each arm and the floor."""
    present = dict.fromkeys(column for result in results for column in result.values)
    columns = [*(column for column in present if column != FLOOR), FLOOR]
    lines = [f"| set | questions | {' | '.join(columns)} |", "|---" * (len(columns) + 2) + "|"]
    for result in results:
        cells = [
            ", ".join(f"{k} {v}" for k, v in result.values.get(column, {}).items())
            for column in columns
        ]
        name = f"{result.name} ({result.note})" if result.note else result.name
        lines.append(f"| {name} | {result.questions:,} | {' | '.join(cells)} |")
    return "\n".join(lines)


def write_table(path: Path, mark: str, shown: str) -> None:
    """Replace what stands between `<!-- mark -->` and `<!-- end mark -->` of a Markdown file."""
    text = path.read_text(encoding="utf-8")
    head, _, rest = text.partition(f"<!-- {mark} -->")
    _, _, tail = rest.partition(f"<!-- end {mark} -->")
    path.write_text(f"{head}<!-- {mark} -->\n{shown}\n<!-- end {mark} -->{tail}", encoding="utf-8")


def write_json(path: Path, results: Sequence[Figures], embedder: str) -> None:
    """All figures by set, column and measure."""
    sets = {
        result.name: {"questions": result.questions, "note": result.note, **result.values}
        for result in results
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(
        orjson.dumps({"embedder": embedder, "sets": sets}, option=orjson.OPT_INDENT_2) + b"\n"
    )
