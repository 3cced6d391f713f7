from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import formatLang


class OmsIncomingOrder(models.Model):
    """What a channel sent, for people who have to mend it."""

    _inherit = "oms.incoming.order"

    customer = fields.Char(compute="_compute_summary")
    units = fields.Float(compute="_compute_summary", digits="Product Unit")
    address = fields.Text(string="Ship To", compute="_compute_summary")
    contact = fields.Char(compute="_compute_summary")
    ordered_at = fields.Char(string="Ordered", compute="_compute_summary", help="In UTC.")
    told_total = fields.Char(string="Total of the Channel", compute="_compute_summary")
    note = fields.Text(compute="_compute_summary")
    lines = fields.Html(compute="_compute_lines", sanitize=False)

    @api.depends("payload")
    def _compute_summary(self):
        for order in self:
            payload = order.payload or {}
            # A payload that is understood no more may lack, or hold, anything.
            customer = order._read(payload.get("customer"), dict)
            ship_to = order._read(payload.get("ship_to"), dict)
            lines = order._read(payload.get("lines"), list)
            quantities = [order._read(line, dict).get("quantity") for line in lines]
            place = [" ".join(filter(None, (ship_to.get("zip"), ship_to.get("city"))))]
            parts = [ship_to.get("name"), ship_to.get("street"), *place]
            parts += [ship_to.get("state"), ship_to.get("country")]
            order.customer = customer.get("name") or ship_to.get("name")
            order.contact = ", ".join(
                filter(None, (customer.get("email"), ship_to.get("phone") or customer.get("phone")))
            )
            order.address = "\n".join(filter(None, parts))
            order.units = sum(each for each in quantities if isinstance(each, int | float))
            order.ordered_at = (payload.get("ordered_at") or "").replace("T", " ")[:16]
            order.told_total = order._format(payload.get("total"))
            order.note = payload.get("note")

    @api.depends("payload", "code_ids")
    def _compute_lines(self):
        for order in self:
            payload = order.payload or {}
            unknown = set(order.code_ids.filtered(lambda code: not code.known).mapped("code"))
            lines = [order._read(line, dict) for line in order._read(payload.get("lines"), list)]
            shipping = order._read(payload.get("shipping"), dict)
            if shipping:
                name = shipping.get("name") or order.env._("Shipping")
                lines.append({**shipping, "product": name, "unit_price": shipping.get("price")})
            order.lines = order._render(lines, unknown)

    def _render(self, lines, unknown):
        titles = Markup("").join(
            Markup('<th class="%s">%s</th>') % (side, title)
            for side, title in (
                ("", self.env._("Product")),
                ("text-end", self.env._("Quantity")),
                ("text-end", self.env._("Unit Price")),
                ("text-end", self.env._("Discount")),
                ("text-end", self.env._("Tax")),
            )
        )
        rows = Markup("").join(self._render_line(line, unknown) for line in lines)
        return Markup(
            '<div class="table-responsive"><table class="table table-sm o_oms_sent">'
            "<thead><tr>%s</tr></thead><tbody>%s</tbody></table></div>"
        ) % (titles, rows)

    def _render_line(self, line, unknown):
        rate, discount = line.get("tax_rate"), line.get("discount")
        cells = [
            self._format_number(line.get("quantity", 1 if line.get("price") is not None else None)),
            self._format(line.get("unit_price")),
            f"{self._format_number(discount)} %" if discount else "",
            f"{self._format_number(rate)} %" if rate is not None else "",
        ]
        missing = line.get("product") in unknown
        return Markup("<tr><td>%s</td>%s</tr>") % (
            Markup('<span class="%s">%s</span>')
            % ("text-danger fw-bold" if missing else "", line.get("product") or ""),
            Markup("").join(Markup('<td class="text-end">%s</td>') % cell for cell in cells),
        )

    def _read(self, value, kind):
        return value if isinstance(value, kind) else kind()

    def _format_number(self, value):
        return f"{value:g}" if isinstance(value, int | float) else ""

    def _format(self, amount):
        """Return an amount as it is written in the order's currency; nothing for none."""
        if not isinstance(amount, int | float):
            return ""
        code = (self.payload or {}).get("currency")
        currency = self.env["res.currency"].search([("name", "=", code)], limit=1) if code else None
        if code and not currency:
            return f"{formatLang(self.env, amount)} {code}"
        return formatLang(self.env, amount, currency_obj=currency or self.company_id.currency_id)
