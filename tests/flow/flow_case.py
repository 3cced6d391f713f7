"""Three sites with lanes between them, a plan, and proposals made by hand."""

from ...models.flow.oms_flow_plan import KIND_FIELDS
from ..common import OmsCase


class FlowCase(OmsCase):
    """The near site is a warehouse, the others are stores; every way is allowed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        (cls.middle + cls.far).kind = "store"
        cls.env["oms.flow.plan"].search([]).active = False
        cls.plan_record = cls.env["oms.flow.plan"].create(
            {
                "name": "Test plan",
                "network_id": cls.network.id,
                "interval_days": 0,
                "does_level": False,
            }
        )
        cls.lanes = {
            (origin, site): cls.env["oms.lane"].create(
                {"origin_id": origin.id, "site_id": site.id, "days": 2, "unit_cost": 0.1}
            )
            for origin in cls.sites
            for site in cls.sites
            if origin != site
        }
        (cls.apple + cls.berry).write({"standard_price": 4.0, "weight": 1.0})
        cls.run_record = cls.env["oms.flow.run"].create({"plan_id": cls.plan_record.id})

    @classmethod
    def propose_only(cls, *kinds):
        """Have the plan propose some kinds, and no others."""
        cls.plan_record.write({name: kind in kinds for name, kind in KIND_FIELDS.items()})

    @classmethod
    def propose(cls, product, origin, site, quantity, **vals):
        """Make a proposal to move goods, as a run does."""
        row = {
            "kind": "transfer",
            "product_id": product.id,
            "origin_id": origin.id,
            "site_id": site.id,
            "lane_id": cls.lanes[origin, site].id,
            "quantity_proposed": quantity,
            "gain": 10.0,
            "unit_gain": 10.0 / quantity if quantity else 0.0,
            **vals,
        }
        return cls.run_record._propose([row])

    @classmethod
    def propose_purchase(cls, product, supplier, site, quantity, **vals):
        """Make a proposal to buy goods, as a run does."""
        row = {
            "kind": "purchase",
            "product_id": product.id,
            "supplier_id": supplier.id,
            "site_id": site.id,
            "quantity_proposed": quantity,
            "gain": 10.0,
            **vals,
        }
        return cls.run_record._propose([row])

    def position(self, product, site):
        """What is read of a product at a site, None if nothing is known of it."""
        found = self.env["oms.position"]._get_positions([site.id], [product.id])
        return found[0] if found else None

    def supply(self, product, site):
        """How much is expected at a site by the dated supply."""
        self.env.flush_all()
        rows = self.env["oms.supply"].search(
            [("product_id", "=", product.id), ("site_id", "=", site.id)]
        )
        return sum(rows.mapped("quantity"))

    def work(self, plan=None):
        """Work out a plan, as the job does, in this transaction."""
        run = (plan or self.plan_record)._start()
        self.assertTrue(run._work(lambda _done: True))
        return run

    def sell_far_apples(self):
        """Have the far store sell ten apples a week and have one left; the warehouse has plenty."""
        self.stock(self.apple, (self.near, 100), (self.far, 1))
        for week in range(13):
            self.make_sold(self.apple, self.far, 10, days_ago=7 * week + 1)

    def texts(self, run):
        """What a run could not do, or took for granted."""
        return "\n".join(run.note_ids.mapped("message"))
