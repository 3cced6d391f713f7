from odoo import models


class SaleOrder(models.Model):
    """Orders whose payment needs somebody."""

    _inherit = "sale.order"

    def _oms_get_own_exception_reasons(self, why_waiting):
        reasons = super()._oms_get_own_exception_reasons(why_waiting)
        # sudo: why an order needs somebody is for whoever decides on it
        plan = self.sudo().oms_payment_plan_id
        if plan.problem_since:
            reasons.append(plan._get_problem_reason())
        return list(dict.fromkeys(reasons))

    def _oms_retry(self):
        res = super()._oms_retry()
        # sudo: who decides on an order has its payment tried again
        for plan in self.sudo().oms_payment_plan_id.filtered("receivable"):
            plan._capture_due()
        return res
