"""The OpenAPI document: valid, complete, true; and the page that shows it."""

import re
from typing import Any

from openapi_spec_validator import validate

from services.gateway.routes.operations import operations
from services.gateway.routes.resources import resources
from tests.support.gateway import API, Door


async def described(door: Door) -> dict[str, Any]:
    found: dict[str, Any] = (await door.http.get("/openapi.json")).json()
    return found


async def test_the_document_is_valid_and_names_every_route(door: Door) -> None:
    document = await described(door)
    validate(document)
    names: list[str] = []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation.get("summary"), (method, path)
            names.append(operation["operationId"])
    assert len(names) == len(set(names))
    for resource in resources(door.gateway.cases):
        operation = document["paths"]["/api/v1" + resource.path][resource.method.lower()]
        statuses = set(operation["responses"])
        assert {str(int(resource.status)), "400", "401", "403", "429"} <= statuses
        assert {str(int(status)) for status in resource.problems} <= statuses
    for special in operations(door.gateway.cases):
        assert "post" in document["paths"][API + special.path]


async def test_the_page_loads_nothing_from_outside(door: Door) -> None:
    page = await door.http.get("/docs")
    assert page.status_code == 200
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert not re.search(r"https?://|<script>|\son\w+=", page.text)
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(loaded) == 4
    for path in loaded:
        answer = await door.http.get(path)
        assert (answer.status_code, bool(answer.content)) == (200, True), path
        assert answer.headers["x-content-type-options"] == "nosniff"
    bundle = (await door.http.get("/docs/assets/swagger-ui-bundle.js")).text
    assert "SwaggerUIBundle" in bundle
    for other in ("core.py", "..%2f__init__.py"):
        assert (await door.http.get(f"/docs/assets/{other}")).status_code == 404
