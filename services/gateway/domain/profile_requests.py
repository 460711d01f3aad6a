"""The requests about profiles."""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, JsonValue, model_validator
from pydantic_core import PydanticCustomError

from services.gateway.domain.requests import Identifier, OptionalIdentifier, Request, filled
from services.kernel.contracts.records import Owner, OwnerType

Name = Annotated[str, Field(max_length=200), AfterValidator(filled)]
Metadata = dict[str, JsonValue]


class _OfSubject(Request):
    """Who is meant: a user or an agent."""

    profile_template_id: Identifier
    user_id: OptionalIdentifier | None = None
    agent_id: OptionalIdentifier | None = None

    @model_validator(mode="after")
    def _one_subject(self) -> Self:
        if (self.user_id is None) == (self.agent_id is None):
            kind = "absent" if self.user_id is None else "several"
            raise PydanticCustomError(kind, "give one of `user_id` and `agent_id`")
        return self

    @property
    def owner(self) -> Owner:
        """The user or agent."""
        if self.user_id is not None:
            return Owner(type=OwnerType.USER, id=self.user_id)
        return Owner(type=OwnerType.AGENT, id=self.agent_id or "")


class AddTemplate(Request):
    """A template: a name and a tree of fields."""

    name: Name
    metadata: Metadata


class ListTemplates(Request):
    """A page of templates, newest first."""

    page: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    size: Annotated[int, Field(ge=1, le=100)] = 10


class NamedTemplate(Request):
    """One template."""

    profile_template_id: Identifier


class UpdateTemplate(AddTemplate):
    """New name and fields of a template, in all profiles bound to it."""

    profile_template_id: Identifier


class Binding(_OfSubject):
    """A template for a user or agent."""


class BindTemplate(Request):
    """Templates to bind."""

    bind_list: Annotated[list[Binding], Field(min_length=1, max_length=20)]


class EditProfile(_OfSubject):
    """New values (a tree), and fields to take away (`Group.field`)."""

    metadata: Metadata = Field(default_factory=dict)
    remove_fields: Annotated[list[Name], Field(default_factory=list, max_length=200)]

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.metadata and not self.remove_fields:
            raise PydanticCustomError("absent", "give `metadata` or `remove_fields`")
        return self


class DeleteProfile(_OfSubject):
    """A profile to delete."""
