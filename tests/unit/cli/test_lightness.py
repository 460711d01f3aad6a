"""Whoever asks for help does not wait for what only a server needs."""

import subprocess
import sys

HEAVY = ("fastapi", "grpc", "numpy", "pydantic", "sqlalchemy", "uvicorn")
# Only where one is configured, or where there is something to migrate.
CHOSEN = (
    *("aiokafka", "alembic", "asyncpg", "fastembed"),
    *("faststream", "minio", "openai", "qdrant_client"),
)


def loaded_by(module: str) -> set[str]:
    code = f"import sys, {module}; print(*(name.partition('.')[0] for name in sys.modules))"
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_the_commands_load_nothing_heavy() -> None:
    assert loaded_by("services.cli") & {*HEAVY, *CHOSEN} == set()


def test_the_whole_system_loads_no_driver_that_nobody_chose() -> None:
    loaded = loaded_by("services.embedded")
    assert loaded & set(CHOSEN) == set()
    assert set(HEAVY) <= loaded
