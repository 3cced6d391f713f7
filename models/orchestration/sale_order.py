import logging
from contextlib import contextmanager

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.sql import column_exists, create_column

from ..transaction import retrying

_logger = logging.getLogger(__name__)

STATE_SELECTION = [
    ("waiting", "Waits for Stock"),
    ("partial", "Partly Sourced"),
    ("held", "On Hold"),
    ("sourced", "Sourced"),
    ("cancelled", "Cancelled"),
]
#: Orders that the scheduled job sources between two commits.
TAKE_UP_BATCH = 50


class SaleOrder(models.Model):
    _inherit = "sale.order"

    oms_channel_id = fields.Many2one(
        "oms.channel",
        string="Channel",
        compute="_compute_oms_channel_id",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        tracking=True,
        help="Where the order comes from. Orders of an orchestrated channel are sourced over the "
        "channel's sites.",
        groups="base.group_user",
    )
    oms_external_ref = fields.Char(
        string="External Reference",
        copy=False,
        index="btree_not_null",
        help="The number that the channel gave the order; unique in the channel.",
        groups="base.group_user",
    )
    oms_content_hash = fields.Char(
        copy=False,
        readonly=True,
        help="Fingerprint of what the channel sent, to tell a repetition from a change.",
        groups="base.group_user",
    )
    oms_state = fields.Selection(
        STATE_SELECTION,
        string="Orchestration",
        compute="_compute_oms_state",
        store=True,
        index="btree_not_null",
        copy=False,
        help="Empty for quotations and for orders that are not orchestrated.",
        groups="base.group_user",
    )
    oms_waiting_reason = fields.Text(
        string="Why It Waits", compute="_compute_oms_waiting_reason", groups="base.group_user"
    )
    oms_fulfillment_ids = fields.One2many(
        "oms.fulfillment", "order_id", string="Fulfillments", groups="base.group_user"
    )
    oms_fulfillment_count = fields.Integer(
        compute="_compute_oms_counts", compute_sudo=True, groups="base.group_user"
    )
    oms_decision_ids = fields.One2many(
        "oms.decision", "order_id", string="Decisions", groups="base.group_user"
    )
    oms_decision_count = fields.Integer(
        compute="_compute_oms_counts", compute_sudo=True, groups="base.group_user"
    )

    _oms_external_ref_uniq = models.UniqueIndex(
        "(oms_channel_id, oms_external_ref) WHERE oms_external_ref != ''",
        "The channel has an order with this external reference already.",
    )

    def _auto_init(self):
        """Create the stored computes empty: orders from before the addon have no channel."""
        for column, kind in (("oms_channel_id", "int4"), ("oms_state", "varchar")):
            if not column_exists(self.env.cr, self._table, column):
                create_column(self.env.cr, self._table, column, kind)
        return super()._auto_init()

    # === COMPUTE METHODS === #

    @api.depends("company_id")
    def _compute_oms_channel_id(self):
        defaults = {
            channel.company_id: channel
            for channel in self.env["oms.channel"]
            .sudo()  # sudo: whoever makes a quotation gets the company's default channel
            .search([("is_default", "=", True), ("company_id", "in", self.company_id.ids)])
        }
        for order in self:
            keep = order.oms_channel_id.company_id == order.company_id and order.oms_channel_id
            if order.state in ("draft", "sent"):
                order.oms_channel_id = keep or defaults.get(order.company_id)
            else:
                order.oms_channel_id = order.oms_channel_id

    @api.depends(
        "state",
        "oms_channel_id.orchestrated",
        "order_line.oms_qty_open",
        "oms_fulfillment_ids.state",
        "oms_held",
    )
    def _compute_oms_state(self):
        for order in self:
            lines = order.order_line.filtered(lambda line: line._oms_is_orchestrated())
            waiting = lines.filtered(
                lambda line: line.product_id.uom_id.compare(line.oms_qty_open, 0.0) > 0
            )
            if not lines or order.state not in ("sale", "cancel"):
                order.oms_state = False
            elif order.state == "cancel":
                order.oms_state = "cancelled"
            elif waiting and order.oms_held:
                order.oms_state = "held"
            elif not waiting:
                order.oms_state = "sourced"
            else:
                order.oms_state = "partial" if lines._oms_is_begun() else "waiting"

    @api.depends("oms_state", "order_line.oms_qty_open", "oms_fulfillment_ids.state")
    def _compute_oms_waiting_reason(self):
        waiting = self.filtered(lambda order: order.oms_state in ("waiting", "partial"))
        (self - waiting).oms_waiting_reason = False
        reasons = waiting._oms_get_waiting_reasons()
        for order in waiting:
            order.oms_waiting_reason = "\n".join(reasons[order])

    def _oms_get_waiting_reasons(self):
        """Say what waits and why, a sentence each.

        :return: sentences by order
        :rtype: dict
        """
        # sudo: the reason is for everybody who sees the order
        return {order: order.sudo()._oms_get_own_waiting_reasons() for order in self}

    def _oms_get_own_waiting_reasons(self):
        self.ensure_one()
        reasons = [
            self.env._(
                "%(quantity)s %(unit)s of %(product)s: no site found.",
                quantity=f"{line.oms_qty_open:g}",
                unit=line.product_id.uom_id.name,
                product=line.product_id.display_name,
            )
            for line in self.order_line
            if line.product_id.uom_id.compare(line.oms_qty_open, 0.0) > 0
        ]
        given_back = self._oms_get_sites_given_back() - self._oms_get_open_fulfillments().site_id
        return reasons + [
            self.env._("%s gave the order back and is only asked again by Source Again.", site.name)
            for site in given_back
        ]

    @api.depends("oms_fulfillment_ids", "oms_decision_ids")
    def _compute_oms_counts(self):
        for order in self:
            order.oms_fulfillment_count = len(order.oms_fulfillment_ids)
            order.oms_decision_count = len(order.oms_decision_ids)

    # === BUSINESS METHODS === #

    def _oms_get_open_fulfillments(self):
        """Return the fulfillments to which more can be added."""
        # sudo: a plan is made with all fulfillments in sight, whoever asks for it
        return self.sudo().oms_fulfillment_ids.filtered(
            lambda fulfillment: fulfillment.state in ("planned", "released")
        )

    def _oms_get_sites_given_back(self):
        """Return the sites that cancelled, or shipped less than, what was planned for them."""
        self.ensure_one()
        # sudo: see _oms_get_open_fulfillments
        lines = self.sudo().oms_fulfillment_ids.line_ids
        return lines.filtered(lambda line: line._is_given_back()).site_id

    def _oms_get_fulfillment_name(self, site):
        """Name a new fulfillment: order, site and, from the second on, its number.

        :param site: ``oms.site`` that serves the order
        :rtype: str
        """
        self.ensure_one()
        before = len(self.sudo().oms_fulfillment_ids.filtered(lambda f: f.site_id == site))
        return f"{self.name}/{site.code}" + (f"/{before + 1}" if before else "")

    def _oms_take_up(self, trigger, strategy=None):
        """Source and release what is open of these orders.

        :param str trigger: key of the decision's trigger
        :param strategy: ``oms.strategy`` to go by this time; that of each order's channel if None
        """
        with self._oms_unlocked():
            self._oms_get_orchestrated_lines()._oms_source_and_release(trigger, strategy)

    def _oms_get_orchestrated_lines(self):
        """Return the confirmed lines of the orders that the addon sources."""
        return self.order_line.filtered(
            lambda line: line.state == "sale" and line._oms_is_orchestrated()
        )

    @contextmanager
    def _oms_unlocked(self):
        """Unlock locked orders for the block.

        Odoo procures nothing for locked orders; the lock is there for people, not for stock.
        """
        locked = self.filtered("locked").with_context(tracking_disable=True)
        locked.locked = False
        yield
        locked.locked = True

    def _oms_confirm_held(self, claims):
        """Confirm an order with the goods that were held for it; source what they do not cover.

        In the transaction of the caller, which must have begun after the goods were held.

        :param claims: ``oms.claim`` recordset of holds; what the order does not need of them is
            given back
        :raises UserError: a hold has ended, nothing is changed then
        :raises ValidationError: see ``oms.claim._confirm``
        """
        self.ensure_one()
        claims._confirm(self.order_line)
        # sudo: who sells need not have rights on claims
        self.sudo().order_line._oms_ship_kits_from(claims.sudo())
        if self.state in ("draft", "sent"):
            self.action_confirm()
        else:
            self._oms_source_by_workflow("order.changed")

    def action_oms_source(self):
        """Source again what is open, at any site of the channel.

        :return: a notification that tells what became of it
        :rtype: dict
        :raise UserError: if none of the orders waits for stock
        :raise AccessError: if the user may not change the orders
        """
        self.check_access("write")
        orders = self.filtered(lambda order: order.oms_state in ("waiting", "partial"))
        if not orders:
            raise UserError(self.env._("Nothing is open to source: no selected order waits."))
        orders._oms_take_up("manual")
        done = orders.filtered(lambda order: order.oms_state == "sourced")
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success" if done else "warning",
                "message": self.env._(
                    "Orders that are fully sourced now: %(done)s of %(all)s.",
                    done=len(done),
                    all=len(orders),
                ),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    @api.model
    def _cron_source_waiting(self):
        """Source the waiting orders for which stock can be had, oldest first.

        Each batch is a transaction of its own, run again when another one was faster; an order
        that fails is logged and left waiting.
        """
        orders = self.search(
            [("oms_state", "in", ("waiting", "partial")), ("state", "=", "sale")],
            order="date_order, id",
        )
        self.env["ir.cron"]._commit_progress(remaining=len(orders))
        for start in range(0, len(orders), TAKE_UP_BATCH):
            batch = orders[start : start + TAKE_UP_BATCH]
            try:
                retrying(self.env, batch._oms_take_up_sourceable)
            except OperationalError as error:
                _logger.info("Orders are sourced in the next run: %s", error)
            if not self.env["ir.cron"]._commit_progress(len(batch)):
                break

    def _oms_take_up_sourceable(self, env):
        """Take up those of the orders that can be sourced, in another transaction."""
        self.with_env(env)._oms_filter_sourceable()._oms_take_up_safely()

    def _oms_filter_sourceable(self):
        """Keep the orders of which at least one open product is available at a site of theirs."""
        candidates = self.env["oms.sourcing"].sudo()._get_candidates(self, "stock")
        lines = self.order_line.filtered(lambda line: line.oms_qty_open > 0)
        sites = self.env["oms.site"].sudo().union(*candidates.values())
        available = sites._get_available(lines.product_id.filtered("is_storable"))
        return self.filtered(
            lambda order: any(
                not line.product_id.is_storable or (site_id, line.product_id.id) in available
                for line in order.order_line & lines
                for site_id in candidates[order].ids
            )
        )

    def _oms_take_up_safely(self):
        """Take up the orders together and, if that fails, each by itself.

        :raise psycopg2.OperationalError: if another transaction was faster; the job tries again
        """
        try:
            with self.env.cr.savepoint():
                self._oms_take_up("stock")
        except OperationalError:
            raise
        except Exception as error:
            # Whatever is wrong with one order, the others must not wait for it.
            if len(self) == 1:
                expected = isinstance(error, UserError)
                _logger.warning(
                    "Order %s could not be sourced: %s", self.name, error, exc_info=not expected
                )
                return
            for order in self:
                order._oms_take_up_safely()

    def _oms_get_native_references(self):
        """Return the references of the order that belong to no fulfillment."""
        # sudo: see _oms_get_open_fulfillments
        return self.stock_reference_ids - self.sudo().oms_fulfillment_ids.reference_id

    # === OVERRIDES === #

    def _action_cancel(self):
        # sudo: the salesperson who cancels an order need not have rights on claims
        lines = self.sudo().order_line
        # What a site gave back before stays on record.
        living = lines.oms_fulfillment_line_ids.filtered(
            lambda line: line.fulfillment_id.state != "rejected"
        )
        lines.oms_claim_ids._release()
        res = super()._action_cancel()
        for line in living:
            # The customer cancelled, the site gave nothing back: it may serve the order again.
            line.quantity = line._get_quantity_planned_in_moves()
        return res

    def unlink(self):
        # Not left to the database, which would keep their messages and activities.
        fulfillments = self.sudo().oms_fulfillment_ids
        fulfillments.line_ids.unlink()
        fulfillments.unlink()
        return super().unlink()

    # === ACTION METHODS === #

    def action_view_oms_fulfillments(self):
        """Open the fulfillments of the orders.

        :return: a window action
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_fulfillment")
        action["domain"] = [("order_id", "in", self.ids)]
        action["context"] = {}
        return action

    def action_view_oms_decisions(self):
        """Open the sourcing decisions of the orders.

        :return: a window action
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_decision")
        action["domain"] = [("order_id", "in", self.ids)]
        action["context"] = {}
        if self.oms_decision_count == 1:
            action["views"] = [(False, "form")]
            action["res_id"] = self.oms_decision_ids.id
        return action
