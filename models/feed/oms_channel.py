from odoo import fields, models
from odoo.exceptions import ValidationError

from ..inventory import news_sql
from ..transaction import reading_snapshot
from .cursor import Cursor


class OmsChannel(models.Model):
    """How the feeds of a channel are read, and how managers see them."""

    _inherit = "oms.channel"

    feed_position = fields.Char(
        string="Last Change",
        compute="_compute_feed",
        groups="oms.group_order_operator",
        help="Number of the last change and event that was published, of all channels together.",
    )
    feed_published_at = fields.Datetime(
        string="Published",
        compute="_compute_feed",
        groups="oms.group_order_operator",
        help="When the publisher looked for changes for the last time.",
    )
    feed_waiting_count = fields.Integer(
        string="Waiting to Be Published",
        compute="_compute_feed",
        groups="oms.group_order_operator",
        help="Changes of stock and events of orders without a number. Who reads the feed publishes "
        "them first.",
    )
    feed_floor = fields.Char(
        string="Cursors Valid From",
        compute="_compute_feed",
        groups="oms.group_order_operator",
        help="A channel whose cursor is older needs a snapshot: its sites, or rules for all "
        "products, changed since, or it did not ask for too long.",
    )
    feed_event_count = fields.Integer(
        string="Events Told",
        compute="_compute_feed",
        groups="oms.group_order_operator",
        help="Events of the channel's orders that are kept.",
    )
    feed_parked_count = fields.Integer(
        string="Parked Events",
        compute="_compute_feed",
        groups="oms.group_order_operator",
        help="Events that the channel is not told, because they could not be described.",
    )

    # === COMPUTE METHODS === #

    def _compute_feed(self):
        # sudo: no one's data, only how many changes and events there are
        env = self.env["oms.feed"].sudo().env
        _epoch, last, kept, _kept_events, moment = env["oms.feed"]._get_state()
        env["oms.feed.event"].flush_model()
        [[waiting]] = env.execute_query(news_sql.count())
        events = env["oms.feed.event"]
        waiting += events.search_count([("number", "=", False), ("error", "=", False)])
        parked = dict(
            events._read_group(
                [("channel_id", "in", self._origin.ids), ("error", "!=", False)],
                ["channel_id"],
                ["__count"],
            )
        )
        counts = dict(
            events._read_group(
                [("channel_id", "in", self._origin.ids), ("number", "!=", False)],
                ["channel_id"],
                ["__count"],
            )
        )
        for channel in self:
            channel.feed_position = f"{last:,}"
            channel.feed_published_at = moment.replace(microsecond=0)
            channel.feed_waiting_count = waiting
            channel.feed_floor = f"{max(kept, channel._origin._get_feed_floor()):,}"
            channel.feed_event_count = counts.get(channel._origin.sudo(), 0)
            channel.feed_parked_count = parked.get(channel._origin.sudo(), 0)

    # === READING === #

    def _get_feed_floor(self):
        """Return the number below which the channel needs a snapshot, whatever else is kept."""
        self.env.cr.execute(
            "SELECT number FROM oms_feed_floor WHERE channel_id = %s", [self._origin.id or None]
        )
        row = self.env.cr.fetchone()
        return row[0] if row else 0

    def _read_feed(self, read):
        """Read something of the feeds in one snapshot of the database, fresh as of now.

        What is committed is published first. The answer then needs a transaction that began
        after that.

        :param read: called with the channel, which may read everything; returns plain data
        :return: what it returned
        :raises AccessError: the user may not read the channel
        """
        self.ensure_one()
        self.check_access("read")
        # sudo: a channel's own system may know what it can sell, and what became of its orders
        channel = self.sudo().with_context(allowed_company_ids=self.sudo().company_id.ids)
        if not channel.env["oms.feed"]._is_due():
            return read(channel)
        channel.env["oms.feed"]._publish_for_reader()
        with reading_snapshot(channel.env) as own:
            return read(channel.with_env(own))

    def _check_feed_limit(self, limit, most):
        """Make sure that so many rows can be asked for.

        :raises ValidationError: they cannot
        """
        whole = isinstance(limit, int) and not isinstance(limit, bool)
        if not whole or not 1 <= limit <= most:
            raise ValidationError(
                self.env._(
                    "The limit is a whole number from 1 to %(most)s, not %(given)s.",
                    most=most,
                    given=str(limit)[:40],
                )
            )

    def _make_cursor(self, number, product_id=None):
        epoch = self.env["oms.feed"]._get_state()[0]
        return str(Cursor(epoch, number, product_id))

    # === ACTION METHODS === #

    def action_publish_feed(self):
        """Publish what is committed by now.

        :return: a notification
        :rtype: dict
        """
        self.check_access("write")
        # sudo: publishing is nobody's data
        published = self.env["oms.feed"].sudo()._publish()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("%s changes and events were published.", published),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def action_view_feed_events(self):
        """Open the events that the channels are told.

        :return: a window action
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_feed_event")
        action["domain"] = [("channel_id", "in", self.ids)]
        return action

    def action_view_parked_events(self):
        """Open the events that could not be described.

        :return: a window action
        :rtype: dict
        """
        action = self.action_view_feed_events()
        action["context"] = {"search_default_parked": 1}
        return action
