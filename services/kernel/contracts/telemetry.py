"""Names that telemetry uses, each once: headers, span attributes, log fields, metrics."""

from typing import Final, Literal

TRACEPARENT: Final = "traceparent"
# In answers over HTTP: the trace in which the request was handled.
TRACE_ID: Final = "x-trace-id"
# On records of the bus: the project that the event names, so that a bus may share out fairly.
PROJECT: Final = "memloom-project"
CONTENT_TYPE: Final = "content-type"
JSON: Final = b"application/json"

Attribute = Literal[
    "event_id",
    "event_type",
    "document_id",
    "project_id",
    "task_id",
    "correlation_id",
    "group",
    "topic",
    "verdict",
]

# Deliveries, by consumer group and verdict (ack, ignore, fail, set_aside, wait, retry, halt).
DELIVERIES: Final = "memloom_deliveries"
# Seconds from the begin of a delivery to its verdict, by consumer group.
DELIVERY_SECONDS: Final = "memloom_delivery_seconds"
# Records not yet handled, by consumer group.
LAG: Final = "memloom_consumer_lag"
# Records set aside, by consumer group.
DEAD_LETTERS: Final = "memloom_dead_letters"
# Events committed and not yet published, by service.
OUTBOX: Final = "memloom_outbox_pending"
# 1 while the fuse of a consumer group is blown.
HALTED: Final = "memloom_consumer_halted"
# HTTP requests, by route, method and status.
REQUESTS: Final = "memloom_http_requests"
REQUEST_SECONDS: Final = "memloom_http_seconds"
# gRPC calls, internal and public, by method and status.
CALLS: Final = "memloom_grpc_calls"
CALL_SECONDS: Final = "memloom_grpc_seconds"
