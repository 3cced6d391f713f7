from odoo import api, models

#: The channel on which stores take orders.
SELLERS_CHANNEL = "PHONE"
CARRIER = "Demo Carrier"


class OmsImportDemo(models.AbstractModel):
    """What makes the sites of the demo network work: customers in stores, and labels."""

    _inherit = "oms.import.demo"

    @api.model
    def _open_stores(self, channels):
        """Let customers collect and reserve in the stores, and sellers take orders there."""
        sellers = channels.filtered(lambda channel: channel.code == SELLERS_CHANNEL)
        stores = channels.network_ids.site_ids.filtered(lambda site: site.kind == "store")
        stores.write({"collects": True, "reserves": True, "seller_channel_id": sellers[:1].id})

    @api.model
    def _hand_to_carrier(self, channels):
        """Have what is still to be sent go by the demo carrier, which makes real labels."""
        account = self.env["oms.carrier.account"].create(
            {"name": CARRIER, "adapter": "simulator", "company_id": self.env.company.id}
        )
        product = self.env["product.product"].create(
            {"name": CARRIER, "type": "service", "list_price": 0.0, "sale_ok": False}
        )
        method = self.env["delivery.carrier"].create(
            {
                "name": CARRIER,
                "delivery_type": "oms",
                "company_id": self.env.company.id,
                "product_id": product.id,
                "oms_account_ids": account.ids,
                "oms_price": 5.9,
            }
        )
        self.env["stock.picking"].search(
            [
                ("oms_fulfillment_id.channel_id", "in", channels.ids),
                ("picking_type_code", "=", "outgoing"),
                ("state", "in", ("confirmed", "assigned", "waiting")),
            ]
        ).carrier_id = method
