"""Settings of the client: `MEMLOOM_CLIENT__...`."""

from pathlib import Path

from pydantic import BaseModel, Field, SecretStr, field_validator

from services.kernel.runtime.settings import Settings


class ClientSettings(BaseModel):
    """Which Memloom is called, and as whom."""

    url: str = Field(
        default="http://127.0.0.1:8080", description="Address of the Memloom that is called."
    )
    api_key: SecretStr | None = Field(
        default=None, description="API key that calls carry; over HTTP the caller's own is used."
    )
    user_id: str = Field(
        default="", max_length=100, description="User whom calls are about when they name none."
    )
    timeout: float = Field(default=30.0, gt=0, description="Seconds that one call may take.")
    wait_seconds: float = Field(
        default=60.0, ge=0, description="Seconds to wait until documents and feedback are done."
    )
    upload_folders: list[Path] = Field(
        default_factory=list,
        description="Folders from which an assistant may upload files, as a JSON list; none by "
        "default: what an assistant reads decides what it asks for.",
    )
    mcp_host: str = Field(default="127.0.0.1", description="Address of `memloom mcp --http`.")
    mcp_port: int = Field(
        default=8090, ge=0, le=65535, description="Port of `memloom mcp --http`; 0 takes any."
    )
    mcp_hosts: list[str] = Field(
        default_factory=list,
        description="Further host names by which `memloom mcp --http` may be reached, as a JSON "
        'list, e.g. ["memloom.example.com:443"]; others are refused.',
    )

    @field_validator("url")
    @classmethod
    def _http(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            message = f"{value!r} is no address; write one as http://127.0.0.1:8080"
            raise ValueError(message)
        return value.rstrip("/")


class ClientProcess(Settings):
    """Settings of a process that only calls a Memloom."""

    client: ClientSettings = Field(default_factory=ClientSettings)
