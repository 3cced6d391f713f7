import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, format_date

from ..transaction import retrying
from . import slot_sql

_logger = logging.getLogger(__name__)


class OmsSiteSlot(models.Model):
    """What a site has taken on for one of its days.

    PostgreSQL keeps it, from the fulfillments: see :mod:`.slot_sql`.
    """

    _name = "oms.site.slot"
    _description = "Day of a Site"
    _order = "day, site_id"
    _log_access = False
    _rec_name = "day"

    site_id = fields.Many2one(
        "oms.site", required=True, readonly=True, ondelete="cascade", index=True
    )
    day = fields.Date(required=True, readonly=True, help="By the clocks of the site.")
    orders = fields.Integer(
        required=True, readonly=True, default=0, help="Orders on which the site works that day."
    )
    units = fields.Float(
        string="Units Taken",
        digits="Product Unit",
        required=True,
        readonly=True,
        default=0.0,
        help="Units of these orders.",
    )
    company_id = fields.Many2one(related="site_id.company_id")
    most_orders = fields.Integer(related="site_id.capacity_orders", string="Most Orders")
    most_units = fields.Float(related="site_id.capacity_units", string="Most Units")
    used = fields.Float(
        compute="_compute_used",
        help="Of the capacity of a day, in percent: of the orders or units, whichever is more.",
    )

    _day_uniq = models.UniqueIndex("(site_id, day)", "There is one row for each day of a site.")

    @api.depends("orders", "units", "most_orders", "most_units")
    def _compute_used(self):
        for slot in self:
            shares = [0.0]
            if slot.most_orders:
                shares.append(slot.orders / slot.most_orders)
            if slot.most_units:
                shares.append(slot.units / slot.most_units)
            slot.used = 100.0 * max(shares)

    @api.depends("site_id.name", "day")
    def _compute_display_name(self):
        for slot in self:
            slot.display_name = f"{slot.site_id.name}, {format_date(self.env, slot.day)}"

    # === MACHINERY === #

    def init(self):
        """Make the triggers once the table of fulfillments exists."""
        self.env.registry.post_init(self._install_sql)

    @api.model
    def _install_sql(self):
        for statement in (slot_sql.tables(), slot_sql.triggers()):
            self.env.cr.execute(statement)

    @api.model
    def _uninstall_sql(self):
        """Take triggers, functions and guards away with the addon."""
        self.env.cr.execute(slot_sql.removal())

    # === READING AND TAKING === #

    @api.model
    def _flush_held(self):
        """Write out what slots follow from."""
        self.env["oms.fulfillment"].flush_model(["site_id", "slot_day", "state", "unit_count"])

    @api.model
    def _read_taken(self, sites, moment):
        """Read what sites have taken on from the day of a moment on.

        :param datetime.datetime moment: UTC, naive
        :return: orders and units by (site id, day)
        :rtype: dict
        """
        self._flush_held()
        rows = self.env.execute_query(
            SQL(
                "SELECT site_id, day, orders, units FROM oms_site_slot "
                "WHERE site_id = ANY(%s) AND day >= %s",
                sites.ids,
                # Somewhere it is still yesterday.
                moment.date() - timedelta(days=1),
            )
        )
        return {
            (site_id, day): (float(orders), float(units)) for site_id, day, orders, units in rows
        }

    @api.model
    def _take(self, asked):
        """Take the rows of some days, if there is room for what is asked.

        :param dict asked: (orders, units) by (site, day)
        :raises UserError: a day has no room, nothing is taken then
        :raises psycopg2.errors.SerializationFailure: another transaction was faster: run again
        """
        self._flush_held()
        lines = [
            (site.id, day, orders, units, site.capacity_orders or None, site.capacity_units or None)
            for (site, day), (orders, units) in asked.items()
        ]
        self.env.cr.execute(slot_sql.take(lines), log_exceptions=False)
        taken = set(self.env.cr.fetchall())
        full = [(site, day) for site, day in asked if (site.id, day) not in taken]
        if full:
            site, day = full[0]
            raise UserError(
                self.env._(
                    "%(site)s has no room left on %(day)s.",
                    site=site.name,
                    day=format_date(self.env, day),
                )
            )

    def action_view_fulfillments(self):
        """Open what a site does on a day.

        :return: a window action
        :rtype: dict
        """
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_fulfillment")
        action["domain"] = [("site_id", "=", self.site_id.id), ("slot_day", "=", self.day)]
        action["context"] = {}
        return action

    # === AUDIT === #

    @api.model
    def _rebuild(self):
        """Make all days say what the fulfillments hold.

        :return: ``oms.site`` recordset of which a day was wrong
        """
        self._flush_held()
        self.env.cr.execute(slot_sql.correct(), log_exceptions=False)
        site_ids = {site_id for [site_id] in self.env.cr.fetchall()}
        self.invalidate_model()
        sites = self.env["oms.site"].browse(site_ids)
        if sites:
            _logger.warning("Days of %s sites were corrected: %s", len(sites), sites.ids)
        for site in sites:
            site.message_post(
                body=self.env._("What the site has taken on was wrong on some days; corrected.")
            )
        return sites

    @api.model
    def _cron_check(self):
        """Compare the days of all sites with their fulfillments, and correct them."""
        retrying(self.env, lambda env: env[self._name]._rebuild())

    @api.model
    def action_check(self):
        """Compare the days of all sites with their fulfillments, and correct them.

        :return: a notification that says how many were wrong
        :rtype: dict
        :raise AccessError: the user does not manage orders
        """
        if not self.env.user.has_group("oms.group_order_manager"):
            raise AccessError(self.env._("Only order managers can have the days counted anew."))
        # sudo: nobody writes days but through this
        wrong = self.sudo()._rebuild()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if wrong else "success",
                "message": self.env._("Corrected: %s", ", ".join(wrong.mapped("name")))
                if wrong
                else self.env._("All days say what the fulfillments hold."),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }
