"""Requests made of the OpenAPI document, valid and not: no answer is a mistake of ours, and each
has a status that the document names.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
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
        for found in (entry.ok() for entry in schema.get_all_operations())  # type: ignore[union-attr] # an error has none and ends the test
        if not any(part in found.path for part in LEFT_OUT)
    ]
    assert len(operations) >= 20
    each = -(-slice_of(5200, 400) // (2 * len(operations)))
    record = Record(client)
    for operation in operations:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            _run(record, operation, mode, each)
    total = sum(record.counts.values())
    print(f"{total} cases, {dict(sorted(record.counts.items()))}; slowest {record.slowest}")  # noqa: T201 - a measurement
    assert record.odd == []
    assert total >= slice_of(5000, 300)
    assert neighbour.wrong == []


@dataclass
class Record:
    """What was answered."""

    client: httpx.Client
    odd: list[tuple[str, object]] = field(default_factory=list)
    counts: dict[int, int] = field(default_factory=dict)
    slowest: tuple[float, str] = (0.0, "")

    def send(self, operation: Any, case: Any) -> None:
        """Send the case, and note its answer where it is not one that the document names."""
        began = time.monotonic()
        try:
            answer = _sent(self.client, case)
        except httpx.TimeoutException:
            self.odd.append((operation.label, "hangs"))
            return
        status = answer.status_code
        self.slowest = max(self.slowest, (time.monotonic() - began, operation.label))
        self.counts[status] = self.counts.get(status, 0) + 1
        named = {int(code) for code in operation.definition.raw["responses"] if code.isdigit()}
        if status >= 500 or status not in named | ALWAYS:
            self.odd.append((f"{status} {operation.label} {answer.request.url}", answer.text[:300]))


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


def _run(record: Record, operation: Any, mode: GenerationMode, examples: int) -> None:
    @seed(SEED)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case: Any) -> None:
        record.send(operation, case)

    check()
