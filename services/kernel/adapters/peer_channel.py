"""Channels to other services: spread over all their processes, kept alive, reads tried again.

Retries and balancing are gRPC's own, by service config:
https://github.com/grpc/grpc/blob/master/doc/service_config.md
"""

import ipaddress
import json
from collections.abc import Sequence
from typing import Any, Final

import grpc

from services.kernel.contracts.errors import InvalidInput

LARGEST_MESSAGE: Final = 32 << 20
# What changes nothing may run twice.
_READS: Final = {
    "memloom.v1.Retrieval": ("Search",),
    "memloom.v1.Records": ("Get", "Page", "OfDocument", "History", "Extract", "GetReindex"),
    "memloom.v1.Preview": ("Preview",),
    "memloom.v1.Probe": ("Probe",),
}
_SCHEMES: Final = ("unix:", "dns:", "ipv4:", "ipv6:")

_CONFIG: Final[dict[str, Any]] = {
    "loadBalancingConfig": [{"round_robin": {}}],
    "methodConfig": [
        {
            "name": [
                {"service": service, "method": method}
                for service, methods in _READS.items()
                for method in methods
            ],
            "retryPolicy": {
                "maxAttempts": 4,
                "initialBackoff": "0.05s",
                "maxBackoff": "1s",
                "backoffMultiplier": 3,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ],
    # A service that is down altogether is not asked four times as much.
    "retryThrottling": {"maxTokens": 100, "tokenRatio": 0.1},
}


def open_channel(address: str) -> grpc.aio.Channel:
    """A channel to all processes of one service; connects at first use. address: as `target_of`."""
    return grpc.aio.insecure_channel(target_of(address), options=_options())


def target_of(address: str) -> str:
    """The address as gRPC names it: a name stands for all that DNS gives for it, IP addresses may
    be several (`10.0.0.7:50063,10.0.0.8:50063`). InvalidInput for several names.
    """
    if address.startswith(_SCHEMES):
        return address
    parts = [part.strip() for part in address.split(",") if part.strip()]
    if len(parts) == 1:
        return f"dns:///{parts[0]}"
    versions = {_version(part) for part in parts}
    if versions in ({4}, {6}):
        return f"ipv{versions.pop()}:{','.join(parts)}"
    raise InvalidInput(
        f"{address!r} names several peers by name: give one name that DNS resolves to all of "
        "them, or IP addresses, as 10.0.0.7:50063,10.0.0.8:50063."
    )


def _version(part: str) -> int:
    try:
        return ipaddress.ip_address(part.rpartition(":")[0].strip("[]")).version
    except ValueError:
        return 0


def _options() -> Sequence[tuple[str, Any]]:
    return (
        ("grpc.max_receive_message_length", LARGEST_MESSAGE),
        ("grpc.max_send_message_length", LARGEST_MESSAGE),
        ("grpc.service_config", json.dumps(_CONFIG)),
        ("grpc.enable_retries", 1),
        # Internal calls go straight.
        ("grpc.enable_http_proxy", 0),
        # A peer that vanished without a word is noticed within this time.
        ("grpc.keepalive_time_ms", 20_000),
        ("grpc.keepalive_timeout_ms", 5_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.max_pings_without_data", 0),
        # A process that comes back is used again soon, and a new one found.
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.min_reconnect_backoff_ms", 500),
        ("grpc.max_reconnect_backoff_ms", 5_000),
        ("grpc.dns_min_time_between_resolutions_ms", 5_000),
    )
