"""The table of openmem/v1: path, request, what runs, and the smallest valid data."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from services.gateway.domain import profile_requests as ask_profiles
from services.gateway.domain import requests as ask
from services.gateway.domain.model import Role
from services.gateway.handlers.calls import Call
from services.gateway.handlers.profiles import Profiles
from services.gateway.handlers.usecases import UseCases

Run = Callable[[Call, Any], Awaitable[Any]]
NOT_STORED: dict[str, Any] = {"success": False, "task_id": "", "status": "failed"}


@dataclass(frozen=True, slots=True)
class Operation:
    """One endpoint. minimal: `data` of a business error, in the shape that the client parses.
    needs: the least role of the key.
    """

    path: str
    request: type[ask.Request]
    run: Run
    minimal: Any
    summary: str
    needs: Role = Role.READ


def operations(cases: UseCases) -> tuple[Operation, ...]:
    """All endpoints of one JSON body and one JSON answer."""
    done = {"success": False}
    return (
        Operation(
            "/create/knowledgebase",
            ask.CreateKnowledgebase,
            cases.knowledge_bases.create,
            {"id": ""},
            "Create a knowledge base",
            Role.WRITE,
        ),
        Operation(
            "/delete/knowledgebase",
            ask.DeleteKnowledgebase,
            cases.knowledge_bases.delete,
            done,
            "Unlink a knowledge base, or delete it whole",
            Role.WRITE,
        ),
        Operation(
            "/get/knowledgebase-file",
            ask.GetKnowledgebaseFile,
            cases.documents.get,
            {},
            "Look at files",
        ),
        Operation(
            "/delete/knowledgebase-file",
            ask.DeleteKnowledgebaseFile,
            cases.documents.delete,
            done,
            "Delete files",
            Role.WRITE,
        ),
        Operation(
            "/add/message",
            ask.AddMessage,
            cases.conversations.add,
            NOT_STORED,
            "Add messages",
            Role.WRITE,
        ),
        Operation(
            "/get/message", ask.GetMessage, cases.conversations.history, {}, "Read a conversation"
        ),
        Operation("/get/status", ask.GetStatus, cases.conversations.status, {}, "Look at a task"),
        Operation("/search/memory", ask.SearchMemory, cases.search.search, {}, "Search"),
        Operation("/get/memory", ask.GetMemory, cases.memories.page, {}, "List memories"),
        Operation(
            "/update/memory",
            ask.UpdateMemory,
            cases.memories.update,
            done,
            "Edit a memory",
            Role.WRITE,
        ),
        Operation(
            "/delete/memory",
            ask.DeleteMemory,
            cases.memories.delete,
            done,
            "Delete memories",
            Role.WRITE,
        ),
        Operation(
            "/add/feedback",
            ask.AddFeedback,
            cases.desk.add,
            NOT_STORED,
            "Give feedback",
            Role.WRITE,
        ),
        Operation(
            "/extract/memory",
            ask.ExtractMemory,
            cases.memories.extract,
            {"success": False},
            "Extract memories without storing them",
        ),
        *_profile_operations(cases.profiles),
    )


def _profile_operations(profiles: Profiles) -> tuple[Operation, ...]:
    done = {"success": False}
    template = "/profile_template"
    return (
        Operation(
            f"/add{template}",
            ask_profiles.AddTemplate,
            profiles.add,
            {"profile_template_id": ""},
            "Add a profile template",
            Role.WRITE,
        ),
        Operation(
            f"/list{template}",
            ask_profiles.ListTemplates,
            profiles.page,
            {},
            "List profile templates",
        ),
        Operation(
            f"/get{template}",
            ask_profiles.NamedTemplate,
            profiles.get,
            {},
            "Look at a profile template",
        ),
        Operation(
            f"/update{template}",
            ask_profiles.UpdateTemplate,
            profiles.update,
            done,
            "Change a profile template",
            Role.WRITE,
        ),
        Operation(
            f"/delete{template}",
            ask_profiles.NamedTemplate,
            profiles.delete,
            done,
            "Delete a profile template with its profiles",
            Role.WRITE,
        ),
        Operation(
            f"/bind{template}",
            ask_profiles.BindTemplate,
            profiles.bind,
            done,
            "Give users and agents profiles",
            Role.WRITE,
        ),
        Operation(
            "/edit/profile",
            ask_profiles.EditProfile,
            profiles.edit,
            done,
            "Edit a profile",
            Role.WRITE,
        ),
        Operation(
            "/delete/profile",
            ask_profiles.DeleteProfile,
            profiles.unbind,
            done,
            "Delete a profile",
            Role.WRITE,
        ),
    )
