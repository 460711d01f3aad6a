"""The import rules hold, and they break on planted violations."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.shared import ROOT

LINTER = Path(sys.executable).parent / "lint-imports"


def lint(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own linter on our own tree
        [str(LINTER), "--no-cache", *options],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    shutil.copytree(
        ROOT / "services", tmp_path / "services", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copy(ROOT / ".importlinter", tmp_path)
    return tmp_path


def test_the_rules_hold() -> None:
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("place", "line", "contract"),
    [
        ("services/gateway/handlers/planted.py", "import services.memorizer.domain", "roots"),
        ("services/kernel/ports/planted.py", "import services.ingest", "roots"),
        ("services/kernel/contracts/planted.py", "import services.kernel.runtime", "kernel"),
        ("services/ingest/domain/planted.py", "import services.ingest.handlers", "rooms"),
        ("services/ingest/handlers/planted.py", "import services.kernel.adapters", "adapters"),
        ("services/memorizer/utils.py", "X = 1", "rooms"),
    ],
)
def test_a_planted_violation_breaks_them(tree: Path, place: str, line: str, contract: str) -> None:
    (tree / place).write_text(f'"""Planted."""\n{line}\n')
    result = lint(tree, "--contract", contract)
    assert result.returncode != 0, result.stdout
    assert Path(place).stem in result.stdout
