"""Which PostgreSQL is used, and where its socket goes."""

from pathlib import Path

import pytest

from runtime import postgres
from runtime.errors import Stop


def test_without_variables_the_server_is_private():
    assert postgres.named_by({"PATH": "/bin", "PGDATABASE": "x"}) is None


def test_libpq_variables_name_a_server():
    named = postgres.named_by({"PGHOST": "db", "PGUSER": "me", "PGDATABASE": "x", "HOME": "/"})
    assert named == {"PGHOST": "db", "PGUSER": "me"}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "postgresql://me:s%40crt@db:6543/ignored",
            {"PGHOST": "db", "PGPORT": "6543", "PGUSER": "me", "PGPASSWORD": "s@crt"},
        ),
        ("postgres:///x?host=/run/pg", {"PGHOST": "/run/pg"}),
    ],
)
def test_a_url_names_a_server(url, expected):
    assert postgres.named_by({"DATABASE_URL": url}) == expected


def test_a_url_of_another_database_is_refused():
    with pytest.raises(Stop, match="DATABASE_URL"):
        postgres.named_by({"DATABASE_URL": "mysql://db/x"})


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"version": 120022, "role": "oms", "createdb": True}, "PostgreSQL 12 is too old"),
        ({"version": 150004, "role": "postgres", "createdb": True}, "role “postgres”"),
        ({"version": 150004, "role": "oms", "createdb": False}, "may not create databases"),
    ],
)
def test_a_server_that_will_not_do_is_said(facts, words):
    assert words in postgres.unfit(facts).message


def test_a_server_that_will_do():
    assert postgres.unfit({"version": 130000, "role": "oms", "createdb": True}) is None


def test_the_socket_is_in_the_cache_unless_its_path_would_be_too_long():
    assert postgres.socket_folder(Path("/c"), 5) == Path("/c/postgres/socket")
    long = Path("/" + "x" * 90)
    folder = postgres.socket_folder(long, 5)
    assert folder.parent == Path("/tmp")
    assert folder != postgres.socket_folder(long / "other", 5)
    assert len(str(folder / ".s.PGSQL.5432.lock")) <= postgres.SOCKET_LIMIT
