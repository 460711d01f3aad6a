"""The README's own commands, as a reader would run them."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.embedded import Memloom
from tests.support.shared import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```sh id=(\w+)\n(.*?)```", re.DOTALL)
BLOCKS = {match[1]: match[2] for match in BLOCK.finditer(README)}
KEY = "my-first-memloom-key"


@pytest.fixture(scope="module")
def memloom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Memloom]:
    with Memloom(tmp_path_factory.mktemp("readme") / "data", key=KEY) as running:
        yield running


def shell(script: str) -> str:
    result = subprocess.run(  # noqa: S603 - the README's own lines
        ["/bin/bash", "-euo", "pipefail", "-c", script],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LC_ALL": "C.UTF-8"},
    )
    assert result.returncode == 0, result.stderr + result.stdout
    return result.stdout


def test_the_story_in_six_calls(memloom: Memloom) -> None:
    assert f"MEMLOOM_BOOTSTRAP_KEY={KEY} make run" in BLOCKS["serve"]
    script = "".join(BLOCKS[name] for name in ("setup", "upload", "ask", "correct"))
    output = shell(script.replace("127.0.0.1:8080", f"127.0.0.1:{memloom.port}"))
    assert "创意平台部门的设计师" in output
    answer = output.rsplit('{"code"', 1)[1]
    assert answer.index("600元") < answer.index("办公类软件的采购上限为800元")
    assert "corrected_by" in answer


def test_every_target_it_names_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"`?make ([a-z-]+)", README)):
        assert re.search(rf"^{target}:|^{target} .*:|\b{target}\b.*:", makefile, re.MULTILINE), (
            target
        )


def test_the_rooms_it_names_exist() -> None:
    for room in re.findall(r"`(services/\w+|docs/[\w/.]+|proto/[\w/]+)/?`", README):
        assert (ROOT / room).exists(), room


def test_make_help_lists_the_targets() -> None:
    listed = subprocess.run(
        ["make", "help"],  # noqa: S607 - make is found by the path
        cwd=Path(ROOT),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for target in ("run", "test", "check", "setup", "stack", "test-real", "eval", "bench"):
        assert re.search(rf"^\s+{target}\s", listed, re.MULTILINE), target
