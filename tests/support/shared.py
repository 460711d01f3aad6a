"""Where the shared real data lie, if they lie beside this checkout."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def find_shared(relative: str) -> Path | None:
    """The path below the shared folder, or None where it is absent."""
    path = ROOT.parent / "shared" / relative
    return path if path.exists() else None


def shared_path(relative: str) -> Path:
    """The path below the shared folder; skips the test where it is absent, fails in CI."""
    path = find_shared(relative)
    if path is not None:
        return path
    if os.environ.get("CI") == "true":
        pytest.fail(f"shared/{relative} must be there in CI")
    pytest.skip(f"shared/{relative} is not beside this checkout")
