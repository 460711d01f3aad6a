"""One embedded Memloom, and another project that searches in it while it is beset."""

from collections.abc import Iterator

import pytest

from tests.support.embedded import Memloom
from tests.support.fuzzing import Neighbour
from tests.support.operating import told


@pytest.fixture(scope="package")
def memloom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Memloom]:
    # One key asks for everything here, faster than any rate.
    unlimited = {
        "MEMLOOM_GATEWAY__REQUESTS_PER_SECOND": "0",
        "MEMLOOM_GATEWAY__INPUT_TOKENS_PER_MINUTE": "0",
        "MEMLOOM_GATEWAY__KEY_FAILURES_PER_MINUTE": "0",
    }
    with Memloom(tmp_path_factory.mktemp("fuzz") / "data", settings=unlimited) as running:
        yield running


@pytest.fixture
def neighbour(memloom: Memloom) -> Iterator[Neighbour]:
    key = told(memloom, "keys", "create", "--project", "neighbour", "--plan", "pro")
    beside = Neighbour(memloom, key)
    thread = beside.begin()
    yield beside
    beside.end()
    thread.join()
    assert beside.searches > 0
    assert beside.wrong == []
