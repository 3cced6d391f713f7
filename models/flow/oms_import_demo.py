from datetime import timedelta

from odoo import fields, models

#: Who else supplies the network, with days until goods come, prices as parts of the cost from a
#: quantity on, and of what; the first price is that of the least that is delivered.
OFFERS = (
    ("LUMI", "Luminaires du Jura", 14, ((12, 1.0), (48, 0.93)), "LUM-00"),
    ("TISS", "Tissages de la Lys", 21, ((10, 1.0), (40, 0.95), (120, 0.88)), "TEX-00"),
    ("GRES", "Grès d'Alsace", 16, ((36, 0.94), (144, 0.86)), "TAB-00"),
)
#: What an order of them costs, and the least value of one.
TERMS = (("LUMI", 25.0, 600.0), ("TISS", 40.0, 900.0))
#: Channel, its share, and of what: both since the first orders.
PACED = (
    ("WEB", "fixed", 40, "JAR-001"),
    ("PHONE", "fixed", 40, "JAR-001"),
    ("WEB", "percent", 20, "TEX-005"),
    ("PHONE", "percent", 20, "TEX-005"),
)
PACED_DAYS = 12
#: Site, product and units that are worth more at other stores.
FORGOTTEN = ("NICE", "CUI-001", 18)
#: kg CO2e for a kg and a km by truck.
ROAD_CARBON = 0.0001


class OmsImportDemo(models.AbstractModel):
    """The demo network has suppliers, lanes between its sites, a flow plan, and one run of it."""

    _inherit = "oms.import.demo"

    def _surround_stock(self):
        res = super()._surround_stock()
        self._remember_demand()
        self._offer_goods()
        self._forget_at_store()
        self._share_at_pace()
        self._plan_flows()
        return res

    def _offer_goods(self):
        """Have suppliers with minimum orders and price breaks, of whom the warehouses buy."""
        Partner = self.env["res.partner"]
        vals_list = []
        for reference, name, delay, breaks, prefix in OFFERS:
            supplier = self._find_supplier(reference) or Partner.create(
                {"ref": reference, "name": name, "is_company": True, "supplier_rank": 1}
            )
            vals_list += [
                {
                    "partner_id": supplier.id,
                    "product_tmpl_id": product.product_tmpl_id.id,
                    "min_qty": quantity,
                    "price": round(product.standard_price * part, 2),
                    "delay": delay,
                }
                for product in self._find_demo_products(prefix)
                for quantity, part in breaks
            ]
        self.env["product.supplierinfo"].create(vals_list)
        self._set_terms()
        stores = self.env["oms.site"].search(
            [("company_id", "=", self.env.company.id), ("kind", "=", "store")]
        )
        stores.warehouse_id.buy_to_resupply = False

    def _forget_at_store(self):
        """Have a store keep what it hardly sells, and what no warehouse has."""
        code, product, quantity = FORGOTTEN
        place = self._find_demo_record("oms.site", code).warehouse_id.lot_stock_id
        self.env["stock.quant"].with_context(inventory_mode=True).create(
            {
                "product_id": self._find_demo_products(product).id,
                "location_id": place.id,
                "inventory_quantity": quantity,
            }
        ).action_apply_inventory()

    def _share_at_pace(self):
        """Have shares that sell at unequal paces: one runs out, the other is not sold."""
        since = fields.Datetime.now() - timedelta(days=PACED_DAYS)
        self.env["oms.allocation"].create(
            [
                {
                    "channel_id": self._find_demo_record("oms.channel", channel).id,
                    "product_id": self._find_demo_products(product).id,
                    "kind": kind,
                    "amount": amount,
                    "since": since,
                }
                for channel, kind, amount, product in PACED
            ]
        )

    def _set_terms(self):
        """Say of suppliers what an order costs, and the least that they take one for."""
        Terms = self.env["oms.supplier.terms"].with_context(active_test=False)
        for reference, order_cost, minimum_value in TERMS:
            supplier = self._find_supplier(reference)
            of_supplier = [("partner_id", "=", supplier.id)]
            if supplier and not Terms.search_count(of_supplier, limit=1):
                Terms.create(
                    {
                        "partner_id": supplier.id,
                        "order_cost": order_cost,
                        "minimum_value": minimum_value,
                    }
                )

    def _plan_flows(self):
        """Make lanes, a plan and a planner, and work the plan out once."""
        network = self.env["oms.network"].search(
            [("name", "=", "All Sites"), ("company_id", "=", self.env.company.id)], limit=1
        )
        if not network or network.flow_plan_ids:
            return
        network.action_make_lanes()
        lanes = self.env["oms.lane"].search(network._get_lane_domain())
        lanes.shipment_cost = 12.0
        for lane in lanes:
            lane.kg_carbon = ROAD_CARBON * lane.kilometers
        plan = self.env["oms.flow.plan"].create(
            {"name": "All Sites", "network_id": network.id, "interval_days": 1.0}
        )
        plan.next_run_at = fields.Datetime.add(fields.Datetime.now(), days=1)
        plan._start()._work(lambda _done: True)
        Value = self.env["oms.value"]
        Value._refresh_products(Value._get_product_ids())
        self._ensure_planner()

    def _ensure_planner(self):
        """Make a planner whose password is the login."""
        Users = self.env["res.users"].with_context(no_reset_password=True, active_test=False)
        if Users.search_count([("login", "=", "planner")]):
            return
        groups = ("base.group_user", "oms.group_flow_planner", "purchase.group_purchase_user")
        Users.create(
            {
                "login": "planner",
                "password": "planner",
                "name": "Paula Planner",
                "company_id": self.env.company.id,
                "company_ids": self.env.company.ids,
                "group_ids": [fields.Command.link(self.env.ref(xmlid).id) for xmlid in groups],
            }
        )
