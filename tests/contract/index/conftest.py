from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.kernel.ports.index import Index
from tests.support.index import WORLDS, open_index


@pytest.fixture(params=WORLDS)
async def index(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Index]:
    async with open_index(request.param, tmp_path) as opened:
        yield opened


@pytest.fixture(params=WORLDS)
async def dense_index(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Index]:
    async with open_index(request.param, tmp_path, dimension=3) as opened:
        yield opened
