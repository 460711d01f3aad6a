"""Where the servers are: one settings group a server, each optional.

A group without its address means: use the embedded adapter of that port.
"""

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SERVICE_MARK = "{service}"


class KafkaSettings(BaseModel):
    """MEMLOOM_KAFKA__BOOTSTRAP and its siblings.

    bootstrap: `host:port`, several separated by commas. prefix: put before every topic and group,
    where several Memlooms share a cluster. partitions, replication: used by `memloom topics
    apply`; partitions bound how many keys of one topic are handled at once.
    """

    bootstrap: str = ""
    prefix: str = ""
    partitions: int = Field(default=6, ge=1)
    replication: int = Field(default=3, ge=1)
    session_timeout_ms: int = Field(default=10_000, ge=6_000)
    max_poll_interval_ms: int = Field(default=900_000, ge=60_000)
    rebalance_timeout_ms: int = Field(default=60_000, ge=10_000)
    publish_seconds: float = Field(default=15.0, gt=0)
    protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "PLAIN"
    username: str = ""
    password: SecretStr = SecretStr("")
    ca_file: Path | None = None

    @field_validator("bootstrap")
    @classmethod
    def _host_and_port(cls, value: str) -> str:
        for part in filter(None, (item.strip() for item in value.split(","))):
            if not part.rpartition(":")[2].isdigit():
                raise ValueError(
                    f"MEMLOOM_KAFKA__BOOTSTRAP: {part!r} has no port; write host:port,host:port"
                )
        return value.strip()

    @model_validator(mode="after")
    def _revocation_ends_before_the_work_must(self) -> Self:
        if self.rebalance_timeout_ms >= self.max_poll_interval_ms:
            raise ValueError(
                "MEMLOOM_KAFKA__REBALANCE_TIMEOUT_MS must be below "
                "MEMLOOM_KAFKA__MAX_POLL_INTERVAL_MS, or long work is taken for a dead consumer"
            )
        return self


class MinioSettings(BaseModel):
    """MEMLOOM_MINIO__ENDPOINT (`host:port`, no scheme) and its siblings."""

    endpoint: str = ""
    access_key: str = ""
    secret_key: SecretStr = SecretStr("")
    bucket: str = "memloom"
    secure: bool = False
    region: str | None = None

    @field_validator("endpoint")
    @classmethod
    def _no_scheme(cls, value: str) -> str:
        if "//" in value:
            raise ValueError(
                "MEMLOOM_MINIO__ENDPOINT is host:port without http://; "
                "for TLS set MEMLOOM_MINIO__SECURE=true"
            )
        return value.strip()


class PostgresSettings(BaseModel):
    """MEMLOOM_POSTGRES__URL, with `{service}` where the service's name belongs: a database a
    service. Without the mark all share one database, a schema a service.
    """

    url: str = ""

    @field_validator("url")
    @classmethod
    def _asyncpg(cls, value: str) -> str:
        if value and not value.startswith("postgresql+asyncpg://"):
            raise ValueError("MEMLOOM_POSTGRES__URL must start with postgresql+asyncpg://")
        return value

    @property
    def one_each(self) -> bool:
        """Whether the URL names a database a service."""
        return SERVICE_MARK in self.url

    def url_for(self, service: str) -> str:
        """The service's own database."""
        return self.url.replace(SERVICE_MARK, service)


class QdrantSettings(BaseModel):
    """MEMLOOM_QDRANT__URL, `http://host:6333`; gRPC on `grpc_port`."""

    url: str = ""
    grpc_port: int = 6334
    api_key: SecretStr | None = None
    timeout_seconds: float = 10.0


class TikaSettings(BaseModel):
    """MEMLOOM_TIKA__URL, `http://host:9998`."""

    url: str = ""

    @field_validator("url")
    @classmethod
    def _http(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("MEMLOOM_TIKA__URL must start with http:// or https://")
        return value.rstrip("/")


class OtlpSettings(BaseModel):
    """MEMLOOM_OTLP__ENDPOINT, `http://host:4317` (gRPC); none: nothing is exported."""

    endpoint: str = ""


class ConnectionSettings(BaseSettings):
    """All groups, read from the environment."""

    model_config = SettingsConfigDict(
        env_prefix="MEMLOOM_", env_nested_delimiter="__", extra="ignore"
    )

    kafka: KafkaSettings = Field(default_factory=KafkaSettings)
    minio: MinioSettings = Field(default_factory=MinioSettings)
    postgres: PostgresSettings = Field(default_factory=PostgresSettings)
    qdrant: QdrantSettings = Field(default_factory=QdrantSettings)
    tika: TikaSettings = Field(default_factory=TikaSettings)
    otlp: OtlpSettings = Field(default_factory=OtlpSettings)
