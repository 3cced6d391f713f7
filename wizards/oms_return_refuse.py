from odoo import fields, models


class OmsReturnRefuse(models.TransientModel):
    """Tells customers why their returns are refused."""

    _name = "oms.return.refuse"
    _description = "Refuse Returns"

    return_ids = fields.Many2many(
        "oms.return", "oms_return_refuse_rel", "wizard_id", "return_id", string="Returns"
    )
    reason = fields.Text(required=True, help="The customer reads it.")

    def action_refuse(self):
        """Refuse the returns.

        :return: action that closes the dialog
        :rtype: dict
        :raise UserError: one was decided on before
        """
        self.ensure_one()
        self.return_ids._check_may_decide()
        self.return_ids._refuse(self.reason)
        return {"type": "ir.actions.act_window_close"}
