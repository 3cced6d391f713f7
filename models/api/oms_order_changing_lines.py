from collections import Counter
from typing import NamedTuple

from odoo import api, fields, models

from .oms_order_changing import ChangeRefused, Problem
from .oms_order_price import Price


class LinePlan(NamedTuple):
    """What becomes of the lines of an order.

    :param list writes: (``sale.order.line``, values) of each that is changed
    :param list creates: values of each that is new
    :param bool is_priced: whether what the customer pays may change
    """

    writes: list
    creates: list
    is_priced: bool


class OmsOrderChanging(models.AbstractModel):
    """The lines of changed orders."""

    _inherit = "oms.order.changing"

    # === WHAT IS TO BE DONE === #

    @api.model
    def _plan_lines(self, order, given, lookup, problems):
        """Say what becomes of the lines of an order.

        :param list problems: takes what cannot be done
        :rtype: LinePlan
        """
        plan = LinePlan([], [], bool(given.lines))
        position = order.fiscal_position_id
        found = [self._find_line(order, each, lookup) for each in given.lines]
        named = Counter(line.id for line, _problem in found if line)
        for index, (each, (line, problem)) in enumerate(zip(given.lines, found, strict=True)):
            field = f"lines.{index}"
            if line and named[line.id] > 1:
                message = self.env._("The line is there twice in the change.")
                problem = Problem("invalid", message)
            problem = (
                problem
                or self._check_rate(each, lookup, "")
                or (self._check_line(line, each) if line else self._check_new(each, lookup))
            )
            if problem:
                where = f"{field}.{problem.field.lstrip('.')}" if problem.field else field
                problems.append(problem._replace(field=where))
            elif line:
                vals = self._prepare_change(order, line, given, each, lookup, position)
                plan.writes.append((line, vals))
            else:
                plan.creates.append(self._prepare_new(order, given, each, lookup, position))
        return plan

    @api.model
    def _find_line(self, order, each, lookup):
        """Return the line that a change means, none if it is a new one, and what is wrong.

        :rtype: tuple
        """
        none = self.env["sale.order.line"]
        lines = order.order_line.filtered("product_id")
        product = each.product and lookup.products.get(each.product)
        if each.id:
            line = lines.filtered(lambda line: line.oms_external_ref == each.id)[:1]
            if line and each.product and line.product_id != product:
                message = self.env._(
                    "Line %(line)s is %(product)s: take it off, and add another line.",
                    line=each.id,
                    product=line.product_id.display_name,
                )
                return line, Problem("invalid", message, "product")
            if not line and not each.product:
                message = self.env._("The order has no line “%s”.", each.id)
                return none, Problem("not_found", message, "id")
            return line, None
        if not each.product:
            message = self.env._("Say which line is meant, by its id or product.")
            return none, Problem("invalid", message)
        line = lines.filtered(lambda line: line.product_id == product) if product else none
        if len(line) > 1:
            message = self.env._("The order has several lines of %s: say which.", each.product)
            return none, Problem("invalid", message, "product")
        return line, None

    @api.model
    def _check_line(self, line, each):
        """Return what speaks against a quantity of a line, or None."""
        if each.quantity is None:
            return None
        shipped = line._oms_get_qty_shipped()
        if line.product_id.uom_id.compare(each.quantity, shipped) >= 0:
            return None
        message = self.env._(
            "%(shipped)s of %(product)s have been shipped: it cannot be less.",
            shipped=f"{shipped:g}",
            product=line.product_id.display_name,
        )
        return Problem("conflict", message, "quantity")

    @api.model
    def _check_new(self, each, lookup):
        """Return what speaks against a new line, or None."""
        product = lookup.products.get(each.product)
        if not product or not (product.active and product.sale_ok):
            message = self.env._("Nobody knows, or nobody may sell: %s.", each.product)
            return Problem("unknown_product", message, "product")
        if not each.quantity:
            message = self.env._("Say how much of %s is to be added.", each.product)
            return Problem("invalid", message, "quantity")
        return None

    @api.model
    def _prepare_change(self, order, line, given, each, lookup, position):
        """Return the values to write on a line: price and discount are always among them.

        A quantity that changes makes Odoo ask the price list where nobody says what the price is.
        """
        product, unit = line.product_id, line.product_uom_id
        quantity = line.product_uom_qty
        if each.quantity is not None:
            quantity = product.uom_id._compute_quantity(
                each.quantity, unit, rounding_method="HALF-UP"
            )
        placing = self.env["oms.order.placing"]
        with_tax = self._get_with_tax(order, given)
        taxes = line.tax_ids
        if each.tax_rate is not None:
            taxes = placing._find_line_taxes(with_tax, each.tax_rate, lookup, product, position)
        amount = each.unit_price
        if amount is None and with_tax == order.oms_channel_with_tax:
            amount = line.oms_channel_price or None
        vals = {
            "product_uom_qty": quantity,
            "price_unit": line.price_unit,
            "discount": line.discount if each.discount is None else each.discount,
            "tax_ids": [fields.Command.set(taxes.ids)],
        }
        if amount is not None:
            # Prices are for the product's unit, whatever somebody made of the line since.
            amount = product.uom_id._compute_price(amount, unit)
            price = Price(amount, vals["discount"], with_tax)
            vals |= placing._prepare_price(price, quantity, taxes, product, unit, order.currency_id)
            vals["oms_channel_price"] = unit._compute_price(amount, product.uom_id)
        return vals

    @api.model
    def _prepare_new(self, order, given, each, lookup, position):
        placing = self.env["oms.order.placing"]
        product = lookup.products[each.product]
        with_tax, discount = self._get_with_tax(order, given), each.discount or 0.0
        taxes = placing._find_line_taxes(with_tax, each.tax_rate, lookup, product, position)
        vals = {
            "order_id": order.id,
            "product_id": product.id,
            "product_uom_qty": each.quantity,
            "oms_external_ref": each.id,
            "discount": discount,
        }
        if each.tax_rate is not None:
            vals["tax_ids"] = [fields.Command.set(taxes.ids)]
        if each.unit_price is not None:
            price = Price(each.unit_price, discount, with_tax)
            vals |= placing._prepare_price(
                price, each.quantity, taxes, product, product.uom_id, order.currency_id
            )
        return vals

    @api.model
    def _get_with_tax(self, order, given):
        if given.prices_include_tax is None:
            return order.oms_channel_with_tax
        return given.prices_include_tax

    # === DOING IT === #

    @api.model
    def _change_lines(self, order, given, plan):
        """Write the lines: first what is given up, and then what is wanted besides, together.

        So that what comes and goes shares its goods and its parcels.

        :raises ChangeRefused: nothing would be left of the order
        """
        before = {line.id: line.product_uom_qty for line, _vals in plan.writes}
        raised = [pair for pair in plan.writes if pair[1]["product_uom_qty"] > before[pair[0].id]]
        for line, vals in plan.writes:
            if vals["product_uom_qty"] <= before[line.id]:
                self._write_line(line, vals, before)
        Line = self.env["sale.order.line"].with_context(skip_procurement=True)
        wanted = self.env["sale.order.line"]
        for line, vals in raised:
            line.with_context(skip_procurement=True).write(vals)
            wanted |= line
        if plan.creates:
            wanted |= Line.create(plan.creates).with_env(self.env)
        if given.shipping:
            self._change_shipping(order, given)
        self._check_rest(order, given)
        if wanted:
            # Lines that are new had nothing before.
            wanted._action_launch_stock_rule(
                previous_product_uom_qty={line.id: before.get(line.id, 0.0) for line in wanted}
            )

    @api.model
    def _write_line(self, line, vals, before):
        # Written without need, Odoo tells everybody of a quantity that did not change.
        if vals["product_uom_qty"] == before[line.id]:
            vals = {name: value for name, value in vals.items() if name != "product_uom_qty"}
        line.write(vals)

    @api.model
    def _check_rest(self, order, given):
        lines = order.order_line.filtered(
            lambda line: line.product_id and line.product_id.type != "service"
        )
        if given.lines and not any(lines.mapped("product_uom_qty")):
            message = self.env._("Nothing is left of order %s: cancel it instead.", given.reference)
            raise ChangeRefused([Problem("invalid", message, "lines")])

    @api.model
    def _change_shipping(self, order, given):
        """Have the customer pay another price for the delivery."""
        placing = self.env["oms.order.placing"]
        product, shipping = self.env.ref("oms.product_shipping"), given.shipping
        with_tax = self._get_with_tax(order, given)
        line = order.order_line.filtered(lambda line: line.product_id == product)[:1]
        lookup = self._look_up(order.oms_channel_id, given)
        taxes = line.tax_ids
        if not line or shipping.tax_rate is not None:
            taxes = placing._find_line_taxes(
                with_tax, shipping.tax_rate, lookup, product, order.fiscal_position_id
            )
        price = Price(shipping.price, 0.0, with_tax)
        vals = placing._prepare_price(price, 1.0, taxes, product, product.uom_id, order.currency_id)
        if shipping.name:
            vals["name"] = shipping.name
        if line:
            line.write(vals)
        else:
            self.env["sale.order.line"].create(
                {"order_id": order.id, "product_id": product.id, "product_uom_qty": 1.0, **vals}
            )
