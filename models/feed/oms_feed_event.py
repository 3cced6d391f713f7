import json
import logging
from collections import defaultdict

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError, UserError

_logger = logging.getLogger(__name__)


class BigInteger(fields.Integer):
    """A number that may grow beyond two billion."""

    _column_type = ("int8", "int8")


class OmsFeedEvent(models.Model):
    """Something that happened to an order, as its channel is told it.

    Triggers make the events, see :mod:`.watch_sql`; the publisher numbers and describes them when
    they are committed. Nothing changes them afterwards.
    """

    _name = "oms.feed.event"
    _description = "Event Told to a Channel"
    _order = "number desc, id desc"
    _rec_name = "type"
    _log_access = False

    type = fields.Char(required=True, readonly=True, index=True)
    at = fields.Datetime(string="When", required=True, readonly=True)
    order_id = fields.Many2one(
        "sale.order", required=True, readonly=True, ondelete="cascade", index=True
    )
    fulfillment_id = fields.Many2one(
        "oms.fulfillment", readonly=True, ondelete="cascade", index="btree_not_null"
    )
    picking_id = fields.Many2one(
        "stock.picking",
        string="Transfer",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )
    channel_id = fields.Many2one(
        "oms.channel", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="channel_id.company_id")
    number = BigInteger(readonly=True, aggregator=False, help="Empty until the event is published.")
    payload = fields.Json(readonly=True)
    told = fields.Text(compute="_compute_told", help="As the channel's system gets it.")

    error = fields.Text(
        string="Why It Is Parked",
        readonly=True,
        help="The event could not be described. All others are told; this one when somebody has "
        "mended the cause and publishes it again.",
    )

    _number_uniq = models.UniqueIndex("(number) WHERE number IS NOT NULL")
    _channel_idx = models.Index("(channel_id, number)")
    _fresh_idx = models.Index("(id) WHERE number IS NULL AND error IS NULL")
    _parked_idx = models.Index("(channel_id) WHERE error IS NOT NULL")

    @api.depends("payload")
    def _compute_told(self):
        for event in self:
            event.told = json.dumps(event.payload, indent=2, ensure_ascii=False)

    # === DESCRIBING === #

    def _describe(self):
        """Store what channels are told of the events, as it is now.

        An event that cannot be described loses its number and is parked with the reason: it must
        not keep the others from being told.
        """
        if not self:
            return
        self.invalidate_recordset()
        try:
            with self.env.cr.savepoint():
                self._store_payloads()
        except (psycopg2.OperationalError, ConcurrencyError):
            raise
        except Exception as error:
            if len(self) > 1:
                # Halves of halves: one bad event among many is found in a few tries.
                middle = len(self) // 2
                self[:middle]._describe()
                self[middle:]._describe()
            else:
                self._park(error)

    def _store_payloads(self):
        for event in self:
            event.payload = event._prepare_payload()
        self.flush_recordset()

    def _park(self, error):
        """Keep an event from being told, and say why."""
        self.ensure_one()
        _logger.error("Event %s of a channel is parked", self.id, exc_info=error)
        self.invalidate_recordset(flush=False)
        reason = str(error) if isinstance(error, UserError) else repr(error)
        self.env.cr.execute(
            "UPDATE oms_feed_event SET number = NULL, error = %s WHERE id = %s",
            [reason[:2000] or type(error).__name__, self.id],
        )

    def action_publish_again(self):
        """Have parked events told after all, as they are now, with the next number each.

        :return: a notification
        :rtype: dict
        :raises UserError: none of them is parked
        """
        self.env["oms.channel"].check_access("write")
        parked = self.filtered("error")
        if not parked:
            raise UserError(self.env._("Nothing to publish: no selected event is parked."))
        # sudo: nobody may change events but the feed itself
        parked.sudo().error = False
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "%s events are published when somebody asks, or within a minute.", len(parked)
                ),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _prepare_payload(self):
        """Return what the channel is told besides the order, the type and the time.

        :rtype: dict
        """
        self.ensure_one()
        if self.picking_id:
            return self._prepare_parcel()
        if self.fulfillment_id:
            return self._prepare_fulfillment()
        return {
            "lines": [
                {
                    **self._prepare_line(
                        line.product_id, line.product_uom_qty, line.product_uom_id
                    ),
                    "open": line.oms_qty_open,
                }
                for line in self.order_id.order_line
                if line.product_id and not line.display_type
            ]
        }

    def _prepare_line(self, product, quantity, unit):
        return {
            "product": product.default_code or product.barcode or None,
            "quantity": quantity,
            "unit": unit.name,
        }

    def _prepare_fulfillment(self):
        fulfillment = self.fulfillment_id
        shipped = self.type in ("fulfillment.shipped", "fulfillment.delivered")
        pickings = fulfillment.picking_ids.filtered(lambda picking: picking.state == "done")
        tracking = [ref for ref in pickings.mapped("carrier_tracking_ref") if ref]
        return {
            "fulfillment": fulfillment.name,
            "site": fulfillment.site_id.code,
            "lines": [
                self._prepare_line(
                    line.product_id,
                    line.quantity_done if shipped else line.quantity,
                    line.uom_id,
                )
                for line in fulfillment.line_ids
                if (line.quantity_done if shipped else line.quantity)
            ],
            "tracking": tracking,
        }

    def _prepare_parcel(self):
        """Describe what a transfer took to the customer, or brought back."""
        picking = self.picking_id
        returned = self.type == "return.received"
        place = picking.location_dest_id if returned else picking.location_id
        site = place.oms_position_site_id or self.fulfillment_id.site_id
        done = defaultdict(float)
        for move in picking.move_ids:
            if move.state == "done":
                done[move.product_id] += move.product_uom._compute_quantity(
                    move.quantity, move.product_id.uom_id
                )
        return {
            "fulfillment": self.fulfillment_id.name or None,
            "site": site.code or None,
            "shipment": picking.name,
            "carrier": picking.carrier_id.name or None,
            "tracking": [picking.carrier_tracking_ref] if picking.carrier_tracking_ref else [],
            "lines": [
                self._prepare_line(product, quantity, product.uom_id)
                for product, quantity in done.items()
            ],
        }
