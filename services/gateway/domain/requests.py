"""The requests of the public API. null means absent, unknown fields are ignored."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from services.gateway.domain.json_values import cleaned, measure
from services.gateway.domain.limits import MAX_GROUP, MAX_ITEMS, MAX_PAGE_SIZE
from services.kernel.contracts.errors import Code, InvalidInput

VIEWS = ("detail_factual", "preference", "tool_memory", "skill", "profile", "event")


def filled(value: str) -> str:
    """The text; an error of the model where it is blank."""
    if not value.strip():
        raise PydanticCustomError("blank", "must not be empty")
    return value


def _absent_when_blank(value: str) -> str | None:
    return value if value.strip() else None


Text = Annotated[str, AfterValidator(filled)]
Identifier = Annotated[str, Field(max_length=100), AfterValidator(filled)]
OptionalIdentifier = Annotated[str, Field(max_length=100), AfterValidator(_absent_when_blank)]
Ids = Annotated[list[Identifier], Field(max_length=1000)]
FilledIds = Annotated[list[Identifier], Field(min_length=1, max_length=1000)]
Group = Identifier | Annotated[list[Identifier], Field(min_length=1, max_length=MAX_GROUP)]
Limit = Annotated[int, Field(ge=0, le=MAX_ITEMS)]
When = str | int | float


def _bounded(most: tuple[int, int, int]) -> AfterValidator:
    """Refuse more values, levels or characters than these."""

    def check(value: Any) -> Any:
        values, depth, characters = measure(value)
        if values > most[0] or depth > most[1] or characters > most[2]:
            raise PydanticCustomError(
                "too_much",
                "may hold {values} values in {depth} levels and {characters} characters",
                {"values": most[0], "depth": most[1], "characters": most[2]},
            )
        return value

    return AfterValidator(check)


# Metadata is copied to every memory and into the index; longer things are documents.
Info = Annotated[dict[str, JsonValue], _bounded((256, 4, 16_384))]
# 50 conditions for each of four sources, each of a few values.
Filter = Annotated[dict[str, JsonValue], _bounded((2_000, 5, 65_536))]
Tags = Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=100)]
# Four characters a token (see `tokens_of`), and the most tokens of any text of the API.
LongText = Annotated[str, Field(max_length=160_000), AfterValidator(filled)]


class Request(BaseModel):
    """Base of all requests."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)

    @classmethod
    def read(cls, value: Any) -> Self:
        """The request in a decoded JSON body; InvalidInput with the code and a helpful sentence."""
        if not isinstance(value, dict):
            raise InvalidInput("the body must be a JSON object")
        try:
            return cls.model_validate(cleaned(value))
        except ValidationError as error:
            raise explain(error) from error


_WORDS = {
    "missing": ("is required", Code.FIELD_MISSING),
    "blank": ("must not be empty", Code.FIELD_MISSING),
    "string_too_short": ("must not be empty", Code.FIELD_MISSING),
    "too_short": ("must not be empty", Code.LIST_EMPTY),
}
_LENGTH_CODES = {
    "user_id": Code.USER_ID_TOO_LONG,
    "conversation_id": Code.CONVERSATION_ID_TOO_LONG,
}


def explain(error: ValidationError) -> InvalidInput:
    """The first thing that is wrong, with the API's code for it."""
    first = _most_telling(error.errors(include_url=False, include_context=False))
    kind, path = first["type"], [part for part in first["loc"] if not _is_branch(part)]
    name = ".".join(str(part) for part in path) or "the body"
    last = str(path[-1]) if path and isinstance(path[-1], str) else str(path[0]) if path else ""
    message = f"`{name}`: {first['msg']}"
    if kind in _WORDS:
        text, code = _WORDS[kind]
        message = f"`{name}` {text}"
    elif kind == "string_too_long" and last in _LENGTH_CODES:
        message, code = f"`{name}` may have 100 characters", _LENGTH_CODES[last]
    elif last == "relativity" and kind in ("less_than_equal", "greater_than_equal"):
        message, code = "`relativity` must lie between 0 and 1", Code.RELATIVITY_OUT_OF_RANGE
    else:
        code = Code.FIELD_MISSING if kind == "absent" else Code.WRONG_PARAMETERS
        message = first["msg"] if not path else message
    return InvalidInput(message, code=code)


