"""Settings of ingest: `MEMLOOM_INGEST__...`."""

from ipaddress import ip_network

from pydantic import BaseModel, Field, field_validator

MEGABYTE = 1_048_576


class IngestSettings(BaseModel):
    """What an operator may set."""

    max_file_bytes: int = Field(
        default=100 * MEGABYTE, gt=0, description="Largest document, in bytes."
    )
    allowed_private_cidrs: list[str] = Field(
        default_factory=list,
        description='Private networks from which documents may be fetched, as ["10.0.0.0/8"].',
    )
    connect_timeout: float = Field(default=10.0, gt=0, description="Seconds to connect to a host.")
    read_timeout: float = Field(default=30.0, gt=0, description="Seconds without a byte.")
    total_timeout: float = Field(default=300.0, gt=0, description="Seconds for a whole fetch.")
    probe_timeout: float = Field(default=3.0, gt=0, description="Seconds for a look at a URL.")
    min_rate: float = Field(
        default=1024.0,
        ge=0,
        description="Bytes a second below which a fetch is given up (50179); 0 takes any.",
    )
    rate_seconds: float = Field(
        default=20.0, gt=0, description="Seconds over which the rate of a fetch is taken."
    )
    max_redirects: int = Field(default=5, ge=0, description="Redirects followed in one fetch.")
    fetch_attempts: int = Field(default=3, ge=1, description="Tries before a fetch is given up.")
    proxy: str = Field(
        default="",
        pattern=r"^(https?://\S+)?$",
        description="Proxy through which documents are fetched, as http://proxy:3128. Those of the "
        "environment (HTTP_PROXY) are not used.",
    )
    workers: int = Field(default=8, ge=1, description="Uploaded documents taken over at once.")
    fetch_workers: int = Field(
        default=16, ge=1, description="Documents fetched at once; of one project at most half."
    )

    @field_validator("allowed_private_cidrs")
    @classmethod
    def _networks(cls, value: list[str]) -> list[str]:
        for cidr in value:
            try:
                ip_network(cidr)
            except ValueError as error:
                message = f"{cidr!r} is not a network; write it as 10.0.0.0/8 ({error})"
                raise ValueError(message) from error
        return value
