"""Settings of the gateway: `MEMLOOM_GATEWAY__...`."""

import re
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator

from services.gateway.domain.buckets import Allowance
from services.gateway.domain.limits import Limits, SearchLimits
from services.gateway.domain.plans import Plans, parse_plans
from services.gateway.handlers.changes import StreamLimits
from services.gateway.handlers.webhooks import WebhookPolicy
from services.kernel.contracts.addresses import parse_networks

MEGABYTE = 1_048_576
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+(?<!/)")


BOOTSTRAP_PLAN = (
    "Plan of the default project when it is made; default pro, or, where the file of plans has "
    "none of that name, its first."
)


class GatewaySettings(BaseModel):
    """What an operator may set."""

    bootstrap_key: SecretStr | None = Field(
        default=None,
        description="Key of the default project (MEMLOOM_BOOTSTRAP_KEY), 16 characters or more.",
    )
    bootstrap_plan: str = Field(default="", description=BOOTSTRAP_PLAN)
    plans_file: Path | None = Field(
        default=None,
        description="YAML or JSON file of the plans, as {plans: {free: {knowledge_bases: 10, "
        "bytes_each: 1 GB, requests_per_second: 5}}}; the first is for new projects. Without it: "
        "free 10 x 1 GB, starter 30 x 10 GB, pro 100 x 100 GB.",
    )
    unlinked_days: float = Field(
        default=30.0,
        ge=0,
        le=3650,
        description="Days for which a knowledge base that no project links is kept; it does not "
        "count toward the plan meanwhile.",
    )
    key_overlap_hours: float = Field(
        default=24.0,
        ge=0,
        le=720,
        description="Hours for which the old secret of a rotated key works, where the rotation "
        "does not say.",
    )
    audit_days: float = Field(
        default=365.0, gt=0, le=36500, description="Days for which the audit log is kept."
    )
    webhook_private_cidrs: list[str] = Field(
        default_factory=list,
        description='Private networks to which webhooks may be sent, as ["10.0.0.0/8"].',
    )
    webhook_seconds: float = Field(
        default=1.0, gt=0, description="How often webhook deliveries that are due are looked for."
    )
    webhook_timeout: float = Field(
        default=10.0, gt=0, le=45, description="Seconds that a receiver of a webhook may take."
    )
    webhook_attempts: int = Field(
        default=10, ge=1, description="Attempts of one webhook delivery before it has failed."
    )
    webhook_failures: int = Field(
        default=50, ge=1, description="Failed attempts in a row that disable a webhook."
    )
    webhook_days: float = Field(
        default=30.0, gt=0, description="Days for which ended webhook deliveries are listed."
    )
    flush_seconds: float = Field(
        default=5.0,
        gt=0,
        le=300,
        description="How often last uses of keys, usage and refused accesses are written; a crash "
        "loses what was counted since.",
    )
    event_streams: int = Field(
        default=200, ge=1, description="Streams of events (`/api/v1/events`) open at once."
    )
    event_poll_seconds: float = Field(
        default=1.0, gt=0, le=60, description="How often a stream looks for what changed."
    )
    event_stream_seconds: float = Field(
        default=600.0,
        gt=0,
        le=86400,
        description="Seconds after which a stream ends; its client comes back by itself, and its "
        "key is checked again.",
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
        default=200.0,
        ge=0,
        description="Requests a second and key, over all gateways; 0 is unlimited.",
    )
    request_burst: float = Field(
        default=2000.0, ge=1, description="Requests of a key that may come at once."
    )
    input_tokens_per_minute: float = Field(
        default=400_000.0,
        ge=0,
        description="Tokens a minute and key in messages, queries and feedback, over all gateways; "
        "a message to several users counts once for each. 0 is unlimited.",
    )
    key_failures_per_minute: float = Field(
        default=600.0,
        ge=0,
        description="Calls without a valid key, by client address and gateway; 0 is unlimited.",
    )
    deepest_queue: int = Field(
        default=20_000,
        ge=0,
        description="Records that may wait in the queue of a stage before uploads, messages or "
        "feedback are told to come back; 0 is unlimited.",
    )
    searches_at_once: int = Field(
        default=0,
        ge=0,
        description="Searches in work at once, by gateway; 0 learns the number.",
    )
    search_wait_seconds: float = Field(
        default=1.0,
        ge=0,
        description="Seconds that a search waits for its turn in a burst; in a standing queue it "
        "is told to come back sooner. 0 lets every search in.",
    )
    cors_origins: list[str] = Field(
        default=[],
        description="Origins of web pages that may call the API from a browser, as a JSON list "
        'such as ["https://console.example.org"], or ["*"] for all; none by default.',
    )
    grpc_reflection: bool = Field(
        default=False,
        description="Whether the public gRPC port lists its methods to callers without a key "
        "(reflection); the protos are in proto/memloom/v1.",
    )
    grpc_error_details: bool = Field(
        default=False,
        description="Whether callers of the public gRPC port read why a dependency does not "
        "answer, which may name addresses; else the log does.",
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

    @field_validator("webhook_private_cidrs")
    @classmethod
    def _networks(cls, value: list[str]) -> list[str]:
        parse_networks(value)
        return value

    @field_validator("plans_file")
    @classmethod
    def _readable_plans(cls, value: Path | None) -> Path | None:
        _plans_of(value)
        return value

    @model_validator(mode="after")
    def _known_plan(self) -> Self:
        plans = self.plans()
        if self.bootstrap_plan and self.bootstrap_plan not in plans:
            names = ", ".join(plan.name for plan in plans.all())
            message = (
                f"MEMLOOM_BOOTSTRAP_PLAN names {self.bootstrap_plan!r}, which is no plan; choose "
                f"one of {names}"
            )
            raise ValueError(message)
        return self

    def plans(self) -> Plans:
        """The plans of the file, else the built-in ones."""
        return _plans_of(self.plans_file)

    def first_plan(self) -> str:
        """The plan of the default project."""
        plans = self.plans()
        return self.bootstrap_plan or ("pro" if "pro" in plans else plans.default.name)

    def webhook_policy(self) -> WebhookPolicy:
        """When webhook deliveries fail, and webhooks are disabled."""
        return WebhookPolicy(
            attempts=self.webhook_attempts,
            failures=self.webhook_failures,
            kept_ms=int(self.webhook_days * 86_400_000),
        )

    @property
    def audit_ms(self) -> int:
        """How long the audit log is kept, in milliseconds."""
        return int(self.audit_days * 86_400_000)

    @property
    def unlinked_ms(self) -> int:
        """How long a knowledge base that no project links is kept, in milliseconds."""
        return int(self.unlinked_days * 86_400_000)

    @property
    def key_overlap_ms(self) -> int:
        """How long the old secret of a rotated key works by default, in milliseconds."""
        return int(self.key_overlap_hours * 3_600_000)

    def request_rate(self) -> Allowance:
        """How often a key may call."""
        return Allowance(self.requests_per_second, self.request_burst)

    def token_rate(self) -> Allowance:
        """How much text a key may send."""
        return Allowance(self.input_tokens_per_minute / 60, max(1.0, self.input_tokens_per_minute))

    def failure_rate(self) -> Allowance:
        """How often an address may call without a valid key."""
        rate = self.key_failures_per_minute
        return Allowance(rate / 60, max(1.0, rate / 3))

    def search_limits(self) -> SearchLimits:
        """How searches take turns."""
        return SearchLimits(self.searches_at_once, wait=self.search_wait_seconds)

    def stream_limits(self) -> StreamLimits:
        """The bounds of streams of events."""
        return StreamLimits(
            streams=self.event_streams,
            poll=self.event_poll_seconds,
            longest=self.event_stream_seconds,
        )

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
            staging_ms=int(self.staging_hours * 3_600_000),
        )


def _plans_of(file: Path | None) -> Plans:
    """The plans of the file, the built-in ones without a file; ValueError with a sentence."""
    return Plans() if file is None else parse_plans(_read_plans(file))


def _read_plans(file: Path) -> Any:
    try:
        return yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        message = f"the file of plans {file} cannot be read ({error.strerror}); name another one"
        raise ValueError(message) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        message = f"the file of plans {file} is neither YAML nor JSON: {error}"
        raise ValueError(message) from error
