"""The five servers: how each is configured, started, found ready and stopped."""

import os
import shutil
import signal
import socket
import struct
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.stack import install, process
from deploy.stack.layout import SERVICES, Layout

# Any fixed 22-character id: the data folder is formatted with it once.
CLUSTER_ID = "bWVtbG9vbS1zdGFjay0wMDE"[:22]


@dataclass(frozen=True, slots=True)
class Server:
    """prepare: once before each start. command, env: what is started. ready: asks it from
    outside. after: once it is ready. user: whom it runs as, where it must not be root.
    """

    name: str
    prepare: Callable[[Layout], object]
    command: Callable[[Layout], Sequence[str | Path]]
    ready: Callable[[Layout], bool]
    env: Callable[[Layout], dict[str, str]] = lambda _: {}
    after: Callable[[Layout], None] = lambda _: None
    stop_signal: int = signal.SIGTERM
    user: str | None = None

    def pid_file(self, layout: Layout) -> Path:
        """Where its pid is noted."""
        return layout.pids / f"{self.name}.json"

    def start(self, layout: Layout, *, seconds: float = 180.0) -> bool:
        """Start and wait until ready; False where it ran already. ServerError."""
        pid_file = self.pid_file(layout)
        fresh = process.running(pid_file) is None
        log = layout.logs / f"{self.name}.log"
        if fresh:
            self.prepare(layout)
            process.start(
                self.command(layout),
                pid_file=pid_file,
                log=log,
                env=self.env(layout),
                user=self.user,
            )

        def up() -> bool:
            if process.running(pid_file) is None:
                raise process.ServerError(f"{self.name} ended at its start, see {log}")
            return self.ready(layout)

        process.wait_for(up, seconds=seconds, what=f"{self.name} is not ready, see {log}")
        if fresh:
            self.after(layout)
        return fresh

    def stop(self, layout: Layout) -> bool:
        """Stop it; False where it was not running."""
        return process.stop(self.pid_file(layout), with_signal=self.stop_signal)


def http_ok(url: str) -> bool:
    """Whether it answers 200 within three seconds."""
    try:
        with urllib.request.urlopen(url, timeout=3) as answer:  # noqa: S310 - http on loopback
            return bool(answer.status == 200)  # noqa: PLR2004 - HTTP's OK
    except (OSError, urllib.error.URLError):
        return False


