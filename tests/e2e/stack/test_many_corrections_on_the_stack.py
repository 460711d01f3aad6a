"""Corrections of many knowledge bases of two projects at once, on the real servers."""

import asyncio
from pathlib import Path

import pytest

from tests.support.embedded import Memloom
from tests.support.many_corrections import bases, check, correct_all
from tests.support.operating import command
from tests.support.services import StackMemloom
from tests.support.stack import forget_environment, shared_environment

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(900)]


def test_none_is_lost_none_is_applied_twice_none_is_seen_elsewhere(tmp_path: Path) -> None:
    environment = asyncio.run(shared_environment())
    try:
        with StackMemloom(tmp_path / "data", servers=environment) as memloom:
            made = command(
                *("keys", "create", "--project", "others", "--plan", "pro"),
                *("--data", str(memloom.data / "gateway")),
                **environment,
            )
            assert made.returncode == 0, made.stderr
            other = Memloom(
                memloom.data,
                key=made.stdout.strip(),
                port=memloom.port,
                grpc_port=memloom.grpc_port,
            )
            found = bases([memloom, other], each=5, rooms=6)
            assert correct_all(found) == check(found) == 60
    finally:
        asyncio.run(forget_environment(environment))
