"""What a service is to whoever runs it: its parts, started in order and drained in reverse."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.kernel.contracts.topics import Service
from services.kernel.ports.store import Database
from services.kernel.runtime.dispatch import Subscription

Check = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class ServiceParts:
    """What a composition root (`app.build`) hands to the runner.

    servicers: functions that add internal gRPC servicers to a `grpc.aio.Server`.
    tasks: background loops, started once and cancelled at stop. checks: readiness, by name.
    close: released last.
    """

    name: Service
    database: Database | None = None
    subscriptions: Sequence[Subscription] = ()
    servicers: Sequence[Callable[[Any], None]] = ()
    tasks: Sequence[Callable[[], Awaitable[None]]] = ()
    checks: Mapping[str, Check] = field(default_factory=dict)
    close: Sequence[Callable[[], Awaitable[None]]] = ()
