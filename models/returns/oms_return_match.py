from odoo import models
from odoo.exceptions import UserError


class OmsReturn(models.Model):
    """Goods that came unannounced find the order that they are from."""

    _inherit = "oms.return"

    def _match_order(self, order):
        """Tie goods that are in stock already to the order that delivered them.

        What the order delivered becomes lines of the return, and counts as back; the rest stays
        goods of no order.

        :param order: ``sale.order``
        :raise UserError: the order is known already, is none of the company, or delivered nothing
            of what came
        """
        self.ensure_one()
        self._check_state(
            ("requested", "authorized", "in_transit", "received", "inspected"),
            self.env._("matched"),
        )
        # sudo: who finds the order need not have rights on its transfers
        record, order = self.sudo(), order.sudo()
        record._lock_work()
        if record.order_id:
            raise UserError(
                self.env._(
                    "%(return)s is of order %(order)s.",
                    **{"return": record.name, "order": record.order_id.name},
                )
            )
        if order.company_id != record.company_id or order.state != "sale":
            raise UserError(
                self.env._(
                    "%s is no confirmed order of the company: choose another one.", order.name
                )
            )
        order.order_line._oms_lock_returns()
        policy = self.env["oms.return.policy"]._find_for(order.oms_channel_id, order.company_id)
        record.write(
            {
                "order_id": order.id,
                "partner_id": order.partner_id.id,
                "channel_id": order.oms_channel_id.id,
                "policy_id": policy.id,
            }
        )
        strange = record.item_ids.filtered(lambda item: not item.line_id)
        groups = strange.grouped(lambda item: (item.product_id, item.lot_id, item.move_ids))
        tied = [items for items in groups.values() if items._tie_to_order()]
        if strange and not tied:
            raise UserError(self.env._("Nothing of what came was delivered with %s.", order.name))
        record._charge_fees(
            {
                line: policy._get_terms(line.product_id, record.channel_id)
                for line in record.line_ids
            }
        )
        if record.state == "inspected":
            record._try_settle()


class OmsReturnItem(models.Model):
    _inherit = "oms.return.item"

    def _tie_to_order(self):
        """Tie goods that came by one move to the order of their return, if it delivered them.

        :return: whether it did
        :rtype: bool
        :raise UserError: it delivered only a part of them
        """
        record, unit, quantity = self.return_id, self.uom_id, sum(self.mapped("quantity"))
        goods = {"product": self.product_id, "lot": self.lot_id}
        added = record._add_lines(goods, quantity, {})
        if not added:
            return False
        line, part = added[0]
        if unit.compare(part, quantity) < 0:
            raise UserError(
                self.env._(
                    "Only %(part)g of %(all)g %(product)s that came together are of one line of "
                    "%(order)s: take the goods in anew, and say there from which order they are.",
                    part=part,
                    all=quantity,
                    product=self.product_id.display_name,
                    order=record.order_id.name,
                )
            )
        self.write({"line_id": line.id, "accepted": True})
        self.move_ids.filtered(lambda move: move.location_id._is_outgoing()).write(
            {
                "sale_line_id": line.sale_line_id.id,
                "origin_returned_move_id": line.origin_move_id.id,
                "oms_return_line_id": line.id,
                "to_refund": True,
            }
        )
        return True
