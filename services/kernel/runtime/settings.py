"""Settings come from the environment: `MEMLOOM_...`, nested by `__`; nothing else reads it.

A root is a class below `Settings`, its fields are sections (pydantic models) or single values:

    class EmbeddedSettings(Settings):
        ingest: IngestSettings = Field(default_factory=IngestSettings)

    settings = load(EmbeddedSettings)   # MEMLOOM_INGEST__WORKERS=4
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from pydantic import BaseModel, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from services.kernel.contracts.errors import InvalidInput

PREFIX: Final = "MEMLOOM_"
DELIMITER: Final = "__"
REQUIRED: Final = "(required)"


class Settings(BaseSettings):
    """Base of every root."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter=DELIMITER,
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
    )


class RuntimeSettings(BaseModel):
    """What every process has: section `runtime`."""

    log_level: str = Field(
        default="INFO",
        pattern="^(DEBUG|INFO|WARNING|ERROR)$",
        description="Least severe log line that is written: DEBUG, INFO, WARNING or ERROR.",
    )
    log_json: bool = Field(default=True, description="Log lines as JSON; false for people.")
    otlp_endpoint: str = Field(
        default="", description="Where spans go, as http://collector:4317; empty sends none."
    )
    grpc_host: str = Field(default="127.0.0.1", description="Address of the internal gRPC server.")
    grpc_port: int = Field(
        default=0, ge=0, le=65535, description="Port of the internal gRPC server; 0 takes any."
    )
    admin_host: str = Field(
        default="127.0.0.1", description="Address of the health and metrics server."
    )
    admin_port: int = Field(
        default=0, ge=0, le=65535, description="Port of health and metrics; 0 serves none."
    )
    http_head_seconds: float = Field(
        default=10.0, gt=0, description="Longest time that the head of an HTTP request may take."
    )
    http_body_seconds: float = Field(
        default=20.0,
        gt=0,
        description="Span in which a body must come at http_body_rate, and an answer be read.",
    )
    http_body_rate: int = Field(
        default=512, ge=1, description="Bytes a second of the slowest body that is waited for."
    )
    http_connections: int = Field(
        default=2048, ge=1, description="HTTP connections that are held at once."
    )
    grpc_idle_seconds: float = Field(
        default=300.0, gt=0, description="After so long without a call a gRPC connection is closed."
    )
    grpc_age_seconds: float = Field(
        default=300.0,
        gt=0,
        description="After so long a gRPC connection is replaced, so that callers find new "
        "processes; calls that run get a minute more, and no call may take longer.",
    )
    grpc_streams: int = Field(
        default=256, ge=1, description="Calls at once on one gRPC connection."
    )
    service_token: SecretStr | None = Field(
        default=None, description="Secret that internal calls carry; required between machines."
    )
    grace_seconds: float = Field(
        default=20.0, ge=0, description="Seconds that running work gets at a stop."
    )
    leave_seconds: float = Field(
        default=0.0,
        ge=0,
        description="Seconds between saying 'not ready' at a stop and closing the public ports: "
        "time for load balancers to look away.",
    )
    fuse: int = Field(
        default=20, ge=1, description="Records in a row set aside, of other keys, before a halt."
    )
    fuse_projects: int = Field(
        default=3,
        ge=1,
        description="Projects that these records must come from; set 1 where there is one project.",
    )
    fuse_seconds: float = Field(
        default=30.0,
        gt=0,
        description="Seconds until a halted consumer tries again; doubled each time, to 900.",
    )
    check_seconds: float = Field(
        default=3.0, gt=0, description="Seconds that a readiness check may take."
    )
    check_tolerated: int = Field(
        default=2,
        ge=0,
        description="Bad answers in a row that a check which was good may give before it fails.",
    )
    health_seconds: float = Field(
        default=1.0, gt=0, description="Seconds between two rounds of checks."
    )
    sample_seconds: float = Field(
        default=5.0, gt=0, description="How often lag and outbox are measured."
    )


S = TypeVar("S", bound=BaseSettings)


def load(kind: type[S], **overrides: Any) -> S:
    """Read the environment. InvalidInput names each wrong variable and how to mend it."""
    try:
        return kind(**overrides)
    except SettingsError as error:
        raise InvalidInput(f"{error}: nested values are JSON or single variables") from error
    except ValidationError as error:
        known = {setting.name: setting for setting in describe(kind)}
        lines = [
            _sentence(name_of(detail["loc"]), detail["msg"], detail.get("input"), known)
            for detail in error.errors(include_url=False)
        ]
        raise InvalidInput("\n".join(lines)) from error


def name_of(location: tuple[int | str, ...]) -> str:
    """The environment variable of a field."""
    return PREFIX + DELIMITER.join(str(part) for part in location).upper()


@dataclass(frozen=True, slots=True)
class Setting:
    """One variable: what it is called, takes, is when unset, and means."""

    name: str
    type: str
    default: str
    description: str
    secret: bool


def describe(kind: type[BaseModel]) -> list[Setting]:
    """Every variable of a root and its sections, in order of declaration."""
    return list(_walk(kind, ()))


def _walk(kind: type[BaseModel], above: tuple[str, ...]) -> Iterator[Setting]:
    for name, field in kind.model_fields.items():
        here = (*above, name)
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from _walk(inner, here)
        else:
            yield _setting(here, field)


def _setting(here: tuple[str, ...], field: FieldInfo) -> Setting:
    secret = "Secret" in str(field.annotation)
    default = field.get_default(call_default_factory=True, validated_data={})
    if default is PydanticUndefined:
        shown = REQUIRED
    elif default is None or default == "":
        shown = ""
    else:
        shown = "***" if secret else str(default)
    kind = field.annotation
    return Setting(
        name=name_of(here),
        type=kind.__name__ if isinstance(kind, type) and not secret else str(kind),
        default=shown,
        description=field.description or "",
        secret=secret,
    )


def _sentence(name: str, says: str, given: object, known: dict[str, Setting]) -> str:
    setting = known.get(name)
    parts = [f"{name} is wrong: {says[:1].lower()}{says[1:]}"]
    if setting is None or not setting.secret:
        shown = "nothing" if given is None else repr(given)
        parts.append(f"(it is {shown[:200]})" if not isinstance(given, dict) else "")
    sentence = " ".join(part for part in parts if part) + "."
    if setting is not None and setting.description:
        sentence += f" {setting.description}"
        if setting.default not in {"", REQUIRED} and not setting.secret:
            sentence += f" Default: {setting.default}."
    return sentence
