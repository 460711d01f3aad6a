"""Deleting memories by id, while the memorizer cannot be reached."""

from typing import Any

import pytest

from services.kernel.contracts.errors import DependencyUnavailable
from services.kernel.contracts.records import Status
from tests.support.gateway import Door, record


async def down(*_: Any) -> None:
    raise DependencyUnavailable("the memorizer does not answer")


@pytest.mark.parametrize("call", ["get", "delete"])
async def test_it_is_refused_and_done_by_the_repeated_call(
    door: Door, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    kept = door.records.put(record())
    body = {"memory_ids": [str(kept.id)]}
    with monkeypatch.context() as unreachable:
        unreachable.setattr(door.records, call, down)
        refused = await door.raw("/delete/memory", body)
    assert refused.status_code == 503
    assert refused.json()["code"] == 50004
    assert door.records.records[kept.id].status is Status.ACTIVATED
    # A receipt of something that still holds would be a lie.
    assert (await door.get("/api/v1/deletions")).json()["deletions"] == []

    assert (await door.ok("/delete/memory", body))["success"] is True
    (receipt,) = (await door.get("/api/v1/deletions")).json()["deletions"]
    assert (receipt["kind"], receipt["status"]) == ("memories", "done")
    assert receipt["counts"]["records"] == 1
