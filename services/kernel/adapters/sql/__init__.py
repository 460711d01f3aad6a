"""SQLite and PostgreSQL behind one port, through SQLAlchemy 2 Core."""

from services.kernel.adapters.sql.database import SqlDatabase
from services.kernel.adapters.sql.postgres import Pool

__all__ = ["Pool", "SqlDatabase"]
