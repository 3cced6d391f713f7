from odoo import api, fields, models
from odoo.tools import SQL

from .answer import to_text

#: What the screen calls the services.
SERVICES = {"collect": "collect", "reserve": "reserve"}


class OmsSiteWork(models.AbstractModel):
    """The cards of the screen of a site."""

    _inherit = "oms.site.work"

    @api.model
    def _prepare_cards(self, fulfillments):
        """Return what the screen shows of fulfillments, in as many statements for many as for one.

        :param fulfillments: ``oms.fulfillment`` recordset that the user may read
        :rtype: list[dict]
        """
        # sudo: of what the user may read, all that the card tells, as the customer's name
        fulfillments = fulfillments.sudo()
        to_pick = self._get_to_pick(fulfillments)
        now = fields.Datetime.now()
        lines = dict(
            self.env["oms.fulfillment.line"]
            .sudo()
            ._read_group(
                [("fulfillment_id", "in", fulfillments.ids), ("quantity", ">", 0)],
                ["fulfillment_id"],
                ["__count"],
            )
        )
        services = dict(
            self.env["sale.order"]._fields["oms_service"]._description_selection(self.env)
        )
        return [
            {
                **self._prepare_card(fulfillment, now),
                "service_name": services.get(fulfillment.order_id.oms_service, ""),
                "line_count": lines.get(fulfillment, 0),
                "picked_units": max(fulfillment.unit_count - to_pick.get(fulfillment.id, 0.0), 0.0),
            }
            for fulfillment in fulfillments
        ]

    @api.model
    def _prepare_card(self, fulfillment, now):
        order, worker = fulfillment.order_id, fulfillment.worker_id
        due = fulfillment.due_at
        return {
            "id": fulfillment.id,
            "name": fulfillment.name,
            "order": order.name,
            "customer": fulfillment.partner_id.name or fulfillment.partner_id.display_name,
            "service": SERVICES.get(order.oms_service, "ship"),
            "carrier": self._get_card_carrier(fulfillment).name or None,
            "work_state": fulfillment.work_state or None,
            "state": fulfillment.state,
            "due": to_text(due),
            "late": bool(fulfillment.work_state and due and due < now),
            "units": fulfillment.unit_count,
            "worker": {
                "id": worker.id,
                "name": worker.name,
                "since": to_text(fulfillment.worker_since),
            }
            if worker
            else None,
            "storage": fulfillment.storage_place or None,
            "offer": None,
            "wave": None,
            "version": fulfillment.work_version,
        }

    @api.model
    def _get_card_carrier(self, fulfillment):
        pickings = fulfillment.picking_ids.filtered(lambda picking: picking.state != "cancel")
        return pickings.carrier_id[:1] or fulfillment.order_id.carrier_id

    @api.model
    def _get_to_pick(self, fulfillments):
        """Return how much of fulfillments is still to be taken off the shelf.

        :return: quantity in the products' units by id
        :rtype: dict[int, float]
        """
        if not fulfillments:
            return {}
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT line.fulfillment_id,
                       SUM(GREATEST(move.product_qty - COALESCE(picked.quantity, 0), 0))
                  FROM oms_fulfillment_line line
                  JOIN oms_site site ON site.id = line.site_id
                  JOIN stock_move move ON move.oms_fulfillment_line_id = line.id
                  JOIN stock_location place ON place.id = move.location_id
                  LEFT JOIN LATERAL (
                       SELECT SUM(part.quantity_product_uom) AS quantity
                         FROM stock_move_line part
                        WHERE part.move_id = move.id AND part.picked
                  ) picked ON TRUE
                 WHERE line.fulfillment_id IN %s
                   AND move.state NOT IN ('draft', 'done', 'cancel')
                   AND move.origin_returned_move_id IS NULL
                   AND place.warehouse_id = site.warehouse_id
                   AND NOT EXISTS (
                       SELECT FROM stock_move_move_rel link
                         JOIN stock_move before ON before.id = link.move_orig_id
                         JOIN oms_fulfillment_line of_before
                           ON of_before.id = before.oms_fulfillment_line_id
                         JOIN stock_location from_where ON from_where.id = before.location_id
                        WHERE link.move_dest_id = move.id
                          AND of_before.fulfillment_id = line.fulfillment_id
                          AND from_where.warehouse_id = site.warehouse_id
                   )
                 GROUP BY line.fulfillment_id
                """,
                tuple(fulfillments.ids),
            )
        )
        return dict(rows)
