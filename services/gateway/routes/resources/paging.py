"""Queries that page through lists."""

from typing import Annotated

from pydantic import Field

from services.gateway.routes.resources.table import Query

Limit = Annotated[int, Field(ge=1, le=100, description="Entries on a page.")]
Cursor = Annotated[
    str | None, Field(max_length=1000, description="`next_cursor` of the page before.")
]


class CursorQuery(Query):
    """A page by cursor."""

    cursor: Cursor = None
    limit: Limit = 20


class PageQuery(Query):
    """A page by number."""

    page: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    page_size: Annotated[int, Field(ge=1, le=100)] = 20
