"""Which evaluation sets a folder holds, told by the shape of its files."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Row = dict[str, Any]
Shape = Literal["passages", "files", "turns", "chats", "sessions", "foreign"]


@dataclass(frozen=True)
class EvalSet:
    """A set. folder: where its files are. stem: which files of the folder, where it has several
    (`zh` of `zh.turns.jsonl`).
    """

    name: str
    shape: Shape
    folder: Path
    stem: str = ""


def load(path: Path) -> list[Row]:
    """The rows of a JSON Lines file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def find_sets(data: Path) -> list[EvalSet]:
    """All sets below a folder, in order of shape and path."""
    order = ("passages", "files", "turns", "chats", "sessions", "foreign")
    folders = [data, *(path for path in data.rglob("*") if path.is_dir())]
    found = [one for folder in folders for one in _in(folder)]
    return sorted(found, key=lambda one: (order.index(one.shape), str(one.folder), one.stem))


def _in(folder: Path) -> Iterator[EvalSet]:
    questions = folder / "questions.jsonl"
    if (folder / "passages.jsonl").exists() and questions.exists():
        yield EvalSet(folder.name, "passages", folder)
    elif questions.exists() and "gold_docs" in first(questions):
        yield EvalSet(folder.name, "files", folder)
    for path in sorted(folder.glob("*.turns.jsonl")):
        stem = path.name.removesuffix(".turns.jsonl")
        yield EvalSet(f"{folder.name} {stem}", "turns", folder, stem)
    if any(folder.glob("*.messages.jsonl")):
        yield EvalSet(folder.name, "chats", folder)
    for path in sorted(folder.glob("longmemeval*.json")):
        yield EvalSet(path.stem, "sessions", folder, path.name)
    for path in sorted(folder.glob("*.jsonl")):
        if set(first(path)) == {"id", "text"}:
            yield EvalSet(path.stem, "foreign", folder, path.name)


def first(path: Path) -> Row:
    """The first row; empty where there is none."""
    with path.open(encoding="utf-8") as lines:
        line = lines.readline()
    row = json.loads(line) if line.strip() else {}
    return row if isinstance(row, dict) else {}
