"""Numbers for Prometheus, and the queue depth that the door looks at before it says yes."""

from collections.abc import Mapping

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from services.kernel.contracts import telemetry
from services.kernel.contracts.verdicts import SetAside, Verdict
from services.kernel.ports.bus import Bus
from services.kernel.ports.clock import Clock
from services.kernel.runtime.policy import Raised, attempt

_log = structlog.get_logger(__name__)

_BUCKETS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class Metrics:
    """One registry a process."""

    media_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._deliveries = Counter(
            telemetry.DELIVERIES,
            "Deliveries by verdict.",
            ("group", "verdict"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            telemetry.DELIVERY_SECONDS,
            "Seconds a delivery took.",
            ("group",),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._dead = Counter(
            telemetry.DEAD_LETTERS, "Records set aside.", ("group",), registry=self.registry
        )
        self._lag = Gauge(
            telemetry.LAG, "Records not yet handled.", ("group",), registry=self.registry
        )
        self._outbox = Gauge(
            telemetry.OUTBOX, "Events not yet published.", ("name",), registry=self.registry
        )
        self._halted = Gauge(
            telemetry.HALTED, "1 while the fuse is blown.", ("group",), registry=self.registry
        )
        self._calls = Counter(
            telemetry.CALLS, "gRPC calls.", ("method", "status"), registry=self.registry
        )
        self._call_seconds = Histogram(
            telemetry.CALL_SECONDS,
            "Seconds a gRPC call took.",
            ("method",),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._requests = Counter(
            telemetry.REQUESTS,
            "HTTP requests.",
            ("route", "method", "status"),
            registry=self.registry,
        )
        self._request_seconds = Histogram(
            telemetry.REQUEST_SECONDS,
            "Seconds an HTTP request took.",
            ("route",),
            buckets=_BUCKETS,
            registry=self.registry,
        )

    def delivered(self, group: str, verdict: Verdict, seconds: float) -> None:
        """One delivery ended."""
        self._deliveries.labels(group, _snake(type(verdict).__name__)).inc()
        self._seconds.labels(group).observe(seconds)
        if isinstance(verdict, SetAside):
            self._dead.labels(group).inc()

    def called(self, method: str, status: str, seconds: float) -> None:
        """One gRPC call ended."""
        self._calls.labels(method, status).inc()
        self._call_seconds.labels(method).observe(seconds)

    def requested(self, route: str, method: str, status: int, seconds: float) -> None:
        """One HTTP request ended. route: its pattern, so that there are few."""
        self._requests.labels(route, method, str(status)).inc()
        self._request_seconds.labels(route).observe(seconds)

    def sampled(
        self, lag: Mapping[str, int], outbox: Mapping[str, int], halted: Mapping[str, str]
    ) -> None:
        """What a sampler found."""
        for group, count in lag.items():
            self._lag.labels(group).set(count)
            self._halted.labels(group).set(1 if group in halted else 0)
        for service, count in outbox.items():
            self._outbox.labels(service).set(count)

    def render(self) -> bytes:
        """The text that Prometheus scrapes."""
        return generate_latest(self.registry)


class LagSampler:
    """Lag by consumer group as of a moment ago, so that asking costs nothing.

    Created by a composition root that has a door (the gateway answers "later" from `last`).
    """

    def __init__(self, bus: Bus, *, clock: Clock, seconds: float = 5.0) -> None:
        self._bus = bus
        self._clock = clock
        self._seconds = seconds
        self.last: Mapping[str, int] = {}
        self._measured: float | None = None

    async def sample(self) -> None:
        """Measure now; a bus that is down leaves the last numbers."""
        found = await attempt(self._bus.lag())
        if isinstance(found, Raised):
            _log.warning("lag.unknown", error=str(found.error))
            return
        self.last = found.value
        self._measured = self._clock.monotonic()

    def fresh(self) -> Mapping[str, int]:
        """`last` if it was measured within three rounds; else nothing: the bus may be down."""
        if self._measured is None or self._clock.monotonic() - self._measured > 3 * self._seconds:
            return {}
        return self.last

    async def run(self) -> None:
        """Measure until cancelled."""
        while True:
            await self.sample()
            await self._clock.sleep(self._seconds)


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() and i else c.lower() for i, c in enumerate(name))
