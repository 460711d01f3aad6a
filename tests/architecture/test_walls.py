"""The import rules hold, and they break on planted violations."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.shared import ROOT

LINTER = Path(sys.executable).parent / "lint-imports"


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own linter on our own tree
        [str(LINTER), "--no-cache"], cwd=folder, capture_output=True, text=True, check=False
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
        ("services/gateway/handlers/planted.py", "import services.memorizer.domain", "blind"),
        ("services/kernel/ports/planted.py", "import services.ingest", "blind"),
        ("services/kernel/contracts/planted.py", "import services.kernel.runtime", "kernel"),
        ("services/ingest/domain/planted.py", "import services.ingest.handlers", "service"),
        ("services/ingest/handlers/planted.py", "import services.kernel.adapters", "adapters"),
        ("services/memorizer/utils.py", "X = 1", "service"),
    ],
)
def test_a_planted_violation_breaks_them(tree: Path, place: str, line: str, contract: str) -> None:
    (tree / place).write_text(f'"""Planted."""\n{line}\n')
    result = lint(tree)
    assert result.returncode != 0
    broken = [text for text in result.stdout.splitlines() if "BROKEN" in text]
    assert any(contract in text.lower() for text in broken) or "utils" in result.stdout, (
        result.stdout
    )
