"""Feedback that cannot be saved says so, and nothing of it happens."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from services.kernel.contracts.errors import DependencyUnavailable
from services.kernel.ports.store import Transaction
from tests.support.gateway import opened_door


async def test_feedback_that_cannot_be_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened_door(tmp_path) as door:
        kb = await door.create_kb()
        body = {"user_id": "u", "feedback_content": "600, not 800", "allow_knowledgebase_ids": [kb]}

        @asynccontextmanager
        async def down() -> AsyncIterator[Transaction]:
            raise DependencyUnavailable("the database is down")
            yield

        with monkeypatch.context() as patched:
            patched.setattr(door.database, "write", down)
            response = await door.raw("/add/feedback", body)
        assert response.status_code == 503
        answer = response.json()
        assert answer["code"] == 50145
        assert answer["data"]["success"] is False
        again = await door.ok("/add/feedback", body)
        assert again["success"]
