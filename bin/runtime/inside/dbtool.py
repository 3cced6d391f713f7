"""Databases on the server that libpq's variables name. Prints JSON.

Usage: dbtool.py facts | list | create NAME [TEMPLATE] | drop NAME | rename OLD NEW
                 | remark NAME TEXT | query NAME SQL
"""

from __future__ import annotations

import contextlib
import json
import sys
from typing import Any

import psycopg2
from psycopg2 import sql


def _connect(database: str = "postgres") -> Any:
    try:
        connection = psycopg2.connect(dbname=database, connect_timeout=15)
    except psycopg2.OperationalError as error:
        sys.exit(" ".join(str(error).split()).rstrip("."))
    connection.autocommit = True
    return connection


def facts() -> dict[str, Any]:
    """Version of the server, the role and whether it may create databases."""
    connection = _connect()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolname, rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
        )
        role, createdb = cursor.fetchone()
    return {"version": connection.server_version, "role": role, "createdb": createdb}


def listing() -> dict[str, Any]:
    """The databases by name, each with its remark."""
    with _connect().cursor() as cursor:
        cursor.execute("SELECT datname, shobj_description(oid, 'pg_database') FROM pg_database")
        return dict(cursor.fetchall())


def create(name: str, template: str = "template0") -> None:
    """Create a database, from a template or empty as Odoo would."""
    text = "CREATE DATABASE {} ENCODING 'unicode' TEMPLATE {}"
    if template == "template0":
        text += " LC_COLLATE 'C'"
    with _connect().cursor() as cursor:
        _disconnect(cursor, template)
        cursor.execute(sql.SQL(text).format(sql.Identifier(name), sql.Identifier(template)))
    if template == "template0":
        # As Odoo does: without it searching by name has no index.
        with contextlib.suppress(psycopg2.Error), _connect(name).cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")


def drop(name: str) -> None:
    """Drop a database, whoever is connected to it."""
    with _connect().cursor() as cursor:
        _disconnect(cursor, name)
        cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))


def rename(old: str, new: str) -> None:
    """Rename a database."""
    with _connect().cursor() as cursor:
        _disconnect(cursor, old)
        cursor.execute(
            sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                sql.Identifier(old), sql.Identifier(new)
            )
        )


def remark(name: str, text: str) -> None:
    """Set the remark of a database."""
    with _connect().cursor() as cursor:
        statement = sql.SQL("COMMENT ON DATABASE {} IS %s").format(sql.Identifier(name))
        cursor.execute(statement, [text])


def query(name: str, statement: str) -> list[Any]:
    """Rows of a query in a database."""
    with _connect(name).cursor() as cursor:
        cursor.execute(statement)
        return [list(row) for row in cursor.fetchall()]


def _disconnect(cursor: Any, name: str) -> None:
    cursor.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = %s AND pid <> pg_backend_pid() AND usename = current_user",
        [name],
    )


COMMANDS = {
    "facts": facts,
    "list": listing,
    "create": create,
    "drop": drop,
    "rename": rename,
    "remark": remark,
    "query": query,
}

if __name__ == "__main__":
    try:
        print(json.dumps(COMMANDS[sys.argv[1]](*sys.argv[2:]), default=str))
    except psycopg2.Error as problem:
        sys.exit(" ".join(str(problem).split()))
