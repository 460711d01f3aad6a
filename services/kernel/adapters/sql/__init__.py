"""SQLite and PostgreSQL behind one port, through SQLAlchemy 2 Core."""

from services.kernel.adapters.sql.database import SqlDatabase

__all__ = ["SqlDatabase"]
