from collections import defaultdict
from itertools import combinations

from odoo import api, fields, models

from .oms_import_demo_sites import CARRIER

#: Channel, reference and goods of the order that is seen from the payment to the refund.
ROAD_CHANNEL = "WEB"
ROAD_REFERENCE = "ML-ROAD"
ROAD_UNITS = 2
#: Where the customer brings a part of it back.
ROAD_STORE = "PARIS"
CUSTOMER = {
    "name": "Rosalie Chemin",
    "street": "3 rue de la Paix",
    "zip": "75002",
    "city": "Paris",
    "email": "rosalie.chemin@example.com",
    "partner_latitude": 48.8693,
    "partner_longitude": 2.3311,
}


class OmsImportDemo(models.AbstractModel):
    """One order of the demo network that has come the whole way.

    Paid beforehand, served by two sites, captured as each of them ships, delivered, returned in
    part to a store, refunded and on the shelf again. It takes Odoo's demo provider of payments.
    """

    _inherit = "oms.import.demo"

    @api.model
    def _walk_road(self, report):
        """Take an order all the way, unless it went before or nobody can be paid.

        Each step is committed, as in life: banks and carriers are asked after the commit.

        :param Report report: takes progress, and commits
        :return: the order, ``sale.order``
        """
        orders = self.env["sale.order"]
        channel = self._find_demo_record("oms.channel", ROAD_CHANNEL)
        known = orders.search([("client_order_ref", "=", ROAD_REFERENCE)], limit=1)
        provider = self._open_provider()
        goods = self._find_apart(channel)
        if known or not provider or not goods:
            return orders
        order = self._place_paid(channel, provider, goods)
        self._go_on(report)
        for fulfillment in order.oms_fulfillment_ids.sorted("id"):
            self._send(fulfillment, report)
        self._track(order)
        self._go_on(report)
        self._bring_back(order, report)
        return order

    def _open_provider(self):
        """Return Odoo's demo provider, which authorizes what is captured later; empty without."""
        company = self.env.company
        provider = self.env["payment.provider"].search(
            [("code", "=", "demo"), ("company_id", "=", company.id)], limit=1
        )
        if provider:
            if not company.chart_template:
                self.env["account.chart.template"].try_loading("generic_coa", company)
            provider.write({"state": "test", "capture_manually": True})
        return provider

    def _find_apart(self, channel):
        """Return two products that no site has together, so that two sites have to ship.

        :rtype: product.product
        """
        products = self._find_demo_products("").filtered("barcode")
        places = defaultdict(set)
        for (site_id, product_id), left in channel.site_ids._get_available(products).items():
            if left >= ROAD_UNITS:
                places[product_id].add(site_id)
        pairs = combinations(sorted(places), 2)
        apart = (pair for pair in pairs if not places[pair[0]] & places[pair[1]])
        return products.browse(next(apart, ()))

    def _place_paid(self, channel, provider, goods):
        """Place an order, and have its payment authorized."""
        customer = self.env["res.partner"].create(
            {**CUSTOMER, "country_id": self.env.ref("base.fr").id}
        )
        method = self.env["delivery.carrier"].search([("name", "=", CARRIER)], limit=1)
        order = self.env["sale.order"].create(
            {
                "partner_id": customer.id,
                "oms_channel_id": channel.id,
                "client_order_ref": ROAD_REFERENCE,
                "order_line": [
                    fields.Command.create({"product_id": product.id, "product_uom_qty": ROAD_UNITS})
                    for product in goods
                ],
            }
        )
        order.set_delivery_line(method, method.oms_price)
        transactions = self.env["payment.transaction"]
        transaction = transactions.create(
            {
                "provider_id": provider.id,
                "payment_method_id": provider.payment_method_ids[:1].id,
                "reference": transactions._compute_reference("demo", prefix=order.name),
                "amount": order.amount_total,
                "currency_id": order.currency_id.id,
                "partner_id": customer.id,
                "operation": "online_direct",
                "sale_order_ids": [fields.Command.set(order.ids)],
            }
        )
        transaction._process(
            "demo", {"reference": transaction.reference, "simulated_state": "done"}
        )
        transaction._post_process()
        return order

    def _send(self, fulfillment, report):
        """Have a site pick, pack, label and hand over what it has to do."""
        fulfillment._accept()
        fulfillment._pick()
        fulfillment._pack()
        fulfillment._ask_for_labels()
        self._go_on(report)
        fulfillment._hand_over()
        self._go_on(report)

    def _track(self, order):
        """Have the carrier tell that the parcels went and arrived."""
        now = fields.Datetime.now()
        parcels = order.oms_fulfillment_ids.picking_ids.oms_parcel_ids
        self.env["oms.tracking.event"].create(
            [
                {"parcel_id": parcel.id, "status": status, "moment": now, "text": text}
                for parcel in parcels
                for status, text in (
                    ("in_transit", self.env._("Left the sorting center")),
                    ("delivered", self.env._("Handed to the customer")),
                )
            ]
        )

    def _bring_back(self, order, report):
        """Have the customer bring one piece back to a store, which takes it in."""
        store = self._find_demo_record("oms.site", ROAD_STORE)
        store.takes_returns = True
        line = order.order_line.filtered(lambda line: line.product_id.type == "consu")[:1]
        reason = self.env["oms.return.reason"].search([("offered", "=", True)], limit=1)
        back = self.env["oms.return"]._request(
            {
                "order_id": order.id,
                "origin": "portal",
                "way": "dropoff",
                "site_id": store.id,
                "lines": [{"sale_line_id": line.id, "quantity": 1.0, "reason_id": reason.id}],
            }
        )
        if back.state == "requested":
            back._authorize()
        items = back._receive([{"line_id": back.line_ids.id, "quantity": 1.0}], site=store)
        grade = self.env["oms.grade"].search([("sellable", "=", True)], limit=1)
        back._inspect([{"item_id": item.id, "grade_id": grade.id} for item in items])
        self._go_on(report)

    def _go_on(self, report):
        """Commit, and do what waits: workflows, what banks and carriers are asked, payments."""
        report.commit()
        for job in ("oms.cron_run_events", "oms.cron_run_tasks"):
            self.env.ref(job).method_direct_trigger()
        self.env.ref("payment.cron_post_process_payment_tx").method_direct_trigger()
        # What the jobs did in transactions of their own is seen from here on.
        report.commit()
        self.env.invalidate_all()
