"""Composition root of the gateway: `build` over given ports, `process` chooses the adapters."""

from services.gateway.app.build import build
from services.gateway.app.gateway import Gateway
from services.gateway.app.process import (
    GatewayProcess,
    access,
    assemble,
    main,
    mending,
    reopen,
    webhook_sender,
    with_short_names,
)

__all__ = [
    "Gateway",
    "GatewayProcess",
    "access",
    "assemble",
    "build",
    "main",
    "mending",
    "reopen",
    "webhook_sender",
    "with_short_names",
]
