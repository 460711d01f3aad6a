"""A chat model that is played."""

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from services.kernel.ports.models import Completion


class PlayedModel:
    """Says one sentence, or fails."""

    def __init__(self) -> None:
        self.identity = "played"
        self.error: Exception | None = None

    async def complete_json(
        self, *, system: str, user: str, schema: Mapping[str, JsonValue], name: str
    ) -> Completion:
        raise AssertionError

    async def complete_text(self, *, messages: Sequence[Mapping[str, str]]) -> Completion:
        if self.error is not None:
            raise self.error
        return Completion(value="600 yuan", prompt_tokens=1, completion_tokens=1)