def _port_open(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


# Kafka ---------------------------------------------------------------------------------------


def _kafka_config(layout: Layout) -> Path:
    return layout.data / "kafka" / "server.properties"


def _classpath(layout: Layout) -> str:
    return f"{install.kafka_libs(layout)}/*"


def _prepare_kafka(layout: Layout) -> None:
    config = layout.render("kafka.properties", _kafka_config(layout))
    layout.render("log4j2.xml", layout.data / "kafka" / "log4j2.xml")
    if (layout.data / "kafka" / "log" / "meta.properties").exists():
        return
    tool = ["java", "-Xmx256m", "-cp", _classpath(layout), "kafka.tools.StorageTool"]
    install.run(
        [*tool, "format", "-t", CLUSTER_ID, "-c", config], log=layout.logs / "kafka-format.log"
    )


def _kafka_command(layout: Layout) -> Sequence[str | Path]:
    logging = f"-Dlog4j2.configurationFile={layout.data / 'kafka' / 'log4j2.xml'}"
    heap = ["-Xms64m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
    network = "-Djava.net.preferIPv4Stack=true"
    main = ["-cp", _classpath(layout), "kafka.Kafka", str(_kafka_config(layout))]
    return ["java", *heap, network, logging, *main]


def _kafka_ready(layout: Layout) -> bool:
    """It answers ApiVersions (key 18, version 0), the protocol's first question."""
    try:
        with socket.create_connection(("127.0.0.1", layout.kafka_port), timeout=1) as link:
            link.settimeout(2)
            link.sendall(struct.pack(">ihhih", 10, 18, 0, 1, -1))
            return len(link.recv(8)) > 0
    except OSError:
        return False


# Tika ----------------------------------------------------------------------------------------


def _tika_config(layout: Layout) -> Path:
    return layout.data / "tika" / "tika.xml"


def _tika_command(layout: Layout) -> Sequence[str | Path]:
    jar = install.tika_jar(layout)
    return ["java", "-Xmx64m", "-XX:+UseSerialGC", "-jar", jar, "-c", _tika_config(layout)]


# S3 ------------------------------------------------------------------------------------------


def _prepare_s3(layout: Layout) -> None:
    for folder in ("blobs", "meta"):
        (layout.data / "s3" / install.s3_server(layout) / folder).mkdir(parents=True, exist_ok=True)


def _s3_command(layout: Layout) -> Sequence[str | Path]:
    name = install.s3_server(layout)
    folder = layout.data / "s3" / name
    address = f"127.0.0.1:{layout.s3_port}"
    if name == "minio":
        return [
            install.binary(layout, name),
            "server",
            "--address",
            address,
            "--quiet",
            folder / "blobs",
        ]
    posix = ["posix", "--sidecar", str(folder / "meta"), str(folder / "blobs")]
    return [install.binary(layout, name), "--port", address, "--health", "/health", *posix]


def _s3_env(layout: Layout) -> dict[str, str]:
    return {
        "MINIO_ROOT_USER": layout.s3_user,
        "MINIO_ROOT_PASSWORD": layout.s3_password,
        "MINIO_BROWSER": "off",
        "MINIO_UPDATE": "off",
        "ROOT_ACCESS_KEY": layout.s3_user,
        "ROOT_SECRET_KEY": layout.s3_password,
    }


def _s3_ready(layout: Layout) -> bool:
    path = "/minio/health/ready" if install.s3_server(layout) == "minio" else "/health"
    return http_ok(f"http://127.0.0.1:{layout.s3_port}{path}")


# PostgreSQL ----------------------------------------------------------------------------------


def _postgres(program: str) -> Path:
    folder = install.postgres_bin()
    if folder is None:
        raise process.ServerError("PostgreSQL is not installed: run `stack.py install postgres`")
    return folder / program


def _postgres_data(layout: Layout) -> Path:
    return layout.data / "postgres" / "data"


def _postgres_user() -> str | None:
    """PostgreSQL refuses to run as root."""
    return "postgres" if os.getuid() == 0 else None


def _prepare_postgres(layout: Layout) -> None:
    data = _postgres_data(layout)
    user = _postgres_user()
    if not (data / "PG_VERSION").exists():
        data.parent.mkdir(parents=True, exist_ok=True)
        if user:
            shutil.chown(data.parent, user, user)
        locale = ["-E", "UTF8", "--locale=C.UTF-8"]
        subprocess.run(  # noqa: S603 - a fixed command
            [_postgres("initdb"), "-D", data, "-A", "trust", "-U", "memloom", *locale, "--no-sync"],
            check=True,
            stdout=subprocess.DEVNULL,
            user=user,
            group=user,
            extra_groups=[] if user else None,
            cwd="/",
        )
    layout.render("postgresql.conf", data / "postgresql.auto.conf")
    if user:
        shutil.chown(data / "postgresql.auto.conf", user, user)


def _psql(layout: Layout, statement: str) -> subprocess.CompletedProcess[str]:
    where = ["-h", "127.0.0.1", "-p", str(layout.postgres_port), "-U", "memloom", "-d", "postgres"]
    return subprocess.run(  # noqa: S603 - a fixed command
        [_postgres("psql"), *where, "-X", "-A", "-t", "-c", statement],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )


def _create_databases(layout: Layout) -> None:
    """One database a service, so that nobody can read another's tables."""
    there = set(_psql(layout, "select datname from pg_database").stdout.split())
    for service in (*SERVICES, "test"):
        if f"memloom_{service}" not in there:
            made = _psql(layout, f"create database memloom_{service}")
            if made.returncode:
                raise process.ServerError(made.stderr)


# Collector -----------------------------------------------------------------------------------


def _otel_config(layout: Layout) -> Path:
    return layout.data / "otel" / "otel.yaml"


def _otel_command(layout: Layout) -> Sequence[str | Path]:
    return [install.binary(layout, "otelcol"), "--config", _otel_config(layout)]


def servers() -> dict[str, Server]:
    """By name, in the order in which they are started."""
    listed = (
        Server(
            "postgres",
            _prepare_postgres,
            lambda layout: [_postgres("postgres"), "-D", _postgres_data(layout)],
            lambda layout: _psql(layout, "select 1").returncode == 0,
            after=_create_databases,
            stop_signal=signal.SIGINT,  # "fast": disconnects clients instead of waiting for them
            user=_postgres_user(),
        ),
        Server("kafka", _prepare_kafka, _kafka_command, _kafka_ready),
        Server(
            "tika",
            lambda layout: layout.render("tika.xml", _tika_config(layout)),
            _tika_command,
            lambda layout: http_ok(f"http://127.0.0.1:{layout.tika_port}/version"),
        ),
        Server("s3", _prepare_s3, _s3_command, _s3_ready, env=_s3_env),
        Server(
            "otel",
            lambda layout: layout.render("otel.yaml", _otel_config(layout)),
            _otel_command,
            lambda layout: _port_open(layout.otlp_port),
        ),
    )
    return {server.name: server for server in listed}
