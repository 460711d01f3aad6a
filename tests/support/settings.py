"""Which real servers the tests may use: MEMLOOM_TEST_..."""

import pytest
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Empty: that server is not there, and its tests are skipped (or fail, see require_real)."""

    model_config = SettingsConfigDict(env_prefix="MEMLOOM_TEST_", extra="ignore")

    require_real: bool = False
    postgres_url: str = ""
    kafka: str = ""
    minio_endpoint: str = ""
    minio_access_key: str = ""
    minio_secret_key: str = ""
    tika_url: str = ""
    qdrant_url: str = ""
    storm: int = 0


def settings() -> Settings:
    """Read from the environment."""
    return Settings()


def missing(what: str) -> None:
    """Skip the test, or fail it where the real servers are required."""
    if settings().require_real:
        pytest.fail(f"{what} is required (MEMLOOM_TEST_REQUIRE_REAL)")
    pytest.skip(f"{what} is not given")


def real(name: str) -> str:
    """The setting's value; skips or fails where it is empty."""
    value = str(getattr(settings(), name))
    if not value:
        missing(f"MEMLOOM_TEST_{name.upper()}")
    return value
