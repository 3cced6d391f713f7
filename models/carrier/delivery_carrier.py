from odoo import fields, models
from odoo.exceptions import UserError


class DeliveryCarrier(models.Model):
    """A delivery method whose labels are bought by one of the company's carrier accounts."""

    _inherit = "delivery.carrier"

    delivery_type = fields.Selection(
        selection_add=[("oms", "Carrier Account")], ondelete={"oms": "set default"}
    )
    oms_account_ids = fields.Many2many(
        "oms.carrier.account",
        "oms_delivery_carrier_account_rel",
        "carrier_id",
        "account_id",
        string="Accounts",
        help="By which labels are bought: the first that the site of the parcel can use.",
    )
    oms_service_code = fields.Char(
        string="Service", help="The carrier's product, in its own code. See the account's carrier."
    )
    oms_price = fields.Monetary(
        string="Price Where the Carrier Tells None",
        help="What a delivery costs where the carrier is not asked for rates.",
        currency_field="oms_currency_id",
    )
    oms_currency_id = fields.Many2one("res.currency", compute="_compute_oms_currency_id")

    def _compute_oms_currency_id(self):
        for carrier in self:
            carrier.oms_currency_id = (carrier.company_id or self.env.company).currency_id

    def oms_rate_shipment(self, order):
        """Give the price that is set: carriers are not called while somebody waits for a page.

        :rtype: dict
        """
        price = self._compute_currency(order, self.oms_price, "company_to_pricelist")
        return {"success": True, "price": price, "error_message": False, "warning_message": False}

    def oms_send_shipping(self, pickings):
        """Have labels bought as soon as the transfers are committed.

        :rtype: list[dict]
        """
        pickings._oms_request_labels()
        return [{"exact_price": 0.0, "tracking_number": False} for _picking in pickings]

    def oms_get_tracking_link(self, picking):
        """Return the carrier's page of the first parcel that has one.

        :rtype: str
        """
        # sudo: whoever sees the transfer may see where it is
        return picking.sudo().oms_parcel_ids.filtered("tracking_url")[:1].tracking_url

    def oms_cancel_shipment(self, pickings):
        """Take the labels back, bought or not."""
        pickings._oms_cancel_labels()

    def _oms_find_account(self, site, company=None, adapter=None):
        """Return the account by which a site sends with this method.

        :param site: ``oms.site`` or none
        :param company: ``res.company`` that sends; that of the site when None
        :param adapter: carrier to whose relay point it goes, or nothing: no other takes it there
        :raises UserError: there is none
        """
        self.ensure_one()
        # sudo: who ships need not have rights on accounts
        accounts = self.sudo().oms_account_ids._find_all_for(site, company)
        account = accounts.filtered(lambda each: not adapter or each.adapter == adapter)[:1]
        if accounts and not account:
            names = dict(accounts._fields["adapter"]._description_selection(self.env))
            raise UserError(
                self.env._(
                    "%(site)s has no account of %(carrier)s for “%(method)s”, to whose relay point "
                    "it goes.",
                    site=site.name or self.env._("This warehouse"),
                    carrier=names.get(adapter, adapter),
                    method=self.name,
                )
            )
        if not account:
            raise UserError(
                self.env._(
                    "%(site)s has no complete carrier account for “%(method)s”. Name one in the "
                    "delivery method, and the site in the account.",
                    site=site.name or self.env._("This warehouse"),
                    method=self.name,
                )
            )
        return account
