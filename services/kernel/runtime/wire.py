"""Models to protobuf messages and back, for clients and servicers.

The pydantic model and the protobuf message of a call have the same field names; the conversion
goes through protobuf's own JSON mapping. A field whose default is not proto3's zero must be
`optional` in the `.proto`, or an explicit zero is lost.

Protobuf's `Struct` and `Value` hold every number as a double. A string field `<name>_json` beside
such a field carries the same as JSON, exactly; whoever reads prefers it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, TypeVar

import orjson
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message import Message
from pydantic import BaseModel

from services.kernel.contracts.errors import InvalidInput

M = TypeVar("M", bound=Message)
B = TypeVar("B", bound=BaseModel)

_EXACT: Final = "_json"
# Up to here every integer is a double of its own.
_LARGEST: Final = 2**53


@dataclass(frozen=True, slots=True)
class _Plan:
    """Names of fields that have an exact form beside them, and descriptors of those that hold
    messages (protobuf's implementations share no type for these).
    """

    exact: tuple[str, ...]
    inner: Mapping[str, Any]


def to_message(model: BaseModel, kind: type[M]) -> M:
    """The protobuf message with the model's fields; None is absent."""
    return as_message(model.model_dump(mode="json", exclude_none=True), kind)


def to_model(message: Message, kind: type[B]) -> B:
    """The pydantic model with the message's fields; unset ones take the model's defaults."""
    return kind.model_validate(as_dict(message))


def as_message(fields: Mapping[str, Any], kind: type[M], *, ignore_unknown: bool = False) -> M:
    """The protobuf message with these fields, and the exact form of those that have one."""
    exact = _with_exact(fields, kind.DESCRIPTOR)
    return ParseDict(exact, kind(), ignore_unknown_fields=ignore_unknown)


def as_dict(message: Message) -> dict[str, Any]:
    """The set fields of a message, from their exact form where it is there; InvalidInput where
    that is no JSON.
    """
    found: dict[str, Any] = MessageToDict(message, preserving_proto_field_name=True)
    return _from_exact(found, message.DESCRIPTOR)


@cache
def _plan(descriptor: Any) -> _Plan:
    names = {field.name for field in descriptor.fields}
    return _Plan(
        exact=tuple(name for name in sorted(names) if f"{name}{_EXACT}" in names),
        inner={
            field.name: field.message_type
            for field in descriptor.fields
            if field.message_type is not None
            and not field.message_type.GetOptions().map_entry
            and not field.message_type.full_name.startswith("google.protobuf.")
        },
    )


def _with_exact(fields: Mapping[str, Any], descriptor: Any) -> dict[str, Any]:
    plan = _plan(descriptor)
    found = dict(fields)
    for name in plan.exact:
        if found.get(name) not in (None, {}, [], ()):
            found[f"{name}{_EXACT}"] = orjson.dumps(found[name]).decode()
    for name, inner in plan.inner.items():
        value = found.get(name)
        if isinstance(value, Mapping):
            found[name] = _with_exact(value, inner)
        elif isinstance(value, list):
            found[name] = [_with_exact(one, inner) for one in value]
    return found


def _from_exact(fields: dict[str, Any], descriptor: Any) -> dict[str, Any]:
    plan = _plan(descriptor)
    for name in plan.exact:
        text = fields.pop(f"{name}{_EXACT}", "")
        if text:
            try:
                fields[name] = orjson.loads(text)
            except orjson.JSONDecodeError as error:
                raise InvalidInput(f"`{name}{_EXACT}` is not valid JSON: {error}") from error
        elif name in fields:
            fields[name] = _whole_numbers(fields[name])
    for name, inner in plan.inner.items():
        value = fields.get(name)
        if isinstance(value, dict):
            fields[name] = _from_exact(value, inner)
        elif isinstance(value, list):
            fields[name] = [_from_exact(one, inner) for one in value]
    return fields


def _whole_numbers(value: Any) -> Any:
    """The value with its whole numbers as integers again: JSON tells 3 from 3.0, a double not."""
    if isinstance(value, dict):
        return {key: _whole_numbers(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_whole_numbers(one) for one in value]
    whole = isinstance(value, float) and value.is_integer() and abs(value) <= _LARGEST
    return int(value) if whole else value
