"""What holds for every route of /api/v1: problem details, methods, slashes, origins, tags."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from services.gateway.routes.resources import resources
from services.gateway.settings import GatewaySettings
from tests.support.gateway import Door, opened_door

PROBLEM = {"type", "title", "status", "detail", "code", "request_id"}


async def test_an_unknown_route_is_a_problem_and_says_where_routes_are_listed(door: Door) -> None:
    for path in ("/api/v1/nothing", "/api/v1"):
        answer = await door.get(path)
        assert answer.headers["content-type"] == "application/problem+json"
        assert (answer.status_code, answer.json()["code"]) == (404, 40091)
        assert set(answer.json()) == PROBLEM
        assert "/openapi.json" in answer.json()["detail"]
    elsewhere = (await door.get("/nothing")).json()
    assert (elsewhere["code"], elsewhere["data"]) == (40001, None)


async def test_a_wrong_method_names_the_right_ones(door: Door) -> None:
    methods: dict[str, set[str]] = {}
    for resource in resources(door.gateway.cases):
        methods.setdefault(resource.path, set()).add(resource.method)
    for path, known in methods.items():
        answer = await door.http.request("TRACE", "/api/v1" + path, headers=door.headers)
        assert (answer.status_code, answer.json()["code"]) == (405, 40092), path
        allowed = set(answer.headers["allow"].split(", "))
        assert known <= allowed, path
        assert set(answer.json()) == PROBLEM


async def test_errors_of_every_kind_are_problems(door: Door) -> None:
    refused = [
        (await door.as_key("wrong").get("/api/v1/plan"), 401),
        (await door.get("/api/v1/documents/none"), 404),
        (await door.get("/api/v1/knowledge-bases/none"), 404),
        (
            await door.http.post("/api/v1/keys", content=b"{broken", headers=door.headers),
            400,
        ),
    ]
    for answer, status in refused:
        assert (answer.status_code, answer.json()["status"]) == (status, status)
        assert answer.headers["content-type"] == "application/problem+json"
        assert set(answer.json()) == PROBLEM
        assert answer.json()["request_id"] == answer.headers["x-request-id"]


async def test_a_mistake_of_ours_is_a_problem_without_details(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_: object) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr(door.gateway.access, "authenticate", broken)
    answer = await door.get("/api/v1/plan")
    assert (answer.status_code, answer.json()["code"]) == (500, 50000)
    assert "secret" not in answer.text


async def test_a_trailing_slash_is_no_error(door: Door) -> None:
    assert (await door.get("/api/v1/plan/")).json() == (await door.get("/api/v1/plan")).json()
    made = await door.http.post("/api/v1/keys/", json={"name": "ci"}, headers=door.headers)
    assert made.status_code == 201


async def test_other_origins_are_let_in_by_setting_alone(door: Door, tmp_path: Path) -> None:
    origin = "https://console.example.org"
    preflight = {
        "origin": origin,
        "access-control-request-method": "PATCH",
        "access-control-request-headers": "authorization, if-match",
    }
    closed = await door.http.options("/api/v1/plan", headers=preflight)
    assert "access-control-allow-origin" not in closed.headers
    async with opened_door(tmp_path / "open", cors_origins=[origin]) as opened:
        answer = await opened.http.options("/api/v1/plan", headers=preflight)
        assert answer.headers["access-control-allow-origin"] == origin
        assert "PATCH" in answer.headers["access-control-allow-methods"]
        shown = await opened.with_headers(origin=origin).get("/api/v1/plan")
        assert "ETag" in shown.headers["access-control-expose-headers"]
        other = await opened.with_headers(origin="https://evil.example").get("/api/v1/plan")
        assert "access-control-allow-origin" not in other.headers


@pytest.mark.parametrize("origin", ["console.example.org", "https://a.b/path", "ftp://a", ""])
def test_a_wrong_origin_is_refused_with_a_sentence(origin: str) -> None:
    with pytest.raises(ValidationError, match="is no origin"):
        GatewaySettings(cors_origins=[origin])


async def test_what_a_caller_has_already_is_not_sent_again(door: Door) -> None:
    shown = await door.get("/api/v1/plan")
    again = await door.with_headers(if_none_match=shown.headers["etag"]).get("/api/v1/plan")
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == shown.headers["etag"]
    await door.create_kb()
    changed = await door.with_headers(if_none_match=shown.headers["etag"]).get("/api/v1/plan")
    assert changed.status_code == 200
