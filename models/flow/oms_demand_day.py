from odoo import api, fields, models


class OmsDemandDay(models.Model):
    """A day that has to be counted anew, though no order tells of it any more."""

    _name = "oms.demand.day"
    _description = "Day of Demand to Count Anew"
    _log_access = False
    _rec_name = "day"

    company_id = fields.Many2one("res.company", required=True, ondelete="cascade", index=True)
    day = fields.Date(required=True)


class SaleOrder(models.Model):
    """Orders leave the day on which they were counted when they are dated anew or deleted."""

    _inherit = "sale.order"

    def write(self, vals):
        if "date_order" in vals:
            moment = fields.Datetime.to_datetime(vals["date_order"])
            self.filtered(
                lambda order: (
                    order.date_order and (not moment or order.date_order.date() != moment.date())
                )
            )._oms_remember_day()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_oms_remember_day(self):
        self.filtered("date_order")._oms_remember_day()

    def _oms_remember_day(self):
        """Have the days of the orders counted anew."""
        days = {(order.company_id.id, order.date_order.date()) for order in self}
        # sudo: demand is counted for everybody
        self.env["oms.demand.day"].sudo().create(
            [{"company_id": company_id, "day": day} for company_id, day in sorted(days)]
        )
