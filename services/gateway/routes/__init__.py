"""The REST entrance: openmem/v1, our own /api/v1, health."""

from services.gateway.routes.rest import build_rest

__all__ = ["build_rest"]
