from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .promise_case import PICKED_UP, SERVICE_SELECTION


class SaleOrder(models.Model):
    _inherit = "sale.order"

    oms_service = fields.Selection(
        SERVICE_SELECTION,
        string="Service",
        default="home",
        tracking=True,
        help="How the customer gets the goods. What is collected or reserved is sourced from the "
        "chosen site only, what comes from the supplier from suppliers only.",
        groups="base.group_user",
    )
    oms_collect_site_id = fields.Many2one(
        "oms.site",
        string="Collected At",
        check_company=True,
        index="btree_not_null",
        ondelete="restrict",
        tracking=True,
        domain="[('warehouse_id', '!=', False), '|', ('collects', '=', True), "
        "('reserves', '=', True)]",
        help="Where the customer collects or sees the goods: the only site asked for them.",
        groups="base.group_user",
    )
    oms_promised_plan = fields.Json(
        copy=False,
        help="What was promised from where: (product id, site id, quantity) rows. Sourced as "
        "promised as long as it is there.",
        groups="base.group_user",
    )

    def _compute_amount_total_without_delivery(self):
        if self.env.context.get("oms_skip_total"):
            # The price of the delivery does not depend on it.
            return 0.0
        return super()._compute_amount_total_without_delivery()

    @api.constrains("oms_service", "oms_collect_site_id", "state")
    def _check_oms_collect_site(self):
        """Have what is picked up name the site; a quotation may still be undecided."""
        for order in self:
            site = order.oms_collect_site_id
            if order.oms_service not in PICKED_UP:
                continue
            if not site and order.state == "sale":
                raise ValidationError(
                    self.env._("Say at which site order %s is collected or reserved.", order.name)
                )
            if site and not site._offers(order.oms_service):
                raise ValidationError(
                    self.env._(
                        "%(site)s does not offer this service: %(service)s.",
                        site=site.name,
                        service=dict(SERVICE_SELECTION)[order.oms_service],
                    )
                )

    @api.onchange("oms_service")
    def _onchange_oms_service(self):
        if self.oms_service not in PICKED_UP:
            self.oms_collect_site_id = False

    def _oms_is_picked_up(self):
        """Tell whether the customer comes to a site."""
        self.ensure_one()
        return self.oms_service in PICKED_UP
