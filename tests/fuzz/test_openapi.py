"""Requests made of the OpenAPI document, valid and not: no answer is a mistake of ours, and each
has a status that the document names.
"""

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from schemathesis.generation import GenerationMode

from tests.support.embedded import Memloom
from tests.support.fuzzing import HANG_SECONDS, Neighbour, slice_of

pytestmark = pytest.mark.slow

SEED = 20250610
# A key that is made or dropped by chance would end the run; events are a stream without an end.
LEFT_OUT = ("/keys", "/events")
# Said before any route is chosen: a broken request, an unknown path or method, an odd body.
ALWAYS = {400, 401, 404, 405, 413, 429}


@pytest.fixture(scope="module")
def client(memloom: Memloom) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Token {memloom.key}"}
    with httpx.Client(base_url=memloom.url, headers=headers, timeout=HANG_SECONDS) as opened:
        yield opened


def test_no_request_of_the_document_is_answered_by_a_mistake_of_ours(
    memloom: Memloom, client: httpx.Client, neighbour: Neighbour
) -> None:
    document = client.get("/openapi.json").json()
    schema = schemathesis.openapi.from_dict(document)
    operations = [
        found
        for found in (entry.ok() for entry in schema.get_all_operations())
        if not any(part in found.path for part in LEFT_OUT)
    ]
    assert len(operations) >= 20
    each = -(-slice_of(5200, 400) // (2 * len(operations)))
    odd: list[tuple[str, object]] = []
    counts: dict[int, int] = {}
    slowest = (0.0, "")
    for operation in operations:
        named = {int(code) for code in operation.definition.raw["responses"] if code.isdigit()}

        def send(case: Any, operation: Any = operation, named: set[int] = named) -> None:
            nonlocal slowest
            began = time.monotonic()
            try:
                answer = _sent(client, case)
            except httpx.TimeoutException:
                odd.append((operation.label, "hangs"))
                return
            slowest = max(slowest, (time.monotonic() - began, operation.label))
            counts[answer.status_code] = counts.get(answer.status_code, 0) + 1
            if answer.status_code >= 500 or answer.status_code not in named | ALWAYS:
                odd.append((f"{operation.label}: {answer.request.url}", answer.text[:300]))

        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            _run(send, operation, mode, each)
    total = sum(counts.values())
    print(f"{total} cases, statuses {dict(sorted(counts.items()))}; slowest {slowest}")  # noqa: T201 - a measurement
    assert odd == []
    assert total >= slice_of(5000, 300)
    assert neighbour.wrong == []


def _sent(client: httpx.Client, case: Any) -> httpx.Response:
    request = case.as_transport_kwargs(base_url=str(client.base_url))
    kept = {
        name: value
        for name, value in request.get("headers", {}).items()
        if name.lower() != "authorization"
    }
    return client.request(
        request["method"],
        request["url"],
        params=request.get("params"),
        headers=kept,
        json=request.get("json"),
        content=request.get("data") if isinstance(request.get("data"), str | bytes) else None,
    )


def _run(send: Any, operation: Any, mode: GenerationMode, examples: int) -> None:
    strategy = operation.as_strategy(generation_mode=mode)
    checked = seed(SEED)(
        settings(
            max_examples=examples,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )(given(case=strategy)(send))
    )
    checked()
