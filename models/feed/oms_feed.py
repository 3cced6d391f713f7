import logging
from datetime import timedelta

from psycopg2.errors import LockNotAvailable

from odoo import api, models
from odoo.tools import SQL

from ..inventory import news_sql, position_sql
from ..transaction import reading_committed, retrying
from . import basis_sql, event_sql, feed_sql
from .cursor import Cursor, CursorError, CursorExpired

_logger = logging.getLogger(__name__)

#: Changes and events of either kind that are numbered between two commits.
BATCH = 50_000
#: Entries that are looked at one by one, before it is tried to be done with them.
MANY = 5_000
#: How long a reader waits for another publisher, before it reads what is published by then.
PATIENCE = "3s"
#: Parameters: for how many days changes and events are kept for those that ask seldom.
STOCK_DAYS = "oms.feed_stock_days", 7
EVENT_DAYS = "oms.feed_event_days", 30


class OmsFeed(models.AbstractModel):
    """The publisher of the feeds of stock and of orders.

    It numbers what is committed, one publisher at a time, see :mod:`.feed_sql`. Whoever reads a
    feed publishes first what is due, and the scheduled job does where nobody reads.
    """

    _name = "oms.feed"
    _description = "Feeds of Channels"

    # === PUBLISHING === #

    @api.model
    def _is_due(self):
        """Tell whether something is committed that was not published, as the transaction sees it.

        :rtype: bool
        """
        digest = basis_sql.digest(self.env["product.product"]._oms_knows_kits())
        [[due]] = self.env.execute_query(feed_sql.is_due(digest))
        return due

    @api.model
    def _publish(self, patience=None):
        """Number what is committed by now, in transactions of its own.

        :param str patience: how long to wait for another publisher; as long as it takes when None
        :return: how many numbers were given
        :rtype: int
        :raises psycopg2.errors.LockNotAvailable: another publisher took longer than that
        """
        published, more = 0, True
        while more:
            numbered, more = retrying(
                self.env,
                lambda env: env["oms.feed"].sudo()._publish_batch(patience),
                opening=reading_committed,
                **({"tries": 1} if patience else {}),
            )
            published += numbered
        return published

    @api.model
    def _publish_for_reader(self):
        """Number what is committed by now, unless another publisher takes too long over it."""
        try:
            self._publish(PATIENCE)
        except LockNotAvailable:
            _logger.info("Another publisher is at work: the reader gets what is published.")

    @api.model
    def _publish_batch(self, patience=None):
        """Number the oldest of what is committed by now.

        Nobody else publishes until the transaction ends. What its statements see is therefore all
        that was published before, and each of them sees what is committed when it begins.

        :return: how many numbers were given, and whether there is more
        :rtype: tuple[int, bool]
        """
        if patience:
            self.env.cr.execute("SELECT set_config('lock_timeout', %s, TRUE)", [patience])
        self.env.cr.execute(feed_sql.LOCK, log_exceptions=False)
        last, since, basis, now = self.env.cr.fetchone()
        committed = self._find_committed()
        [[products, taken]] = self.env.execute_query(news_sql.take(BATCH))
        if committed and taken < BATCH:
            self.env.cr.execute(news_sql.all_told(committed))
        products = set(products)
        moments = (SQL("%s::timestamp", moment) for moment in (since, now))
        by_time = self.env.execute_query(feed_sql.changed_by_time(*moments))
        products.update(product_id for [product_id] in by_time)
        start, basis, touched = self._follow_basis(basis, last)
        products = self._add_kits(products | touched)
        self.env.cr.execute(feed_sql.number_products(position_sql.ids(products), start))
        start += len(products)
        self.env.cr.execute(event_sql.drop_passing())
        self.env.cr.execute(feed_sql.number_events(start, BATCH))
        events = [event_id for [event_id] in self.env.cr.fetchall()]
        self.env["oms.feed.event"].browse(events)._describe()
        self.env.cr.execute(
            "UPDATE oms_feed_state SET last = %s, moment = GREATEST(moment, %s), basis = %s",
            [start + len(events), now, basis],
        )
        return start + len(events) - last, max(taken, len(events)) == BATCH

    @api.model
    def _find_committed(self):
        """Return up to which entry of the ledger all are committed, as later statements see them.

        Only asked for when so many were told one by one that looking at them takes its time, as
        when nobody folds the ledger. Found in a moment in which nobody writes to it.

        :return: number of the entry, or None
        """
        [[many]] = self.env.execute_query(news_sql.are_many_told(MANY))
        if not many:
            return None
        try:
            with reading_committed(self.env) as env:
                env.cr.execute(news_sql.LOCK_LEDGER, log_exceptions=False)
                [[last]] = env.execute_query(news_sql.LAST_ENTRY)
        except LockNotAvailable:
            return None
        return last

    @api.model
    def _add_kits(self, product_ids):
        """Return the ids of products, and of the kits that any of them is a part of."""
        return self.env["product.product"].browse(product_ids)._oms_with_kits()

    # === SCHEDULED JOBS === #

    @api.model
    def _cron_publish(self):
        """Number what is committed, for channels that ask later."""
        self._publish()
        self.env["ir.cron"]._commit_progress(1)

    @api.model
    def _cron_forget(self):
        """Forget changes and events that are older than is promised to keep them."""
        self._forget(*(self._get_days(*each) for each in (STOCK_DAYS, EVENT_DAYS)))

    @api.model
    def _get_days(self, parameter, default):
        given = self.env["ir.config_parameter"].sudo().get_param(parameter)
        try:
            return max(int(given), 1)
        except (TypeError, ValueError):
            return default

    @api.model
    def _forget(self, stock_days, event_days):
        """Forget what is older than so many days, in a transaction of its own."""

        def forget(env):
            env.cr.execute(feed_sql.LOCK, log_exceptions=False)
            for statement, days in (
                (feed_sql.forget_stock, stock_days),
                (feed_sql.forget_events, event_days),
            ):
                env.cr.execute(statement(SQL("%s - %s", feed_sql.NOW, timedelta(days=days))))
            env.cr.execute(news_sql.forget())

        retrying(self.env, forget, opening=reading_committed)

    # === CURSORS === #

    @api.model
    def _get_state(self):
        """Return what a reader must know of the feeds, as the transaction sees it.

        :return: epoch, last number, up to which number changes and events are forgotten, moment
            of the last publication
        :rtype: tuple
        """
        [state] = self.env.execute_query(feed_sql.STATE)
        return state

    @api.model
    def _parse(self, cursor, kept, floor_words):
        """Return the number at which a cursor stands.

        :param str cursor: as the feed gave it
        :param int kept: the number up to which nothing is kept
        :param str floor_words: what to do when the cursor is older
        :raises CursorExpired: what followed on it is kept no more
        :raises CursorError: the feed did not give it
        """
        parsed = Cursor.parse(cursor)
        epoch, last, *_rest = self._get_state()
        if not parsed or parsed.product_id is not None:
            raise CursorError(
                self.env._(
                    "%s is no cursor of this feed: give the one of the last answer as it was.",
                    str(cursor)[:40],
                )
            )
        if parsed.epoch != epoch or parsed.number > last:
            raise CursorError(
                self.env._(
                    "The feed did not give the cursor %(cursor)s, or the database was restored "
                    "since. %(mend)s",
                    cursor=str(cursor)[:40],
                    mend=floor_words,
                )
            )
        if parsed.number < kept:
            raise CursorExpired(
                self.env._(
                    "The cursor %(cursor)s has expired. %(mend)s", cursor=cursor, mend=floor_words
                )
            )
        return parsed.number
