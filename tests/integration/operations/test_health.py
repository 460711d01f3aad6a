"""What the whole process tells of itself on its public port, and on its admin port."""

from pathlib import Path

import httpx

from tests.support.embedded import free_port
from tests.support.within import within

EVERY = {
    "bus",
    "consumers",
    "gateway.database",
    "ingest.blobs",
    "parser.reader",
    "memorizer.database",
    "retriever.index",
    "feedback.database",
}


async def test_every_check_of_every_service_is_told_on_the_public_port(tmp_path: Path) -> None:
    port = free_port()
    async with (
        within(tmp_path / "data", runtime={"admin_port": port}) as memloom,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as admin,
    ):
        public = await memloom.http.get("/health/ready")
        assert public.status_code == 200, public.text
        checks = public.json()["checks"]
        assert set(checks) >= EVERY, set(checks)
        assert set(checks.values()) == {"ok"}
        own = await admin.get("/health/ready")
        assert (own.status_code, set(own.json()["checks"])) == (200, set(checks))
        assert "memloom_consumer_lag" in (await admin.get("/metrics")).text

        memloom.runtime.health.stopping = True
        for client in (memloom.http, admin):
            stopping = await client.get("/health/ready")
            assert (stopping.status_code, stopping.json()["checks"]["process"]) == (503, "stopping")
            assert (await client.get("/health/live")).status_code == 200
