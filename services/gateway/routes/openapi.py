"""OpenAPI operations described from the routes' tables."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, Literal, Protocol

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from services.gateway.routes.openmem_answers import ANSWERS, EXAMPLES, LISTS, Refusal

_REF = "#/components/schemas/{model}"
_JSON = "application/json"
_PROBLEM = "application/problem+json"
_FORM = "multipart/form-data"
_BINARY: dict[str, Any] = {"type": "string", "format": "binary"}
_ALWAYS = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)


_ENVELOPE_STATUSES = (
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)


class Problem(BaseModel):
    """Problem details (RFC 9457). code: our stable code. request_id: names the request in logs."""

    type: str
    title: str
    status: int
    detail: str
    code: int
    request_id: str


class Described(Protocol):
    """What of a resource is described."""

    @property
    def parameters(self) -> list[str]: ...
    @property
    def body(self) -> type[BaseModel] | None: ...
    @property
    def query(self) -> type[BaseModel] | None: ...
    @property
    def response(self) -> type[BaseModel] | None: ...
    @property
    def status(self) -> int: ...
    @property
    def problems(self) -> tuple[int, ...]: ...
    @property
    def media(self) -> tuple[str, ...]: ...
    @property
    def described_body(self) -> type[BaseModel] | None: ...
    @property
    def produces(self) -> tuple[str, ...]: ...
    @property
    def examples(self) -> Any: ...


def reference(model: type[BaseModel]) -> dict[str, str]:
    """A reference to the model's schema among the components."""
    return {"$ref": _REF.format(model=model.__name__)}


def described(resource: Described) -> dict[str, Any]:
    """Parameters, request body and responses of a resource."""
    content: dict[str, Any]
    operation: dict[str, Any] = {
        "parameters": [*map(_path_parameter, resource.parameters), *_query_parameters(resource)],
        "responses": _responses(resource),
    }
    content = {kind: {"schema": _form() if kind == _FORM else _BINARY} for kind in resource.media}
    body = resource.body or resource.described_body
    if body is not None:
        content[_JSON] = {"schema": reference(body)}
        if resource.examples:
            content[_JSON]["examples"] = {
                name: {"value": value} for name, value in resource.examples.items()
            }
    if content:
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _form() -> dict[str, Any]:
    files = {"type": "array", "items": _BINARY}
    return {"type": "object", "required": ["file"], "properties": {"file": files}}


def _path_parameter(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _query_parameters(resource: Described) -> list[dict[str, Any]]:
    if resource.query is None:
        return []
    schema = resource.query.model_json_schema()
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": shape}
        for name, shape in schema.get("properties", {}).items()
    ]


def _responses(resource: Described) -> dict[str, Any]:
    found: dict[str, Any] = {str(int(resource.status)): _success(resource)}
    statuses = {*map(int, _ALWAYS), *resource.problems}
    if resource.parameters:
        statuses.add(int(HTTPStatus.NOT_FOUND))
    for status in sorted(statuses):
        found[str(status)] = {
            "description": HTTPStatus(status).phrase,
            "content": {_PROBLEM: {"schema": reference(Problem)}},
        }
    return found


def _success(resource: Described) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": HTTPStatus(resource.status).phrase}
    if resource.response is not None:
        answer["content"] = {_JSON: {"schema": reference(resource.response)}}
    elif resource.produces:
        answer["content"] = {kind: {"schema": _BINARY} for kind in resource.produces}
    return answer


def schemas(
    requests: Iterable[type[BaseModel]], responses: Iterable[type[BaseModel]]
) -> dict[str, Any]:
    """The components' schemas of the models. A request is described as it is read, a response as
    it is written.
    """
    modes: dict[type[BaseModel], Literal["validation", "serialization"]] = {
        **dict.fromkeys((Problem, Refusal, *ANSWERS.values(), *responses), "serialization"),
        **dict.fromkeys(requests, "validation"),
    }
    _, definitions = models_json_schema(list(modes.items()), ref_template=_REF)
    found: dict[str, Any] = definitions["$defs"]
    return found


def with_answers(document: dict[str, Any], mount: str) -> None:
    """Describe what openmem/v1 answers, and examples of what it is asked, in a document."""
    for path, answer in ANSWERS.items():
        methods = document["paths"].get(mount + path)
        if methods is None:
            continue
        operation = next(iter(methods.values()))
        data: dict[str, Any] = dict(reference(answer))
        if path in LISTS:
            data = {"type": "array", "items": data}
        envelope = {
            "type": "object",
            "required": ["code", "message", "data"],
            "properties": {
                "code": {"type": "integer", "description": "0, or the code of a refusal."},
                "message": {"type": "string"},
                "data": data,
            },
        }
        operation["responses"] = {
            "200": {"description": "OK", "content": {_JSON: {"schema": envelope}}}
        } | {
            str(int(status)): {
                "description": status.phrase,
                "content": {_JSON: {"schema": reference(Refusal)}},
            }
            for status in _ENVELOPE_STATUSES
        }
        examples = {name: {"value": value} for name, value in EXAMPLES.get(path, {}).items()}
        if examples:
            operation["requestBody"]["content"][_JSON]["examples"] = examples
