"""Transactions of one's own, beside the one of a request or a job."""

import contextlib
import logging
import random
import select
import time

from psycopg2 import InterfaceError, OperationalError
from psycopg2.extensions import ISOLATION_LEVEL_READ_COMMITTED

from odoo.modules import module
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.sql_db import Cursor

_logger = logging.getLogger(__name__)

#: How often work is tried that loses against other transactions.
TRIES = 5
#: Seconds to wait at most before the second try; twice as long before each further one.
FIRST_WAIT = 0.1
#: Seconds for which an idle connection is kept, and how many of them for a database.
KEEP_SECONDS = 60.0
MOST_KEPT = 4


class KeptCursors:
    """Cursors that stay open between short transactions, with what PostgreSQL planned on them.

    Whenever Odoo's pool lends a connection, it has PostgreSQL forget all its plans. To plan the
    gate, the triggers and the foreign keys behind it anew costs three to four times what passing
    it does. So a process keeps the connections on which it passes the gate, as many as it has
    used at once. They remain Odoo's: it closes them with all others.

    :param bool by_statement: whether each statement commits itself
    """

    def __init__(self, by_statement=False):
        self._by_statement = by_statement
        self._idle = {}

    def take(self, registry):
        """Return an open cursor that reads committed data, no transaction begun."""
        idle = self._idle.setdefault(registry.db_name, [])
        while idle:
            try:
                cursor, since = idle.pop()
            except IndexError:
                # Another thread was faster.
                break
            if time.monotonic() - since <= KEEP_SECONDS and not self._is_hung_up(cursor):
                return cursor
            self._close(cursor)
        cursor = registry.cursor()
        # In tests all cursors share one transaction, whose level is what it is.
        if isinstance(cursor, Cursor):
            cursor.connection.set_session(
                isolation_level=ISOLATION_LEVEL_READ_COMMITTED, autocommit=self._by_statement
            )
        return cursor

    def give_back(self, registry, cursor):
        """Keep a cursor on which nothing is under way, or close it."""
        idle = self._idle.setdefault(registry.db_name, [])
        healthy = isinstance(cursor, Cursor) and not cursor.closed
        if healthy and len(idle) < MOST_KEPT and not module.current_test:
            # The next transaction belongs to the registry that there will be then.
            cursor.transaction = None
            idle.append((cursor, time.monotonic()))
        else:
            self._close(cursor)

    def _is_hung_up(self, cursor):
        """Tell whether the server said something while nobody asked: most likely good-bye."""
        return cursor.closed or bool(select.select([cursor.connection], [], [], 0)[0])

    def _close(self, cursor):
        # A dead connection cannot be rolled back any more; the pool drops it by itself.
        with contextlib.suppress(OperationalError, InterfaceError):
            cursor.close()


_kept = KeptCursors()
_kept_by_statement = KeptCursors(by_statement=True)


@contextlib.contextmanager
def reading_snapshot(env):
    """Open a transaction of its own that keeps seeing what was there when it began, as Odoo's do.

    It is committed at the end of the block, and rolled back if that raises.

    :param odoo.api.Environment env: whose user, company and language the transaction gets
    :return: environment of the transaction
    :rtype: odoo.api.Environment
    """
    with env.registry.cursor() as cr:
        yield env(cr=cr)


@contextlib.contextmanager
def reading_committed(env):
    """Open a transaction of its own whose every statement sees what is committed by then.

    Who waits for a row in it goes on with the truth afterwards, where other transactions of Odoo
    fail and must be run again. For short work on a few rows.

    :param odoo.api.Environment env: as in :func:`reading_snapshot`
    :return: environment of the transaction
    :rtype: odoo.api.Environment
    """
    with _kept_cursor(env, _kept) as cursor:
        yield env(cr=cursor)


@contextlib.contextmanager
def committing_statement(env):
    """Open an environment for one statement that is a transaction by itself.

    As :func:`reading_committed`, but without the two further messages to PostgreSQL and back that
    begin and commit a transaction: for the shortest work only. In tests, and only there, further
    statements share its fate.

    :param odoo.api.Environment env: as in :func:`reading_snapshot`
    :return: environment whose every statement commits itself
    :rtype: odoo.api.Environment
    """
    with _kept_cursor(env, _kept_by_statement) as cursor:
        yield env(cr=cursor)


@contextlib.contextmanager
def _kept_cursor(env, kept):
    cursor = kept.take(env.registry)
    try:
        yield cursor
        cursor.commit()
    except BaseException:
        with contextlib.suppress(OperationalError, InterfaceError):
            cursor.rollback()
        raise
    finally:
        kept.give_back(env.registry, cursor)


@contextlib.contextmanager
def one_at_a_time(env, keys):
    """Let one process at a time do a block for any of some keys, whatever it commits meanwhile.

    Transactions that begin in the block see what was committed by whoever was in it before.

    :param odoo.api.Environment env: of any transaction; nothing is done in it
    :param keys: texts
    :raises psycopg2.errors.LockNotAvailable: somebody else was at it for half a minute
    """
    with reading_committed(env) as own:
        own.cr.execute("SET LOCAL lock_timeout = '30s'")
        own.cr.execute(
            "SELECT pg_advisory_xact_lock(key) FROM (SELECT DISTINCT hashtextextended(text, 0) "
            "AS key FROM unnest(%s) AS text ORDER BY key) AS keys",
            [list(keys)],
        )
        yield


def retrying(env, work, *, opening=reading_snapshot, tries=TRIES):
    """Run work in a transaction of its own, again whenever another transaction was faster.

    What Odoo does for requests; for scheduled jobs, scripts and whoever needs a result that is
    committed before going on. The caller's transaction does not see what was done if it began
    before.

    :param odoo.api.Environment env: whose user, company and language the work gets
    :param work: called with the environment of the transaction, once or more; what it did in vain
        was rolled back
    :param opening: how the transaction is opened
    :param int tries: after so many the last error is raised, at least 1
    :return: what ``work`` returned, committed
    :raises psycopg2.OperationalError: others were faster each time
    """
    for attempt in range(1, tries):
        try:
            return _run(env, work, opening)
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY as error:
            wait = random.uniform(0.0, FIRST_WAIT * 2 ** (attempt - 1))
            _logger.info(
                "%s in try %s of %s, again in %.3f s", type(error).__name__, attempt, tries, wait
            )
            time.sleep(wait)
    return _run(env, work, opening)


def _run(env, work, opening):
    try:
        with opening(env) as own:
            result = work(own)
    except BaseException:
        env.registry.reset_changes()
        raise
    env.registry.signal_changes()
    return result
