from odoo import api, fields, models
from odoo.exceptions import UserError

from ...connectors.carrier import Capability


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
    oms_return_service_code = fields.Char(
        string="Service of Returns",
        help="The carrier's product for parcels that come back, where it is another one.",
    )
    oms_price = fields.Monetary(
        string="Price Where the Carrier Tells None",
        help="What a delivery costs where the carrier is not asked for rates.",
        currency_field="oms_currency_id",
    )
    oms_currency_id = fields.Many2one("res.currency", compute="_compute_oms_currency_id")

    @api.depends("company_id.currency_id")
    def _compute_oms_currency_id(self):
        # Of a method of all companies Odoo takes what is charged in the main company's currency.
        main = self.env["res.company"]._get_main_company()
        for carrier in self:
            carrier.oms_currency_id = (carrier.company_id or main).currency_id

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

    @api.depends("oms_account_ids.adapter")
    def _compute_can_generate_return(self):
        res = super()._compute_can_generate_return()
        for carrier in self.filtered(lambda carrier: carrier.delivery_type == "oms"):
            # sudo: what carriers can do is no secret of the accounts
            carrier.can_generate_return = any(
                account._can(Capability.RETURN_LABEL) for account in carrier.sudo().oms_account_ids
            )
        return res

    def oms_get_return_label(self, pickings, tracking_number=None, origin_date=None):
        """Have labels bought by which customers send goods back.

        :return: the tasks
        """
        return pickings._oms_request_return_labels()

    def _oms_find_account(self, site, company=None, adapter=None, needs=None):
        """Return the account by which a site sends with this method.

        :param site: ``oms.site`` or none
        :param company: ``res.company`` that sends; that of the site when None
        :param adapter: carrier to whose relay point it goes, or nothing: no other takes it there
        :param Capability needs: what the carrier must be able to do, or nothing
        :raises UserError: there is none
        """
        self.ensure_one()
        # sudo: who ships need not have rights on accounts
        accounts = self.sudo().oms_account_ids._find_all_for(site, company)
        if needs:
            accounts = accounts.filtered(lambda each: each._can(needs))
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
