"""500 corrections over 50 knowledge bases of two projects, at once."""

from pathlib import Path

import pytest

from tests.support.embedded import Memloom
from tests.support.many_corrections import bases, check, correct_all
from tests.support.operating import told

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_none_is_lost_none_is_applied_twice_none_is_seen_elsewhere(tmp_path: Path) -> None:
    with Memloom(tmp_path / "data") as memloom:
        key = told(memloom, "keys", "create", "--project", "others", "--plan", "pro")
        other = Memloom(memloom.data, key=key, port=memloom.port, grpc_port=memloom.grpc_port)
        found = bases([memloom, other], each=25, rooms=10)
        assert correct_all(found) == check(found) == 500
