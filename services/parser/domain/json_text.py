"""JSON -> drafts: numbers as they are written, nesting bounded before anything recurses."""

import json
import re
from typing import Any, Final

from services.kernel.contracts.errors import Code, InvalidInput
from services.parser.domain.data import MAX_DEPTH, Data, DataWriter
from services.parser.domain.writer import BlockWriter

_STRUCTURE = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
_FEWEST_LINES: Final = 2


def build_json(writer: BlockWriter, text: str) -> None:
    """Draft a JSON text, or one JSON value a line. InvalidInput CORRUPT when it is neither,
    EXPANDS_TOO_FAR when it is nested too deep.
    """
    check_depth(text)
    DataWriter(writer).write(_load(text))


def check_depth(text: str) -> None:
    """Brackets outside strings, counted without recursion."""
    depth = 0
    for found in _STRUCTURE.finditer(text):
        character = found.group(0)
        if character in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise InvalidInput(
                    f"the JSON is nested deeper than {MAX_DEPTH} levels",
                    code=Code.EXPANDS_TOO_FAR,
                )
        elif character in "]}":
            depth -= 1


def _load(text: str) -> Data:
    try:
        return _plain(_parse(text))
    except ValueError as problem:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) < _FEWEST_LINES:
            raise _corrupt(problem) from problem
        try:
            return [_plain(_parse(line)) for line in lines]
        except ValueError:
            raise _corrupt(problem) from problem


def _parse(text: str) -> Any:
    return json.loads(text, parse_float=str, parse_int=str, parse_constant=str)


def _corrupt(problem: ValueError) -> InvalidInput:
    return InvalidInput(f"the file is not valid JSON: {problem}", code=Code.CORRUPT)


def _plain(value: Any) -> Data:
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
