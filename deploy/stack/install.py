"""Installing the servers from package registries, once, into the cache folder."""

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from deploy.stack.layout import Layout

TIKA = "3.3.2"
KAFKA = "4.4.0"
# The newest tags are not offered by every module proxy: these versions were seen to build.
MINIO = "github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c"
VERSITYGW = "github.com/versity/versitygw/cmd/versitygw@v1.8.0"
OTEL_BUILDER = "go.opentelemetry.io/collector/cmd/builder@v0.160.0"


class InstallError(RuntimeError):
    """A server cannot be installed; the message says how to mend it."""


def run(command: Sequence[str | Path], *, log: Path, env: dict[str, str] | None = None) -> None:
    """Run to the end at low priority, output to `log`; InstallError with the log's end."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        done = subprocess.run(  # noqa: S603 - commands of this file, no shell
            ["nice", "-n", "15", *map(str, command)],  # noqa: S607 - coreutils, from PATH
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
            check=False,
        )
    if done.returncode:
        tail = log.read_text(errors="replace")[-1500:]
        raise InstallError(f"{command[0]} failed with {done.returncode}, see {log}:\n{tail}")


def need(program: str, hint: str) -> None:
    """InstallError where a build tool is missing."""
    if shutil.which(program) is None:
        raise InstallError(f"{program} is missing: {hint}")


def kafka_libs(layout: Layout) -> Path:
    """Folder of the broker's jars."""
    return layout.cache / f"kafka-{KAFKA}"


def tika_jar(layout: Layout) -> Path:
    """The runnable Tika server."""
    return layout.cache / f"tika-server-standard-{TIKA}.jar"


def binary(layout: Layout, name: str) -> Path:
    """A program built by us."""
    return layout.cache / "bin" / name


def s3_server(layout: Layout) -> str:
    """Which S3 server is to run: the wanted one, or the fallback where only that was built."""
    if layout.s3 == "minio" and binary(layout, "minio").exists():
        return "minio"
    return "versitygw" if binary(layout, "versitygw").exists() else layout.s3


def postgres_bin() -> Path | None:
    """Folder of PostgreSQL's programs, the newest version first."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), reverse=True)
    if debian:
        return debian[0].parent
    found = shutil.which("postgres")
    return Path(found).resolve().parent if found else None


def install_kafka(layout: Layout) -> None:
    """Jars from Maven Central; the folder appears whole or not at all."""
    libs = kafka_libs(layout)
    if libs.is_dir():
        return
    need("mvn", "install Maven and a JDK 17")
    partial = libs.with_suffix(".partial")
    pom = layout.render("kafka-pom.xml", layout.cache / "build" / "kafka" / "pom.xml")
    goal = ["dependency:copy-dependencies", "-DincludeScope=runtime"]
    run(
        ["mvn", "-q", "-B", "-ntp", "-f", pom, *goal, f"-DoutputDirectory={partial}"],
        log=layout.logs / "install-kafka.log",
    )
    partial.rename(libs)


def install_tika(layout: Layout) -> None:
    """One fat jar from Maven Central."""
    jar = tika_jar(layout)
    if jar.exists():
        return
    need("mvn", "install Maven and a JDK 17")
    artifact = f"org.apache.tika:tika-server-standard:{TIKA}:jar"
    partial = layout.cache / "build" / "tika"
    run(
        [
            "mvn",
            "-q",
            "-B",
            "-ntp",
            "dependency:copy",
            f"-Dartifact={artifact}",
            f"-DoutputDirectory={partial}",
        ],
        log=layout.logs / "install-tika.log",
    )
    (partial / jar.name).rename(jar)


def _go_install(layout: Layout, module: str, log: str) -> None:
    need("go", "install Go 1.26 or newer")
    run(
        ["go", "install", "-p", str(layout.build_jobs), "-trimpath", "-ldflags", "-s -w", module],
        log=layout.logs / log,
        env={"GOBIN": str(layout.cache / "bin"), "GOMAXPROCS": str(layout.build_jobs)},
    )


def install_s3(layout: Layout) -> None:
    """MinIO by the Go tools; versitygw where MinIO does not build."""
    if binary(layout, s3_server(layout)).exists():
        return
    if layout.s3 == "minio":
        try:
            _go_install(layout, MINIO, "install-minio.log")
        except InstallError:
            _go_install(layout, VERSITYGW, "install-versitygw.log")
    else:
        _go_install(layout, VERSITYGW, "install-versitygw.log")


def install_postgres(layout: Layout) -> None:
    """Debian's package."""
    if postgres_bin() is not None:
        return
    if os.getuid() != 0 or shutil.which("apt-get") is None:
        raise InstallError("PostgreSQL is missing: install PostgreSQL 15 or newer")
    run(
        ["apt-get", "install", "-y", "--no-install-recommends", "postgresql-15"],
        log=layout.logs / "install-postgres.log",
        env={"DEBIAN_FRONTEND": "noninteractive"},
    )


def install_otel(layout: Layout) -> None:
    """A small collector by the project's own builder."""
    target = binary(layout, "otelcol")
    if target.exists():
        return
    if not binary(layout, "builder").exists():
        _go_install(layout, OTEL_BUILDER, "install-otel.log")
    config = layout.render("otel-builder.yaml", layout.cache / "build" / "otel-builder.yaml")
    run(
        [binary(layout, "builder"), "--config", config],
        log=layout.logs / "install-otel.log",
        env={"GOMAXPROCS": str(layout.build_jobs), "GOFLAGS": f"-p={layout.build_jobs}"},
    )
    (layout.cache / "build" / "otelcol" / "otelcol").rename(target)


INSTALLERS: dict[str, Callable[[Layout], None]] = {
    "kafka": install_kafka,
    "tika": install_tika,
    "postgres": install_postgres,
    "s3": install_s3,
    "otel": install_otel,
}
