"""Orders that are shipped by two sites, with taxes, shipping and a discount."""

from odoo.fields import Command

from ..payment.payment_case import PaymentCase, pay


class InvoicingCase(PaymentCase):
    """Apples are near and berries far, so that an order of both leaves in two shipments."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_books()
        cls.policy = cls.env["oms.payment.policy"].create(
            {"name": "Test policy", "method": "multi", "invoicing": "shipment"}
        )
        cls.channel.payment_policy_id = cls.policy
        # Nothing is captured or invoiced that no test asks for.
        cls.channel.workflow_id = cls.env["oms.workflow"].create(
            {
                "name": "Sourced only",
                "step_ids": [
                    Command.create(
                        {
                            "name": "Source",
                            "event": "order.placed",
                            "action_id": cls.env.ref("oms.action_source").id,
                        }
                    )
                ],
            }
        )
        cls.included = cls.make_tax("21% included", 21.0, price_include_override="tax_included")
        cls.on_top = cls.make_tax("8.25% on top", 8.25, price_include_override="tax_excluded")
        cls.apple.write({"list_price": 9.99, "taxes_id": [(6, 0, cls.included.ids)]})
        cls.berry.write({"list_price": 7.77, "taxes_id": [(6, 0, cls.on_top.ids)]})
        cls.post, cls.discount = (
            cls.env["product.product"].create(
                {
                    "name": name,
                    "type": "service",
                    "invoice_policy": "order",
                    "taxes_id": [(6, 0, cls.included.ids)],
                }
            )
            for name in ("Parcel post", "Discount")
        )

    @classmethod
    def open_books(cls):
        """Give the company a chart of accounts where it has none."""
        journals = cls.env["account.journal"].search(
            [("type", "=", "sale"), ("company_id", "=", cls.company.id)]
        )
        if not journals:
            cls.env["account.chart.template"].try_loading(
                "generic_coa", company=cls.company, install_demo=False
            )
        bank = cls.env["account.journal"].search(
            [("type", "=", "bank"), ("company_id", "=", cls.company.id)], limit=1
        )
        cls.provider.journal_id = bank
        # What is taken is on its way to the bank until its statement tells of it.
        on_the_way = cls.env["account.account"].create(
            {
                "name": "Outstanding at the bank",
                "code": "OUT.TEST",
                "account_type": "asset_current",
                "reconcile": True,
            }
        )
        cls.env["account.payment.method.line"].create(
            {
                "name": "Bank",
                "journal_id": bank.id,
                "payment_method_id": cls.env.ref("account.account_payment_method_manual_in").id,
                "payment_provider_id": cls.provider.id,
                "payment_account_id": on_the_way.id,
            }
        )

    @classmethod
    def make_tax(cls, name, percent, **vals):
        return cls.env["account.tax"].create(
            {
                "name": name,
                "amount": percent,
                "type_tax_use": "sale",
                "company_id": cls.company.id,
                **vals,
            }
        )

    @classmethod
    def in_currency(cls, code):
        """Return a price list of a currency."""
        currency = (
            cls.env["res.currency"].with_context(active_test=False).search([("name", "=", code)])
        )
        currency.active = True
        return cls.env["product.pricelist"].create({"name": code, "currency_id": currency.id})

    def make_mixed(self, apples=3, berries=2, shipping=4.95, discount=-3.33, **vals):
        """Make an order of both, with shipping and a discount, and stock for it."""
        self.stock(self.apple, (self.near, apples))
        self.stock(self.berry, (self.far, berries))
        lines = [
            (self.apple, apples, {"price_unit": 9.99}),
            (self.berry, berries, {"price_unit": 7.77}),
        ]
        if shipping:
            lines.append((self.post, 1, {"price_unit": shipping, "is_delivery": True}))
        if discount:
            lines.append((self.discount, 1, {"price_unit": discount}))
        return self.make_order(*lines, **vals)

    def get_shipment(self, order, site):
        """Return what a site does for an order."""
        return order.oms_fulfillment_ids.filtered(lambda each: each.site_id == site)

    def ship_from(self, order, site, quantity=None):
        """Have a site ship what it is to give to an order, with a backorder for the rest."""
        fulfillment = self.get_shipment(order, site)
        picking = fulfillment.picking_ids.filtered(lambda p: p.state not in ("done", "cancel"))
        self.ship(picking, quantity, backorder=quantity is not None)
        return fulfillment

    def pay(self, order, **kwargs):
        return pay(order, self.provider, **kwargs)

    def settle(self, order):
        """Do what waits at the bank, and write it into the books."""
        self.run_tasks()
        plan = order.oms_payment_plan_id
        for transaction in plan.transaction_ids.sorted("id"):
            if not transaction.is_post_processed and transaction.state not in ("draft", "pending"):
                transaction._post_process()

    def make_down_payment(self, order, amount):
        wizard = self.env["sale.advance.payment.inv"].create(
            {
                "sale_order_ids": [Command.set(order.ids)],
                "advance_payment_method": "fixed",
                "fixed_amount": amount,
            }
        )
        return wizard._create_invoices(order)
