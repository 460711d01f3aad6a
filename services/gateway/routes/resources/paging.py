"""Queries that page through lists."""

from typing import Annotated

from pydantic import Field

from services.gateway.routes.resources.table import Query


class PageQuery(Query):
    """A page by number."""

    page: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    page_size: Annotated[int, Field(ge=1, le=100)] = 20
