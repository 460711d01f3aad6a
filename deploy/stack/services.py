"""The six services on a developer's machine, as processes on the servers of this stack."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from deploy.stack import process
from deploy.stack.layout import ROOT, Layout
from deploy.stack.servers import Server, http_ok

PYTHON = ROOT / ".venv" / "bin" / "python"
INDEX = "index"
"""Memorizer and retriever in one process: without a Qdrant server they share one folder."""

# By name: place of its ports, and the module that runs it.
_ALONE = {
    "ingest": (1, "services.ingest"),
    "feedback": (4, "services.feedback"),
    "parser": (5, "services.parser"),
    "gateway": (6, "services.gateway"),
}
_WITH_QDRANT = {"memorizer": (2, "services.memorizer"), "retriever": (3, "services.retriever")}
_WITHOUT = {INDEX: (2, "deploy.stack.index_process")}


def _all() -> dict[str, tuple[int, str]]:
    """By where the index is: a server, named in the environment, or a folder."""
    return _ALONE | (_WITH_QDRANT if os.environ.get("MEMLOOM_QDRANT__URL") else _WITHOUT)


def _peers(layout: Layout) -> dict[str, str]:
    places = {name: place for name, (place, _) in _all().items()}
    index = places.get(INDEX, 0)
    return {
        f"MEMLOOM_PEERS__{peer.upper()}": (
            f"127.0.0.1:{layout.services_port + places.get(peer, index)}"
        )
        for peer in ("ingest", "memorizer", "retriever", "feedback")
    }


def _environment(layout: Layout, name: str, place: int) -> dict[str, str]:
    own = {
        "PYTHONPATH": str(ROOT),
        "MEMLOOM_DATA": str(layout.data / "services" / name),
        "MEMLOOM_HOST": "127.0.0.1",
        "MEMLOOM_PORT": str(layout.rest_port),
        "MEMLOOM_GRPC_PORT": str(layout.grpc_port),
        "MEMLOOM_RUNTIME__SERVICE_TOKEN": "of-this-machine-only",
        "MEMLOOM_RUNTIME__GRPC_PORT": str(layout.services_port + place),
        "MEMLOOM_RUNTIME__ADMIN_PORT": str(_admin_port(layout, place)),
    }
    # What the developer sets wins; the stack fills in the rest.
    return {
        key: os.environ.get(key, value)
        for key, value in (layout.environment() | _peers(layout) | own).items()
    }


def _admin_port(layout: Layout, place: int) -> int:
    return layout.services_port + 50 + place


def _service(name: str, place: int, module: str) -> Server:
    def command(_: Layout) -> Sequence[str | Path]:
        return [PYTHON, "-m", module]

    def ready(layout: Layout) -> bool:
        port = layout.rest_port if name == "gateway" else _admin_port(layout, place)
        return http_ok(f"http://127.0.0.1:{port}/health/ready")

    return Server(
        name,
        lambda layout: (layout.data / "services").mkdir(parents=True, exist_ok=True),
        command,
        ready,
        env=lambda layout: _environment(layout, name, place),
    )


def services() -> dict[str, Server]:
    """By name."""
    return {name: _service(name, place, module) for name, (place, module) in _all().items()}


def apply_topics(layout: Layout) -> None:
    """The catalogue's topics, by `memloom topics apply`. ServerError."""
    if not PYTHON.exists():
        raise process.ServerError("run `make setup` first: there is no .venv")
    done = subprocess.run(  # noqa: S603 - our own command
        [PYTHON.with_name("memloom"), "topics", "apply"],
        env=os.environ | layout.environment(),
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    if done.returncode:
        raise process.ServerError(f"topics were not applied: {done.stdout}{done.stderr}")
