"""Orders that leave in two shipments, by the standard workflow."""

from .payment_case import PaymentCase, pay


class ShipmentCase(PaymentCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.channel.workflow_id = cls.env.ref("oms.workflow_standard")
        cls.stock(cls.apple, (cls.near, 10))
        cls.stock(cls.berry, (cls.far, 10))
        cls.apple.list_price = 30.0
        cls.berry.list_price = 70.0

    def place(self, paid=100.0, sites=2, **vals):
        """Place an order of an apple (30) and a berry (70) at two sites, and pay it."""
        order = self.make_order((self.apple, 1), (self.berry, 1), confirm=False)
        payment = pay(order, self.provider, paid, **vals) if paid else None
        order.action_confirm()
        self.assertEqual(len(order.oms_fulfillment_ids), sites)
        return order, payment

    def leave(self, order, site):
        """Ship what a site has of an order, and do what follows."""
        fulfillment = order.oms_fulfillment_ids.filtered(lambda each: each.site_id == site)
        self.ship(fulfillment.picking_ids)
        self.follow()
        return fulfillment

    def follow(self):
        """Run the events and tasks that wait, until there is none."""
        for _round in range(4):
            self.env["oms.event"].search([("state", "=", "pending")], order="id")._run()
            self.run_tasks()
        self.env.invalidate_all()

    def plan_of(self, order):
        return order.oms_payment_plan_id

    def token(self, order):
        return self.env["payment.token"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.env.ref("payment.payment_method_card").id,
                "partner_id": order.partner_id.id if order else self.customer.id,
                "provider_ref": "T1",
            }
        )
