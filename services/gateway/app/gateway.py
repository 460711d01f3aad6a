"""The gateway, built: what its process runs and serves."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI

from services.gateway.handlers.access import Access
from services.gateway.handlers.usecases import UseCases
from services.gateway.handlers.webhooks import WebhookDispatcher
from services.kernel.runtime.lifecycle import ServiceParts


@dataclass(frozen=True, slots=True)
class Gateway:
    """The gateway, built.

    asgi: REST. grpc: functions that add the public servicers to the public server, which also
    names `grpc_services` in health and reflection. access: keys, projects and plans, for the
    command line. bootstrap: make the default project and its key; run it once after the migration;
    returns a key that was generated, to be printed once.
    """

    parts: ServiceParts
    asgi: FastAPI
    grpc: tuple[Callable[[Any], None], ...]
    grpc_services: tuple[str, ...]
    access: Access
    cases: UseCases
    bootstrap: Callable[[], Awaitable[str | None]]
    dispatcher: WebhookDispatcher
