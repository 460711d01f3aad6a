"""The embedded bus: a durable queue in one SQLite file, for any number of processes on a host."""

from services.kernel.adapters.sqlite_bus.bus import SqliteBus

__all__ = ["SqliteBus"]
