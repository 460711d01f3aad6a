"""What a service is to whoever runs it: its parts, started in order and drained in reverse."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

from services.kernel.contracts.errors import DependencyUnavailable
from services.kernel.contracts.topics import MONTH_MS, Service
from services.kernel.ports.bus import Bus, Route
from services.kernel.ports.clock import Clock
from services.kernel.ports.store import Database
from services.kernel.runtime.admin import admin_app
from services.kernel.runtime.attempts import Attempts
from services.kernel.runtime.dispatch import Dispatcher, Subscription
from services.kernel.runtime.grpc_server import GrpcLimits, InternalServer
from services.kernel.runtime.health import Check, Health
from services.kernel.runtime.http_limits import HttpLimits
from services.kernel.runtime.http_server import HttpServer
from services.kernel.runtime.metrics import LagSampler, Metrics
from services.kernel.runtime.outbox import Outbox, OutboxRelay
from services.kernel.runtime.policy import Fuse, FuseRule, Raised, attempt, growing
from services.kernel.runtime.settings import RuntimeSettings

__all__ = ["Check", "Runtime", "ServiceParts", "stop_signals"]

# Longer than any topic keeps its records, so that no repeat finds its row gone.
INBOX_KEPT_MS: Final = 2 * MONTH_MS
PRUNE_SECONDS: Final = 3600.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ServiceParts:
    """What a composition root (`app.build`) hands to the runner.

    database: migrated and closed by the runner. outbox: of a service whose request handlers add
    events themselves (else the runner makes one). servicers: functions that add internal gRPC
    servicers to a `grpc.aio.Server`. tasks: background loops, started once, started again when
    they fail, cancelled at stop. checks: by name, of what callers cannot be served without (the
    database is one). background_checks: of what only work in the background needs (may name the
    database); while they fail, the process is degraded and goes on serving. states: as checks, of
    what the process knows by itself. close: released last, in order.
    """

    name: Service
    database: Database | None = None
    subscriptions: Sequence[Subscription] = ()
    servicers: Sequence[Callable[[Any], None]] = ()
    tasks: Sequence[Callable[[], Awaitable[None]]] = ()
    checks: Mapping[str, Check] = field(default_factory=dict)
    background_checks: Mapping[str, Check] = field(default_factory=dict)
    states: Mapping[str, Check] = field(default_factory=dict)
    close: Sequence[Callable[[], Awaitable[None]]] = ()
    outbox: Outbox | None = None


class Runtime:
    """Runs any number of services in one process, on one bus.

    Start: migrate, internal gRPC, relays, consumers, tasks. Stop: not ready, no new records,
    drain the handlers, stop tasks and calls, flush the outboxes, close. The bus is closed too.
    Health and metrics are served from before the start until after the stop.
    """

    def __init__(
        self,
        parts: Sequence[ServiceParts],
        *,
        bus: Bus,
        clock: Clock,
        settings: RuntimeSettings | None = None,
        health: Health | None = None,
        metrics: Metrics | None = None,
        sampler: LagSampler | None = None,
    ) -> None:
        self._parts = parts
        self._bus = bus
        self._clock = clock
        self._settings = settings or RuntimeSettings()
        self.health = health or Health(
            timeout=self._settings.check_seconds, tolerated=self._settings.check_tolerated
        )
        self.metrics = metrics or Metrics()
        self.sampler = sampler or LagSampler(bus, clock=clock)
        self.fuse = Fuse(
            FuseRule(
                records=self._settings.fuse,
                projects=self._settings.fuse_projects,
                first_wait=self._settings.fuse_seconds,
            ),
            now=clock.monotonic,
        )
        self.health.halted = lambda: self.fuse.blown
        token = self._settings.service_token
        self.grpc = InternalServer(
            [add for part in parts for add in part.servicers],
            host=self._settings.grpc_host,
            port=self._settings.grpc_port,
            token=(token.get_secret_value() or None) if token is not None else None,
            observer=self.metrics,
            limits=GrpcLimits.of(self._settings),
        )
        self._stopped = False
        self._relays: dict[str, OutboxRelay] = {}
        self._relaying: list[asyncio.Task[None]] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._admin: HttpServer | None = None
        if self._settings.admin_port:
            self._admin = HttpServer(
                admin_app(self.health, self.metrics),
                host=self._settings.admin_host,
                port=self._settings.admin_port,
                advice="choose another with MEMLOOM_RUNTIME__ADMIN_PORT.",
                grace=1.0,
                limits=HttpLimits.of(self._settings),
            )

    @property
    def grpc_port(self) -> int:
        """Where the internal gRPC server listens; known after `start`."""
        return self.grpc.port

    async def start(self) -> None:
        """Everything, in order; what fails here fails the start, with nothing left running."""
        started = await attempt(self._start())
        if isinstance(started, Raised):
            await self.stop()
            raise started.error

    async def stop(self) -> None:
        """Drain and release everything, in order; a step that fails does not stop the next.
        Repeating it is harmless.
        """
        if self._stopped:
            return
        self._stopped = True
        grace = self._settings.grace_seconds
        self.health.stopping = True
        await self._step("drain", self.grpc.drain())
        await self._step("bus", self._bus.stop(grace))
        await self._cancel(self._tasks)
        await self._step("grpc", self.grpc.stop(grace))
        await self._cancel(self._relaying)
        for name, relay in self._relays.items():
            await self._step(f"outbox {name}", asyncio.wait_for(relay.flush(), max(grace, 1.0)))
        for part in self._parts:
            for close in part.close:
                await self._step(f"close {part.name}", close())
        for database in self._databases():
            await self._step("database", database.close())
        await self._step("bus", self._bus.close())
        if self._admin is not None:
            await self._step("admin", self._admin.stop())
        _log.info("stopped")

    async def _start(self) -> None:
        self._add_checks()
        if self._admin is not None:
            await self._admin.start()
        await asyncio.gather(*(database.migrate() for database in self._databases()))
        await self.grpc.start()
        routes = []
        for part in self._parts:
            dispatcher = self._dispatcher(part)
            routes.extend(dispatcher.routes(part.subscriptions))
            if part.database is not None:
                relay = OutboxRelay(
                    part.database, self._bus, clock=self._clock, outbox=dispatcher.outbox
                )
                self._relays[part.name.value] = relay
                self._relaying.append(self._loop(f"outbox {part.name}", relay.run))
                attempts = Attempts(part.database, self._clock)
                self._tasks.append(self._loop(f"prune {part.name}", self._pruner(attempts)))
        if routes:
            await self._consume(routes)
        for part in self._parts:
            for task in part.tasks:
                self._tasks.append(self._loop(f"task {part.name}", task))
        self._tasks.append(self._loop("sample", self._sample))
        await self.health.sample()
        self._tasks.append(self._loop("health", self._watch_health))
        self.health.started = True
        _log.info(
            "started",
            services=[part.name.value for part in self._parts],
            grpc_port=self.grpc_port,
            groups=[route.group for route in routes],
        )

    async def _consume(self, routes: Sequence[Route]) -> None:
        """Begin to consume; where the bus is down, later: callers are served meanwhile."""

        async def begin() -> None:
            await self._bus.start(routes)

        begun = await attempt(begin())
        if not isinstance(begun, Raised):
            return
        if not isinstance(begun.error, DependencyUnavailable):
            raise begun.error
        _log.warning("bus.not_started", error=begun.error.message)
        self._tasks.append(self._loop("consume", begin))

    def _dispatcher(self, part: ServiceParts) -> Dispatcher:
        return Dispatcher(
            part.name,
            bus=self._bus,
            clock=self._clock,
            database=part.database,
            outbox=part.outbox,
            fuse=self.fuse,
            observer=self.metrics,
        )

    def _databases(self) -> list[Database]:
        found: dict[int, Database] = {}
        for part in self._parts:
            if part.database is not None:
                found[id(part.database)] = part.database
        return list(found.values())

    def _add_checks(self) -> None:
        if self._uses_bus:
            # What is accepted waits in the outbox, and searches ask no bus.
            self.health.add("bus", self._bus.check, needed=False)
        for part in self._parts:
            if part.database is not None:
                self.health.add(f"{part.name}.database", part.database.check)
            for name, check in part.checks.items():
                self.health.add(f"{part.name}.{name}", check)
            for name, check in part.background_checks.items():
                self.health.add(f"{part.name}.{name}", check, needed=False)
            for name, check in part.states.items():
                self.health.add(f"{part.name}.{name}", check, at_once=True)

    @property
    def _uses_bus(self) -> bool:
        return any(part.subscriptions or part.database is not None for part in self._parts)

    async def _watch_health(self) -> None:
        await self.health.run(self._clock, self._settings.health_seconds)

    def _loop(self, name: str, work: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
        return asyncio.create_task(self._supervise(name, work), name=name)

    async def _supervise(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        failures = 0
        while True:
            ended = await attempt(work())
            if not isinstance(ended, Raised):
                return
            _log.error("task.failed", task=name, exc_info=ended.error)
            await self._clock.sleep(growing(0.5, 60.0, failures))
            failures += 1

    def _pruner(self, attempts: Attempts) -> Callable[[], Awaitable[None]]:
        async def prune() -> None:
            while True:
                await attempts.prune(self._clock.now_ms() - INBOX_KEPT_MS)
                await self._clock.sleep(PRUNE_SECONDS)

        return prune

    async def _sample(self) -> None:
        while True:
            if self._uses_bus:
                await self.sampler.sample()
            pending = {}
            for name, relay in self._relays.items():
                found = await attempt(relay.pending())
                if not isinstance(found, Raised):
                    pending[name] = found.value
            self.metrics.sampled(self.sampler.last, pending, self.fuse.blown)
            await self._clock.sleep(self._settings.sample_seconds)

    async def _cancel(self, tasks: list[asyncio.Task[None]]) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        tasks.clear()

    async def _step(self, name: str, work: Awaitable[Any]) -> None:
        ended = await attempt(work)
        if isinstance(ended, Raised):
            _log.warning("stop.step_failed", step=name, error=str(ended.error))


@contextmanager
def stop_signals() -> Iterator[asyncio.Event]:
    """An event that SIGTERM and SIGINT set; inside a running loop."""
    until = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, until.set)
    try:
        yield until
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
