"""The public Python client of the API that we speak works against us, unchanged."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.embedded import Memloom
from tests.support.shared import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

CLIENT = "MemoryOS==2.0.33"
NEEDS = ("requests", "pydantic", "fastapi")


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter with the client: its package brings a whole engine, which stays away."""
    folder = tmp_path_factory.mktemp("client") / "venv"
    uv = Path(sys.executable).with_name("uv")
    python = folder / "bin" / "python"
    install: list[str | Path] = [uv, "pip", "install", "--quiet", "--python", python]
    commands: tuple[list[str | Path], ...] = (
        [uv, "venv", "--quiet", "--python", sys.executable, folder],
        [*install, "--no-deps", CLIENT],
        [*install, *NEEDS],
    )
    for command in commands:
        subprocess.run(command, check=True)  # noqa: S603 - our own uv
    return python


def test_every_call_is_understood(python: Path, tmp_path: Path) -> None:
    script = ROOT / "tests" / "support" / "public_client_main.py"
    with Memloom(tmp_path / "data") as memloom:
        done = subprocess.run(  # noqa: S603 - see above
            [python, script, f"{memloom.url}/api/openmem/v1", memloom.key, tmp_path],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
        )
    answers: dict[str, dict[str, Any]] = {}
    for line in done.stdout.splitlines():
        said = json.loads(line)
        answers[said["call"]] = said["answer"]
    assert done.returncode == 0, done.stderr[-2000:]
    refused = {"search_memory refused": 50120, "chat": 50002, "rerank": 50002}
    answers["rerank"] |= {"code": answers["rerank"].get("code", 0)}
    codes = {call: answer["code"] for call, answer in answers.items()}
    assert codes == dict.fromkeys(answers, 0) | refused
    assert len(answers) == 26

    found = answers["search_memory"]["data"]["memory_detail_list"]
    assert any("800元" in item["memory_value"] for item in found)
    assert any("创意平台" in item["memory_value"] for item in found)
    assert answers["search_memory"]["data"]["preference_detail_list"]
    corrected = answers["search_memory corrected"]["data"]["memory_detail_list"]
    assert "600元" in corrected[0]["memory_value"]
    assert "800元" in corrected[1]["memory_value"]
    views = answers["get_task_status"]["data"]["memory_views"]
    assert views["detail_factual"]["memory_ids"]
    assert answers["skill"]["data"][0]["type"] == "skill"
    assert answers["extract_memory"]["data"]["memory_detail_list"]
    # Without a model the stream is an error and its end, which the client hands on.
    assert [one["type"] for one in answers["chat stream"]["pieces"]] == ["error", "end"]
