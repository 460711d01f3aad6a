"""The check of a cluster keeps its connection, and makes a new one only after a failure."""

from typing import Any

import pytest
from aiokafka.errors import KafkaConnectionError

from services.kernel.adapters.kafka_bus import KafkaBus, connection
from services.kernel.adapters.system_clock import SystemClock
from services.kernel.contracts.errors import DependencyUnavailable
from services.kernel.runtime.connections import KafkaSettings


class Cluster:
    """Stands in for the cluster; counts who connects."""

    def __init__(self) -> None:
        self.connected = 0
        self.open = 0
        self.up = True


async def test_a_check_reuses_its_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster()

    class Admin:
        def __init__(self, **_: Any) -> None:
            pass

        async def start(self) -> None:
            if not cluster.up:
                raise KafkaConnectionError("nobody is there")
            cluster.connected += 1
            cluster.open += 1

        async def close(self) -> None:
            cluster.open = 0

        async def describe_cluster(self) -> None:
            if not cluster.up:
                raise KafkaConnectionError("gone")

    monkeypatch.setattr(connection, "AIOKafkaAdminClient", Admin)
    bus = KafkaBus(KafkaSettings(bootstrap="127.0.0.1:1"), client_id="t", clock=SystemClock())
    for _ in range(20):
        await bus.check()
    assert (cluster.connected, cluster.open) == (1, 1)
    cluster.up = False
    for _ in range(3):
        with pytest.raises(DependencyUnavailable):
            await bus.check()
    assert cluster.open == 0
    cluster.up = True
    await bus.check()
    assert cluster.connected == 2
    await bus.close()
    assert cluster.open == 0
