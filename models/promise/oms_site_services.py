from odoo import api, fields, models


class OmsSite(models.Model):
    """Sites to which customers come."""

    _inherit = "oms.site"

    reserves = fields.Boolean(
        string="Reserve in Store",
        tracking=True,
        help="Customers can have goods put aside here, and decide in the store.",
    )

    def _offers(self, service):
        """Tell whether customers can come here for a service.

        :param str service: ``collect`` or ``reserve``
        """
        self.ensure_one()
        return bool(self.collects if service == "collect" else self.reserves)

    @api.model
    def _get_sent(self, orders):
        # How far and where a site delivers does not matter to who comes to it.
        sent = super()._get_sent(orders)
        return sent.filtered(lambda each: not each._oms_is_picked_up())
