"""Where the developer's servers live: folders, ports, versions. Settings, nothing else."""

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from string import Template

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = Path(__file__).resolve().parent / "templates"
SERVICES = ("gateway", "ingest", "parser", "memorizer", "retriever", "feedback")


@dataclass(frozen=True, slots=True)
class Layout:
    """Every field can be set by `MEMLOOM_STACK_<FIELD>`; all ports are on 127.0.0.1.

    cache: what was downloaded and built, kept between runs and checkouts. data: server data,
    logs and pid files; outside the home folder, because PostgreSQL runs as a user of its own
    when started by root. s3: `minio`, or `versitygw`, which builds in a third of the time.
    build_jobs: parallel compiler processes.
    """

    cache: Path
    data: Path
    kafka_port: int = 19092
    kafka_controller_port: int = 19093
    tika_port: int = 19998
    s3_port: int = 19000
    postgres_port: int = 15432
    otlp_port: int = 14317
    otlp_http_port: int = 14318
    rest_port: int = 18080
    grpc_port: int = 15051
    services_port: int = 15060
    s3: str = "minio"
    s3_user: str = "memloom"
    s3_password: str = "memloom-secret"  # noqa: S105 - of a server on loopback only
    build_jobs: int = 1

    @classmethod
    def from_environment(cls) -> "Layout":
        """The defaults, changed by the environment."""
        uid = os.getuid()
        scratch = Path("/var/tmp")  # noqa: S108 - a folder with our uid in its name
        base = scratch if scratch.is_dir() else Path(tempfile.gettempdir())
        values: dict[str, object] = {
            "cache": Path.home() / ".cache" / "memloom-stack",
            "data": base / f"memloom-stack-{uid}",
        }
        for field in fields(cls):
            raw = os.environ.get(f"MEMLOOM_STACK_{field.name.upper()}")
            if raw:
                kinds: dict[object, Callable[[str], object]] = {Path: Path, int: int}
                values[field.name] = kinds.get(field.type, str)(raw)
        return cls(**values)  # type: ignore[arg-type] # converted above, by the field's type

    @property
    def logs(self) -> Path:
        """One log a server."""
        return self.data / "logs"

    @property
    def pids(self) -> Path:
        """One pid file a server."""
        return self.data / "pids"

    def render(self, template: str, target: Path) -> Path:
        """Fill a template with this layout and write it to `target`."""
        values = {field.name: str(getattr(self, field.name)) for field in fields(self)}
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(Template((TEMPLATES / template).read_text()).substitute(values))
        return target

    def environment(self) -> dict[str, str]:
        """The MEMLOOM_ variables that point the services to these servers."""
        return {
            "MEMLOOM_KAFKA__BOOTSTRAP": f"127.0.0.1:{self.kafka_port}",
            "MEMLOOM_KAFKA__REPLICATION": "1",
            "MEMLOOM_MINIO__ENDPOINT": f"127.0.0.1:{self.s3_port}",
            "MEMLOOM_MINIO__ACCESS_KEY": self.s3_user,
            "MEMLOOM_MINIO__SECRET_KEY": self.s3_password,
            "MEMLOOM_MINIO__BUCKET": "memloom",
            "MEMLOOM_POSTGRES__URL": (
                f"postgresql+asyncpg://memloom@127.0.0.1:{self.postgres_port}/memloom_{{service}}"
            ),
            "MEMLOOM_TIKA__URL": f"http://127.0.0.1:{self.tika_port}",
            "MEMLOOM_RUNTIME__OTLP_ENDPOINT": f"http://127.0.0.1:{self.otlp_port}",
        }

    def test_environment(self) -> dict[str, str]:
        """The MEMLOOM_TEST_ variables that send tests marked `real` to these servers."""
        return {
            "MEMLOOM_TEST_REQUIRE_REAL": "1",
            "MEMLOOM_TEST_KAFKA": f"127.0.0.1:{self.kafka_port}",
            "MEMLOOM_TEST_MINIO_ENDPOINT": f"127.0.0.1:{self.s3_port}",
            "MEMLOOM_TEST_MINIO_ACCESS_KEY": self.s3_user,
            "MEMLOOM_TEST_MINIO_SECRET_KEY": self.s3_password,
            "MEMLOOM_TEST_POSTGRES_URL": (
                f"postgresql://memloom@127.0.0.1:{self.postgres_port}/memloom_test"
            ),
            "MEMLOOM_TEST_TIKA_URL": f"http://127.0.0.1:{self.tika_port}",
        }
