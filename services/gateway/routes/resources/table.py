"""The shape of our own routes: one `Resource` says all that router and OpenAPI need of a route."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Generic, TypeVar

from fastapi import Request as HttpRequest
from pydantic import BaseModel, ConfigDict

from services.gateway.domain.model import Role
from services.gateway.domain.requests import Request
from services.gateway.handlers.calls import Call

B = TypeVar("B")
Q = TypeVar("Q")


class Query(Request):
    """Base of query models: values arrive as text and are converted."""

    model_config = ConfigDict(extra="ignore", strict=False, frozen=True)


@dataclass(frozen=True, slots=True)
class ResourceRequest(Generic[B, Q]):
    """What a route is called with: who calls, the parts of the path, and the validated body and
    query (None where the route declares no model). http: for bodies that the route reads itself.
    """

    call: Call
    path: Mapping[str, str]
    body: B
    query: Q
    http: HttpRequest


Run = Callable[[ResourceRequest[Any, Any]], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Resource:
    """One route under /api/v1.

    needs: the least role of the key. operator: the key must be an operator's. body, query: models
    of the JSON body and of the query. described_body, media: JSON and media types of a body that
    `run` reads itself from `http`. produces: media types of an answer that is no JSON. response:
    model of the answer, for OpenAPI. problems: statuses of errors beside 400, 401, 403, 404 (where
    the path has an id), 429 and 5xx. examples: of the body, by name. version: of an answer that can
    be edited, for its entity tag. run: returns the answer's value, or a finished `Response`.
    """

    method: str
    path: str
    summary: str
    run: Run
    needs: Role = Role.READ
    operator: bool = False
    body: type[Request] | None = None
    query: type[Request] | None = None
    response: type[BaseModel] | None = None
    status: int = HTTPStatus.OK
    problems: tuple[int, ...] = ()
    described_body: type[Request] | None = None
    media: tuple[str, ...] = ()
    produces: tuple[str, ...] = ()
    description: str = ""
    tag: str = "memloom"
    examples: Mapping[str, Any] = field(default_factory=dict)
    version: Callable[[Any], str] | None = None

    @property
    def parameters(self) -> list[str]:
        """Names of the path's parameters."""
        return [part[1:-1] for part in self.path.split("/") if part.startswith("{")]