def _most_telling(errors: Sequence[Any]) -> Any:
    """The first error; of a union's, the branch whose type was right."""
    first = errors[0]
    if not str(first["type"]).endswith("_type"):
        return first
    siblings = [other for other in errors if other["loc"][:1] == first["loc"][:1]]
    return next((e for e in siblings if not str(e["type"]).endswith("_type")), first)


def _is_branch(part: str | int) -> bool:
    """Whether a location names a branch of a union, which the caller never wrote."""
    return isinstance(part, str) and ("[" in part or part in ("str", "int", "float"))


def _exactly_one(**subjects: Any) -> None:
    given = [name for name, value in subjects.items() if value is not None]
    names = " or ".join(f"`{name}`" for name in subjects)
    if not given:
        raise PydanticCustomError("absent", "one of {names} is required", {"names": names})
    if len(given) > 1:
        raise PydanticCustomError("several", "give only one of {names}", {"names": names})


class CreateKnowledgebase(Request):
    """A new knowledge base, linked to the key's project."""

    knowledgebase_name: Annotated[str, Field(max_length=200), AfterValidator(filled)]
    knowledgebase_description: Annotated[str, Field(max_length=2000)] = ""


class DeleteKnowledgebase(Request):
    """Unlink a knowledge base from the project, or (delete_all) delete it with all it holds."""

    knowledgebase_id: Identifier
    delete_all: bool = False


class UploadEntry(Request):
    """One file: `content` is a URL, a data URI, or Base64."""

    content: Text
    name: str | None = None
    file_name: str | None = None
    mime_type: str | None = None
    type: str = "document"


class AddKnowledgebaseFile(Request):
    """Documents for a knowledge base."""

    knowledgebase_id: Identifier
    file: Annotated[list[UploadEntry], Field(min_length=1)]


class UploadTarget(Request):
    """Where the files of a form go; the form carries them itself."""

    knowledgebase_id: Identifier


class GetKnowledgebaseFile(Request):
    """Named files, or (knowledgebase_id) a page of a knowledge base's files."""

    file_ids: FilledIds | None = None
    knowledgebase_id: OptionalIdentifier | None = None
    type: str | None = None
    page: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    page_size: Annotated[int, Field(ge=1, le=100)] = 20

    @model_validator(mode="after")
    def _one_mode(self) -> Self:
        _exactly_one(file_ids=self.file_ids, knowledgebase_id=self.knowledgebase_id)
        return self


class DeleteKnowledgebaseFile(Request):
    """Files to delete."""

    file_ids: FilledIds


class MessageIn(Request):
    """One message, as callers send it."""

    role: Literal["user", "assistant", "system", "tool"]
    content: str | list[dict[str, JsonValue]] = ""
    chat_time: When | None = None
    id: OptionalIdentifier | None = None
    role_id: Annotated[str, Field(max_length=100)] = ""
    role_name: Annotated[str, Field(max_length=100)] = ""
    tool_calls: list[dict[str, JsonValue]] = []
    tool_call_id: Annotated[str, Field(max_length=200)] = ""


class AddMessage(Request):
    """Messages of one conversation, in order."""

    messages: Annotated[list[MessageIn], Field(min_length=1, max_length=1000)]
    user_id: Group | None = None
    agent_id: Group | None = None
    conversation_id: OptionalIdentifier | None = None
    app_id: OptionalIdentifier | None = None
    tags: Tags = []
    info: Info = {}
    allow_public: bool = False
    allow_knowledgebase_ids: Ids = []
    allow_memory_view: list[str] | None = None
    custom_extract_prompt: dict[str, Annotated[str, Field(max_length=8_000)]] = {}
    async_mode: bool = True

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if self.user_id is None and self.agent_id is None:
            raise PydanticCustomError("absent", "one of `user_id` or `agent_id` is required")
        return self


class GetMessage(Request):
    """The last messages of a conversation."""

    user_id: Identifier
    conversation_id: Identifier
    message_limit_number: Annotated[int, Field(ge=1, le=50)] = 6


class GetStatus(Request):
    """State of a task."""

    task_id: Identifier


class SearchMemory(Request):
    """The one search."""

    query: Text
    user_id: OptionalIdentifier | None = None
    agent_id: OptionalIdentifier | None = None
    conversation_id: OptionalIdentifier | None = None
    filter: Filter | None = None
    knowledgebase_ids: Ids = []
    memory_limit_number: Limit = 9
    include_memory_view: list[str] | None = None
    include_preference: bool = True
    preference_limit_number: Limit = 9
    include_tool_memory: bool = False
    tool_memory_limit_number: Limit = 6
    include_skill: bool = False
    skill_limit_number: Limit = 6
    relativity: Annotated[float, Field(ge=0, le=1)] | None = None
    context_format: Literal["memory", "sources", "mixed", "heuristic_routing"] = "memory"
    explain: bool = False

    @model_validator(mode="after")
    def _one_subject(self) -> Self:
        _exactly_one(user_id=self.user_id, agent_id=self.agent_id)
        return self


