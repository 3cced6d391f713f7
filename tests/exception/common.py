from ..workflow.common import WorkflowCase


class ExceptionCase(WorkflowCase):
    """Orders of which sites give something back, sourced elsewhere by the workflow."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for event in (
            "fulfillment.rejected",
            "site.offline",
            "parcel.lost",
            "receipt.late",
            "order.changed",
        ):
            cls.make_step(cls.source, event=event)
        cls.stock(cls.apple, (cls.near, 10), (cls.middle, 10), (cls.far, 10))

    def decision(self, order):
        """The latest decision of an order."""
        return order.oms_decision_ids.sorted("id")[-1:]

    def reason(self, code):
        return self.env["oms.reject.reason"].search([("code", "=", code)])

    def run_events(self):
        with self.enter_registry_test_mode():
            self.env.ref("oms.cron_run_events").method_direct_trigger()

    def on_hand(self, product, site):
        """What Odoo says is anywhere in the warehouse of a site."""
        return sum(
            self.env["stock.quant"]
            .search(
                [
                    ("product_id", "=", product.id),
                    ("location_id.warehouse_id", "=", site.warehouse_id.id),
                    ("location_id.usage", "=", "internal"),
                ]
            )
            .mapped("quantity")
        )

    def sellable(self, product, site):
        """What can be promised of a product at a site."""
        return site._get_available(product).get((site.id, product.id), 0.0)
