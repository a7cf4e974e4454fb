"""A column of vectors: pgvector's `halfvec` where the database has it, else an array nobody searches."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import connection, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

DIMENSIONS = 384
_HAS = "SELECT 1 FROM pg_type WHERE typname = 'halfvec'"
_COLUMN = """
SELECT 1 FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid
WHERE c.relname = 'answers_meaning' AND a.attname = 'vector' AND t.typname = 'halfvec' AND pg_table_is_visible(c.oid)
"""
NEAREST_INDEX = (
    "CREATE INDEX IF NOT EXISTS meaning_near ON answers_meaning USING hnsw (vector halfvec_ip_ops)"
)
_columns: dict[str, bool] = {}


def literal(vector: Iterable[float]) -> str:
    """As PostgreSQL reads it."""
    return "[" + ",".join(f"{value:.5g}" for value in vector) + "]"


def searchable() -> bool:
    """Whether this database can search vectors: asked once for each database a process meets."""
    name = str(connection.settings_dict["NAME"])
    if name not in _columns:
        with connection.cursor() as cursor:
            cursor.execute(_COLUMN)
            _columns[name] = cursor.fetchone() is not None
    return _columns[name]


def adopt() -> bool:
    """Where pgvector was added after the tables were made: give the columns their type. Whether it did."""
    if searchable():
        return False
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_HAS)
        if cursor.fetchone() is None:
            return False
        for table in ("answers_meaning", "answers_asked"):
            cursor.execute(f"ALTER TABLE {table} ALTER vector TYPE halfvec({DIMENSIONS})")
        cursor.execute(NEAREST_INDEX)
    _columns.clear()
    return True


class VectorField(models.Field[Any, Any]):
    """384 small numbers. Written with `literal()`; compared in SQL only."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        with connection.cursor() as cursor:
            cursor.execute(_HAS)
            return f"halfvec({DIMENSIONS})" if cursor.fetchone() else "real[]"

    def get_db_prep_value(
        self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False
    ) -> Any:
        return value if value is None or isinstance(value, str) else literal(value)
