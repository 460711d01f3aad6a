"""Where the servers are: one settings group a server, each optional.

A group without its address means: use the embedded adapter of that port.
"""

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator

from services.kernel.runtime.settings import Settings

SERVICE_MARK = "{service}"


class KafkaSettings(BaseModel):
    """The bus: Kafka where `bootstrap` is set, else a file in the data folder."""

    bootstrap: str = Field(default="", description="Brokers, as host:port,host:port.")
    prefix: str = Field(
        default="",
        description="Put before every topic and group, where several Memlooms share a cluster.",
    )
    partitions: int = Field(
        default=6,
        ge=1,
        description="Partitions of a new topic: as many of its keys are handled at once.",
    )
    replication: int = Field(default=3, ge=1, description="Replicas of a new topic.")
    session_timeout_ms: int = Field(
        default=10_000, ge=6_000, description="Silence after which a consumer counts as dead."
    )
    max_poll_interval_ms: int = Field(
        default=900_000, ge=60_000, description="Longest time that one record may take."
    )
    rebalance_timeout_ms: int = Field(
        default=60_000, ge=10_000, description="Longest time that a rebalance waits for a member."
    )
    publish_seconds: float = Field(
        default=15.0, gt=0, description="Longest time that publishing may take."
    )
    protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        default="PLAINTEXT", description="Encryption and login."
    )
    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        default="PLAIN", description="How the login is proven, with SASL."
    )
    username: str = Field(default="", description="Login name, with SASL.")
    password: SecretStr = Field(default=SecretStr(""), description="Password, with SASL.")
    ca_file: Path | None = Field(
        default=None, description="Certificates of the authority, where the system's do not do."
    )

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
    """Blobs: MinIO or any S3 server where `endpoint` is set, else files in the data folder."""

    endpoint: str = Field(default="", description="The server, as host:port without http://.")
    access_key: str = Field(default="", description="Name of the access key.")
    secret_key: SecretStr = Field(default=SecretStr(""), description="The access key's secret.")
    bucket: str = Field(default="memloom", description="Bucket; made where it is missing.")
    secure: bool = Field(default=False, description="Speak TLS.")
    region: str | None = Field(default=None, description="The bucket's region, if it has one.")

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
    """SQL: PostgreSQL where `url` is set, else SQLite files in the data folder."""

    url: str = Field(
        default="",
        description="postgresql://user:password@host/memloom_{service}, a database a "
        "service; without {service} they share one, a schema a service. As psql reads it: "
        "?sslmode=verify-full&sslrootcert=/path/to/ca.pem and the like.",
    )
    pool_size: int = Field(
        default=8, ge=1, description="Connections that a process keeps to each database."
    )
    pool_overflow: int = Field(
        default=8, ge=0, description="Further ones that it opens while those are busy."
    )
    pool_seconds: float = Field(
        default=30.0, gt=0, description="Seconds that a caller waits for a connection."
    )

    @field_validator("url")
    @classmethod
    def _asyncpg(cls, value: str) -> str:
        scheme, mark, rest = value.strip().partition("://")
        if not value.strip():
            return ""
        if not mark or scheme not in {"postgresql", "postgres", "postgresql+asyncpg"}:
            raise ValueError("MEMLOOM_POSTGRES__URL must start with postgresql:// or postgres://")
        return f"postgresql+asyncpg://{rest}"

    @property
    def one_each(self) -> bool:
        """Whether the URL names a database a service."""
        return SERVICE_MARK in self.url

    def url_for(self, service: str) -> str:
        """The service's own database."""
        return self.url.replace(SERVICE_MARK, service)


class QdrantSettings(BaseModel):
    """The index: a Qdrant server where `url` is set, else a folder that one process holds."""

    url: str = Field(default="", description="The server, as http://host:6333.")
    grpc_port: int = Field(default=6334, ge=1, le=65535, description="Its gRPC port.")
    api_key: SecretStr | None = Field(default=None, description="Its API key, if it wants one.")
    timeout_seconds: float = Field(default=10.0, ge=1, description="Longest time of one call.")


class TikaSettings(BaseModel):
    """The reader of PDF, DOCX and DOC: a Tika server where `url` is set, else local readers."""

    url: str = Field(default="", description="The server, as http://host:9998.")

    @field_validator("url")
    @classmethod
    def _http(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("MEMLOOM_TIKA__URL must start with http:// or https://")
        return value.rstrip("/")


class PeerSettings(BaseModel):
    """Internal gRPC of the services that others call, as host:port. Calls are spread over all
    addresses of the host; several IP addresses may be listed with commas between.
    """

    ingest: str = Field(default="127.0.0.1:50061", description="Probe of URLs: called by gateway.")
    memorizer: str = Field(
        default="127.0.0.1:50062", description="Records: called by gateway and feedback."
    )
    retriever: str = Field(
        default="127.0.0.1:50063", description="The search: called by gateway and feedback."
    )
    feedback: str = Field(default="127.0.0.1:50064", description="Preview: called by gateway.")


class ConnectionSettings(Settings):
    """All groups; a root, or the base of one."""

    kafka: KafkaSettings = Field(default_factory=KafkaSettings)
    minio: MinioSettings = Field(default_factory=MinioSettings)
    postgres: PostgresSettings = Field(default_factory=PostgresSettings)
    qdrant: QdrantSettings = Field(default_factory=QdrantSettings)
    tika: TikaSettings = Field(default_factory=TikaSettings)
    peers: PeerSettings = Field(default_factory=PeerSettings)
