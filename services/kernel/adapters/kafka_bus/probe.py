"""Whether the cluster answers, asked again and again over the same connection."""

import asyncio
from contextlib import AsyncExitStack

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from services.kernel.adapters.kafka_bus.connection import Connection, unavailable


class ClusterProbe:
    """Connects at first use, and anew after a failure."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._asking = asyncio.Lock()
        self._stack: AsyncExitStack | None = None
        self._admin: AIOKafkaAdminClient | None = None

    async def check(self) -> None:
        """DependencyUnavailable when the cluster does not answer."""
        async with self._asking:
            answered = False
            try:
                admin = await self._open()
                await admin.describe_cluster()
                answered = True
            except KafkaError as error:
                raise unavailable(error) from error
            finally:
                # Also after a caller's time limit: what hangs is not asked again.
                if not answered:
                    await self.close()

    async def close(self) -> None:
        """Disconnect."""
        stack, self._stack, self._admin = self._stack, None, None
        if stack is not None:
            await stack.aclose()

    async def _open(self) -> AIOKafkaAdminClient:
        if self._admin is None:
            async with AsyncExitStack() as stack:
                self._admin = await stack.enter_async_context(self._connection.admin())
                self._stack = stack.pop_all()
        return self._admin
