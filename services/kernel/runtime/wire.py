"""Models to protobuf messages and back, for clients and servicers.

The pydantic model and the protobuf message of a call have the same field names; the conversion
goes through protobuf's own JSON mapping. A field whose default is not proto3's zero must be
`optional` in the `.proto`, or an explicit zero is lost.
"""

from typing import TypeVar

from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message import Message
from pydantic import BaseModel

M = TypeVar("M", bound=Message)
B = TypeVar("B", bound=BaseModel)


def to_message(model: BaseModel, kind: type[M]) -> M:
    """The protobuf message with the model's fields; None is absent."""
    return ParseDict(model.model_dump(mode="json", exclude_none=True), kind())


def to_model(message: Message, kind: type[B]) -> B:
    """The pydantic model with the message's fields; unset ones take the model's defaults."""
    return kind.model_validate(MessageToDict(message, preserving_proto_field_name=True))
