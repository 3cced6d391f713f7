import math
from collections import defaultdict

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..words import write_goods, write_quantity
from .oms_return import OUTCOME_SELECTION, WAY_SELECTION

#: Who asks for a return without being at work: bound by all that the policy says.
CUSTOMERS = ("portal", "api")


class OmsReturn(models.Model):
    """Asking for a return, with all checks, from whichever side."""

    _inherit = "oms.return"

    @api.model
    def _request(self, vals):
        """Ask for goods of an order to come back; what the policy allows is authorized at once.

        :param dict vals: ``order_id``; ``lines``, a list of dicts with ``sale_line_id`` (or
            ``product_id``), ``quantity`` in the unit of the product and perhaps ``reason_id``,
            ``note``, ``photo_ids``, ``lot_ids``, ``outcome``, ``exchange_product_id``; and perhaps
            ``origin``, ``outcome``, ``way``, ``site_id``, ``carrier_id``, ``note`` and
            ``partner_id``, who asks
        :return: the return
        :rtype: oms.return
        :raise AccessError: the user may not see the order
        :raise UserError: something of it cannot be returned; nothing is changed
        """
        order = self.env["sale.order"].browse(vals.get("order_id")).exists()
        if not order:
            raise UserError(self.env._("Choose the order from which goods come back."))
        order.check_access("read")
        # sudo: returns are written by what happens, on behalf of whoever may see the order
        order = order.sudo()
        self._check_asker(order, vals.get("partner_id"))
        order.order_line._oms_lock_returns()
        header = self.sudo()._prepare_request(order, vals)
        returnable = order._oms_get_returnable()
        asked = self.sudo()._read_lines(order, vals.get("lines") or [])
        self.sudo()._check_lines(asked, returnable, header)
        header["line_ids"] = [
            Command.create(values)
            for line in asked
            for values in self.sudo()._prepare_lines(line, returnable)
        ]
        # All of it or nothing, also for callers that tell of the refusal and go on.
        with self.env.cr.savepoint():
            record = self.sudo().create(header)
            record.line_ids.photo_ids.write({"res_model": record._name, "res_id": record.id})
            record._decide_request()
        return record.with_env(self.env)

    # === CHECKS === #

    @api.model
    def _check_asker(self, order, partner_id):
        """Make sure that it is the customer who asks.

        :raise UserError: it is somebody else
        """
        partner = self.env["res.partner"].sudo().browse(partner_id or [])
        customers = order.partner_id | order.partner_invoice_id | order.partner_shipping_id
        if partner and partner.commercial_partner_id not in customers.commercial_partner_id:
            raise UserError(
                self.env._(
                    "The order %(order)s is not one of %(partner)s: choose one of the own orders.",
                    order=order.name,
                    partner=partner.display_name,
                )
            )

    @api.model
    def _prepare_request(self, order, vals):
        """Return the values of a return without its lines.

        :raise UserError: the wish or the way is none that the policy allows, or the site takes no
            returns
        """
        origin = vals.get("origin") or "office"
        outcome, way = vals.get("outcome") or "refund", vals.get("way")
        policy = self.env["oms.return.policy"]._find_for(order.oms_channel_id, order.company_id)
        site = self.env["oms.site"].browse(vals.get("site_id") or [])
        if not way:
            way = "dropoff" if site or origin == "store" else "label"
        self._check_choices(policy, order.company_id, origin, outcome, way)
        if site and (
            not site.takes_returns or not site.warehouse_id or site.company_id != order.company_id
        ):
            raise UserError(self.env._("%s takes no returns: choose another site.", site.name))
        return {
            "order_id": order.id,
            "partner_id": vals.get("partner_id") or order.partner_id.id,
            "channel_id": order.oms_channel_id.id,
            "company_id": order.company_id.id,
            "policy_id": policy.id,
            "origin": origin,
            "outcome": outcome,
            "way": way,
            "site_id": site.id,
            "carrier_id": vals.get("carrier_id"),
            "note": vals.get("note"),
        }

    @api.model
    def _check_choices(self, policy, company, origin, outcome, way):
        """Make sure that the policy allows what the customer wants, and the way.

        People at work may agree with the customer on what the policy does not offer.

        :raise UserError: it does not, or there is no such thing
        """
        outcomes, ways = dict(OUTCOME_SELECTION), dict(WAY_SELECTION)
        if outcome not in outcomes or way not in ways or (way == "keep" and origin in CUSTOMERS):
            raise UserError(
                self.env._(
                    "A return ends with one of %(outcomes)s, and comes by one of %(ways)s.",
                    outcomes=", ".join(outcomes),
                    ways=", ".join(ways),
                )
            )
        if outcome == "credit" and not self._knows_store_credit(company):
            raise UserError(
                self.env._("There is no store credit here: choose money back or an exchange.")
            )
        if origin in CUSTOMERS and policy:
            if not policy[f"allow_{outcome}"]:
                raise UserError(
                    self.env._(
                        "%s is not offered: choose another one.", self._label("outcome", outcome)
                    )
                )
            if not policy[f"allow_{way}"]:
                raise UserError(
                    self.env._("%s is not offered: choose another way.", self._label("way", way))
                )

    @api.model
    def _label(self, field, key):
        return dict(self._fields[field]._description_selection(self.env))[key]

    # === LINES === #

    @api.model
    def _read_lines(self, order, lines):
        """Put what is asked for by order line.

        :param list lines: as in ``_request``
        :return: dicts with ``sale_line``, ``quantity`` and what else was said
        :rtype: list[dict]
        :raise UserError: something is of no line of the order, or the quantity is none
        """
        if not lines:
            raise UserError(self.env._("Choose what comes back, and how much of it."))
        asked = []
        for line in lines:
            sale_line = self._find_sale_line(order, line)
            quantity = self._check_quantity(sale_line.product_id, line.get("quantity"))
            asked.append({**line, "sale_line": sale_line, "quantity": quantity})
        return asked

    @api.model
    def _find_sale_line(self, order, line):
        """Return the order line that something is asked for of.

        :raise UserError: there is none
        """
        known = order.order_line.filtered(lambda each: not each.display_type)
        if line.get("sale_line_id"):
            sale_line = known.filtered(lambda each: each.id == line["sale_line_id"])
            if sale_line:
                return sale_line
            raise UserError(
                self.env._("That is no line of the order %s: choose one of it.", order.name)
            )
        product = self.env["product.product"].browse(line.get("product_id") or []).exists()
        if not product:
            raise UserError(self.env._("Choose what comes back."))
        returnable = order._oms_get_returnable()
        lines = known.filtered(lambda each: each.product_id == product).sorted(
            lambda each: (not returnable.get(each, {}).get("quantity"), each.id)
        )
        if lines:
            return lines[0]
        kits = order.order_line.filtered(lambda each: product in each.move_ids.product_id)
        if kits:
            raise UserError(
                self.env._(
                    "%(part)s is part of %(kit)s: only the whole can be returned.",
                    part=product.display_name,
                    kit=kits[0].product_id.display_name,
                )
            )
        raise UserError(
            self.env._(
                "%(product)s is not in the order %(order)s.",
                product=product.display_name,
                order=order.name,
            )
        )

    @api.model
    def _check_quantity(self, product, quantity):
        """Return a quantity that somebody asked for, in the product's unit.

        :raise UserError: it is none of the product
        """
        unit = product.uom_id
        if isinstance(quantity, bool) or not isinstance(quantity, (int, float)):
            quantity = math.nan
        whole = not math.isfinite(quantity) or unit.compare(quantity, unit.round(quantity)) == 0
        if product.tracking == "serial":
            whole = whole and float(quantity).is_integer()
        if not math.isfinite(quantity) or unit.compare(quantity, 0.0) <= 0 or not whole:
            raise UserError(
                self.env._(
                    "Say how much of %(product)s comes back, in %(unit)s and above zero.",
                    product=product.display_name,
                    unit=unit.name,
                )
            )
        return quantity

    @api.model
    def _check_lines(self, asked, returnable, header):
        """Make sure that all that is asked for can come back.

        :raise UserError: something cannot; the first of it is named with its reason
        """
        totals = defaultdict(float)
        for line in asked:
            totals[line["sale_line"]] += line["quantity"]
            self._check_reason(line, header["origin"])
            self._check_lots(line)
        for sale_line, quantity in totals.items():
            terms = returnable.get(sale_line)
            if not terms or terms["reason"]:
                reason = terms and terms["reason"]
                raise UserError(reason or self.env._("This line cannot be returned."))
            unit = sale_line.product_id.uom_id
            if unit.compare(quantity, terms["quantity"]) > 0:
                raise UserError(
                    self.env._(
                        "%(asked)s are more than can be returned: %(left)s.",
                        asked=write_goods(self.env, quantity, sale_line.product_id),
                        left=write_quantity(self.env, terms["quantity"], unit),
                    )
                )

    @api.model
    def _check_reason(self, line, origin):
        """Make sure that a reason is given, and with what it asks for.

        :raise UserError: something is missing
        """
        reason = self.env["oms.return.reason"].browse(line.get("reason_id") or []).exists()
        product = line["sale_line"].product_id.display_name
        if origin in CUSTOMERS and (not reason or not reason.offered or not reason.active):
            raise UserError(self.env._("Choose why %s comes back.", product))
        if reason.needs_note and not (line.get("note") or "").strip():
            raise UserError(
                self.env._(
                    "Say more about %(product)s: %(reason)s.", product=product, reason=reason.name
                )
            )
        if origin in CUSTOMERS and reason.needs_photo and not line.get("photo_ids"):
            raise UserError(
                self.env._(
                    "Add a photo of %(product)s: %(reason)s.", product=product, reason=reason.name
                )
            )

    @api.model
    def _check_lots(self, line):
        """Make sure that lots and serials that are named were delivered.

        :raise UserError: one was not
        """
        named = self.env["stock.lot"].browse(line.get("lot_ids") or [])
        moves = line["sale_line"]._oms_get_delivered_moves()
        strange = named - moves.move_line_ids.lot_id
        if strange:
            raise UserError(
                self.env._(
                    "%(lot)s was not delivered with the order %(order)s.",
                    lot=strange[0].name,
                    order=line["sale_line"].order_id.name,
                )
            )
        if line["sale_line"].product_id.tracking == "serial" and len(named) > line["quantity"]:
            raise UserError(
                self.env._("More serial numbers are named than pieces: %s.", len(named))
            )

    @api.model
    def _prepare_lines(self, line, returnable):
        """Return the values of return lines: one for each delivery that goods are taken from.

        :param dict line: as ``_read_lines`` gives it
        :param dict returnable: what can come back, by order line; what is taken is taken off it
        :rtype: list[dict]
        """
        sale_line = line["sale_line"]
        unit, left = sale_line.product_id.uom_id, line["quantity"]
        named = self.env["stock.lot"].browse(line.get("lot_ids") or [])
        parts, moves = [], returnable[sale_line]["moves"]
        # What was delivered with the serials that are named comes first.
        moves.sort(key=lambda each: not each[0].move_line_ids.lot_id & named)
        for place, (move, room) in enumerate(moves):
            part = min(room, left)
            if unit.compare(part, 0.0) > 0:
                parts.append((move, part))
                moves[place] = (move, room - part)
                left = unit.round(left - part)
        if unit.compare(left, 0.0) > 0:
            parts.append((self.env["stock.move"], left))
        values = {
            "sale_line_id": sale_line.id,
            "product_id": sale_line.product_id.id,
            "price": sale_line._oms_get_return_price(),
            "reason_id": line.get("reason_id"),
            "note": line.get("note"),
            "outcome": line.get("outcome"),
            "exchange_product_id": line.get("exchange_product_id"),
            "photo_ids": [Command.set(line.get("photo_ids") or [])],
        }
        return [
            {
                **values,
                "quantity": part,
                "origin_move_id": move.id,
                "fulfillment_line_id": move.oms_fulfillment_line_id.id,
                "lot_ids": [
                    Command.set((named & move.move_line_ids.lot_id if move else named).ids)
                ],
            }
            for move, part in parts
        ]

    # === WHAT FOLLOWS === #

    def _decide_request(self):
        """Authorize what the policy allows, and have somebody look at the rest."""
        self.ensure_one()
        terms = {
            line: self.policy_id._get_terms(line.product_id, self.channel_id)
            for line in self.line_ids
        }
        self._charge_fees(terms)
        if self._is_to_be_kept(terms):
            self.way = "keep"
            self.site_reason = self.env._("The goods are worth less than their way back.")
        self._raise_event("return.requested")
        looked_at = [line.product_id.display_name for line, each in terms.items() if each.reviewed]
        if looked_at and self.origin in CUSTOMERS:
            self.review_reason = self.env._(
                "The policy %(policy)s has returns of %(products)s looked at.",
                policy=self.policy_id.name,
                products=", ".join(dict.fromkeys(looked_at)),
            )
        else:
            self._authorize()

    def _charge_fees(self, terms):
        """Write down what is kept back of each line.

        :param dict terms: by line
        """
        currency = self.currency_id
        policy_currency = (self.policy_id.company_id or self.company_id).currency_id
        charged = self.line_ids.filtered(
            lambda line: line.reason_id.paid_by != "seller" and line.amount
        )
        fixed = policy_currency._convert(
            self.policy_id.fee_fixed, currency, self.company_id, self.requested_at.date()
        )
        for line in charged:
            fee = currency.round(line.amount * terms[line].fee_percent / 100.0)
            room = max(line.amount - fee, 0.0)
            part = min(fixed, room)
            fixed -= part
            line.fee = fee + part

    def _is_to_be_kept(self, terms):
        """Tell whether all of it is worth so little that the customer keeps it.

        :param dict terms: by line
        :rtype: bool
        """
        limit = min(each.keep_below for each in terms.values())
        if not limit or self.outcome != "refund" or self.way == "dropoff":
            return False
        policy_currency = (self.policy_id.company_id or self.company_id).currency_id
        most = policy_currency._convert(
            limit, self.currency_id, self.company_id, self.requested_at.date()
        )
        return self.currency_id.compare_amounts(self.amount_announced, most) < 0


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _oms_get_return_price(self):
        """Return what the customer paid for one unit of the product, with taxes and discounts.

        :return: in the currency of the order
        :rtype: float
        """
        self.ensure_one()
        units = self.product_id.uom_id._compute_quantity(1.0, self.product_uom_id, round=False)
        return self.price_reduce_taxinc * units * (1.0 - self.order_id._oms_get_discount_share())


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def _oms_get_discount_share(self):
        """Return which part of what goods cost is taken off by discounts on the whole order.

        :return: between 0 and 1
        :rtype: float
        """
        self.ensure_one()
        priced = self.order_line.filtered(
            lambda line: not line.display_type and not line.is_downpayment and not line.is_delivery
        )
        discounts = -sum(min(line.price_total, 0.0) for line in priced)
        goods = sum(max(line.price_total, 0.0) for line in priced)
        return min(discounts / goods, 1.0) if goods else 0.0