class GetMemory(Request):
    """A page of a subject's memories; `size` counts for each kind."""

    user_id: OptionalIdentifier | None = None
    agent_id: OptionalIdentifier | None = None
    page: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    current: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    size: Annotated[int, Field(ge=1, le=MAX_PAGE_SIZE)] = 10
    filter: Filter | None = None
    include_memory_view: list[str] | None = None
    include_preference: bool = True
    include_tool_memory: bool = True

    @model_validator(mode="after")
    def _one_subject(self) -> Self:
        _exactly_one(user_id=self.user_id, agent_id=self.agent_id)
        return self


class UpdateMemory(Request):
    """A change by hand."""

    memory_id: Identifier
    content: LongText | None = None
    title: Annotated[Text, Field(max_length=2000)] | None = None
    status: Literal["activated", "archived"] | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.content is None and self.title is None and self.status is None:
            raise PydanticCustomError(
                "absent", "one of `content`, `title` and `status` is required"
            )
        return self


class DeleteMemory(Request):
    """Memories by id, or all of one subject; memory_ids decide where both are given."""

    memory_ids: FilledIds | None = None
    user_id: OptionalIdentifier | None = None
    agent_id: OptionalIdentifier | None = None
    user_ids: Ids | None = None
    filter: Filter | None = None
    conversation_id: str | None = None
    knowledgebase_id: str | None = None

    @model_validator(mode="after")
    def _one_condition(self) -> Self:
        for name in ("conversation_id", "knowledgebase_id", "filter"):
            if getattr(self, name):
                raise PydanticCustomError(
                    "several",
                    "memories cannot be deleted by `{name}`; use memory_ids, user_id or agent_id",
                    {"name": name},
                )
        listed = self.user_ids[0] if self.user_ids and len(self.user_ids) == 1 else None
        if self.memory_ids is None and self.user_ids and listed is None:
            raise PydanticCustomError("several", "delete one user at a time: give `user_id`")
        if self.memory_ids is not None and self.user_id is None and self.agent_id is None:
            return self
        _exactly_one(
            memory_ids=self.memory_ids,
            user_id=self.user_id or (listed if self.memory_ids is None else None),
            agent_id=self.agent_id,
        )
        return self

    @property
    def user(self) -> str | None:
        """The user whose memories go."""
        if self.memory_ids is not None:
            return None
        return self.user_id or (self.user_ids[0] if self.user_ids else None)


class AddFeedback(Request):
    """Plain words about what is wrong."""

    user_id: Identifier
    feedback_content: Text
    conversation_id: OptionalIdentifier | None = None
    agent_id: OptionalIdentifier | None = None
    app_id: OptionalIdentifier | None = None
    feedback_time: When | None = None
    allow_public: bool = False
    allow_knowledgebase_ids: Ids = []


class Chat(Request):
    """Recall, answer, and (add_message_on_answer) remember the turn."""

    user_id: Identifier
    conversation_id: Identifier
    query: Text
    filter: Filter | None = None
    knowledgebase_ids: Ids = []
    memory_limit_number: Limit = 9
    include_preference: bool = True
    preference_limit_number: Limit = 9
    relativity: Annotated[float, Field(ge=0, le=1)] | None = None
    system_prompt: str | None = None
    stream: bool = False
    add_message_on_answer: bool = True
    app_id: OptionalIdentifier | None = None
    agent_id: OptionalIdentifier | None = None
    tags: Tags = []
    info: Info = {}
    allow_public: bool = False
    allow_knowledgebase_ids: Ids = []


class ExtractMemory(Request):
    """Messages to extract memories from, without storing them."""

    messages: Annotated[list[MessageIn], Field(min_length=1, max_length=1000)]
    extraction_types: list[Literal["memory", "preference"]] = ["memory", "preference"]


class Rerank(Request):
    """Texts to rank against a query."""

    query: Text
    documents: Annotated[list[str], Field(min_length=1, max_length=1000)]
    model: str = "memos-reranker-0.6b"
    top_n: Annotated[int, Field(ge=1)] | None = None
