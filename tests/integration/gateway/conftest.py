"""The door that most of these tests knock at, in every world."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.gateway import WORLDS, Door, opened_door


@pytest.fixture(params=WORLDS)
async def door(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Door]:
    async with opened_door(tmp_path, world=request.param) as opened:
        yield opened
