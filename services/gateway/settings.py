"""Settings of the gateway: `MEMLOOM_GATEWAY__...`."""

import re
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, Field, SecretStr, field_validator

from services.gateway.domain.limits import Limits

MEGABYTE = 1_048_576
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+(?<!/)")


class GatewaySettings(BaseModel):
    """What an operator may set."""

    bootstrap_key: SecretStr | None = Field(
        default=None,
        description="Key of the default project (MEMLOOM_BOOTSTRAP_KEY), 16 characters or more.",
    )
    bootstrap_plan: Literal["free", "starter", "pro"] = Field(
        default="pro", description="Plan of the default project when it is created."
    )
    timezone: str = Field(default="Asia/Shanghai", description="Time zone of times that name none.")
    max_files: int = Field(default=20, ge=1, description="Files in one upload.")
    max_file_bytes: int = Field(
        default=100 * MEGABYTE, ge=1, description="Largest document, in bytes."
    )
    max_upload_bytes: int = Field(
        default=300 * MEGABYTE, ge=1, description="All documents of one upload, in bytes."
    )
    max_body_bytes: int = Field(
        default=32 * MEGABYTE, ge=1024, description="Largest body of any other request, in bytes."
    )
    uploads: int = Field(default=8, ge=1, description="Uploads received at once.")
    sync_wait: float = Field(
        default=20.0, ge=0, description="Seconds that a synchronous add/message waits."
    )
    replay_seconds: float = Field(
        default=120.0,
        ge=0,
        description="Seconds in which an identical write gets its answer again.",
    )
    idempotency_hours: float = Field(
        default=24.0, ge=0, description="Hours for which an Idempotency-Key is honoured."
    )
    requests_per_second: float = Field(
        default=0.0, ge=0, description="Requests a second and key; 0 is unlimited."
    )
    cors_origins: list[str] = Field(
        default=[],
        description="Origins of web pages that may call the API from a browser, as a JSON list "
        'such as ["https://console.example.org"], or ["*"] for all; none by default.',
    )
    upkeep_seconds: float = Field(
        default=600.0, gt=0, description="How often what is over is tidied away."
    )
    staging_hours: float = Field(
        default=24.0, gt=0, description="Hours after which an orphaned staging blob is removed."
    )

    documents_in_work: int = Field(
        default=16,
        ge=1,
        description="Documents of one project in the pipeline at once; the others wait, queued.",
    )
    fetches_in_work: int = Field(
        default=4,
        ge=1,
        description="Documents of one project that are fetched from URLs at once.",
    )
    admit_seconds: float = Field(
        default=5.0, gt=0, description="How often places that became free unseen are looked for."
    )
    watch_seconds: float = Field(
        default=30.0, gt=0, description="How often documents that stand still are looked for."
    )
    still_seconds: float = Field(
        default=300.0,
        gt=0,
        description="Seconds without any progress, and without a record in the queue of its "
        "stage, after which a document is sent again.",
    )
    still_times: int = Field(
        default=3, ge=0, description="How often it is sent again before it is FAILED (50178)."
    )

    @field_validator("bootstrap_key")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < 16:  # noqa: PLR2004 - said in the sentence
            raise ValueError(
                "MEMLOOM_BOOTSTRAP_KEY is too short: use at least 16 characters, or leave it out "
                "and a key is made at the first start"
            )
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            message = f"{value!r} is no time zone; write one as Asia/Shanghai or Europe/Berlin"
            raise ValueError(message) from error
        return value

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, value: list[str]) -> list[str]:
        for origin in value:
            if origin != "*" and not _ORIGIN.fullmatch(origin):
                raise ValueError(
                    f"{origin!r} is no origin; write scheme, host and port alone, as "
                    "https://console.example.org or http://localhost:3000, without a path"
                )
        return value

    def limits(self) -> Limits:
        """The bounds that handlers and entrances enforce."""
        return Limits(
            timezone=self.timezone,
            max_files=self.max_files,
            max_file_bytes=self.max_file_bytes,
            max_upload_bytes=self.max_upload_bytes,
            max_body_bytes=self.max_body_bytes,
            uploads=self.uploads,
            sync_wait=self.sync_wait,
            replay_ms=int(self.replay_seconds * 1000),
            idempotency_ms=int(self.idempotency_hours * 3_600_000),
            requests_per_second=self.requests_per_second,
            staging_ms=int(self.staging_hours * 3_600_000),
        )
